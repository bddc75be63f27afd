"""The output of each layer in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_DRAWN = 512
"""Points of a plane."""


@dataclass(frozen=True)
class Projection:
    """Points (points, 2) and the shares of the variance that both dimensions have."""

    points: Array
    explained: list[float]


def principal_plane(rows: Array) -> Projection:
    """The two directions in which rows (points, numbers) vary most (Pearson 1901).

    The sign of each direction is that in which its largest coordinate is positive, so that a plane is the same each time.
    """
    import numpy as np

    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    total = float((centred**2).sum())
    if not total > 0:
        return Projection(np.zeros((len(rows), 2)), [0.0, 0.0])
    points, numbers = centred.shape
    # Whichever square is smaller: numpy has no decomposition for two directions alone.
    if numbers <= points:
        _, directions = np.linalg.eigh(centred.T @ centred)
        directions = directions[:, ::-1][:, :2]
    else:
        values, sides = np.linalg.eigh(centred @ centred.T)
        largest = sides[:, ::-1][:, :2]
        directions = centred.T @ largest / np.sqrt(np.maximum(values[::-1][:2], 1e-12 * values[-1]))
    if directions.shape[1] < 2:
        directions = np.pad(directions, ((0, 0), (0, 2 - directions.shape[1])))
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), range(2)])
    projected = centred @ (directions * np.where(signs == 0, 1, signs))
    return Projection(projected, [float(each) for each in (projected**2).sum(axis=0) / total])
