"""One step of a check on a batch: the loss, what regularization adds to it, and the gradients."""

from __future__ import annotations

from typing import Any

from dlcli.training.engine.steps import only_target


def gradients_of(model: Any, inputs: Any, targets: Any, *, scaled: bool = False) -> tuple[Any, Any, list[Any]]:
    """Loss, its part of regularization, and the gradient of each trainable variable (None where none arrives).

    `scaled` are gradients for an optimizer that scales the loss in 16 bits, and takes the scale out of them again.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = model.compute_loss(inputs, only_target(targets), model(inputs, training=True))
        penalty = sum(tf.cast(each, loss.dtype) for each in model.losses)
        followed = model.optimizer.scale_loss(loss) if scaled else loss
    return loss, penalty, tape.gradient(followed, [each.value for each in model.trainable_variables])


def trained_on(model: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Moves the weights by one step of the optimizer; loss before it, and its part of regularization."""
    loss, penalty, gradients = gradients_of(model, inputs, targets, scaled=True)
    model.optimizer.apply(gradients, model.trainable_variables)
    return loss, penalty
