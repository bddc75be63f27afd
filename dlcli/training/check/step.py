"""One step of a check on a batch: the loss, what regularization adds to it, and the gradients."""

from __future__ import annotations

from typing import Any

from dlcli.training.engine import only


def gradients_of(model: Any, inputs: Any, targets: Any) -> tuple[Any, Any, list[Any]]:
    """Loss, its part of regularization, and the gradient of each trainable variable (None where none arrives)."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = model.compute_loss(inputs, only(targets), model(inputs, training=True))
        penalty = sum(tf.cast(each, loss.dtype) for each in model.losses)
    return loss, penalty, tape.gradient(loss, [each.value for each in model.trainable_variables])


def trained_on(model: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Moves the weights by one step of the optimizer; loss before it, and its part of regularization."""
    loss, penalty, gradients = gradients_of(model, inputs, targets)
    model.optimizer.apply(gradients, model.trainable_variables)
    return loss, penalty
