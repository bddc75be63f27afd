"""Metrics that have no value for some targets: an order of one class alone, a share of a variance that is none."""

from __future__ import annotations

from typing import Any

from dlcli.spec import KerasObject

CONSTANT = 1e-7
"""A variance that is so small a share of the mean square is the rounding of 32 bits."""


def without_value(made: Any, metric: KerasObject) -> None:
    """Lets a metric be NaN where what it has seen does not define it; Keras says 0 there, as if it were the worst.

    One that is the mean over labels is that over the labels that define it.
    """
    needed, result = metric.traits.get("defined"), made.result
    if needed is None:
        return
    if str(metric.arguments.get("curve")).upper() == "PR":  # precision and recall say nothing of the right noes
        needed = "yes"

    def defined_result() -> Any:
        from keras import ops

        defined = is_defined(made, needed)
        if len(defined.shape) and hasattr(made, "label_weights"):
            before = made.label_weights
            kept = ops.cast(defined, made.dtype)
            made.label_weights = kept if before is None else kept * before
            try:
                value = result()
            finally:
                made.label_weights = before
        else:
            value = result()
        some = ops.any(defined)
        return ops.where(some, value, ops.full_like(value, float("nan")))

    made.result = defined_result


def is_defined(made: Any, needed: str) -> Any:
    """Whether a metric has seen what it needs: yes, or yes and no, of each label (labels,); or unlike numbers."""
    from keras import ops

    if needed == "varies":
        squares = made.squared_sum
        return ops.any(squares - made.sum * made.sum / ops.maximum(made.count, 1) > CONSTANT * squares)
    # At the first threshold as at any other these are all that there are.
    yes = made.true_positives[0] + made.false_negatives[0] > 0
    if needed == "yes":
        return yes
    no = made.false_positives[0] + made.true_negatives[0] > 0
    return ops.logical_and(yes, no)
