"""What a model loses by moving statistics that have not followed its weights: the same samples judged with fresh ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.layers.names import written_layer_name
from dlcli.training.compared import weight_penalty
from dlcli.training.engine.measure import Measure, batch_of
from dlcli.training.engine.steps import batch_tensors
from dlcli.training.evidence.begun import with_values
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.evidence.restore import moving, settle
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.trial import unchanged

TAKEN, LOOKED_AT = 256, 1000  # unseen: time alone
"""Training samples whose statistics are taken at once, and samples of a split that are judged with them."""


@dataclass(frozen=True)
class MovingLayer:
    """A layer with moving statistics, of which each step keeps a share; `entry` is the path of its entry."""

    layer: str
    entry: str | None
    momentum: float


@dataclass(frozen=True)
class StatisticsSeen:
    """By split the loss as the model answers, and with the statistics of training samples instead of the moving ones."""

    layers: Sequence[MovingLayer]
    moving: dict[str, float]
    settled: dict[str, float]


def moving_layers(experiment: Experiment) -> list[MovingLayer]:
    """The layers of a model whose statistics move while it trains."""
    return [
        MovingLayer(written_layer_name(layer.name), entry_of(experiment, layer), layer.momentum)
        for layer in moving(experiment.model)
    ]


def statistics_seen(experiment: Experiment, measure: Measure) -> StatisticsSeen | None:
    """What other statistics come to; None of a model without any. The model is left as it was."""
    model, train = experiment.model, experiment.splits["train"]
    layers = moving_layers(experiment)
    if not layers:
        return None
    parts = {
        name: judged_part(experiment.splits[name]) for name in ("train", "validation") if name in experiment.splits
    }
    with unchanged(model.variables):
        settle(model, batch_tensors(*train.spread(min(TAKEN, batch_of(train))).take(slice(None)))[0])
        variables = [each for layer in moving(model) for each in layer.non_trainable_weights]
        fresh = [each.numpy() for each in variables]
    penalty = weight_penalty(model)

    def losses() -> dict[str, float]:
        return {name: measure.measure(part)["loss"] - penalty for name, part in parts.items()}

    as_it_stands = losses()
    with unchanged(variables):
        for variable, value in zip(variables, fresh, strict=True):
            variable.assign(value)
        return StatisticsSeen(layers, as_it_stands, losses())


def statistics_at_end(experiment: Experiment, measure: Measure, last: Sequence[Any] | None) -> StatisticsSeen | None:
    """The same of a model with its `last` values; None where it has kept these."""
    if last is None:
        return None
    with with_values(experiment.model, last):
        return statistics_seen(experiment, measure)


def judged_part(feed: Feed) -> Any:
    """Some of the samples of a split, each of which counts the same."""
    plain = feed.unweighed()
    return plain.spread(LOOKED_AT) if len(plain) > LOOKED_AT else plain
