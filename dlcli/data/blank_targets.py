"""Empty targets in a series whose empty inputs are filled: windows that would end at one are left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.samples import RowSamples, WindowSamples, samples_of
from dlcli.data.fields.values import missing
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np


def may_be_blank(fields: Fields) -> bool:
    """Whether some rows may be without a target: those of a series in memory are inputs of other windows still."""
    windows = fields.windows
    return windows is not None and windows.window is not None and fields.chunks is None


def without_blanks(fields: Fields, names: Collection[str]) -> tuple[Fields, np.ndarray[Any, Any]]:
    """The fields with a value of another row for each empty target, and which rows (rows,) have one; nothing is to read it."""
    import numpy as np

    blank, arrays = np.zeros(fields.samples, bool), dict(fields.arrays)
    for name in names:
        values = fields.arrays[name][:]
        empty = missing(values)
        if empty.any() and not empty.all():
            values = values.copy()
            values[empty] = values[np.argmin(empty)]
            arrays[name] = values
            blank |= empty
    return replace(fields, arrays=arrays), blank


def samples_with_targets(
    fields: Fields, names: Collection[str]
) -> tuple[RowSamples | WindowSamples, Fields, list[str]]:
    """The samples whose targets, of columns of these `names`, are there; the fields to read these of; a note on the others."""
    samples = samples_of(fields)
    if not may_be_blank(fields):
        return samples, fields, []
    targeted, blank = without_blanks(fields, [name for name in names if name in fields.arrays])
    whole, notes = with_targets(samples, blank)
    return whole, targeted, notes


def with_targets(
    samples: RowSamples | WindowSamples, blank: np.ndarray[Any, Any]
) -> tuple[RowSamples | WindowSamples, list[str]]:
    """The windows all of whose targets are there, and a note on the others. Raises `DataError` where none is left."""
    if not isinstance(samples, WindowSamples) or not blank.any():
        return samples, []
    whole = samples.with_target_in(~blank)
    if not whole.count:
        raise DataError("no window is left: each has an empty target", kind="no_rows_left")
    left = samples.count - whole.count
    if not left:
        return samples, []
    windows, are, their = ("window", "is", "its") if left == 1 else ("windows", "are", "their")
    return whole, [
        f"{left:,} {windows} of {samples.count:,} {are} left out, as {their} target is empty: only inputs are filled"
    ]
