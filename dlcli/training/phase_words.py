"""The phases of a training in words: what one of them trains, and where a training ends before the last."""

from __future__ import annotations

import math

from dlcli.config.train import Train
from dlcli.training.engine.passes import Begin
from dlcli.training.setup.experiment import Experiment


def phase_words(experiment: Experiment, begin: Begin) -> str:
    """What a phase that begins there trains, in a line."""
    model = experiment.model
    last = min(begin.epoch + experiment.config.train.epochs, experiment.whole.train.epochs)
    learning = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    weights = f"{learning:,} of {model.count_params():,} parameters learn"
    rate = f"{experiment.config.optimizer.written} at {float(model.optimizer.learning_rate):g}"
    number = f"phase {experiment.phase + 1} of {len(experiment.plans)}"
    return f"{number}: epochs {begin.epoch + 1} to {last}; {weights}; {rate}"


def earlier_end(train: Train) -> str:
    """Where a training ends of which a command has asked for fewer epochs than its phases have."""
    left, number = train.epochs, 0
    while left > train.phases[number].epochs:
        left -= train.phases[number].epochs
        number += 1
    epochs = train.phases[number].epochs
    part = f"{left} of the {epochs} of phase {number + 1}" if left < epochs else f"the last of phase {number + 1}"
    return f"training ends after {train.epochs} of {train.planned} epochs ({part}, of {len(train.phases)} phases)"
