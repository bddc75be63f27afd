"""Samples of unequal length as arrays of one length: what stands behind the end of a sample is padding, and counts nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.lazy import Column, Lazy, is_lazy

if TYPE_CHECKING:
    import numpy as np

PADDING = -49152
"""Stands at every place behind the end of a sample. A number that 16 bits of either kind hold exactly, and no sound does."""
ID_PADDING = 0
"""Stands there among ids, as Keras's `mask_zero` reads them."""


class Padded(Lazy):
    """Pieces of rows (rows, …) that follow each other, as samples of one length: (samples, longest, …).

    Sample i begins at row `starts[i]` and has `lengths[i]` rows. Of one that is longer than `longest` the last rows stay.
    """

    def __init__(
        self,
        values: Column,
        starts: np.ndarray[Any, Any],
        lengths: np.ndarray[Any, Any],
        *,
        longest: int,
        padding: float = PADDING,
    ) -> None:
        import numpy as np

        held = np.result_type(values.dtype, np.int32) if values.dtype.kind in "iub" else values.dtype
        super().__init__((len(starts), longest, *values.shape[1:]), held)
        cut = np.maximum(lengths - longest, 0)
        self.values, self.starts, self.lengths, self.padding = values, starts + cut, lengths - cut, padding

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        there = np.arange(self.shape[1]) < self.lengths[rows][:, None]
        found = np.full((len(rows), *self.shape[1:]), self.padding, self.dtype)
        found[there] = self.values[(self.starts[rows][:, None] + np.arange(self.shape[1]))[there]]
        return found


def padded_rows(rows: Sequence[Any], *, longest: int | None = None) -> np.ndarray[Any, Any] | None:
    """Lists of numbers that differ in their length alone, as (samples, longest, …); None of what is none, or empty."""
    import numpy as np

    try:
        pieces = [np.asarray(row) for row in rows]
    except Exception:  # lists in lists of several lengths, or things that say what they like when asked for an array
        return None
    if not pieces or any(piece.ndim < 1 or not piece.size or piece.dtype.kind not in "fiub" for piece in pieces):
        return None
    if len({piece.shape[1:] for piece in pieces}) > 1:
        return None
    lengths = np.array([len(piece) for piece in pieces])
    longest = longest or int(lengths.max())
    return Padded(np.concatenate(pieces), np.cumsum(lengths) - lengths, lengths, longest=longest)[:]


def of_length(values: np.ndarray[Any, Any], longest: int) -> np.ndarray[Any, Any]:
    """Samples of unequal length (samples, places, …) as ones of another length; of longer ones the last places stay."""
    import numpy as np

    if values.shape[1] == longest:
        return values
    starts = np.arange(len(values)) * values.shape[1]
    lengths = real_places(values, PADDING).sum(axis=1)
    return Padded(values.reshape(-1, *values.shape[2:]), starts, lengths, longest=longest)[:]


def of_one_length(parts: Sequence[np.ndarray[Any, Any]]) -> Sequence[np.ndarray[Any, Any]]:
    """Parts of a field (samples, places, …), all as long as the longest sample of any; others as they are."""
    if len({part.shape[1:] for part in parts}) == 1 or any(part.ndim < 2 or part.dtype == object for part in parts):
        return parts
    return [of_length(part, max(each.shape[1] for each in parts)) for part in parts]


def real_places(values: np.ndarray[Any, Any], padding: float) -> np.ndarray[Any, Any]:
    """Which places (samples, places) of samples (samples, places, …) are no padding."""
    import numpy as np

    there: np.ndarray[Any, Any] = np.not_equal(values, padding)
    return there if values.ndim < 3 else np.asarray(there.any(axis=tuple(range(2, values.ndim))))


def real_values(values: np.ndarray[Any, Any], padding: float | None) -> np.ndarray[Any, Any]:
    """What counts of samples (samples, places, …): all places without padding (places, …); all of it where there is none."""
    return values if padding is None else values[real_places(values, padding)]


def padded_fields(arrays: Mapping[str, Column]) -> frozenset[str]:
    """The fields whose samples are not equally long: those in memory with padding at the last place of one."""
    lists = {
        name: each for name, each in arrays.items() if each.ndim > 1 and each.dtype.kind in "fi" and not is_lazy(each)
    }
    return frozenset(name for name, each in lists.items() if not real_places(each[:][:, -1:], PADDING).all())
