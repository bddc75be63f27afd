"""The source `parquet`: tables by columns, whose row groups are read one by one where they are large."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.lazy import Column
from dlcli.data.fields.padded import padded_fields
from dlcli.data.memory import free_memory
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.arrow import array_of, check_type, is_number_type, left_out
from dlcli.data.sources.tables.column_names import check_same_names, columns_of
from dlcli.errors import DataError, ResourceError
from dlcli.first_line import first_line
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

CELL = 8
"""About how many bytes a cell takes in memory."""


class Parquet(SourceBlock):
    """A table in one or several Parquet files with the same columns."""

    word: ClassVar[str] = "parquet"
    example: ClassVar[str] = "{parquet: flowers.parquet}"
    endings: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    lists: ClassVar[bool] = True
    beside: ClassVar[bool] = True

    path: DataPath | Annotated[list[DataPath], Field(min_length=1)]
    """A file, a glob, or a list of them."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        import pyarrow
        import pyarrow.parquet

        path = folder / "table.parquet"
        pyarrow.parquet.write_table(pyarrow.table(Example.table(rows)), path, row_group_size=1 + rows // 3)
        return [Example({"source": {cls.word: str(path)}, "target": "y"}, [path])]

    def read(self, reading: Reading) -> Fields:
        """All rows; where it streams a row group at a time.

        Raises `DataError` for a damaged file and for a type that is no column, `ResourceError` for more than fits.
        """
        paths = found_files(self.path)
        abouts = [about(path) for path in paths]
        written = abouts[0].schema.to_arrow_schema().names
        header = columns_of(written, paths[0])
        names, notes = header.wanted(reading.columns), header.notes
        if reading.looks:
            schema = abouts[0].schema.to_arrow_schema()
            unheld = left_out(
                {name: schema.field(written[header.numbers[name]]).type for name in names}, labels=reading.labels
            )
            names, notes = [name for name in names if name not in unheld], (*notes, *unheld.values())
        check_same_names(paths, [each.schema.to_arrow_schema().names for each in abouts])
        rows = [each.num_rows for each in abouts]
        if not sum(rows):
            raise DataError("the table has no rows", file=paths[0], kind="no_rows")
        if not reading.stream:
            check_table_memory(sum(rows), len(names), paths[0])
        columns = ColumnsInFiles(paths, {name: written[header.numbers[name]] for name in names}, abouts, reading)
        groups = [
            (path, group) for path, each in zip(paths, abouts, strict=True) for group in range(each.num_row_groups)
        ]
        counts = [each.row_group(group).num_rows for each in abouts for group in range(each.num_row_groups)]

        def read(number: int, wanted: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
            return columns.read(*groups[number], wanted)

        chunks = Chunks(counts, read)
        places = [Place(str(path), count) for path, count in zip(paths, rows, strict=True)]
        columns_there = tuple(header.numbers)
        if reading.stream:
            forms = columns.forms(read(0, names))
            lazy = {name: chunks.column(name, *forms[name]) for name in names}
            return Fields(lazy, places, notes=notes, columns=columns_there, chunks=chunks)
        if reading.looks:
            arrays, uneven = even_columns(chunks, names)
            notes = (*notes, *uneven)
        else:
            arrays = {**chunks.in_memory(names)}
        return Fields(arrays, places, notes=notes, columns=columns_there, padded=padded_fields(arrays))

    def memory(self) -> int:
        try:
            abouts = [about(path) for path in found_files(self.path)]
        except DataError:
            return 0
        # Beside the columns stand the tensors that are made of them.
        return sum(2 * CELL * each.num_rows * each.num_columns for each in abouts)


def even_columns(chunks: Chunks, names: Sequence[str]) -> tuple[dict[str, Column], list[str]]:
    """The columns in memory, and the notes of those that are left out since their lists have several lengths."""
    arrays, notes = dict[str, Column](), list[str]()
    for name in names:
        try:
            arrays |= chunks.in_memory([name])
        except DataError as error:
            if error.kind != "several_shapes":
                raise
            notes.append(f"{error.message}, and is left out")
    return arrays, notes


def about(path: Path) -> Any:
    """What the end of a file says of it. Raises `DataError` where that is damaged."""
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_metadata(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"the file is damaged or no Parquet file: {first_line(error)}", file=path, kind="damaged_file"
        ) from None


def empty_in_group(about: Any, path: Path, group: int, column: str) -> bool:
    """Whether a column has empty cells in a row group: as its statistics say, else as it holds."""
    import pyarrow.parquet

    index = about.schema.to_arrow_schema().names.index(column)
    part = about.row_group(group)
    if part.num_columns == len(about.schema.to_arrow_schema().names):
        statistics = part.column(index).statistics
        if statistics is not None and statistics.has_null_count:
            return bool(statistics.null_count)
    with pyarrow.parquet.ParquetFile(path) as file:
        return bool(file.read_row_group(group, columns=[column]).column(0).null_count)


def check_table_memory(rows: int, columns: int, path: Path) -> None:
    """Refuses a table that would not fit, before anything of it is read: a few kilobytes can declare billions of rows."""
    declared, free = rows * columns * CELL, free_memory()
    if declared > free // 2:
        raise ResourceError(
            f"{rows:,} rows of {columns} columns take {declared / 1e9:.1f} GB, more than half of the "
            f"{free / 1e9:.1f} GB of free memory",
            file=path,
            hint="write data.stream: true to read it piece by piece",
            kind="out_of_memory",
        )


class ColumnsInFiles:
    """Some columns of files with one schema, each with its name as it is written there."""

    def __init__(
        self, paths: Sequence[Path], written: Mapping[str, str], abouts: Sequence[Any], reading: Reading
    ) -> None:
        schema = abouts[0].schema.to_arrow_schema()
        self.written = written
        self.text, self.even = reading.text, reading.stream
        self.rows = {
            path: [each.row_group(group).num_rows for group in range(each.num_row_groups)]
            for path, each in zip(paths, abouts, strict=True)
        }
        for path, each in zip(paths, abouts, strict=True):
            for name, inside in self.written.items():
                own = each.schema.to_arrow_schema().field(inside).type
                check_type(name, own, path, labels=reading.labels)
                if is_number_type(own) != is_number_type(schema.field(inside).type):
                    raise DataError(
                        f"column '{name}' holds {own}, in {paths[0].name} {schema.field(inside).type}",
                        file=path,
                        kind="types_differ",
                    )
        numbers = [name for name, inside in written.items() if is_number_type(schema.field(inside).type)]
        kinds = {
            name: {str(each.schema.to_arrow_schema().field(self.written[name]).type) for each in abouts}
            for name in numbers
        }
        # Numbers of several types, or with empty cells, are floats in every row group.
        self.with_empty = {name for name in numbers if len(kinds[name]) > 1 or self.has_empty(name, paths, abouts)}

    def has_empty(self, name: str, paths: Sequence[Path], abouts: Sequence[Any]) -> bool:
        """Whether any cell of a column of numbers is empty: its whole numbers are floats then, in every row group."""
        for path, each in zip(paths, abouts, strict=True):
            for group in range(each.num_row_groups):
                if empty_in_group(each, path, group, self.written[name]):
                    return True
        return False

    def read(self, path: Path, group: int, wanted: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
        """Some columns of one row group. Raises `DataError` where the group is damaged."""
        import pyarrow
        import pyarrow.parquet

        try:
            with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
                table = file.read_row_group(group, columns=[self.written[name] for name in wanted], use_threads=True)
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(
                f"row group {group + 1} is damaged: {first_line(error)}", file=path, kind="damaged_file"
            ) from None
        before = sum(self.rows[path][:group])
        return {
            name: array_of(
                name,
                table.column(self.written[name]),
                path,
                as_text=name in self.text,
                has_empty=name in self.with_empty,
                even=self.even,
                before=before,
            )
            for name in wanted
        }

    def forms(self, first: dict[str, np.ndarray[Any, Any]]) -> dict[str, tuple[Any, tuple[int, ...]]]:
        """The type of each column, and the shape of one sample."""
        return {name: (values.dtype, values.shape[1:]) for name, values in first.items()}
