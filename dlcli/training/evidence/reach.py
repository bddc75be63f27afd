"""What the last activation of a model can put out, beside the targets that it is to meet: numbers, or scores of classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dlcli.data.dataset import spread_samples
from dlcli.keras_internals import producer
from dlcli.layers.names import written_layer_name
from dlcli.loss import logits, needs
from dlcli.loss.losses import build_loss
from dlcli.loss.target_loss import Head
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.setup.experiment import Experiment

LOOKED_AT = 5000  # unseen: time alone
OF_CLASSES, SURE = frozenset({"classes", "one_hot", "binary"}), 30.0
"""What losses compare with that read scores of classes; a score as far as this from others is sure of its class."""
DIVIDED = 1e3
"""So many times what it costs elsewhere a mistake costs at a target of 0 that a loss divides by."""
SLACK = 0.01
"""So much of their range targets may lie beyond what can be put out: rounding and noise."""


@dataclass(frozen=True)
class Reach:
    """A last layer and the numbers between which it puts out, beside those of its targets; `beyond` is the share outside.
    `cost` is how much of the squared loss of the mean the nearest that can be put out leaves.

    `entry` is the path of its entry where its activation is an argument.
    """

    target: str
    layer: str
    activation: str
    low: float
    high: float
    least: float
    most: float
    beyond: float
    entry: str | None
    cost: float = 0.0
    scaled: bool = False
    """Whether the targets are in another scale than they were written in."""
    floor: float | None = None
    """Of scores of classes the loss of the best that can be put out; `beyond` is its share of that of equal ones."""
    least_loss: float = 0.0
    """How much of the loss as it is trained on the nearest that can be put out leaves."""


def reaches(experiment: Experiment) -> list[Reach]:
    """The last layers whose activation has an end, with the targets that they cannot meet."""
    import numpy as np

    found, feed = [], experiment.splits["train"]
    rows = spread_samples(len(feed), LOOKED_AT)
    for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        layer = last_layer(experiment, head)
        ends = ends_of(layer)
        if layer is None or ends is None or schema.absent:
            continue
        if logits(head.loss) and needs(head.loss) in OF_CLASSES:
            found += unsure(experiment, head, schema.name, feed.take(rows)[1][schema.name], layer, ends)
        if needs(head.loss) != "numbers" or schema.classes is not None:
            continue
        values = feed.take(rows)[1][schema.name].astype(np.float64)
        slack = SLACK * float(np.ptp(values)) if values.size else 0.0
        beyond = float(((values < ends[0] - slack) | (values > ends[1] + slack)).mean()) if values.size else 0.0
        if beyond:
            least, most = float(values.min()), float(values.max())
            name, entry = written_as(experiment, layer)
            place = written_layer_name(layer.name)
            scaled, cost = schema.scale is not None, cost_of(values, ends)
            least_loss = left_by(experiment, head, values, ends)
            found.append(
                Reach(schema.name, place, name, *ends, least, most, beyond, entry, cost, scaled, least_loss=least_loss)
            )
    return found


def written_as(experiment: Experiment, layer: Any) -> tuple[str, str | None]:
    """What the activation of a layer is called, and the path of the entry whose argument it is."""
    if not layer.weights:
        return str(getattr(getattr(layer, "activation", None), "__name__", type(layer).__name__)), None
    return getattr(layer.activation, "__name__", "activation"), entry_of(experiment, layer)


def unsure(
    experiment: Experiment, head: Head, target: str, truth: Any, layer: Any, ends: tuple[float, float]
) -> list[Reach]:
    """A last layer between whose ends no scores say a class surely: what the surest right ones cost."""
    import numpy as np

    low, high = max(ends[0], -SURE), min(ends[1], SURE)
    width = layer.output.shape[-1]
    if needs(head.loss) == "classes":
        right = np.arange(width) == np.asarray(truth)[..., None]
    else:
        right = np.asarray(truth).reshape(*np.shape(truth)[: len(layer.output.shape) - 1], width) > 0.5
    loss = build_loss(head.loss, experiment.facts)
    best, equal = (
        float(loss(truth, np.where(right, one, other).astype(np.float32)))
        for one, other in ((high, low), ((high + low) / 2, (high + low) / 2))
    )
    if not math.isfinite(best) or not best > SLACK * equal:
        return []
    name, entry = written_as(experiment, layer)
    place = written_layer_name(layer.name)
    return [Reach(target, place, name, *ends, 0.0, 1.0, best / equal, entry, best / equal, floor=best)]


def last_layer(experiment: Experiment, head: Head) -> Any:
    """The layer that puts out the answers of a head; None where these are no one tensor."""
    output = experiment.model.output if head.name is None else experiment.model.output[head.name]
    return None if isinstance(output, list | dict) else producer(output)


def cost_of(values: Any, ends: tuple[float, float]) -> float:
    """The share of the mean's squared loss that is left where each value is met as nearly as the ends allow."""
    spread = float(values.var())
    return float(((values - values.clip(*ends)) ** 2).mean()) / spread if spread > 0 else 0.0


