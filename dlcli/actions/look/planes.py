"""The output of each layer in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_DRAWN = 512
"""Points of a plane."""
SMALL = 64
"""Rows of a square whose eigenvectors are all found at once."""
BESIDE = 8
"""Directions that are sought beside the two, so that these are found soon."""
MOST_TURNS, PRECISE = 200, 1e-7


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

    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)
    total = float(np.square(centred, dtype=np.float64).sum())
    if not total > 0:
        return Projection(np.zeros((len(rows), 2)), [0.0, 0.0])
    points, numbers = centred.shape
    if numbers <= points:
        directions = first_eigenvectors(centred.T @ centred)
    else:
        directions = centred.T @ first_eigenvectors(centred @ centred.T)
        directions = directions / np.maximum(np.linalg.norm(directions, axis=0), np.finfo(rows.dtype).tiny)
    if directions.shape[1] < 2:
        directions = np.pad(directions, ((0, 0), (0, 2 - directions.shape[1])))
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), range(2)])
    projected = centred @ (directions * np.where(signs == 0, 1, signs))
    return Projection(projected, [float(each) for each in np.square(projected, dtype=np.float64).sum(axis=0) / total])


def first_eigenvectors(square: Array) -> Array:
    """The eigenvectors of the two greatest eigenvalues of a symmetric square, as columns: (rows, 2).

    Of a large one by subspace iteration (Rutishauser 1969): all of them would take a hundred times as long, and NumPy cannot
    find some alone.
    """
    import numpy as np

    if len(square) <= SMALL:
        return np.linalg.eigh(square)[1][:, ::-1][:, :2]
    basis = np.random.default_rng(0).normal(size=(len(square), 2 + BESIDE)).astype(square.dtype)
    before = np.zeros(2)
    for _ in range(MOST_TURNS):
        basis, _ = np.linalg.qr(square @ basis)
        values, inside = np.linalg.eigh(basis.T @ (square @ basis))
        if np.abs(values[-2:] - before).max() <= PRECISE * values[-1]:
            break
        before = values[-2:]
    found: Array = basis @ inside[:, ::-1][:, :2]
    return found
