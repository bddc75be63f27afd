"""The block of a source whose samples are a file each: images, text, audio."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.schema import InputSchema, Schema
from dlcli.data.sources.folders.listing import LABEL, Listing
from dlcli.data.sources.folders.path_tables import is_table_source, of_table
from dlcli.data.sources.folders.walk import folder_at, of_folder
from dlcli.data.sources.paths import found_files, is_file
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import DataPath, ending_of


class FileSource(SourceBlock):
    """A folder with one sub-folder a class, or a table with a column of paths; each file is a sample."""

    name: ClassVar[str]
    """What the field of their content is called."""

    path: DataPath
    """A folder with one folder a class, in folders train, validation and test if it has splits of its own; a flat folder;
    a table with a column of paths; or a file."""
    column: str | None = None
    """The column of paths in a table, which count from its folder; by default the first that holds such names."""
    classes: Annotated[list[str], Field(min_length=1)] | None = None
    """The classes in the order of their indices; by default the names of the class folders, sorted."""
    follow_links: bool = False
    """Whether symbolic links are followed."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        files = [folder / cls.word / "uv"[row % 2] / f"{row}{cls.inside[0]}" for row in range(rows)]
        for row, file in enumerate(files):
            file.parent.mkdir(parents=True, exist_ok=True)
            cls.write_example(file, row)
        return [Example({"source": {cls.word: str(folder / cls.word)}}, files)]

    @classmethod
    def write_example(cls, file: Path, number: int) -> None:
        """Writes one small file of this kind, another for each number."""
        raise NotImplementedError

    def listing(self, reading: Reading) -> Listing:
        """The files in the order of their names.

        Raises `DataError` for a path that is not there, a folder without any such file, an empty class folder.
        """
        folder = folder_at(self.path)
        if folder is not None:
            if self.column is not None:
                raise DataError(
                    f"{folder} is a folder, and 'column' is for a table",
                    file=folder,
                    hint="leave it out",
                    kind="folder_not_table",
                )
            labelled = reading.columns is None or LABEL in reading.columns
            links, classes = self.follow_links, self.classes
            return of_folder(folder, self.inside, follow_links=links, classes=classes, labelled=labelled)
        if ending_of(self.path) in self.inside:
            files = [str(file) for file in found_files(self.path)]
            return Listing(Path(files[0]).parent, [file for file in files if is_file(Path(file))])
        return of_table(self.path, self.inside, column=self.column, follow_links=self.follow_links, reading=reading)

    def input_names(self) -> list[str] | None:
        return [self.name]

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        if kind.endings and not is_table_source(kind):
            return super().elsewhere(kind, changes, schema)
        # A folder of other data may lack a class, whose number must stay the same all the same.
        classes = [each.classes for each in schema.targets if each.names == [LABEL] and each.encode != "index"]
        update: dict[str, Any] = {"path": changes["path"], "classes": next(iter(classes), self.classes)}
        own = [each for each in schema.inputs if (each.array or each.name) == self.name]
        return self.model_copy(update=update | (self.as_in(own[0]) if own else {}))

    def as_in(self, schema: InputSchema) -> dict[str, Any]:
        """The options that make other files what those of the training were, by option."""
        return {}
