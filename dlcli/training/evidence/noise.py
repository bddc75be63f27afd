"""What of the loss on one batch can be learnt while dropout and noise are on, beside what can be without them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from dlcli.layers.names import written_layer_name
from dlcli.training.engine.steps import batch_tensors, only_target
from dlcli.training.evidence.restore import noise_of, restored, without_noise
from dlcli.training.evidence.step import trained_on
from dlcli.training.setup.experiment import Experiment

STEPS, FEWEST = 60, 20
MOST_SECONDS = 10.0  # unseen: time alone


@dataclass(frozen=True)
class Noise:
    """The loss of a batch without noise, before training and after some steps with the noise on (`noisy`) and off (`quiet`).

    `layers` make the noise.
    """

    layers: list[str]
    steps: int
    first: float
    noisy: float
    quiet: float

    @property
    def share(self) -> float:
        """How much of what is learnt without noise is learnt with it; 1 where nothing is."""
        gain = self.first - self.quiet
        return (self.first - self.noisy) / gain if gain > 0 else 1.0


def learnt_in_noise(experiment: Experiment, rows: Any) -> Noise | None:
    """Trains on the samples `rows` twice, and leaves the model as it was; None for one without noise, or too slow to be tried."""
    import tensorflow as tf

    model = experiment.model
    layers = list(
        dict.fromkeys(written_layer_name(layer.name) for layer, name in noise_of(model) if getattr(layer, name))
    )
    if not layers:
        return None
    inputs, targets = batch_tensors(*experiment.splits["train"].take(rows))

    def loss() -> float:
        with without_noise(model):
            return float(model.compute_loss(inputs, only_target(targets), model(inputs, training=True)))

    def train(steps: int) -> int:
        """Trains for so many steps at most, and says how many there was time for."""

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def step() -> Any:
            return trained_on(model, inputs, targets)[0]

        started = time.monotonic()
        for number in range(steps):
            if time.monotonic() - started > MOST_SECONDS:
                return number
            step()
        return steps

    with restored(model):
        first, steps = loss(), train(STEPS)
        noisy = loss()
    if steps < FEWEST:
        return None
    with restored(model), without_noise(model):
        steps_without = train(steps)
        quiet = loss()
    return Noise(layers, steps, first, noisy, quiet) if steps_without == steps else None
