"""Decides what a column of text cells holds, numbers or names, and turns it into an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields import Place
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

MOSTLY = 0.5
"""From this share of numbers on, a column with other texts in it is a damaged column of numbers."""


def column_of(
    name: str, chunks: Sequence[pyarrow.Array], *, decimal: str, as_text: bool, places: Sequence[Place]
) -> np.ndarray[Any, Any]:
    """A column (samples,): int64 or float64 where every cell is a number, otherwise text with None for an empty cell.

    Whole numbers with an empty cell among them become float64 with NaN. A number with a leading zero (`01234`) is a name,
    not a number. Raises `DataError` for a column that is mostly numbers, with the first cell that is none.
    """
    import pyarrow
    import pyarrow.compute as compute

    cells = pyarrow.chunked_array(chunks, type=pyarrow.string())
    if as_text:
        return text_of(cells)
    trimmed = compute.utf8_trim_whitespace(cells)
    if compute.all(compute.is_null(trimmed)).as_py():
        return compute.cast(trimmed, pyarrow.float64()).to_numpy()
    if compute.any(compute.match_substring_regex(trimmed, r"^[-+]?0[0-9]+$")).as_py():
        return text_of(cells)
    if decimal != ".":
        trimmed = compute.replace_substring(trimmed, decimal, ".")
    if not cells.null_count and compute.all(compute.match_substring_regex(trimmed, r"^[-+]?[0-9]{1,18}$")).as_py():
        whole = compute.replace_substring_regex(trimmed, r"^\+", "")
        return compute.cast(whole, pyarrow.int64()).to_numpy()
    number = compute.match_substring_regex(trimmed, NUMBER)
    if compute.all(number).as_py():
        plain = compute.replace_substring_regex(trimmed, r"^\+", "")
        return compute.cast(plain, pyarrow.float64()).to_numpy()
    present = len(cells) - cells.null_count
    numbers = compute.sum(number).as_py() or 0
    if numbers >= max(2, MOSTLY * present):
        raise not_a_number(name, cells, number, present - numbers, places)
    return text_of(cells)


NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$|^[-+]?(?i:nan|inf|infinity)$"


def text_of(cells: pyarrow.ChunkedArray) -> np.ndarray[Any, Any]:
    """The cells as text in an array of objects."""
    import numpy as np

    return np.asarray(cells.to_pylist(), dtype=object)


def not_a_number(
    name: str, cells: pyarrow.ChunkedArray, number: pyarrow.ChunkedArray, bad: int, places: Sequence[Place]
) -> DataError:
    """The error of a column of numbers in which some cells hold something else."""
    import pyarrow.compute as compute

    from dlcli.data.fields import Fields

    row = compute.index(compute.fill_null(number, True), False).as_py()
    file, line, words = Fields({}, places).where(row)
    value = cells[row].as_py()
    more = "" if bad == 1 else f" (and {bad - 1} more cells like it)"
    hint = f'correct the cell, or write csv: {{…, empty: ["{value}"]}} if it means an empty cell'
    if "," in value:
        hint = 'if it is a decimal comma, write csv: {…, decimal: ","}'
    return DataError(f"column '{name}' holds numbers, but {words} is '{value}'{more}", file=file, line=line, hint=hint)
