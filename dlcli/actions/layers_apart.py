"""How far the outputs of a layer tell a target: how many samples lie nearest to their own class, how well a line fits numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.schema import TargetSchema
from dlcli.data.target_labels import VOID

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LARGE = 4096
"""Numbers of an output above which neighbouring places are averaged."""
MOST_POINTS = 4096
"""Places of samples that are looked at, where each has a target of its own."""
PENALTY = 1.0
"""Of the squares of the weights of a linear fit, for outputs of deviation 1."""
MOST_NUMBERS = 16
"""Numbers of a target that a linear fit is asked for."""


@dataclass(frozen=True)
class Wanted:
    """What the target says: class indices (samples, …), -1 for none, of each place where `by_place`; or numbers (samples, n),
    those of places (samples, places), not a number where there is none."""

    name: str
    classes: list[str] | None
    values: Array
    by_place: bool = False


def wanted_of(schema: TargetSchema, values: Array, mask: Array | None) -> Wanted | None:
    """What is compared with the outputs of layers; what the loss leaves out is no class. None of a target that has no such."""
    import numpy as np

    if schema.absent:
        return None
    index = class_indices(values, schema)
    if index is not None:
        places = schema.shape[:-1] if schema.is_one_hot else schema.shape
        index = index.reshape(len(index), *places)
        if mask is not None and mask.shape == index.shape:
            index = np.where(mask, index, VOID)
        return Wanted(schema.name, schema.classes, index, by_place=bool(places))
    if schema.padded and mask is not None and mask.size == values.size:
        return Wanted(schema.name, None, np.where(mask, values.reshape(mask.shape), np.nan), by_place=True)
    flat = values.reshape(len(values), -1).astype(np.float64)
    kept = flat.shape[1] <= MOST_NUMBERS and schema.each is None
    return Wanted(schema.name, None, flat) if kept or schema.ahead is not None else None


def layer_features(output: Array, mask: Array | None = None) -> Array:
    """The output of a layer (samples, …, features) as rows of numbers (samples, numbers); padded places count nothing.

    Of outputs of very many numbers neighbouring places are averaged, until there are few enough.
    """
    import numpy as np

    if output.ndim <= 2:
        return output.reshape(len(output), -1)
    counts = np.ones((1, *output.shape[1:-1], 1), output.dtype)
    if mask is not None and mask.ndim < output.ndim and mask.shape == output.shape[: mask.ndim]:
        kept = mask.reshape(*mask.shape, *[1] * (output.ndim - mask.ndim)).astype(output.dtype)
        counts = np.broadcast_to(kept, (*output.shape[:-1], 1))
        output = output * kept
    width = width_of_blocks(output.shape[1:])
    if width > 1:
        output = block_sums(output, width) / np.maximum(block_sums(counts, width), 1)
    return output.reshape(len(output), -1)


def width_of_blocks(shape: Sequence[int]) -> int:
    """How many neighbours along each axis of places become one, so that an output (places…, features) has few numbers."""
    *places, features = shape
    width = 1
    while width < max(places) and features * math.prod(-(-size // width) for size in places) > LARGE:
        width += 1
    return width


def block_sums(values: Array, width: int) -> Array:
    """The sums of so many neighbours along each axis of places of (samples, places…, features)."""
    import numpy as np

    for axis in range(1, values.ndim - 1):
        values = np.add.reduceat(values, range(0, values.shape[axis], width), axis=axis)
    return values


def rows_for(wanted: Wanted, output: Array, mask: Array | None) -> tuple[Array, Array] | None:
    """Outputs (points, numbers) with what is wanted of each, without those that have no class; None where the two do not meet.

    Where each place of a sample has a class of its own, the places of a layer that has the same ones are points.
    """
    import numpy as np

    if not wanted.by_place:
        rows, values = layer_features(output, mask), wanted.values
    elif output.ndim > wanted.values.ndim and output.shape[: wanted.values.ndim] == wanted.values.shape:
        rows, values = output.reshape(wanted.values.size, -1), wanted.values.reshape(-1)
    else:
        return None
    if wanted.classes is None and not wanted.by_place:
        return rows, values
    if wanted.classes is None:
        kept = np.flatnonzero(np.isfinite(values))[:MOST_POINTS]
        return rows[kept], values[kept, None]
    kept = np.flatnonzero(values.reshape(-1) >= 0)
    kept = kept[:: max(1, -(-len(kept) // MOST_POINTS))]
    return rows[kept], values.reshape(-1)[kept]


def nearest_mean(output: Array, labels: Any) -> float:
    """The share of samples whose nearest class mean is their own: means from every other sample, judged on the rest.

    Of outputs (samples, …, features) of very many numbers neighbouring places are averaged first.
    """
    import numpy as np

    features = layer_features(output)
    # A linear probe would have to be trained, with a rate and epochs of its own to be argued about. Class means need neither,
    # and asked about samples that made none of them they cannot look well by knowing these by heart.
    known, asked = features[::2].astype(np.float64), features[1::2].astype(np.float64)
    classes = np.unique(labels[::2])
    means = np.stack([known[labels[::2] == each].mean(axis=0) for each in classes])
    # The distances less the square of each sample, which is the same for all means: no array of samples × classes × numbers.
    distances = (means**2).sum(axis=1) - 2 * asked @ means.T
    return float((classes[distances.argmin(axis=1)] == labels[1::2]).mean()) if len(asked) else 0.0


def linear_fit(output: Array, numbers: Array) -> float | None:
    """R² of a linear fit of outputs to numbers (samples, numbers): fitted to every other sample, judged on the rest.

    A ridge regression (Hoerl and Kennard 1970) of standardized outputs: without its penalty a layer of more units than
    samples would fit anything. The mean of several numbers; None where they do not vary.
    """
    import numpy as np

    features = layer_features(output).astype(np.float64)
    known, asked = features[::2], features[1::2]
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    known, asked = (known - mean) / scale, (asked - mean) / scale
    target, truth = numbers[::2], numbers[1::2]
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0) if len(truth) else np.zeros(1)
    if not len(truth) or not (spread > 0).all():
        return None
    middle = target.mean(axis=0)
    if known.shape[1] <= known.shape[0]:
        square = known.T @ known + PENALTY * np.eye(known.shape[1])
        weights = np.linalg.solve(square, known.T @ (target - middle))
    else:  # the same weights out of a square of as many rows as there are samples
        square = known @ known.T + PENALTY * np.eye(known.shape[0])
        weights = known.T @ np.linalg.solve(square, target - middle)
    errors = ((truth - asked @ weights - middle) ** 2).sum(axis=0)
    return float((1 - errors / spread).mean())
