"""The layers of a model on one batch: the gradient of each, and how many of its units are dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.layers.calls import calls_of
from dlcli.named_inputs import model_of
from dlcli.training.engine.steps import batch_tensors, only_target
from dlcli.training.evidence.dead_units import dead_channels, is_relu
from dlcli.training.evidence.gradients import LayerGradient, entry_of, layer_gradients
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.passes import said_by

LOOKED_AT = 64  # unseen: time alone


@dataclass(frozen=True)
class DeadSeen:
    """How many of the units of a layer are 0 for all samples of a batch; `entry` is the path of its entry.

    `hidden` says that other layers come behind it.
    """

    layer: str
    units: int
    dead: int
    entry: str | None
    hidden: bool
    arguments: bool
    """Whether its activation is an argument of it, and it is no layer of activation itself."""

    @property
    def share(self) -> float:
        """The share of its units that are dead."""
        return self.dead / max(self.units, 1)


@dataclass(frozen=True)
class LayersSeen:
    """The gradients of all layers that have weights, and the dead units of those that can have such, in their order; `loss` is
    that of the batch, without what weights cost."""

    gradients: list[LayerGradient]
    dead: list[DeadSeen]
    loss: float | None = None


def layers_seen(experiment: Experiment) -> LayersSeen:
    """What the layers do as their weights stand, on the first training samples."""
    import numpy as np

    model, feed = experiment.model, experiment.splits["train"]
    rows = experiment.first_rows()[:LOOKED_AT]
    calls = [
        call
        for call in calls_of(model)
        if not call.is_input and not call.is_same_for_all and is_relu(call.layer) and call.tensors
    ]
    dead = []
    if calls:
        inputs, _ = feed.take(rows)
        every = model_of(model.input, {str(number): call.tensors[0] for number, call in enumerate(calls)})
        outputs = every(dict(inputs), training=False)
        for number, call in enumerate(calls):
            units = dead_channels(call, as_rows(np.asarray(outputs[str(number)], np.float32)))
            dead.append(
                DeadSeen(
                    units.layer,
                    units.units,
                    units.dead,
                    entry_of(experiment, call.layer),
                    call.layer.name not in model.output_names,
                    bool(getattr(call.layer, "weights", ())),
                )
            )
    return LayersSeen(layer_gradients(experiment, rows), dead, loss_on(experiment, rows))


def loss_on(experiment: Experiment, rows: Any) -> float:
    """The loss on training samples as the weights stand."""
    inputs, targets = batch_tensors(*experiment.splits["train"].take(rows))
    answers = experiment.passes(said_by, inputs)
    return float(experiment.model.compute_loss(inputs, only_target(targets), answers)) - penalty_of(experiment.model)


def penalty_of(model: Any) -> float:
    """What weights cost."""
    return sum(float(each) for each in model.losses)


def as_rows(values: Any) -> Any:
    """Outputs (samples, …) with an axis of units."""
    return values[:, None] if values.ndim == 1 else values
