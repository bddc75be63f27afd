"""Passes through a model, forward or back, which are compiled where they would be made of many small steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dlcli.keras_internals import leaf_layers


class Passes:
    """Passes through a model: one that goes step by step takes for each of them about as long as it takes to compile it."""

    def __init__(self, model: Any) -> None:
        import keras

        self.model, self.compiled = model, dict[Callable[..., Any], Any]()
        self.step_by_step = any(isinstance(each, keras.layers.RNN) for each in leaf_layers(model))

    def __call__(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What `work` makes of the model and some tensors."""
        import tensorflow as tf

        if not self.step_by_step:
            return work(self.model, *arguments)
        if work not in self.compiled:
            self.compiled[work] = tf.function(partial(work, self.model), autograph=False, reduce_retracing=True)
        return self.compiled[work](*arguments)


def said_by(model: Any, inputs: Any) -> Any:
    """What a model answers, without noise."""
    return model(inputs, training=False)
