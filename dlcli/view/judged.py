"""What is told of the answers to one target: how well they rank, how far they can be believed, how far numbers are off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Numbers: TypeAlias = Sequence[float | None]


@dataclass(frozen=True)
class ClassRanked:
    """How well the scores of one class rank its samples before the rest; `roc` and `recall` are its curves on a shared axis.

    The areas are of all thresholds; None where one side has no sample.
    """

    name: str
    samples: int
    roc_area: float | None
    average_precision: float | None
    roc: Numbers
    recall: Numbers


@dataclass(frozen=True)
class RankScores:
    """The areas below the curves of a class, over all thresholds, each with its 95 % interval; None where one side has no
    sample."""

    roc_auc: float | None
    average_precision: float | None
    roc_auc_interval: tuple[float, float] | None
    average_precision_interval: tuple[float, float] | None


@dataclass(frozen=True)
class Ranked:
    """The ROC and precision-recall curves of a target: for two classes of the positive one, else of each against the rest.

    `counted` of `places` were ranked, spread evenly, where these are not all. The curves of `classes` are all there are in
    scores; those with `roc` empty are not drawn.
    """

    target: str
    classes: Sequence[ClassRanked]
    roc_axis: Sequence[float]
    recall_axis: Sequence[float]
    counted: int
    places: int
    against_rest: bool


@dataclass(frozen=True)
class CalibrationBin:
    """Answers with a probability within (low, high]: their mean probability, and how many of them came true."""

    low: float
    high: float
    probability: float
    came_true: float
    samples: int


@dataclass(frozen=True)
class Calibrated:
    """How far probabilities can be believed. `error` is the expected calibration error, `brier` the Brier score."""

    target: str
    about: Literal["the positive class", "the class that was said", "each label"]
    bins: Sequence[CalibrationBin]
    error: float
    brier: float


@dataclass(frozen=True)
class RangeScores:
    """The true numbers from `low` to `high`: how many, and how far predictions are from them; `bias` is predicted - true."""

    low: float
    high: float
    values: int
    mae: float
    bias: float


@dataclass(frozen=True)
class NumberScores:
    """How far predictions of numbers are from the true ones, all of them and by range; `r2` is None for a constant truth."""

    name: str
    values: int
    mae: float
    rmse: float
    r2: float | None
    bias: float
    ranges: Sequence[RangeScores]
    r2_interval: tuple[float, float] | None = None
    naive_mae: float | None = None
    """Of a forecast that of saying the last value again."""


@dataclass(frozen=True)
class AgainstTruth:
    """Numbers that were predicted beside the true ones: some pairs, and the scores of all of them.

    `edges` and `counts` are the histogram of the residuals, predicted - true.
    """

    scores: NumberScores
    truth: Sequence[float]
    predicted: Sequence[float]
    edges: Sequence[float]
    counts: Sequence[int]
