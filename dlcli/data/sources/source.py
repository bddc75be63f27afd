"""What every source has: a word, the names of its inputs, and a way to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ValidationInfo

from dlcli.data.fields.fields import Fields
from dlcli.data.schema import Schema
from dlcli.spec import Named, Reader, ending_of, language_of

FEATURES = "features"
"""The name of the input that a table becomes where the configuration names none."""


@dataclass(frozen=True)
class Reading:
    """What a source needs to know besides its block."""

    text: frozenset[str] = frozenset()
    """Columns that are read as text even where they look like numbers."""
    stream: bool = False
    """Whether a table stays on disk: its fields are then columns of `Fields.chunks`."""
    columns: frozenset[str] | None = None
    """The columns of a table that are asked for; None for all. Of the others nothing is looked at."""
    often: frozenset[str] = frozenset()
    """Columns that are gone through several times, such as targets: kept in memory by a source that would read them anew."""
    labels: frozenset[str] = frozenset()
    """Columns that may hold lists of names: a target of several labels a sample."""
    void: Mapping[str | None, Sequence[int | str]] = field(default_factory=dict)
    """By target the labels that stand for none; None is the target that the source itself names."""
    beyond: int = 0
    """How many pieces of a running text are read behind each window: those that a target is."""
    allow_code: bool = False
    """Whether a source may run Python that the configuration names."""
    looks: bool = False
    """Whether a file is looked at before anything is asked for: columns that nothing can hold are left out, with a note."""


class Origin(StrEnum):
    """Where the data of a source comes from, in the order of the reference."""

    OWN = "your own data"
    BUNDLED = "real sets inside the package"
    GENERATED = "generated"
    PUBLIC = "downloaded once"


@dataclass(frozen=True)
class Example:
    """A data set of a source as it is written under `data`, and the files that hold it."""

    data: Mapping[str, Any]
    files: Sequence[Path] = ()

    @staticmethod
    def table(rows: int) -> dict[str, list[Any]]:
        """Columns for a table: whole numbers, numbers, names of two classes."""
        return {
            "a": list(range(rows)),
            "b": [row * 7 % 11 / 2 for row in range(rows)],
            "y": ["uv"[row % 2] for row in range(rows)],
        }


class SourceBlock(Named):
    """The block of a source; a table unless the source says otherwise."""

    example: ClassVar[str] = ""
    """How it is written behind `source:`, where its word alone does not do."""
    endings: ClassVar[tuple[str, ...]] = ()
    """Endings of files that mean this source where a path stands alone."""

    inside: ClassVar[tuple[str, ...]] = ()
    """Endings of files that mean this source where they are found in a folder."""

    origin: ClassVar[Origin] = Origin.OWN
    """Where its data comes from."""
    licence: ClassVar[str | None] = None
    """The licence of its data in a few words; None where it is not known, as that of a person's own data."""
    whole: ClassVar[bool] = False
    """Whether its files are read whole even where it is asked to stream."""

    lists: ClassVar[bool] = False
    """Whether a cell of its table may hold a list: such columns are inputs of their own, by their names."""

    beside: ClassVar[bool] = False
    """Whether others may be at work while it is read: it runs nobody's code and needs no package that Keras looks for."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        """Data sets of so many samples, written into a folder: what every source is tested with. None of what is downloaded."""
        return [] if cls.origin is Origin.PUBLIC else [Example({"source": cls.word})]

    def read(self, reading: Reading) -> Fields:
        """Everything the source holds, in memory or as lazy fields.

        Raises `DataError` and its kin, with file and row.
        """
        raise NotImplementedError

    def memory(self) -> int:
        """About how many bytes `read` takes where it does not stream; 0 where its fields are lazy or always small."""
        return 0

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        """The source of other data, its path among the `changes`, that has to fit the `schema` of a run.

        `kind` is what that path looks like; where it is a source like this one, its options are kept.
        """
        return self.model_copy(update=changes) if isinstance(self, kind) else kind.model_validate(changes)

    @property
    def parts_joined(self) -> list[SourceBlock]:
        """The sources that it joins side by side; none of a source that joins none."""
        return []

    def of_parts(self, parts: list[SourceBlock]) -> SourceBlock:
        """The same of other sources that it joins."""
        raise NotImplementedError

    @property
    def innermost(self) -> SourceBlock:
        """The source that reads the files: itself, or the one that it is written around."""
        return self

    @property
    def own_endings(self) -> frozenset[str]:
        """The endings of the files that it names, in small letters."""
        named = getattr(self, "path", None)
        paths = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        return frozenset(ending_of(each) for each in paths)

    @classmethod
    def at(cls, path: str) -> Any:
        """What stands behind its word where a path alone means it."""
        return path

    def check_code(self, *, allowed: bool) -> None:
        """Raises `UnsafeError` where reading it runs Python that has not been allowed to."""

    def input_names(self) -> list[str] | None:
        """What its inputs are called where the configuration does not name them, or None where only reading tells."""
        return None if self.lists else [FEATURES]

    @property
    def is_table(self) -> bool:
        """Whether it is a table, in rows and columns."""
        return self.lists or self.input_names() == [FEATURES]

    def running_texts(self) -> Mapping[str, str | None]:
        """Its fields that are running text, as far as is known before reading: into what pieces each is cut, if it is."""
        return {}


def read_source_by_language(value: Any, information: ValidationInfo) -> SourceBlock:
    """A source, read by the language, which has the list of all."""
    source: SourceBlock = value if isinstance(value, SourceBlock) else language_of(information).source(value)
    return source


Source = Annotated[SourceBlock, Reader(read_source_by_language, "source")]
"""A field that holds one of the sources."""
