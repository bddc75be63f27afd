"""The source `csv`: a table of comma-separated values, read strictly."""

from __future__ import annotations

import io
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.columns import column_of
from dlcli.data.fields import Fields, Place
from dlcli.data.sources.files import content_of, found_files
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import DataPath, Mistake, fail

if TYPE_CHECKING:
    import numpy as np
    import pyarrow


class Csv(SourceBlock):
    """A table with a header in one or several files of comma-separated values."""

    word: ClassVar[str] = "csv"
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

    @field_validator("separator", "decimal")
    @classmethod
    def one_character(cls, value: str, information: ValidationInfo) -> str:
        if len(value) != 1:
            fail(Mistake(f"'{information.field_name}' must be one character, found '{value}'"))
        if not value.isascii() or value.isalnum() or value in '"\n\r\0+-':
            fail(Mistake(f"'{information.field_name}' cannot be {json.dumps(value, ensure_ascii=False)}"))
        return value

    @field_validator("encoding")
    @classmethod
    def known_encoding(cls, value: str) -> str:
        import codecs

        try:
            codecs.lookup(value)
            b"a".decode(value)
        except UnicodeDecodeError:
            pass  # half a character of UTF-16
        except (LookupError, ValueError):
            fail(
                Mistake(
                    f"'encoding' must be one that Python knows, found '{value}'",
                    suggestion="utf-8, cp949, utf-16, latin-1",
                )
            )
        return value

    def read(self, reading: Reading) -> Fields:
        """All rows.

        Raises `DataError` for a file that is missing, empty, ragged, not in its encoding or with doubtful columns.
        """
        paths = found_files(self.path)
        tables, places = [], []
        notes: dict[str, None] = {}
        for path in paths:
            table, place, blanks = self.table(path)
            tables.append(table)
            places.append(place)
            notes |= dict.fromkeys(blanks)
        names = tables[0].column_names
        for path, table in zip(paths, tables, strict=True):
            if table.column_names != names:
                other = sorted(set(names) ^ set(table.column_names)) or ["the order"]
                raise DataError(f"the columns differ from those of {paths[0].name}: {', '.join(other)}", file=path)
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        for name in names:
            chunks = [chunk for table in tables for chunk in table.column(name).chunks]
            arrays[name] = column_of(name, chunks, decimal=self.decimal, as_text=name in reading.text, places=places)
        return Fields(arrays, places, notes=tuple(notes))

    def table(self, path: Path) -> tuple[pyarrow.Table, Place, list[str]]:
        """One file, every cell as text, an empty cell as null; where its rows stand; and notes on its header."""
        import pyarrow
        import pyarrow.csv

        content = self.utf8(path)
        written = self.written_header(path, content)
        header = self.header(path, written)
        if not content.split(b"\n", 1)[-1].strip() or b"\n" not in content.strip(b"\r\n"):
            raise DataError("the file has a header but no rows", file=path, line=1)
        text = pyarrow.string()
        convert = pyarrow.csv.ConvertOptions(
            column_types={str(number): text for number in range(len(header))},
            null_values=["", *self.empty],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        )
        read = pyarrow.csv.ReadOptions(
            column_names=[str(number) for number in range(len(header))], skip_rows=1, block_size=block_size(content)
        )
        parse = pyarrow.csv.ParseOptions(delimiter=self.separator, newlines_in_values=True)
        try:
            table = pyarrow.csv.read_csv(io.BytesIO(content), read, parse, convert)
        except pyarrow.ArrowInvalid as error:
            raise self.ragged(path, content, len(header), str(error)) from None
        notes = [
            f"the column '{name}' has blanks around its name in the header; they were left out"
            for name, before in zip(header, written, strict=True)
            if before != before.strip()
        ]
        return table.rename_columns(header), self.place(path, content, table.num_rows), notes

    def place(self, path: Path, content: bytes, rows: int) -> Place:
        """Where the rows stand: one a line, or wherever blank lines and line breaks within quotes have put them."""
        lines = content.count(b"\n") + (not content.endswith(b"\n"))
        if lines == rows + 1 and content.count(b'"') % 2 == 0:
            return Place(str(path), rows, 2)
        starts = [line for line, _ in self.rows(path, content)][1:]
        return Place(str(path), rows, lines=starts) if len(starts) == rows else Place(str(path), rows)

    def rows(self, path: Path, content: bytes) -> Iterator[tuple[int, list[str]]]:
        """The line at which each row begins and its cells, the header first; lines without any cell are none.

        Raises `DataError` for a quote that is not closed or closed too early.
        """
        import csv

        reader = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=self.separator, strict=True)
        start, number = 1, 0
        try:
            for row in reader:
                if row:
                    yield start, row
                    number += 1
                start = reader.line_num + 1
        except csv.Error as error:
            said = "a quote is opened and never closed" if "unexpected end" in str(error) else str(error)
            hint = "a quote within quotes is written twice"
            raise DataError(f"row {number}: {said}", file=path, line=start, hint=hint) from None

    def utf8(self, path: Path) -> bytes:
        """The content in UTF-8 without BOM."""
        content = content_of(path)
        if not content.removeprefix(b"\xef\xbb\xbf").strip():
            raise DataError("the file is empty", file=path)
        plain = self.encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) and plain:
            raise DataError("the file is UTF-16", file=path, hint="write encoding: utf-16")
        if b"\0" in content and plain:
            endian = {0: "be", 1: "le"}.get(content.index(b"\0"))
            line = content.count(b"\n", 0, content.index(b"\0")) + 1
            hint: str | None = (
                f"it looks like UTF-16: write encoding: utf-16-{endian}" if endian else "is it a table at all?"
            )
            raise DataError("the file holds zero bytes, which text has not", file=path, line=line, hint=hint)
        if b"\0" not in content and "utf-16" in self.encoding.lower().replace("_", "-"):
            raise DataError("the file is not UTF-16", file=path, hint="leave encoding out for UTF-8")
        try:
            decoded = content.decode("utf-8-sig" if plain else self.encoding)
            content = content.removeprefix(b"\xef\xbb\xbf") if plain else decoded.removeprefix("\ufeff").encode()
        except UnicodeDecodeError as error:
            # The bytes that the error counts in are those behind a BOM.
            line = error.object.count(b"\n", 0, error.start) + 1
            words = f"row {line - 1}" if line > 1 else "the header"
            hint = "write encoding: cp949 (Korean Windows), latin-1, … or save the file as UTF-8" if plain else None
            message = f"{words}: byte 0x{error.object[error.start]:02x} is not {self.encoding.upper()}"
            raise DataError(message, file=path, line=line, hint=hint) from None
        except UnicodeError as error:
            raise DataError(f"the file is not {self.encoding.upper()}: {error}", file=path) from None
        return content if b"\n" in content else content.replace(b"\r", b"\n")

    def written_header(self, path: Path, content: bytes) -> list[str]:
        """The names in the first line as they stand there."""
        import csv

        first = content.split(b"\n", 1)[0].decode().rstrip("\r")
        if not first.strip():
            raise DataError("the first line is blank; expected the names of the columns", file=path, line=1)
        try:
            return next(csv.reader([first], delimiter=self.separator, strict=True))
        except csv.Error as error:
            raise DataError(f"the header is no row of names: {error}", file=path, line=1) from None

    def header(self, path: Path, written: list[str]) -> list[str]:
        """The names of the columns: trimmed, in Unicode's composed form, each once."""
        names = [unicodedata.normalize("NFC", name.strip()) for name in written]
        counts = Counter(names)
        if len(names) == 1:
            first = written[0]
            for other in ";\t|,":
                if other != self.separator and other in first:
                    shown = "\\t" if other == "\t" else other
                    hint = f'did you mean separator "{shown}"? write csv: {{path: {path.name}, separator: "{shown}"}}'
                    raise DataError(f"there is only one column, '{first}'", file=path, line=1, hint=hint)
        for name in names:
            if not name:
                raise DataError(
                    f"column {names.index(name) + 1} has no name", file=path, line=1, hint="give each column a name"
                )
            if counts[name] > 1:
                raise DataError(
                    f"the column '{name}' stands {counts[name]} times in the header",
                    file=path,
                    line=1,
                    hint="give each column a name of its own",
                )
        return names

    def ragged(self, path: Path, content: bytes, width: int, said: str) -> DataError:
        """The error of a file whose rows differ in length, with the first such row."""
        for number, (line, row) in enumerate(self.rows(path, content)):
            if len(row) != width:
                cells = "cell" if len(row) == 1 else "cells"
                message = f"row {number} has {len(row)} {cells}, the header has {width}"
                hint = (
                    "a cell that holds the separator needs quotes around it"
                    if len(row) > width
                    else "an empty cell still needs its separator"
                )
                return DataError(message, file=path, line=line, hint=hint)
        return DataError(f"the file cannot be read as a table: {said.splitlines()[0]}", file=path)


def block_size(content: bytes) -> int:
    """Bytes that are parsed at a time: a row must fit in one block."""
    return max(1 << 20, min(len(content) + 1, 1 << 26))
