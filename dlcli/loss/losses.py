"""The loss as a Keras object, which leaves void labels out."""

from __future__ import annotations

from typing import Any

from dlcli.loss.counting import counted_labels
from dlcli.loss.needs import needs
from dlcli.spec import Facts, KerasObject


def build_loss(loss: KerasObject, facts: Facts, *, void: bool = False, each: bool = False) -> Any:
    """The loss as a Keras object; `void` says that some labels stand for none, `each` asks for that of each place.

    A void label is left out as Keras leaves out its own `ignore_class`: the mean is that of the others.
    """
    values = loss.values(facts)
    if void and "ignore_class" in values:
        values["ignore_class"] = None  # such labels are void by now, whatever number they had
    built = loss.made_by()(**{**values, **({"reduction": None} if each else {})})
    if not void:
        return built
    call = built.call

    def without_void(y_true: Any, y_pred: Any) -> Any:
        from keras import ops

        counted = counted_labels(y_true, y_pred)
        y_true = ops.maximum(y_true, 0)
        if needs(loss) != "classes" and len(y_true.shape) < len(y_pred.shape):
            y_true = ops.expand_dims(
                y_true, -1
            )  # else Keras drops the axis of the output, and the mean is over a place
        losses = call(y_true, y_pred)
        inner = getattr(losses, "_keras_mask", None)
        if len(losses.shape) != len(counted.shape):
            # A loss that joins places, such as Dice, has none for each: what is 0 in both target and output adds nothing.
            kept = ops.cast(ops.expand_dims(counted, -1), y_pred.dtype)
            return call(ops.cast(y_true, y_pred.dtype) * kept, y_pred * kept)
        losses = ops.where(counted, losses, ops.zeros_like(losses))
        losses._keras_mask = counted if inner is None else ops.logical_and(counted, inner)
        return losses

    built.call = without_void
    return built
