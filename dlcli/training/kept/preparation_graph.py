"""The model that prepares, as a graph that is made once: Keras layer by layer takes milliseconds, however few the samples."""

from __future__ import annotations

from typing import Any


class PreparationGraph:
    """Stands for a model that prepares: it is asked the same, and answers the same but for rounding."""

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        self.model = model
        forms = {name: tf.TensorSpec(each.shape, each.dtype) for name, each in model.input.items()}
        self.graph = tf.function(lambda batch: model(batch, training=False), autograph=False, input_signature=[forms])

    def __call__(self, batch: Any, *, training: bool) -> Any:
        return self.graph({name: batch[name] for name in self.model.input})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)
