"""What a curve of losses says: how much it fell of late, how long it has been flat, where it leads."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

LAST = 3
TENTH = 10
PACE = 0.5
"""Such a share of its pace on the whole a curve keeps that does not bend."""


def last_epochs(losses: Sequence[float]) -> int:
    """How many of the last epochs tell how it goes now: three, of many a tenth."""
    return min(max(LAST, len(losses) // TENTH), len(losses) - 1)


def late_fall(losses: Sequence[float], window: int | None = None) -> float:
    """The share of the loss, as far as it is above a perfect one, that the last epochs took away."""
    window = last_epochs(losses) if window is None else window
    if window < 1 or losses[-1 - window] <= 0:
        return 0.0
    return (losses[-1 - window] - losses[-1]) / losses[-1 - window]


def steady(losses: Sequence[float]) -> bool:
    """Whether a curve falls in nearly every epoch."""
    falls = [after < before for before, after in pairwise(losses)]
    return bool(falls) and sum(falls) >= 0.8 * len(falls)


def keeps_its_pace(losses: Sequence[float]) -> bool:
    """Whether a curve that falls nearly always took away in its last epochs as much as it did on average: it is on its way,
    however little that is of the loss."""
    window = last_epochs(losses)
    if len(losses) < 2 * LAST or not steady(losses):
        return False
    pace = (losses[0] - losses[-1]) / (len(losses) - 1)
    return losses[-1 - window] - losses[-1] >= PACE * pace * window > 0


def noise_of(losses: Sequence[float]) -> float:
    """The deviation by which a curve wobbles about its trend: that of its steps, of which each has the noise of two epochs."""
    steps = [after - before for before, after in pairwise(losses)]
    if len(steps) < 2:
        return 0.0
    return statistics.stdev(steps) / math.sqrt(2)


def epochs_to_gain(losses: Sequence[float]) -> int:
    """So many more epochs are worth it, as long as each half of the curve goes on gaining what it gains beside the other.

    What is left to gain falls as a power of what the last halves took away; between a quarter and four times what was done.
    """
    done = len(losses)
    window = max(1, done // 3)
    if done < 3:
        return 2 * done
    late, before = losses[-1 - window] - losses[-1], losses[max(0, -1 - 2 * window + done)] - losses[-1 - window]
    ratio = late / before if before > 0 else 1.0
    if late <= 0:
        return math.ceil(done / 4)
    if ratio >= 0.9:  # it falls as straight as before
        return 2 * done
    # Gains shrink by `ratio` a window; after so many windows less than a twentieth of what is left is still to come.
    windows = math.log(0.05) / math.log(max(ratio, 0.05))
    return max(math.ceil(done / 4), min(4 * done, math.ceil(windows * window)))


def rounded(epochs: int) -> int:
    """A number of epochs as a person would write it: two digits."""
    size: int = 10 ** max(0, len(str(epochs)) - 2)
    return math.ceil(epochs / size) * size
