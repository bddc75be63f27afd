"""The source `csv`: a table of comma-separated values, read strictly."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, field_validator

from dlcli.data.columns import column_of
from dlcli.data.fields import Fields, Place
from dlcli.data.sources.files import content_of, found_files
from dlcli.errors import DataError
from dlcli.spec import DataPath, Mistake, Named, fail

if TYPE_CHECKING:
    import numpy as np
    import pyarrow


class Csv(Named):
    """A table with a header in one or several files of comma-separated values."""

    word: ClassVar[str] = "csv"

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
    def one_character(cls, value: str) -> str:
        if len(value) != 1:
            fail(Mistake(f"must be one character, found '{value}'"))
        return value

    @field_validator("encoding")
    @classmethod
    def known_encoding(cls, value: str) -> str:
        import codecs

        try:
            codecs.lookup(value)
        except LookupError:
            fail(
                Mistake(
                    f"'encoding' must be one that Python knows, found '{value}'",
                    suggestion="utf-8, cp949, utf-16, latin-1",
                )
            )
        return value

    def read(self, *, text: Collection[str] = ()) -> Fields:
        """All rows. Columns named in `text` are read as text even where they look like numbers.

        Raises `DataError` for a file that is missing, empty, ragged, not in its encoding or with doubtful columns.
        """
        paths = found_files(self.path)
        tables = [self.table(path) for path in paths]
        names = tables[0].column_names
        for path, table in zip(paths, tables, strict=True):
            if table.column_names != names:
                other = sorted(set(names) ^ set(table.column_names)) or ["the order"]
                raise DataError(f"the columns differ from those of {paths[0].name}: {', '.join(other)}", file=path)
        places = [Place(str(path), table.num_rows, 2) for path, table in zip(paths, tables, strict=True)]
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        for name in names:
            chunks = [chunk for table in tables for chunk in table.column(name).chunks]
            arrays[name] = column_of(name, chunks, decimal=self.decimal, as_text=name in text, places=places)
        return Fields(arrays, places)

    def table(self, path: Path) -> pyarrow.Table:
        """One file, every cell as text, an empty cell as null."""
        import pyarrow
        import pyarrow.csv

        content = self.utf8(path)
        header = self.header(path, content)
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
        return table.rename_columns(header)

    def utf8(self, path: Path) -> bytes:
        """The content in UTF-8 without BOM."""
        content = content_of(path)
        if not content.strip():
            raise DataError("the file is empty", file=path)
        plain = self.encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) and plain:
            raise DataError("the file is UTF-16", file=path, hint="write encoding: utf-16")
        try:
            text = content.decode("utf-8-sig" if plain else self.encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            hint = "write encoding: cp949 (Korean Windows), latin-1, … or save the file as UTF-8" if plain else None
            message = f"row {line - 1}: byte 0x{content[error.start]:02x} is not {self.encoding.upper()}"
            raise DataError(message, file=path, line=line, hint=hint) from None
        return content.removeprefix(b"\xef\xbb\xbf") if plain else text.removeprefix("\ufeff").encode()

    def header(self, path: Path, content: bytes) -> list[str]:
        """The names of the columns: trimmed, in Unicode's composed form, each once."""
        import csv

        first = content.split(b"\n", 1)[0].decode().rstrip("\r")
        names = [
            unicodedata.normalize("NFC", name.strip()) for name in next(csv.reader([first], delimiter=self.separator))
        ]
        if len(names) == 1:
            for other in ";\t|,":
                if other != self.separator and other in first:
                    shown = "\\t" if other == "\t" else other
                    hint = f'did you mean separator "{shown}"? write csv: {{path: {path.name}, separator: "{shown}"}}'
                    raise DataError(f"there is only one column, '{first}'", file=path, line=1, hint=hint)
        for name in names:
            if names.count(name) > 1:
                raise DataError(
                    f"the column '{name}' stands {names.count(name)} times in the header",
                    file=path,
                    line=1,
                    hint="give each column a name of its own",
                )
            if not name:
                raise DataError(
                    f"column {names.index(name) + 1} has no name", file=path, line=1, hint="give each column a name"
                )
        return names

    def ragged(self, path: Path, content: bytes, width: int, said: str) -> DataError:
        """The error of a file whose rows differ in length, with the first such row."""
        import csv

        reader = csv.reader(io.StringIO(content.decode()), delimiter=self.separator)
        for row in reader:
            if row and len(row) != width:
                line = reader.line_num
                cells = "cell" if len(row) == 1 else "cells"
                message = f"row {line - 1} has {len(row)} {cells}, the header has {width}"
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
