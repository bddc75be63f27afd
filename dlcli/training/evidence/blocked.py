"""Where the gradient ends on its way down: the layer or operation behind which nothing arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.config.catalogue.live import written_class
from dlcli.layers.names import written_layer_name
from dlcli.training.engine.steps import batch_tensors, only_target
from dlcli.training.evidence.gradients import activation_of, entry_of
from dlcli.training.evidence.restore import without_noise
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.no_gradient import end_of_gradients
from dlcli.training.setup.trial import unchanged


@dataclass(frozen=True)
class Blocked:
    """The entry `name`, written as `word`, and what of it lets nothing through.

    `rectifies` says that it is an activation of its own that is 0 for all numbers below 0.
    """

    name: str
    word: str
    rectifies: bool
    entry: str | None = None
    """The path of its entry, as a setting has it."""


def blocked_at(experiment: Experiment, rows: Any) -> Blocked | None:
    """The first such entry from the loss on, on the samples `rows` of the training split; None where none is told."""
    model, built = experiment.model, experiment.built
    inputs, targets = batch_tensors(*experiment.splits["train"].take(rows))

    def total(given: dict[str, Any]) -> Any:
        return model.compute_loss(given, only_target(targets), model(given, training=True))

    with unchanged(model.variables), without_noise(model):
        ends = end_of_gradients(built, dict(inputs), total, zeros=True)
    if ends is None:
        return None
    thing = built.things.get(ends.name)
    word = written_class(type(ends)) if thing is None else thing.written
    return Blocked(written_layer_name(ends.name), word, activation_of(ends) == "rectifies", entry_of(experiment, ends))
