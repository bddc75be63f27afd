"""Random crops in training: a part of each picture, in the place where the model, which takes whole ones, looks at its centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data.fields.lazy import Column, Lazy, is_lazy
from dlcli.errors import BlockError, TreePath

if TYPE_CHECKING:
    import numpy as np

    from dlcli.data.dataset import Dataset
    from dlcli.data.schema import Schema

Size: TypeAlias = tuple[int, int]
"""Height and width."""


def cropped_size(layer: Any, size: Size, *, place: TreePath, name: str) -> Size:
    """What a layer that crops leaves of pictures of a size.

    Raises `BlockError` for a crop larger than the picture, and for one of a single side, of which Keras draws nothing.
    """
    wanted = (int(layer.height), int(layer.width))
    (height, width), own = size, f"{wanted[0]}×{wanted[1]}"
    if wanted[0] > height or wanted[1] > width:
        raise BlockError(
            place,
            f"a crop of {own} is larger than the pictures of '{name}', which are {height}×{width}",
            hint="write a smaller one, or data.prepare: [Resizing: …] before it",
            kind="crop_too_large",
        )
    if wanted != size and (wanted[0] == height or wanted[1] == width):
        raise BlockError(
            place,
            f"a crop of {own} keeps a side of '{name}', {height}×{width}, as it is, and {place[-1]} draws nothing then",
            hint="make both sides smaller",
            kind="crop_keeps_side",
        )
    return wanted


def centre(size: int, part: int) -> int:
    """Where a part in the centre of a side begins, as Keras's CenterCrop has it."""
    return int((size - part) / 2)


def in_centre(cropped: Any, shape: Sequence[int]) -> Any:
    """Crops (samples, height, width, …) in the centre of pictures of zeros, each of a shape (height, width, …)."""
    import tensorflow as tf

    pads = [(0, 0)]
    for part, whole in zip(cropped.shape[1:3], shape[:2], strict=True):
        before = centre(whole, part)
        pads.append((before, whole - part - before))
    return tf.pad(cropped, [*pads, *[(0, 0)] * (len(cropped.shape) - 3)])


def centre_of(pictures: Any, size: Size) -> Any:
    """The centre (samples, height, width, …) of pictures, which stay where they are until they are asked for."""
    if is_lazy(pictures):
        return Centres(pictures, size)
    top, left = (centre(whole, part) for whole, part in zip(pictures.shape[1:3], size, strict=True))
    return pictures[:, top : top + size[0], left : left + size[1]]


class Centres(Lazy):
    """The centre of each picture of a field."""

    def __init__(self, column: Column, size: Size) -> None:
        super().__init__((len(column), *size, *column.shape[3:]), column.dtype)
        self.column, self.size = column, size

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = centre_of(self.column[rows], self.size)
        return found


def centres_of(schema: Schema) -> dict[str, Size]:
    """By target the height and width of the centre that a model of parts of pictures compares."""
    return {each.name: (each.centre[0], each.centre[1]) for each in schema.targets if each.centre is not None}


def with_centres(dataset: Dataset, sizes: Mapping[str, Size]) -> Dataset:
    """A data set with the centre, of a size, of some targets that are pictures."""
    if not sizes:
        return dataset
    splits = {
        split: replace(
            samples,
            targets={
                name: centre_of(values, sizes[name]) if name in sizes else values
                for name, values in samples.targets.items()
            },
        )
        for split, samples in dataset.splits.items()
    }
    targets = [
        each.model_copy(update={"centre": [*sizes[each.name]], "shape": [*sizes[each.name], *each.shape[2:]]})
        if each.name in sizes
        else each
        for each in dataset.schema.targets
    ]
    return replace(dataset, splits=splits, schema=dataset.schema.model_copy(update={"targets": targets}))


def sizes_after(layers: Sequence[tuple[Any, TreePath]], shapes: Mapping[str, Sequence[int]]) -> dict[str, Size]:
    """By input (height, width, …) the size that layers which crop leave, of those that get another one."""
    found = {}
    for name, shape in shapes.items():
        size: Size = (int(shape[0]), int(shape[1]))
        for layer, place in layers:
            size = cropped_size(layer, size, place=place, name=name)
        if size != tuple(shape[:2]):
            found[name] = size
    return found
