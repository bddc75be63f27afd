"""What a model's output says: classes with probabilities, or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.loss import logits, needs
from dlcli.spec import KerasObject

if TYPE_CHECKING:
    import numpy as np


def class_answers(
    output: np.ndarray[Any, Any], loss: KerasObject, *, classes: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
    """The class index (samples,) and the probabilities (samples, classes), or None for an output that is no class a sample."""
    import numpy as np

    if output.ndim != 2 or needs(loss) == "numbers":
        return None
    scores = output.astype(np.float64)
    if needs(loss) == "binary":
        if output.shape[1] != 1 or classes != 2:
            return None
        chance = 1 / (1 + np.exp(-scores[:, 0])) if logits(loss) else scores[:, 0]
        if "Hinge" in loss.name:
            chance = (scores[:, 0] + 1) / 2
        chance = np.clip(chance, 0.0, 1.0)
        return (chance > 0.5).astype(np.int64), np.stack([1 - chance, chance], axis=1)
    if output.shape[1] != classes:
        return None
    if logits(loss):
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores = powers / powers.sum(axis=1, keepdims=True)
    return scores.argmax(axis=1), scores


def confusion(truth: np.ndarray[Any, Any], answer: np.ndarray[Any, Any], *, classes: int) -> np.ndarray[Any, Any]:
    """How often class i (row) was called class j (column): (classes, classes)."""
    import numpy as np

    return np.bincount(truth * classes + answer, minlength=classes * classes).reshape(classes, classes)


def by_class(matrix: np.ndarray[Any, Any], names: list[str]) -> dict[str, dict[str, float | int | None]]:
    """Precision, recall, F1 and samples of each class; None where a score is not defined."""
    scores: dict[str, dict[str, float | int | None]] = {}
    for index, name in enumerate(names):
        hits, called, samples = int(matrix[index, index]), int(matrix[:, index].sum()), int(matrix[index].sum())
        scores[name] = {
            "precision": hits / called if called else None,
            "recall": hits / samples if samples else None,
            "f1": 2 * hits / (called + samples) if called + samples else None,
            "samples": samples,
        }
    return scores
