"""The loss as a Keras object, which leaves void labels out."""

from __future__ import annotations

from typing import Any

from dlcli.loss.counting import counted_labels
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
        losses = call(ops.maximum(y_true, 0), y_pred)
        inner = getattr(losses, "_keras_mask", None)
        losses = ops.where(counted, losses, ops.zeros_like(losses))
        losses._keras_mask = counted if inner is None else ops.logical_and(counted, inner)
        return losses

    built.call = without_void
    return built
