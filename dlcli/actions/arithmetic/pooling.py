"""Pooling: the greatest or the mean of each window, or of all places."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.actions.arithmetic.convolutions import windows
from dlcli.actions.arithmetic.writing import Writing, axes_of, remark, step
from dlcli.view.arithmetic import Step


def max_pooling(writing: Writing) -> Iterator[Step]:
    """The greatest of each window."""
    return of_windows(writing, "max")


def average_pooling(writing: Writing) -> Iterator[Step]:
    """The mean of each window."""
    return of_windows(writing, "mean")


def of_windows(writing: Writing, word: str) -> Iterator[Step]:
    """What comes of each window."""
    layer = writing.layer
    facts, remarks = windows(layer, writing.inputs[0], writing.outputs[0], groups=None)
    facts["window"] = [*layer.pool_size]
    if word == "mean" and any(map(sum, facts["padding"])):
        remarks.append(remark("nothing_padded"))
    remarks = [each for each in remarks if each.code != "channels_first"]
    formula = f"{word}_of_windows(x, {'×'.join(map(str, layer.pool_size))})"
    yield step("y", formula, *remarks, shapes=writing.shapes | {"y": writing.outputs[0]}, facts=facts)


def global_max(writing: Writing) -> Iterator[Step]:
    """The greatest of all places."""
    return of_all_places(writing, "max")


def global_average(writing: Writing) -> Iterator[Step]:
    """The mean of all places."""
    return of_all_places(writing, "mean")


def of_all_places(writing: Writing, word: str) -> Iterator[Step]:
    """What comes of all places, channel by channel."""
    first = writing.layer.data_format == "channels_first"
    rank = len(writing.inputs[0])
    axes = range(2, rank) if first else range(1, rank - 1)
    keeps = ", keepdims" if writing.layer.keepdims else ""
    masked = remark("masked_average") if writing.masked and word == "mean" else None
    formula = f"{word}(x, axes={axes_of(axes)}{keeps})"
    yield step("y", formula, masked, shapes=writing.shapes | {"y": writing.outputs[0]})
