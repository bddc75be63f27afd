"""Gradients layer by layer: does what the loss says arrive everywhere?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.layers.names import written_layer_name
from dlcli.training.check.step import gradients_of
from dlcli.training.engine.steps import batch_tensors
from dlcli.training.setup.experiment import Experiment


@dataclass(frozen=True)
class LayerGradient:
    """The norm of a layer's gradient on one batch and of its weights; `norm` is None where no gradient arrives."""

    layer: str
    kind: str
    line: int | None
    norm: float | None
    weights: float
    frozen: bool

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
    _, _, gradients = gradients_of(model, inputs, targets)
    arrived = dict(zip(map(id, model.trainable_variables), gradients, strict=True))
    found = []
    for layer in (layer for layer in model.layers if layer.weights):
        own = layer.trainable_variables or layer.weights
        squares = [arrived[id(each)] for each in layer.trainable_variables if arrived.get(id(each)) is not None]
        norm = float(np.sqrt(sum(float(tf.reduce_sum(tf.square(tf.convert_to_tensor(each)))) for each in squares)))
        weights = float(np.sqrt(sum(float(np.sum(np.square(each.numpy(), dtype=np.float64))) for each in own)))
        path = experiment.built.places.get(layer.name)
        line = config.line(path) if path is not None else None
        frozen = not layer.trainable_variables
        found.append(
            LayerGradient(
                written_layer_name(layer.name), type(layer).__name__, line, norm if squares else None, weights, frozen
            )
        )
    return found
