"""What a target of the data is, as its loss asks for it."""

from __future__ import annotations

from itertools import takewhile

from dlcli.data.schema import TargetSchema
from dlcli.loss.target_form import TargetForm

PLACES = frozenset({"depth", "height", "place", "time", "width"})
"""The axes along which a model answers place by place."""

HORIZON = "horizon"
"""The axis of several steps ahead."""


def target_form(target: TargetSchema) -> TargetForm:
    """The shape of a target, and which of its axes are places."""
    shape = tuple(target.shape)
    ahead = shape[target.axes.index(HORIZON) - 1] if HORIZON in target.axes else None
    is_index = target.classes is not None or target.text
    if target.is_one_hot:
        places = len(shape) - 1
    elif is_index:
        places = len(shape) - (ahead is not None)
    else:
        places = len(list(takewhile(PLACES.__contains__, target.axes[1:])))
    return TargetForm(shape, target.name, target.is_one_hot, places, target.text and target.following is None, ahead)
