"""Decides what a column of text cells holds, numbers or names, and turns it into an array."""

from __future__ import annotations

import json
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
    if not cells.null_count and compute.all(compute.match_substring_regex(trimmed, WHOLE)).as_py():
        return values_of(trimmed, pyarrow.int64())
    if cells.null_count == len(cells):
        return values_of(trimmed, pyarrow.float64())
    if compute.any(compute.match_substring_regex(trimmed, LEADING_ZERO)).as_py():
        return text_of(cells)
    if decimal == ".":
        number = compute.match_substring_regex(trimmed, NUMBER)
    else:
        # Beside decimal commas a point separates thousands: 1.234 is not a little more than one.
        pointed = compute.match_substring(trimmed, ".")
        trimmed = compute.replace_substring(trimmed, decimal, ".")
        number = compute.and_(compute.match_substring_regex(trimmed, NUMBER), compute.invert(pointed))
    if compute.all(number).as_py():
        return values_of(trimmed, pyarrow.float64())
    present = len(cells) - cells.null_count
    numbers = compute.sum(number).as_py() or 0
    meant = compute.match_substring_regex(compute.replace_substring(trimmed, ",", "."), DIGITS)
    if (compute.sum(meant).as_py() or 0) >= max(2, MOSTLY * present):
        raise not_a_number(name, cells, number, present - numbers, places, decimal=decimal)
    return text_of(cells)


WHOLE = r"^[-+]?(0|[1-9][0-9]{0,17})$"
LEADING_ZERO = r"^[-+]?0[0-9]+$"
DIGITS = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
NUMBER = DIGITS + r"|^[-+]?(?i:nan|inf|infinity)$"


def values_of(cells: pyarrow.ChunkedArray, dtype: pyarrow.DataType) -> np.ndarray[Any, Any]:
    """The cells as numbers; NaN for an empty one."""
    import pyarrow.compute as compute

    values: np.ndarray[Any, Any] = compute.cast(compute.replace_substring_regex(cells, r"^\+", ""), dtype).to_numpy()
    return values


def text_of(cells: pyarrow.ChunkedArray) -> np.ndarray[Any, Any]:
    """The cells as text in an array of objects."""
    import numpy as np

    return np.asarray(cells.to_pylist(), dtype=object)


def not_a_number(
    name: str,
    cells: pyarrow.ChunkedArray,
    number: pyarrow.ChunkedArray,
    bad: int,
    places: Sequence[Place],
    *,
    decimal: str,
) -> DataError:
    """The error of a column of numbers in which some cells hold something else."""
    import pyarrow.compute as compute

    from dlcli.data.fields import Fields

    row = compute.index(compute.fill_null(number, True), False).as_py()
    file, line, words = Fields({}, places).where(row)
    value = cells[row].as_py()
    more = {1: "", 2: " (and 1 more cell like it)"}.get(bad, f" (and {bad - 1} more cells like it)")
    shown = json.dumps(value, ensure_ascii=False)
    hint = f"correct the cell, or write csv: {{…, empty: [{shown}]}} if it means an empty cell"
    if "," in value and decimal != ",":
        hint = 'if it is a decimal comma, write csv: {…, decimal: ","}'
    return DataError(f"column '{name}' holds numbers, but {words} is '{value}'{more}", file=file, line=line, hint=hint)
