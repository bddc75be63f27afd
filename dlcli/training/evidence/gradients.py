"""Gradients layer by layer: does what the loss says arrive everywhere?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

from dlcli.config.setting_path import setting_path
from dlcli.layers.names import written_layer_name
from dlcli.training.engine.steps import batch_tensors
from dlcli.training.evidence.restore import without_noise
from dlcli.training.evidence.step import gradients_of
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.trial import unchanged


@dataclass(frozen=True)
class LayerGradient:
    """The norm of a layer's gradient on one batch and of its weights; `norm` is None where no gradient arrives."""

    layer: str
    kind: str
    line: int | None
    norm: float | None
    weights: float
    frozen: bool
    saturates: bool = False
    """Whether its activation is flat for large and for small numbers, so that little comes back through it."""
    entry: str | None = None
    """The path of its entry, as a setting has it; None of what has none of its own."""
    weighed: bool = True
    """Whether it leads to a loss that counts: not to those of weight 0 alone."""

    @property
    def learns(self) -> bool:
        """Whether a gradient is to arrive."""
        return self.weighed and not self.frozen

    @property
    def ratio(self) -> float | None:
        """The gradient beside the weights."""
        return None if self.norm is None or not self.weights else self.norm / self.weights


def layer_gradients(experiment: Experiment, rows: Any) -> list[LayerGradient]:
    """The gradient of each layer that has weights, in the order of the layers, on the samples `rows` of the training split."""
    import numpy as np
    import tensorflow as tf

    model, config = experiment.model, experiment.config
    inputs, targets = batch_tensors(*experiment.splits["train"].take(rows))
    # What noise keeps away is told by another rule; statistics of normalization move with every look in training.
    with unchanged(model.variables), without_noise(model):
        _, _, gradients = experiment.passes(gradients_of, inputs, targets)
    arrived = dict(zip(map(id, model.trainable_variables), gradients, strict=True))
    found, weighed = [], weighed_layers(experiment)
    for layer in (layer for layer in model.layers if layer.weights):
        own = layer.trainable_variables or layer.weights
        squares = [arrived[id(each)] for each in layer.trainable_variables if arrived.get(id(each)) is not None]
        norm = float(np.sqrt(sum(float(tf.reduce_sum(tf.square(tf.convert_to_tensor(each)))) for each in squares)))
        weights = float(np.sqrt(sum(float(np.sum(np.square(each.numpy(), dtype=np.float64))) for each in own)))
        path = experiment.built.places.get(layer.name)
        line = config.line(path) if path is not None else None
        frozen = not layer.trainable_variables
        saturates = layer.name not in model.output_names and activation_of(layer) == "saturates"
        name, kind = written_layer_name(layer.name), type(layer).__name__
        found.append(
            LayerGradient(
                name,
                kind,
                line,
                norm if squares else None,
                weights,
                frozen,
                saturates,
                entry_of(experiment, layer),
                weighed is None or layer.name in weighed,
            )
        )
    return found


def weighed_layers(experiment: Experiment) -> set[str] | None:
    """The layers that lead to a loss whose weight is not 0; None where all of them do, or no loss counts."""
    import keras

    weights = {head.name: head.weight for head in experiment.config.heads}
    counted = [name for name, weight in weights.items() if weight]
    if len(counted) in {0, len(weights)}:
        return None
    model = experiment.model
    return {layer.name for layer in keras.Model(model.input, [model.output[name] for name in counted]).layers}


def entry_of(experiment: Experiment, layer: Any) -> str | None:
    """The path of the entry of a layer, as a setting has it."""
    path = experiment.built.places.get(layer.name)
    return None if path is None else setting_path(path)


FAR = 30.0
"""Where an activation that is flat somewhere is flat."""


def activation_of(layer: Any) -> Literal["saturates", "rectifies"] | None:
    """How the activation of a layer lets gradients through: not for large and small numbers, not below 0, or well."""
    import tensorflow as tf

    activation = getattr(layer, "activation", None)
    if not callable(activation):
        return None
    ends = tf.constant([[-FAR], [FAR]])
    with tf.GradientTape() as tape, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a softmax of one value is always 1
        tape.watch(ends)
        values = activation(ends)
    slopes = tape.gradient(values, ends)
    below, above = (0.0, 0.0) if slopes is None else map(abs, slopes.numpy().ravel().tolist())
    if below > FLAT:
        return None
    return "rectifies" if above > FLAT else "saturates"


FLAT = 1e-2
"""A slope that lets next to nothing through."""
