"""A target of pictures beside what the model said of it: masks in the colours of their classes, pictures as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.actions.judged import Judged
from dlcli.data import class_indices
from dlcli.view.samples import Shown, ShownPicture

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

PALETTE = (
    *((70, 70, 80), (31, 111, 214), (240, 140, 60), (40, 160, 80), (160, 90, 210), (210, 170, 40), (30, 160, 175)),
    *((220, 70, 140), (190, 190, 190), (140, 80, 40)),
)
"""The colours of classes, again from the first one on where these do not do."""
VOID = (0, 0, 0)
COLOURS = {1, 3}


def pictured_target(judged: Judged, position: int) -> list[Shown]:
    """One sample of a target with height and width as it is and as it was said; nothing of another target."""
    schema = judged.schema
    if schema.axes[1:3] != ["height", "width"]:
        return []
    pair = mask_pair(judged, position) if schema.classes is not None else picture_pair(judged, position)
    return [ShownPicture(f"{word} {schema.name}", each) for word, each in zip(("true", "said"), pair, strict=False)]


def mask_pair(judged: Judged, position: int) -> list[Array]:
    """The classes of all pixels as colours (height, width, 3): those of the target, and those that were said."""
    truth = class_indices(judged.target[position : position + 1], judged.schema)
    if truth is None or judged.answers is None:
        return []
    height, width = judged.schema.shape[:2]
    said = judged.answers.classes[position]
    if truth.size != height * width or said.size != height * width:
        return []
    return [coloured(each.reshape(height, width)) for each in (truth, said)]


def coloured(classes: Array) -> Array:
    """Classes (height, width) as colours; what has none is black."""
    import numpy as np

    palette = np.array(PALETTE)
    colours: Array = np.where(classes[..., None] < 0, VOID, palette[classes.astype(int) % len(palette)])
    return colours


def picture_pair(judged: Judged, position: int) -> list[Array]:
    """A picture (height, width, …) of numbers and what was said of it."""
    target, shown = judged.target[position], judged.shown[position]
    if (
        target.shape != shown.shape
        or target.ndim not in {2, 3}
        or (target.ndim == 3 and target.shape[-1] not in COLOURS)
    ):
        return []
    return [target, shown]
