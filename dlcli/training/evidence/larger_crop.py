"""Crops to a small part of a picture, beside what they leave out: whether that changes from picture to picture as well."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlcli.data.dataset import spread_samples
from dlcli.data.preparation.crops import Size, centre
from dlcli.training.setup.experiment import Experiment

LOOKED_AT = 200  # unseen: time alone
ENOUGH = 0.75
"""A crop that keeps such a share of a picture leaves out little."""


@dataclass(frozen=True)
class LargerCrop:
    """A crop by its number in the list of augmentation and its name, the `part` of a picture that it keeps, and a larger one.

    `varies` says how far places deviate from picture to picture that lie outside of their centre, beside those inside.
    """

    number: int
    name: str
    part: float
    written: Size
    larger: Size
    varies: float


def larger_crop(experiment: Experiment) -> LargerCrop | None:
    """The only crop; None where there is none or several, or one of several inputs."""
    import numpy as np

    augment, feed = experiment.augment, experiment.splits["train"]
    if augment is None or len(augment.cropping) != 1:
        return None
    inputs, _ = feed.take(spread_samples(len(feed), LOOKED_AT))
    (number,), arrays = augment.cropping, {name: np.asarray(inputs[name]) for name in augment.inputs}
    crops = augment.crops({name: values.shape[1:] for name, values in arrays.items()})
    if len(crops) != 1:
        return None
    ((name, written),) = crops.items()
    spread = arrays[name].astype(np.float64).std(axis=0)
    whole = spread.shape[0], spread.shape[1]
    top, left = (centre(side, kept) for side, kept in zip(whole, written, strict=True))
    inside = np.zeros(whole, bool)
    inside[top : top + written[0], left : left + written[1]] = True
    within = float(spread[inside].mean())
    varies = float(spread[~inside].mean()) / within if within > 0 else math.inf
    larger = larger_side(written[0], whole[0]), larger_side(written[1], whole[1])
    return LargerCrop(number, augment.blocks[number].written, float(inside.mean()), written, larger, varies)


def larger_side(written: int, whole: int) -> int:
    """The side of a crop that keeps enough of a picture, if that is larger; it stays smaller than that of the picture."""
    return max(written, min(math.ceil(whole * math.sqrt(ENOUGH)), whole - 1))
