"""Inputs as a small network of their kind takes them: numbers by feature, pictures, sequences, ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import InputSchema
from dlcli.training.evidence.neighbours import MOST_FEATURES, held_ids, in_deviations
from dlcli.training.evidence.steps_of_network import Build, hidden
from dlcli.training.evidence.words_read import pairs_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SIDE, SMALL = 32, 12
"""Pictures are brought to at most so many places a side; of more than the second each second one is enough."""
FILTERS, WIDTH = 16, 5
"""Filters of the first convolution, and the places that one along a sequence sees at once."""
LONG = 16
"""From so many steps on what stands anywhere in a sequence counts beside what stands at each place."""


@dataclass(frozen=True)
class Taken:
    """Training samples and others as a branch of a network takes them."""

    given: Array
    asked: Array
    branch: Callable[[Any], Any]


def taken_by_kind(schema: InputSchema, given: Array, asked: Array, *, ids: bool) -> Taken | None:
    """An input by its kind, in training and elsewhere; None of what is no finite number, or has very many features.

    `ids` says that the model looks up what it takes.
    """
    import numpy as np

    if any(each.dtype.kind not in "fiub" or not np.isfinite(each).all() for each in (given, asked)):
        return None
    if {"height", "width"} <= {*schema.axes} and given.ndim in {3, 4}:
        return of_pictures(given, asked)
    if ids and given.ndim == 2 and (held := of_ids(given, asked)) is not None:
        return held
    if given[0].size > MOST_FEATURES:
        return None
    if given.ndim == 3 and given.shape[1] >= LONG:
        return Taken(*evened(given, asked), along)
    rows = [each.reshape(len(each), -1).astype(np.float64) for each in (given, asked)]
    return Taken(in_deviations(rows[0], rows[0]), in_deviations(rows[1], rows[0]), hidden(0))


def build_of(branches: Sequence[Callable[[Any], Any]]) -> Build:
    """A network of a branch for each input, and a hidden layer behind all of them."""

    def build(tensors: Sequence[Any]) -> Any:
        import keras

        seen = [branch(tensor) for branch, tensor in zip(branches, tensors, strict=True)]
        return hidden(1)(seen[0] if len(seen) == 1 else keras.layers.Concatenate()(seen))

    return build


def of_pictures(given: Array, asked: Array) -> Taken:
    """Pictures of few places, each channel in deviations of its own."""
    import numpy as np

    small = [fewer_places(each[..., None] if each.ndim == 3 else each) for each in (given, asked)]
    mean, deviation = small[0].mean(axis=(0, 1, 2)), np.maximum(small[0].std(axis=(0, 1, 2)), 1e-12)
    return Taken((small[0] - mean) / deviation, (small[1] - mean) / deviation, convolved)


def fewer_places(pictures: Array) -> Array:
    """Pictures (samples, height, width, channels) of at most so many places a side, each the mean of what stood there."""
    import numpy as np

    for axis in (1, 2):
        size = pictures.shape[axis]
        if size > SIDE:
            edges = (np.arange(SIDE) * size) // SIDE
            counts = np.diff([*edges, size]).reshape([-1 if each == axis else 1 for each in range(4)])
            pictures = np.add.reduceat(pictures.astype(np.float32), edges, axis=axis) / counts
    return pictures.astype(np.float32)


def convolved(tensor: Any) -> Any:
    """Two convolutions, of large pictures at each second place: what they see at each place, and anywhere."""
    import keras

    layers, starts = keras.layers, [keras.initializers.GlorotUniform(10 + number) for number in range(2)]
    how = {"padding": "same", "activation": "relu"}
    stride = 2 if min(tensor.shape[1:3]) > SMALL else 1
    tensor = layers.Conv2D(FILTERS, WIDTH, strides=stride, kernel_initializer=starts[0], **how)(tensor)
    tensor = layers.Conv2D(2 * FILTERS, 3, kernel_initializer=starts[1], **how)(tensor)
    tensor = layers.MaxPooling2D(2, padding="same")(tensor)
    return layers.Concatenate()([layers.Flatten()(tensor), layers.GlobalMaxPooling2D()(tensor)])


def evened(given: Array, asked: Array) -> tuple[Array, Array]:
    """Sequences (samples, steps, features), each feature in deviations of its own, whatever the step."""
    import numpy as np

    mean, deviation = given.mean(axis=(0, 1)), np.maximum(given.std(axis=(0, 1)), 1e-12)
    return (given - mean) / deviation, (asked - mean) / deviation


def along(tensor: Any) -> Any:
    """What stands at each place of a sequence, and what stands anywhere in it."""
    import keras

    layers = keras.layers
    starts = [keras.initializers.GlorotUniform(20 + number) for number in range(2)]
    seen = tensor
    for start in starts:
        seen = layers.Conv1D(FILTERS, WIDTH, padding="same", activation="relu", kernel_initializer=start)(seen)
    return layers.Concatenate()([hidden(0)(layers.Flatten()(tensor)), layers.GlobalMaxPooling1D()(seen)])


def of_ids(given: Array, asked: Array) -> Taken | None:
    """Which ids samples hold, and which pairs of them side by side, each as 0 or 1; None of what are no ids."""
    import numpy as np

    both = np.concatenate([given, asked])
    held = held_ids(both)
    if held is None:
        return None
    if both.shape[1] > 1:
        paired = held_ids(pairs_of(both.astype(int)))
        held = held if paired is None else np.concatenate([held, paired[:, 1:]], axis=1)
    return Taken(held[: len(given)], held[len(given) :], hidden(0))
