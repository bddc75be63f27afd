"""The source `excel`: a sheet of a workbook, its first row the header."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.memory import free_memory
from dlcli.data.sources.paths import only_file
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.cells import MOSTLY
from dlcli.data.sources.tables.column_names import columns_of
from dlcli.data.sources.tables.excel_empty import check_formulas, fill_merged, merged_areas
from dlcli.errors import DataError, DlcliError, ResourceError
from dlcli.extras import need
from dlcli.first_line import first_line
from dlcli.spec import DataPath, did_you_mean

if TYPE_CHECKING:
    import numpy as np

MOST_CELLS = 20_000_000
FAULTS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")


class Excel(SourceBlock):
    """A table in a sheet of an Excel workbook; needs the extra `excel`."""

    word: ClassVar[str] = "excel"
    example: ClassVar[str] = "{excel: {path: flowers.xlsx, sheet: Sheet1}}"
    endings: ClassVar[tuple[str, ...]] = (".xlsx",)
    whole: ClassVar[bool] = True

    path: DataPath
    """The workbook."""
    sheet: str | None = None
    """The sheet; by default the first."""
    empty: list[str] = []
    """Texts that mean an empty cell besides the empty cell itself, such as `NA` or `#N/A`."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        book, table, path = openpyxl().Workbook(), Example.table(rows), folder / "table.xlsx"
        for row in [list(table), *zip(*table.values(), strict=True)]:
            book.active.append(row)
        book.save(path)
        return [Example({"source": {cls.word: str(path)}, "target": "y"}, [path])]

    def read(self, reading: Reading) -> Fields:
        """All rows. Raises `DataError` with the cell of a formula that has no value and of text among numbers."""
        path = only_file(self.path)
        rows = self.rows(path)
        header = next((number for number, row in enumerate(rows) if any(cell is not None for cell in row)), None)
        if header is None:
            raise DataError("the sheet is empty", file=path, kind="empty_file")
        width = max(number for number, cell in enumerate(rows[header]) if cell is not None) + 1
        written = ["" if cell is None else str(cell) for cell in rows[header][:width]]
        columns = columns_of(written, path, line=header + 1)
        body = rows[header + 1 :]
        while body and all(cell is None for cell in body[-1]):
            body.pop()
        if not body:
            raise DataError("the sheet has a header but no rows", file=path, line=header + 1, kind="no_rows")
        check_width(body, width, header, path)
        names = columns.wanted(reading.columns)
        filled = self.explain_empty(path, rows, header, [columns.numbers[name] for name in names])
        arrays = {
            name: sheet_column([row[index] for row in body], name, index, header, path, as_text=name in reading.text)
            for name, index in columns.numbers.items()
            if name in names
        }
        notes = (*columns.notes, *([merged_note(filled)] if filled else []))
        return Fields(arrays, [Place(str(path), len(body), header + 2)], notes=notes, columns=tuple(columns.numbers))

    def explain_empty(self, path: Path, rows: list[list[Any]], header: int, columns: Sequence[int]) -> list[str]:
        """Fills the cells of `columns` that are empty as merged ones, and returns their areas.

        Raises `DataError` at one that is empty since its formula was never calculated.
        """

        def empty() -> set[tuple[int, int]]:
            body = enumerate(rows[header + 1 :], start=header + 1)
            return {(place, each) for place, row in body for each in columns if each >= len(row) or row[each] is None}

        if not empty():
            return []
        book = openpyxl().load_workbook(path, read_only=True)
        sheet = book[self.sheet or book.sheetnames[0]]
        areas = list(
            merged_areas(path, sheet._worksheet_path)
        )  # the library tells them only where it loads a sheet whole
        filled = fill_merged(rows, areas, below=header + 1, columns=columns)
        check_formulas(sheet, path, below=header + 1, columns=columns, empty=empty())
        book.close()
        return filled

    def rows(self, path: Path) -> list[list[Any]]:
        """All cells of the sheet, None for an empty one.

        Raises `DataError` where there is no such sheet or it is damaged.
        """
        library = openpyxl()
        check_size(path)
        try:
            book = library.load_workbook(path, read_only=True, data_only=True)
            name = self.sheet or book.sheetnames[0]
            if name not in book.sheetnames:
                known = ", ".join(book.sheetnames)
                raise DataError(
                    f"there is no sheet '{name}'; there are: {known}",
                    file=path,
                    hint=did_you_mean(name, book.sheetnames),
                    kind="no_such_sheet",
                )
            check_extent(book[name], path)
            rows = [[self.cell(value) for value in row] for row in book[name].iter_rows(values_only=True)]
            book.close()
        except DlcliError:
            raise
        except Exception as error:  # what the library raises depends on what is damaged
            raise DataError(
                f"the file is damaged or no workbook: {first_line(error)}", file=path, kind="damaged_file"
            ) from None
        return rows

    def cell(self, value: Any) -> Any:
        """A cell: a number, text, or None; times as text that sorts by time."""
        if isinstance(value, str):
            return None if not value.strip() or value in self.empty else value
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, datetime.datetime) and value.time() == datetime.time():
            return value.date().isoformat()
        return (
            value.isoformat(" ")
            if isinstance(value, datetime.datetime)
            else (value.isoformat() if isinstance(value, datetime.date | datetime.time) else value)
        )


