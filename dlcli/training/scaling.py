"""Targets far from unit scale, which a loss learns as well in other units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlcli.data import Dataset, Samples
from dlcli.data.dataset import spread_samples
from dlcli.data.fields.padded import PADDING, real_values
from dlcli.data.findings.target_scale import FAR, deviation_of, scaled, target_far_from_unit_scale
from dlcli.finding import Finding, Setting
from dlcli.keras_internals import producer
from dlcli.training.setup.experiment import Experiment

LOOKED_AT = 1000  # unseen: time alone
"""So many samples tell how far the values of a target spread."""
UNITS = 64
"""So many samples tell what the layers behind the last weights make of a deviation of 1."""
LARGE, SMALL = 30.0, 1e-3
"""Beyond these a deviation, and above the first a mean, is far from 1 where a training suffers from it."""
RATHER_LARGE, RATHER_SMALL = 10.0, 0.03
"""The same where a network that learns targets in units of their own knows far more."""


def far_target(experiment: Experiment, *, far: float = FAR) -> Finding | None:
    """That targets are far from unit scale, with the settings of those whose loss learns as well from other units."""
    return target_far_from_unit_scale(sample_of(experiment), among=free_targets(experiment), far=far)


@dataclass(frozen=True)
class TargetSeen:
    """The deviation and mean of each target that is far from unit scale, and the settings that bring it there."""

    deviations: Mapping[str, float]
    means: Mapping[str, float]
    advice: Sequence[Setting]
    least: Mapping[str, float] = field(default_factory=dict)
    """The least deviation among the numbers of a target where it is far below the largest."""


def target_seen(experiment: Experiment, *, large: float = LARGE, small: float = SMALL) -> TargetSeen | None:
    """The targets that are in the way of a training that suffers: less far from unit scale, or far from 0, will do."""
    sample, free = sample_of(experiment), free_targets(experiment)
    deviations, means, least = dict[str, float](), dict[str, float](), dict[str, float]()
    for head, schema in zip(experiment.config.heads, sample.schema.targets, strict=True):
        deviation = deviation_of(sample, schema) if schema.name in free else None
        if not deviation:
            continue
        values = sample.splits["train"].targets[schema.name][:]
        mean = mean_beside(real_values(values, PADDING if schema.padded else None), each=bool(schema.columns))
        unit = unit_of(experiment.model.output if head.name is None else experiment.model.output[head.name])
        smallest = smallest_of(values) if schema.columns else deviation
        if smallest * LARGE < deviation:
            least[schema.name] = smallest
        if not small < deviation / unit < large or abs(mean) / unit > large or schema.name in least:
            deviations[schema.name], means[schema.name] = deviation, mean
    if not deviations:
        return None
    several = len(sample.schema.targets) > 1
    advice = [scaled(sample, each, several=several) for each in sample.schema.targets if each.name in deviations]
    return TargetSeen(deviations, means, advice, least)


def smallest_of(values: Any) -> float:
    """The least deviation among the columns of values (samples, columns) that change."""
    import numpy as np

    spread = np.asarray(values, np.float64).std(axis=0)
    return float(spread[spread > 0].min())


def mean_beside(values: Any, *, each: bool) -> float:
    """The mean of values (samples, …); where each column has its own, that of the one that spreads most."""
    import numpy as np

    if not each:
        return float(np.mean(values, dtype=np.float64))
    numbers = np.asarray(values, np.float64)
    return float(numbers[:, numbers.std(axis=0).argmax()].mean())


def unit_of(output: Any) -> float:
    """The deviation of an output where what the last layer with weights puts out has 1: a Rescaling behind it brings units.

    1 where nothing stands behind it, or several tensors meet.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    tensor = output
    while not isinstance(tensor, list | dict | tuple):
        layer = producer(tensor)
        if layer is None or isinstance(layer, keras.layers.InputLayer):
            break
        if getattr(layer, "weights", ()) or isinstance(layer.input, list | dict | tuple):  # an operation has none
            break
        tensor = layer.input
    shape = getattr(tensor, "shape", (None, None))[1:]
    if tensor is output or None in shape:
        return 1.0
    values: Any = tf.constant(np.random.default_rng(0).normal(size=(UNITS, *shape)).astype(np.float32))
    return float(np.std(np.asarray(keras.Function(tensor, output)(values), np.float64))) or 1.0


def free_targets(experiment: Experiment) -> set[str]:
    """The targets whose loss compares numbers, of any size and sign."""
    return {
        schema.name
        for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True)
        if head.loss.traits.get("target") == "numbers" and not {"least", "divides"} & {*head.loss.traits}
    }


def sample_of(experiment: Experiment) -> Dataset:
    """Some training samples of the targets."""
    train = experiment.dataset.splits["train"]
    some = spread_samples(len(train), LOOKED_AT)
    targets = {name: values[some] for name, values in train.targets.items()}
    return replace(experiment.dataset, splits={"train": Samples({}, targets, train.rows[some])})
