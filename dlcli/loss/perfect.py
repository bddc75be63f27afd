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


def perfect_loss(loss: KerasObject, target: np.ndarray[Any, Any], shape: tuple[int | None, ...], facts: Facts) -> float:
    """The mean over all places of what a perfect answer costs."""
    losses = perfect_losses(loss, target, shape, facts)
    return 0.0 if losses is None else float(losses.mean())