def merged_note(areas: Sequence[str]) -> str:
    """That the value of merged cells was taken for each of them."""
    first, more = areas[0], f" and {len(areas) - 1} more" if len(areas) > 1 else ""
    return f"merged cells hold their value in each of their rows: {first}{more}"


def openpyxl() -> Any:
    """The library that reads workbooks."""
    # python-calamine is faster, but gives "" for a cell that holds an error, so that data is missing in silence, and ends the
    # process where a single cell stands far out (it asks for 550 GB at once).
    return need("openpyxl", extra="excel", use="reading a workbook")


def check_extent(sheet: Any, path: Path) -> None:
    """Refuses a sheet whose cells reach so far that most of it is empty: a single cell can make millions."""
    cells = (sheet.max_row or 0) * (sheet.max_column or 0)
    if cells > MOST_CELLS:
        raise ResourceError(
            f"the sheet reaches over {sheet.max_row:,} rows of {sheet.max_column:,} columns, {cells:,} cells in all",
            file=path,
            hint="remove what stands far from the table, or save the sheet as csv",
            kind="sheet_too_large",
        )


def check_size(path: Path) -> None:
    """Refuses a workbook that unpacks to more than fits: a few kilobytes can hold gigabytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            declared = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(
            f"the file is damaged or no workbook: {first_line(error)}", file=path, kind="damaged_file"
        ) from None
    # A cell takes about ten times as much in memory as in the file.
    if 10 * declared > free_memory() // 2:
        raise ResourceError(
            f"the workbook unpacks to {declared / 1e9:.1f} GB, more than fits in memory",
            file=path,
            kind="out_of_memory",
        )


def check_width(body: Sequence[Sequence[Any]], width: int, header: int, path: Path) -> None:
    """Refuses a cell beyond the header."""
    for number, row in enumerate(body):
        if any(cell is not None for cell in row[width:]):
            line = header + 2 + number
            raise DataError(f"row {number + 1} has more cells than the header", file=path, line=line, kind="ragged_row")


def sheet_column(
    cells: list[Any], name: str, index: int, header: int, path: Path, *, as_text: bool
) -> np.ndarray[Any, Any]:
    """A column (rows,): int64 or float64 where every cell is a number, otherwise text with None for an empty cell.

    Raises `DataError` at a cell that holds an error, or text among numbers.
    """
    import numpy as np

    def where(row: int) -> tuple[str, int]:
        return f"{letters(index)}{header + 2 + row}", header + 2 + row

    for row, value in enumerate(cells):
        if value in FAULTS:
            place, line = where(row)
            hint = f'correct it, or write excel: {{…, empty: ["{value}"]}}'
            raise DataError(
                f"cell {place} of column '{name}' is {value}", file=path, line=line, hint=hint, kind="bad_cell"
            )
    present = [value for value in cells if value is not None]
    numbers = sum(isinstance(value, int | float) for value in present)
    if numbers == len(present) and not as_text:
        if len(present) == len(cells) and all(isinstance(value, int) for value in present):
            return np.array(cells, np.int64)
        return np.array([np.nan if value is None else float(value) for value in cells])
    if numbers >= max(2, MOSTLY * len(present)) and not as_text:
        row = next(row for row, value in enumerate(cells) if isinstance(value, str))
        place, line = where(row)
        raise DataError(
            f"column '{name}' holds numbers, but cell {place} is '{cells[row]}'",
            file=path,
            line=line,
            kind="mixed_column",
        )
    texts = np.empty(len(cells), object)
    texts[:] = [None if value is None else str(value) for value in cells]
    return texts


def letters(index: int) -> str:
    """The name of a column as a sheet shows it: A, B, …, Z, AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