def left_by(experiment: Experiment, head: Head, values: Any, ends: tuple[float, float]) -> float:
    """What a loss costs, as it counts, where each value is met as nearly as the ends allow; 0 where that is no number."""
    import numpy as np

    truth, nearest = (each.reshape(len(values), -1).astype(np.float32) for each in (values, values.clip(*ends)))
    loss = float(head.weight * np.mean(build_loss(head.loss, experiment.facts)(truth, nearest)))
    return loss if math.isfinite(loss) else 0.0


def ends_of(layer: Any) -> tuple[float, float] | None:
    """Between what a layer puts out where its activation has an end; None where it reaches all numbers, or is not known."""
    import numpy as np
    import tensorflow as tf

    activation = getattr(layer, "activation", None)
    activation = layer if activation is None and type(layer).__name__ in {"ReLU", "Softmax"} else activation
    if not callable(activation):
        return None
    taken = np.array([[-1e4, 0], [-30, 0], [-1, 0], [0, 0], [1, 0], [30, 0], [1e4, 0]], np.float32)
    width = layer.output.shape[-1]
    values = np.asarray(activation(tf.constant(taken if width != 1 else taken[:, :1])), np.float64)[:, 0]
    low, high = float(values.min()), float(values.max())
    if low < -100 and high > 100:
        return None
    return (low if low > -100 else -np.inf), (high if high < 100 else np.inf)


def below_logarithms(experiment: Experiment) -> list[tuple[str, str | None]]:
    """The last layers, with the paths of their entries, that may put out less than 0, of which their loss takes a logarithm."""
    import tensorflow as tf

    found = []
    for head in experiment.config.heads:
        layer = last_layer(experiment, head)
        if layer is None or not layer.weights or ends_of(layer) is not None or needs(head.loss) != "numbers":
            continue
        loss, one = build_loss(head.loss, experiment.facts), tf.constant([[1.0]])
        if math.isnan(float(loss(one, -one))) and math.isfinite(float(loss(one, one))):
            found.append((written_layer_name(layer.name), entry_of(experiment, layer)))
    return found


def divided_by_zero(experiment: Experiment) -> list[tuple[str, str, float, str]]:
    """The targets that are 0 in some training samples, where a small mistake costs so much more there that the others do not
    count: with the loss, the share of these samples, and the path of the loss."""
    import numpy as np
    import tensorflow as tf

    found, feed = [], experiment.splits["train"]
    for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        if needs(head.loss) != "numbers" or schema.classes is not None or schema.absent:
            continue
        values = feed.take(spread_samples(len(feed), LOOKED_AT))[1][schema.name].astype(np.float64)
        share, size = float((values == 0).mean()), float(np.abs(values).mean())
        if not 0 < share < 1:
            continue
        loss = build_loss(head.loss, experiment.facts)
        at_zero, elsewhere = (
            float(loss(tf.constant([[each]], tf.float32), tf.constant([[each + size / 2]], tf.float32)))
            for each in (0.0, size)
        )
        if at_zero > DIVIDED * elsewhere > 0:
            found.append((schema.name, head.loss.written, share, "loss" if head.name is None else f"loss.{head.name}"))
    return found
