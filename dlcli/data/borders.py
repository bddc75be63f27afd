"""The borders between splits: where times end, and the windows that are lost there."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FEWEST = 30
"""With fewer windows a split says little of how good a model is."""


def notes_on_borders(before: Mapping[str, Sized], after: Mapping[str, Sized]) -> list[str]:
    """A note of how many windows by split are left out, and of splits that keep too few of them."""
    kept = {split: (len(after[split]), len(own)) for split, own in before.items() if len(after[split]) < len(own)}
    lost = sum(own - left for left, own in kept.values())
    if not lost:
        return []
    were = "1 window reaches" if lost == 1 else f"{lost:,} windows reach"
    told = " and ".join(f"{split} keeps {left:,} of {own:,}" for split, (left, own) in kept.items())
    few = [split for split, (left, _) in kept.items() if left < FEWEST]
    judged = (
        f"; so few in {' and '.join(few)} are little to judge by: a smaller window, or a larger share" if few else ""
    )
    is_out = "is" if lost == 1 else "are"
    return [f"{were} back into the split before and {is_out} left out: {told}{judged}"]


def between_times(ends: np.ndarray[Any, Any], first: int, last: int, *, size: int) -> tuple[int, int]:
    """The borders of validation, `first` and `last` of so many samples, moved to where times end (times,), ascending.

    That of the test is moved to the nearest, and that before it to the nearest of those before; an empty split stays empty.
    """
    several = first < last
    if last < size:
        last = nearest(ends[several:], last)
    return (nearest(ends[ends < last], first), last) if several else (last, last)


def nearest(places: np.ndarray[Any, Any], wanted: int) -> int:
    """That of some places, ascending, which is nearest to the one that is wanted; of two the first."""
    import numpy as np

    return int(places[np.argmin(np.abs(places - wanted))])
