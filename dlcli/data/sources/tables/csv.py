"""The source `csv`: a table of comma-separated values, read strictly."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column
from dlcli.data.schema import Schema
from dlcli.data.sources.encodings import known_encoding
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.cells import WHOLE_KINDS, Evidence, Kind, damaged_column
from dlcli.data.sources.tables.column_names import check_same_names
from dlcli.data.sources.tables.csv_file import CsvFile
from dlcli.data.sources.tables.csv_form import WHITESPACE, CsvForm
from dlcli.data.sources.tables.dressed import dress_note
from dlcli.errors import DataError
from dlcli.spec import DataPath, Mistake, did_you_mean, fail

if TYPE_CHECKING:
    import numpy as np


class Csv(SourceBlock):
    """A table with a header in one or several files of comma-separated values."""

    word: ClassVar[str] = "csv"
    example: ClassVar[str] = '{csv: {path: flowers.csv, separator: ";"}}'
    endings: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    beside: ClassVar[bool] = True

    path: DataPath | Annotated[list[DataPath], Field(min_length=1)]
    """A file, a glob, or a list of them; all with the same header."""
    separator: str = ","
    """What stands between two cells: `,`, `;`, a tab (`"\\t"`), or `whitespace` for any number of blanks and tabs."""
    decimal: str = "."
    """What stands before the decimals of a number."""
    encoding: str = "utf-8"
    """`utf-8`, `cp949`, `utf-16`, `latin-1`, …"""
    empty: list[str] = []
    """Texts that mean an empty cell besides the empty cell itself, such as `NA` or `?`."""
    header: bool = True
    """Whether the first line holds the names of the columns."""
    names: Annotated[list[str], Field(min_length=1)] | None = None
    """The names of the columns, in place of those of the header; without either they are `column_1`, `column_2`, …"""
    skip: Annotated[int, Field(ge=0)] = 0
    """Lines before the header that are none of the table."""
    comment: str | None = None
    """What a line begins with that is none of the table, such as `#`."""
    thousands: str | None = None
    """What stands between the thousands of a number: `,` in 1,234.5; also a blank, narrow or not."""
    index: str | None = None
    """A column that names rows: no input unless it is asked for."""
    footer: Annotated[int, Field(ge=0)] = 0
    """Lines below the last row that are none of the table."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        table, path = Example.table(rows), folder / "table.csv"
        lines = (",".join(map(str, row)) for row in zip(*table.values(), strict=True))
        path.write_text("\n".join([",".join(table), *lines]), encoding="utf-8")
        return [Example({"source": {cls.word: str(path)}, "target": "y"}, [path])]

    @field_validator("separator", "decimal", "comment", "thousands")
    @classmethod
    def one_character(cls, value: str | None, information: ValidationInfo) -> str | None:
        if value is None or (value == WHITESPACE and information.field_name == "separator"):
            return value
        if len(value) != 1:
            fail(
                Mistake(f"'{information.field_name}' must be one character, found '{value}'", kind="not_one_character")
            )
        beyond_ascii = not value.isascii() and information.field_name != "thousands"
        if beyond_ascii or value.isalnum() or value in '"\n\r\0+-':
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
        return CsvForm(
            separator=self.separator,
            decimal=self.decimal,
            encoding=self.encoding,
            empty=tuple(self.empty),
            header=self.header,
            names=tuple(self.names or ()),
            skip=self.skip,
            footer=self.footer,
            comment=self.comment,
            thousands=self.thousands,
        )

    def read(self, reading: Reading) -> Fields:
        """The rows; where it streams a block of some megabytes at a time. Columns that are not asked for are not looked at.

        Raises `DataError` for a file that is missing, empty, ragged, not in its encoding or with doubtful columns.
        """
        paths = found_files(self.path)
        files = [CsvFile(self.form, path) for path in paths]
        check_same_names(paths, [list(file.header.columns.numbers) for file in files])
        columns = files[0].header.columns
        self.check_index([*columns.numbers, *columns.faults], reading, paths[0])
        names = columns.wanted(reading.columns)
        keep = [name for name in names if name in reading.often or not reading.stream]
        for file in files:
            file.go_through(names, reading.text, keep=keep, every=reading.columns is None)
        kinds = {name: self.kind_of(name, files) for name in names}
        blocks = [(file, block) for file in files for block in range(len(file.rows.spans))]

        def read(number: int, wanted: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
            file, block = blocks[number]
            of_block = {name: kinds[name] for name in wanted}
            return file.values(block, of_block)

        def read_kept(number: int, wanted: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
            file, block = blocks[number]
            return file.kept_values(block, {name: kinds[name] for name in wanted})

        counts = [count for file in files for count in file.rows.counts]
        kept = Chunks(counts, read_kept)
        chunks = Chunks(counts, read)
        dtypes = {"text": "object", **{kind: kind for kind in WHOLE_KINDS}}
        arrays: dict[str, Column] = {}
        for name in names:
            lazy = chunks.column(name, dtypes.get(kinds[name], "float64"))
            arrays[name] = kept.in_memory([name])[name] if name in keep else lazy
        return Fields(
            arrays,
            [file.place for file in files],
            inputs=None if self.index is None else tuple(name for name in names if name != self.index),
            notes=tuple(dict.fromkeys(note for file in files for note in file.header.columns.notes))
            + tuple(dress_note(name, kind) for name, kind in kinds.items() if kind == "percent" or kind == "dressed")
            + tuple(
                LONGER.format(name)
                for name in names
                if self.evidence_in(name, files).longer and kinds[name] == "float64"
            ),
            columns=tuple(columns.numbers),
            complete=frozenset.intersection(*(file.complete for file in files)),
            chunks=chunks if reading.stream else None,
        )

    def check_index(self, columns: Collection[str], reading: Reading, path: Path) -> None:
        """Refuses an index that there is not, and one that is the target too."""
        if self.index is None:
            return
        if self.index not in columns:
            message = f"there is no column '{self.index}' to be the index; the data has: {', '.join(columns)}"
            hint = did_you_mean(self.index, columns) or "leave csv.index out"
            raise DataError(message, file=path, hint=hint, kind="no_such_column")
        if self.index in reading.labels:
            message = f"the column '{self.index}' is the index, which names rows, and the target"
            raise DataError(message, file=path, hint="leave csv.index out", kind="column_named_twice")

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        # What a model takes is told by its schema: other data needs no column that was left out of it.
        return super().elsewhere(kind, {**changes, "index": None} if kind is Csv else changes, schema)

    def kind_of(self, name: str, files: Sequence[CsvFile]) -> Kind:
        """What a column holds in all files. Raises `DataError` for a column of numbers with other cells among them."""
        if all(name in file.grid.text for file in files):
            return "text"
        kind = self.evidence_in(name, files).kind
        if kind == "damaged":
            pieces = (file.cells(block, [name])[name] for file in files for block in range(len(file.rows.spans)))
            raise damaged_column(name, pieces, [file.place for file in files], self.form)
        return kind

    def evidence_in(self, name: str, files: Sequence[CsvFile]) -> Evidence:
        """What the cells of a column look like in all files."""
        return sum((file.evidence[name] for file in files), Evidence())

    def memory(self) -> int:
        try:
            # A number takes about as much in memory as it does as text, and its tensors as much again.
            return 3 * sum(path.stat().st_size for path in found_files(self.path))
        except (DataError, OSError):
            return 0


LONGER = (
    "column '{}' holds whole numbers that 64 bits do not hold exactly, of which the first 16 digits are kept; "
    "if they are names, write an input of kind category"
)
