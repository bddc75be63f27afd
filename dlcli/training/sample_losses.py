"""The loss of each sample by itself, and how far it is above that of a perfect answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.keras_internals import with_logits
from dlcli.loss.losses import build_loss
from dlcli.loss.perfect import perfect_losses
from dlcli.loss.target_loss import Head

if TYPE_CHECKING:
    import numpy as np


def sample_losses(
    head: Head,
    schema: TargetSchema,
    target: np.ndarray[Any, Any],
    output: np.ndarray[Any, Any],
    counted: np.ndarray[Any, Any] | None,
    *,
    logits: np.ndarray[Any, Any] | None = None,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The loss of each sample (samples,), the mean of its places that count; and how far it is above a perfect answer's.

    `logits` are the raw scores that the outputs were made of, with which the model's own loss counts.
    """
    import numpy as np

    loss = build_loss(head.loss, {}, void=schema.has_void, each=True)
    if target.ndim == output.ndim - 1 and output.shape[-1] == 1:
        target = target[..., None]

    def loss_of(some: slice) -> Any:
        return loss(target[some], with_logits(output[some], None if logits is None else logits[some]))

    parts, least = [], []
    for start in range(0, len(target), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        one = np.asarray(loss_of(rows), dtype=np.float64)
        if one.ndim == 0:  # a loss that joins all samples, as Dice does: each by itself
            singles = [slice(number, number + 1) for number in range(start, min(start + AT_ONCE, len(target)))]
            one = np.array([float(loss_of(single)) for single in singles])
        kept = None if counted is None else counted[rows]
        perfect = perfect_losses(head.loss, target[rows], output.shape[1:], {})
        parts.append(sample_means(one, kept))
        least.append(np.zeros(len(one)) if perfect is None else sample_means(perfect, kept))
    losses = np.concatenate(parts)
    return losses, losses - np.concatenate(least)


def sample_means(losses: np.ndarray[Any, Any], counted: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    """The mean (samples,) over the places (samples, …) that count; 0 where none does."""
    import numpy as np

    flat = losses.reshape(len(losses), -1)
    if counted is None or counted.size != flat.size:
        return np.asarray(flat.mean(axis=1))
    kept = counted.reshape(flat.shape)
    return np.asarray(np.where(kept, flat, 0).sum(axis=1) / np.maximum(kept.sum(axis=1), 1))


AT_ONCE = 4096  # unseen: memory alone
"""Samples whose losses are counted at a time."""
