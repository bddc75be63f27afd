"""Chooses how likely the second of two classes has to be for it to be said: on the validation split, never on what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.errors import UsageError
from dlcli.training.kept.predictions import answers_of
from dlcli.training.kept.threshold import Threshold
from dlcli.training.kept.trained import Trained

if TYPE_CHECKING:
    import numpy as np

BEST = "best:"
CHOSEN_ON = "validation"


def threshold_asked(trained: Trained, written: str, *, split: str | None) -> Threshold:
    """The threshold that `--threshold` means: a number, or what is best by a metric; `split` is the one that is told of.

    Raises `UsageError` for what is neither, for another model than one of two classes, and for a choice on what is told.
    """
    (head, *others), (target, *_) = trained.config.heads, trained.schema.targets
    positive = target.positive
    if others or positive is None or target.shape or target.is_one_hot:
        raise UsageError(
            "--threshold is for a model that tells two classes apart, and nothing else",
            hint="leave it out",
            kind="option_without_effect",
        )
    if not written.startswith(BEST):
        return Threshold(number_written(written), target.name, positive)
    metric = written.removeprefix(BEST)
    if metric not in METRICS:
        raise bad_threshold(written)
    if split == CHOSEN_ON:
        raise UsageError(
            f"the best threshold is chosen on {CHOSEN_ON}, where it says nothing of others",
            hint="leave --split out, or write --split test",
            kind="chosen_on_what_is_told",
        )
    dataset = trained.dataset()
    if CHOSEN_ON not in dataset.splits:
        raise UsageError(
            f"the best threshold is chosen on the {CHOSEN_ON} split, and the run has none",
            hint="write a number, --threshold 0.3",
            kind="no_such_split",
        )
    feed = trained.feed(dataset.splits[CHOSEN_ON])
    output = trained.predicted(feed)[target.name]
    answers, truth = answers_of(output, head.loss, target), class_indices(feed.target(target.name), target)
    if answers is None or answers.probabilities is None or truth is None:
        raise UsageError(
            f"--threshold is for probabilities, and '{target.name}' has scores",
            hint="leave it out",
            kind="option_without_effect",
        )
    chances = answers.probabilities.reshape(-1, 2)[:, 1]
    counted = truth.reshape(-1) >= 0
    value, reached = best_threshold(truth.reshape(-1)[counted] == 1, chances[counted], metric)
    return Threshold(value, target.name, positive, metric, reached)


def number_written(written: str) -> float:
    """A threshold as a number. Raises `UsageError` for what is none between 0 and 1."""
    try:
        value = float(written)
    except ValueError:
        raise bad_threshold(written) from None
    if not 0 < value < 1:
        raise bad_threshold(written)
    return value


def bad_threshold(written: str) -> UsageError:
    """The error of what is no threshold."""
    choices = ", ".join(f"{BEST}{name}" for name in METRICS)
    return UsageError(
        f"'{written}' is no threshold", hint=f"write a number between 0 and 1, or {choices}", kind="bad_threshold"
    )


def best_threshold(truth: np.ndarray[Any, Any], chances: np.ndarray[Any, Any], metric: str) -> tuple[float, float]:
    """The threshold at which a metric is largest, and its value; `truth` (samples,) says which are positive.

    It lies in the middle between two probabilities; of several that are as good it is the one nearest to one half.
    """
    import numpy as np

    different, place = np.unique(chances, return_inverse=True)
    yes = np.bincount(place, truth, len(different))
    all_of = np.bincount(place, minlength=len(different))
    # What is called positive above each edge: from none, above the highest, to all, below the lowest.
    hits = np.concatenate([[0], np.cumsum(yes[::-1])])
    called = np.concatenate([[0], np.cumsum(all_of[::-1])])
    inner = (different[1:] + different[:-1]) / 2
    edges = np.concatenate([[(1 + different[-1]) / 2], inner[::-1], [different[0] / 2]])
    positive, samples = float(truth.sum()), len(truth)
    values = METRICS[metric](hits, called, positive, samples)
    best = np.flatnonzero(values >= values.max() - 1e-12)
    chosen = int(best[np.argmin(np.abs(edges[best] - 0.5))])
    return float(edges[chosen]), float(values[chosen])


def f1_at(hits: Any, called: Any, positive: float, samples: int) -> Any:
    """F1 of the positive class."""
    import numpy as np

    return 2 * hits / np.maximum(called + positive, 1)


def accuracy_at(hits: Any, called: Any, positive: float, samples: int) -> Any:
    """The share of samples that are right."""
    return (hits + (samples - positive) - (called - hits)) / samples


def balanced_accuracy_at(hits: Any, called: Any, positive: float, samples: int) -> Any:
    """The mean of the shares of both classes that are found."""
    negative = samples - positive
    return (hits / max(positive, 1) + (negative - (called - hits)) / max(negative, 1)) / 2


METRICS = {"f1": f1_at, "accuracy": accuracy_at, "balanced_accuracy": balanced_accuracy_at}
