"""What a perfect answer costs: nothing under most losses, less than nothing under some, and more where labels are soft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.loss.losses import build_loss
from dlcli.loss.needs import logits
from dlcli.spec import Facts, KerasObject

if TYPE_CHECKING:
    import numpy as np


def perfect_losses(
    loss: KerasObject, target: np.ndarray[Any, Any], shape: tuple[int | None, ...], facts: Facts
) -> np.ndarray[Any, Any] | None:
    """The loss (samples, …) of each place where the model puts out the target itself; None where that costs nothing.

    `shape` is that of one sample's output.
    """
    import numpy as np

    if loss.traits.get("perfect") != "target" or logits(loss):
        return None
    answer = target if target.ndim > len(shape) else target[..., None]
    if tuple(answer.shape[1:]) != tuple(shape):
        return None
    values = answer.astype(np.float32)
    return np.asarray(build_loss(loss, facts, each=True)(values, values), dtype=np.float64)


def perfect_loss(
    loss: KerasObject,
    target: np.ndarray[Any, Any],
    shape: tuple[int | None, ...],
    facts: Facts,
    *,
    counted: np.ndarray[Any, Any] | None = None,
) -> float:
    """The mean over the places (samples, …) that count of what a perfect answer costs."""
    losses = perfect_losses(loss, target, shape, facts)
    if losses is None or not losses.size:
        return 0.0
    kept = losses if counted is None or counted.shape != losses.shape else losses[counted]
    return float(kept.mean()) if kept.size else 0.0
