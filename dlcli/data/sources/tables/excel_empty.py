"""Why cells of a workbook are empty: formulas that were never calculated, and cells that are merged."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from dlcli.errors import DataError


def fill_merged(rows: Sequence[list[Any]], merged: Sequence[str], *, below: int, columns: Sequence[int]) -> list[str]:
    """Gives each cell of a column that is merged over rows the value of the first, and returns the ranges that were.

    Only ranges of one column count, and rows from `below` on, counted from 0; merged columns are one value of one column.
    """
    from openpyxl.utils.cell import range_boundaries

    filled = []
    for area in merged:
        left, top, right, bottom = range_boundaries(area)
        column, first = left - 1, top - 1
        if left != right or top == bottom or column not in columns or first < below:
            continue
        for row in rows[first + 1 : bottom]:
            if column < len(row):
                row[column] = rows[first][column]
        filled.append(area)
    return filled


def merged_areas(path: Path, member: str) -> Iterator[str]:
    """The merged areas of a sheet, such as `A2:A31`, as its part of the file says them."""
    with zipfile.ZipFile(path) as archive, archive.open(member) as sheet:
        for _, element in ElementTree.iterparse(sheet):
            if element.tag.endswith("}mergeCell"):
                yield element.get("ref", "")
            if not element.tag.endswith("}mergeCells"):
                element.clear()


def check_formulas(sheet: Any, path: Path, *, below: int, columns: Sequence[int], empty: set[tuple[int, int]]) -> None:
    """Refuses a cell of `empty`, by row and column from 0, that holds a formula: no program has calculated it yet."""
    found = [
        cell
        for row in sheet.iter_rows(min_row=below + 1)
        for cell in row
        if cell.value is not None and cell.data_type == "f" and (cell.row - 1, cell.column - 1) in empty
    ]
    found = [cell for cell in found if cell.column - 1 in columns]
    if found:
        first = found[0]
        written = str(getattr(first.value, "text", first.value))
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise DataError(
            f"cell {first.coordinate} holds a formula that was never calculated: {written[:60]}{more}",
            file=path,
            line=first.row,
            hint="open the workbook in a program that calculates it and save it there, or write the values",
            kind="formula_without_value",
        )
