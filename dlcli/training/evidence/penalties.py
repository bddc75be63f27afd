"""What keeps a model from fitting: noise and regularization as they are written, with the paths that set them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.keras_internals import leaf_layers
from dlcli.layers.names import written_layer_name
from dlcli.training.evidence.ending import ending
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.setup.experiment import Experiment

LEFT_OUT = ("dropout", "recurrent_dropout")
"""The arguments by which layers leave out a share of what they take themselves."""
REGULARIZERS = ("kernel_regularizer", "bias_regularizer", "recurrent_regularizer", "embeddings_regularizer")


@dataclass(frozen=True)
class Penalty:
    """A layer that leaves out a share of what passes, or whose weights cost something.

    `share` is what it leaves out, 0 of weights; `cost` what its weights add to the loss, 0 of noise. `key` is the path that
    sets it, None of what stands at no path of its own.
    """

    layer: str
    what: str
    share: float
    cost: float
    key: str | None
    strength: float = 0.0
    """By how much each weight, or its square, counts."""
    at_end: bool = False
    """Whether what is left out are answers themselves: no layer with weights stands behind it."""


def penalties(experiment: Experiment) -> list[Penalty]:
    """All that dropout leaves out and all that weights cost, layer by layer; of a layer inside another, whose weights both have,
    the outer one."""
    found, counted, end = list[Penalty](), set[int](), ending(experiment.model)
    inside = made_inside(experiment.model)
    for layer in leaf_layers(experiment.model):
        entry, name = entry_of(experiment, layer), written_layer_name(layer.name)
        rate = getattr(layer, "rate", None)
        if "Dropout" in type(layer).__name__ and isinstance(rate, float) and rate > 0 and id(layer) not in inside:
            key = None if entry is None else f"{entry}.rate"
            found.append(Penalty(name, "rate", rate, 0.0, key, at_end=end.stands_behind(layer)))
        found += own_noise(layer, name, entry) if id(layer) not in inside else []
        for word in REGULARIZERS:
            regularizer = getattr(layer, word, None)
            own = [each for each in getattr(layer, "weights", ()) if each.regularizer is regularizer]
            weights = [each for each in own if id(each) not in counted]
            if regularizer is None or not weights:
                continue
            counted |= set(map(id, weights))
            cost = sum(float(regularizer(each)) for each in weights)
            strength = max(float(getattr(regularizer, each, 0.0) or 0.0) for each in ("l1", "l2"))
            found.append(Penalty(name, word, 0.0, cost, None if entry is None else f"{entry}.{word}", strength))
    return found


def own_noise(layer: Any, name: str, entry: str | None) -> list[Penalty]:
    """What a layer leaves out by an argument of its own, or one of the layer that it wraps."""
    inner, path = getattr(layer, "layer", getattr(layer, "forward_layer", None)), entry
    if inner is not None:
        layer, path = inner, None if entry is None else f"{entry}.layer"
    shares = {word: getattr(layer, word, getattr(layer, f"_{word}", None)) for word in LEFT_OUT}
    return [
        Penalty(name, word, float(share), 0.0, None if path is None else f"{path}.{word}")
        for word, share in shares.items()
        if isinstance(share, int | float) and 0 < share < 1
    ]


def made_inside(model: Any) -> set[int]:
    """The layers that others have made for themselves, or wrap: what they leave out is told of the outer one."""
    found = set[int]()
    for layer in leaf_layers(model):
        wrapped = getattr(layer, "layer", None)
        parts = [wrapped, *(getattr(layer, each, None) for each in MADE)]
        found |= {id(each) for each in parts if each is not None}
        found |= {id(part.cell) for part in [layer, *parts] if getattr(part, "cell", None) is not None}
    return found


MADE = ("forward_layer", "backward_layer", "cell", "_dropout_layer")
"""Where layers keep others that they have made."""
