"""What a classical method is: what it is called, its estimator of scikit-learn, and how much it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """What is to be learnt: one of some classes, or numbers; from counts of words where `counts` says so."""

    classes: bool
    counts: bool
    seed: int


@dataclass(frozen=True)
class Method:
    """A method of scikit-learn for tables of numbers (samples, features).

    `estimator` makes it for a task. `weights` is the argument of `fit` that takes the weights of samples. It learns from at
    most `samples` samples, and at most `numbers` numbers, of which more would take minutes.
    """

    estimator: Callable[[Task], Any]
    for_classes: str
    for_numbers: str | None
    """What it is called where numbers are learnt; None of one that learns classes alone."""
    samples: int
    numbers: int
    sparse: bool = True
    """Whether it takes a table that is mostly zeros as one."""
    several: bool = True
    """Whether it learns several numbers a sample at once; otherwise each has an estimator of its own."""
    each_class: bool = False
    """Whether it learns for each class anew, so that `numbers` counts them as often."""
    weights: str = "sample_weight"

    def name(self, task: Task) -> str | None:
        """What it is called; None where it has no answer to a task."""
        return self.for_classes if task.classes else self.for_numbers
