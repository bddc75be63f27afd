"""Moments of two parts are those of the whole: mean and scatter, batch by batch in 64 bits.

Source: T. Chan, G. Golub, R. LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Moments:
    """How many values were seen, their `mean` and their `scatter`: of each feature, or of all pairs where they go `together`."""

    together: bool = False
    count: int = 0
    mean: Any = 0.0
    scatter: Any = 0.0

    def add(self, mean: np.ndarray[Any, Any], scatter: np.ndarray[Any, Any], count: int) -> None:
        """Adds a part with its own mean, scatter around it and count."""
        import numpy as np

        shift, total = mean - self.mean, self.count + count
        between = np.outer(shift, shift) if self.together else shift**2
        self.scatter = self.scatter + scatter + between * (self.count * count / total)
        self.mean, self.count = self.mean + shift * (count / total), total
