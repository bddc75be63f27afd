"""What an estimator says of samples, in the form in which a model would put it out, so that the same loss and metrics read it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.loss import logits, needs
from dlcli.loss.reading import Reads, output_form, reads_of
from dlcli.spec import KerasObject

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SMALLEST = 1e-7
"""A probability of 0 or 1 has no logarithm; Keras cuts them here as well."""


@dataclass(frozen=True)
class Said:
    """Of each sample and class how likely it is (samples, classes), or, where an estimator has no probabilities, its decision
    and a score between 0 and 1 that orders the samples alike; or the numbers (samples, numbers)."""

    decided: Array
    ordered: Array
    likely: bool

    def read(self, reads: Reads) -> Array | None:
        """What a metric that reads this is given; None where an estimator has nothing of the kind."""
        if self.likely:
            return self.ordered
        return {"decisions": self.decided, "largest": self.decided, "order": self.ordered}.get(reads)


def said_classes(estimator: Any, table: Any, classes: int) -> Said:
    """What an estimator of classes says; a class that training does not have is never said."""
    import numpy as np

    known = np.asarray(estimator.classes_, np.int64)
    decided = np.zeros((table.shape[0], classes), np.float32)
    decided[np.arange(len(decided)), np.asarray(estimator.predict(table), np.int64)] = 1
    ordered, likely = np.zeros(decided.shape, np.float64), hasattr(estimator, "predict_proba")
    if likely:
        ordered[:, known] = estimator.predict_proba(table)
        return Said(decided, ordered.astype(np.float32), likely)
    scores = np.asarray(estimator.decision_function(table), np.float64)
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    ordered[:, known] = 0.5 + 0.5 * scores / (1 + np.abs(scores))
    return Said(decided, ordered.astype(np.float32), likely)


def said_numbers(numbers: Array) -> Said:
    """Numbers (samples, numbers) that are said."""
    return Said(numbers, numbers, likely=True)


def in_model_form(loss: KerasObject, values: Array, shape: tuple[int | None, ...], *, classes: bool) -> Array:
    """Probabilities (samples, classes), or numbers, as a model of this output puts them out: (samples, …) float32."""
    import numpy as np

    sizes = [size or 1 for size in shape]
    if classes and math.prod(sizes) == 1:
        values = values[:, 1:2]
    if classes and needs(loss) != "numbers":
        clipped = np.clip(np.asarray(values, np.float64), SMALLEST, 1 - SMALLEST)
        if logits(loss):
            values = np.log(clipped / (1 - clipped)) if needs(loss) == "binary" else np.log(clipped)
        elif output_form(loss) == "signs":
            values = 2 * np.asarray(values) - 1
    return np.asarray(values, np.float32).reshape(len(values), *sizes)


def read_by(metric: KerasObject) -> Reads:
    """What a metric looks at."""
    return "decisions" if metric.written in {"accuracy", "acc"} else reads_of(metric)


def reads_as_loss(loss: KerasObject) -> Reads | None:
    """What a loss looks at; None of scores that have no ends, which no classical method gives."""
    return "values" if output_form(loss) in {"values", "sigmoid", "softmax"} else None
