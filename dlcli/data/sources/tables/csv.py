"""The source `csv`: a table of comma-separated values, read strictly."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields
from dlcli.data.sources.encodings import known_encoding
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.cells import Evidence, Kind, damaged_column
from dlcli.data.sources.tables.column_names import check_same_names
from dlcli.data.sources.tables.csv_file import CsvFile
from dlcli.data.sources.tables.csv_text import CsvForm
from dlcli.errors import DataError
from dlcli.spec import DataPath, Mistake, fail

if TYPE_CHECKING:
    import numpy as np


class Csv(SourceBlock):
    """A table with a header in one or several files of comma-separated values."""

    word: ClassVar[str] = "csv"
    example: ClassVar[str] = '{csv: {path: flowers.csv, separator: ";"}}'
    endings: ClassVar[tuple[str, ...]] = (".csv", ".tsv")

    path: DataPath | Annotated[list[DataPath], Field(min_length=1)]
    """A file, a glob, or a list of them; all with the same header."""
    separator: str = ","
    """What stands between two cells: `,`, `;` or a tab (`"\\t"`)."""
    decimal: str = "."
    """What stands before the decimals of a number."""
    encoding: str = "utf-8"
    """`utf-8`, `cp949`, `utf-16`, `latin-1`, …"""
    empty: list[str] = []
    """Texts that mean an empty cell besides the empty cell itself, such as `NA` or `?`."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        table, path = Example.table(rows), folder / "table.csv"
        lines = (",".join(map(str, row)) for row in zip(*table.values(), strict=True))
        path.write_text("\n".join([",".join(table), *lines]), encoding="utf-8")
        return [Example({"source": {cls.word: str(path)}, "target": "y"}, [path])]

    @field_validator("separator", "decimal")
    @classmethod
    def one_character(cls, value: str, information: ValidationInfo) -> str:
        if len(value) != 1:
            fail(
                Mistake(f"'{information.field_name}' must be one character, found '{value}'", kind="not_one_character")
            )
        if not value.isascii() or value.isalnum() or value in '"\n\r\0+-':
            fail(
                Mistake(
                    f"'{information.field_name}' cannot be {json.dumps(value, ensure_ascii=False)}",
                    kind="forbidden_character",
                )
            )
        return value

    @field_validator("encoding")
    @classmethod
    def one_that_is_known(cls, value: str) -> str:
        return known_encoding(value)

    @classmethod
    def at(cls, path: str) -> Any:
        return {"path": path, "separator": "\t"} if path.lower().endswith(".tsv") else path

    @property
    def form(self) -> CsvForm:
        """How the files are written."""
        return CsvForm(self.separator, self.decimal, self.encoding, tuple(self.empty))

    def read(self, reading: Reading) -> Fields:
        """All rows; where it streams a block of some megabytes at a time.

        Raises `DataError` for a file that is missing, empty, ragged, not in its encoding or with doubtful columns.
        """
        paths = found_files(self.path)
        files = [CsvFile(self.form, path, keep=not reading.stream) for path in paths]
        check_same_names(paths, [file.names for file in files])
        names, places = files[0].names, [file.place for file in files]
        kinds: dict[str, Kind] = {}
        for number, name in enumerate(names):
            kind = sum((file.evidence[number] for file in files), Evidence()).kind
            if name in reading.text:
                kind = "text"
            if kind == "damaged":
                pieces = (file.cells(block, [name])[name] for file in files for block in range(len(file.rows.spans)))
                raise damaged_column(name, pieces, places, decimal=self.decimal)
            kinds[name] = kind
        notes = tuple(dict.fromkeys(note for file in files for note in file.notes))
        blocks = [(file, block) for file in files for block in range(len(file.rows.spans))]

        def read(number: int, wanted: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
            file, block = blocks[number]
            return file.values(block, {name: kinds[name] for name in wanted})

        chunks = Chunks([count for file in files for count in file.rows.counts], read)
        if reading.stream:
            dtypes = {"text": object}
            lazy = {name: chunks.column(name, dtypes.get(kinds[name], kinds[name])) for name in names}
            return Fields(lazy, places, notes=notes, chunks=chunks)
        return Fields(chunks.in_memory(names), places, notes=notes)

    def memory(self) -> int:
        try:
            # The text of a file stays in memory while its columns and tensors are made of it.
            return 3 * sum(path.stat().st_size for path in found_files(self.path))
        except (DataError, OSError):
            return 0
