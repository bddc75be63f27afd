"""An evaluation: metrics, confusion matrix, scores by class, the worst samples."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.confusion import WIDEST_CONFUSION, draw_confusion, shown_name
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import INLINE, UNSAID
from dlcli.view.console.labelled import line, note
from dlcli.view.console.table import Column, Table, number_column, text_column
from dlcli.view.console.tables import number, of_metric
from dlcli.view.console.wrapping import cut
from dlcli.view.judged import Calibrated, NumberScores, RankScores
from dlcli.view.sentences import Judgement
from dlcli.view.trusted import between, draw_calibration, draw_numbers, draw_ranking, interval_column
from dlcli.view.verdict import draw_verdict

SHOWN, WIDEST_CELL = 5, 40
"""Of a vector so many numbers, and of a text so many letters, stand in a cell."""


@dataclass(frozen=True)
class ClassScores:
    """The scores of one class, or of one label that may hold; None where a score is not defined."""

    precision: float | None
    recall: float | None
    f1: float | None
    samples: int


@dataclass(frozen=True)
class Scores:
    """How well the classes of one target are told apart; None where there are none. `confusion` counts by true class (row)."""

    classes: Sequence[str] | None
    confusion: Sequence[Sequence[int]] | None
    by_class: Mapping[str, ClassScores] | None
    positive: str | None = None
    """Of two classes the one that precision, recall, F1, AUC and the probability that a metric reads speak of."""
    ranking: Mapping[str, RankScores] | None = None
    """How well the scores of each class rank its samples before the rest; of two classes those of the positive one."""
    calibration: Calibrated | None = None
    """How far its probabilities can be believed."""
    numbers: Sequence[NumberScores] = ()
    """Of a target of numbers how far off each of its values is."""
    counted: str = field(default="samples", metadata=UNSAID)
    """What the classes are counted in: samples, or places, of which a sample has several."""


NO_SCORES = Scores(None, None, None)


@dataclass(frozen=True)
class WorstSample:
    """A sample with a great loss: where it stands in the source, counted from 1, what it is, and what the model said."""

    row: int
    file: str
    line: int | None
    target: Any
    predicted: Any
    loss: float


@dataclass(frozen=True)
class Targets:
    """The scores of each of several targets."""

    targets: Mapping[str, Scores]


@dataclass(frozen=True)
class Beside:
    """What stands beside the metrics: what answers that need no model reach on the same samples."""

    baseline: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class WorseThan:
    """A metric whose whole interval lies on the wrong side of what an answer that needs no model reaches on the same samples."""

    baseline: str
    metric: str
    value: float
    low: float
    high: float
    reached: float


@dataclass(frozen=True)
class Group:
    """The samples that have the same value in a column, or one in the same range."""

    value: str
    samples: int
    metrics: Mapping[str, float | None]


@dataclass(frozen=True)
class Groups:
    """The samples in groups, by a column of the data."""

    column: str
    groups: Sequence[Group]


@dataclass(frozen=True)
class ThresholdShown:
    """The second of two classes, `positive`, is said where its probability is above `value`: the best by a metric on validation,
    or one that was given."""

    value: float
    target: str
    positive: str
    best: str | None
    reached: float | None
    words: str = field(metadata=UNSAID)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The keys of `dlcli evaluate --json`, and notes on the data; with several targets each has its own scores."""

    run: str
    split: str
    samples: int
    metrics: Mapping[str, float | None]
    """None of one that nothing counts towards."""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Between what a metric that is a mean over samples lies, at 95 %, for other samples of the same kind."""
    scores: Scores = field(metadata=INLINE)
    worst: Sequence[WorstSample]
    several: Targets | None = field(default=None, metadata=INLINE)
    beside: Beside | None = field(default=None, metadata=INLINE)
    worse_than: Sequence[WorseThan] = ()
    """What is surely worse than answers that need no model."""
    groups: Groups | None = None
    verdict: Sequence[Judgement] = field(default_factory=tuple)
    """What was said of the training when it ended."""
    threshold: ThresholdShown | None = None
    """What matrix and scores of the classes go by, where it was chosen; metrics keep their own."""
    notes: Sequence[str] = field(default_factory=tuple, metadata=UNSAID)

    @property
    def by_target(self) -> Mapping[str, Scores]:
        """The scores by target; those of the only one without a name."""
        return {"": self.scores} if self.several is None else self.several.targets


def draw_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Metrics, confusion matrix, scores by class, the worst samples."""
    line(console, "run", f"{evaluation.run}, {evaluation.split}: {evaluation.samples:,} samples")
    console.print()
    write_table(console, evaluation_metrics_table(evaluation))
    draw_worse(console, evaluation.worse_than)
    if evaluation.scores.positive is not None:
        text = f"the positive class of these metrics is '{evaluation.scores.positive}'"
        console.print(Text(text, style="dim"))
    if evaluation.threshold is not None:
        told = f"{evaluation.threshold.words}; so it is in the matrix and the scores below, metrics keep their own threshold"
        console.print(Text(told))
    draw_classes(console, evaluation.scores)
    for name, scores in evaluation.several.targets.items() if evaluation.several is not None else ():
        if scores.by_class is not None or scores.numbers:
            console.print()
            about = f"{name}, the positive class is '{scores.positive}'" if scores.positive is not None else name
            console.print(Text(about, style="bold"))
            draw_classes(console, scores)
    if evaluation.groups is not None:
        console.print()
        write_table(console, group_table(evaluation.groups))
    if evaluation.worst:
        console.print()
        console.print(Text("the worst samples", style="bold"))
        write_table(console, worst_table(evaluation.worst))
    wrong = [each for each in evaluation.verdict if each.severity in {"warning", "error"}]
    if wrong:
        console.print()
        draw_verdict(console, [replace(wrong[0], advice=())])


def draw_worse(console: Console, found: Sequence[WorseThan]) -> None:
    """A line for each answer without a model that is surely better, by the first metric that says so."""
    for baseline in dict.fromkeys(each.baseline for each in found):
        each = next(one for one in found if one.baseline == baseline)
        beside = f"{number(each.value)} ({between((each.low, each.high))}) against {number(each.reached)}"
        line(console, "worse", f"than the {baseline} alone: {each.metric} {beside}")


def evaluation_metrics_table(evaluation: Evaluation) -> Table:
    """A row for each metric, and what answers without a model reach."""
    beside = evaluation.beside.baseline if evaluation.beside is not None else {}
    methods = [method.replace("_", " ") for method in beside]
    rows = [
        [name, *(of_metric(name, each.get(name)) for each in [evaluation.metrics, *beside.values()])]
        for name in evaluation.metrics
    ]
    columns = [Column("metric"), number_column(evaluation.split), *map(number_column, methods)]
    if not evaluation.intervals:
        return Table(columns, rows)
    cells = [between(evaluation.intervals.get(name)) for name in evaluation.metrics]
    told = [[*row[:2], cell, *row[2:]] for row, cell in zip(rows, cells, strict=True)]
    return Table([*columns[:2], interval_column(), *columns[2:]], told)


def group_table(groups: Groups) -> Table:
    """A row for each group."""
    names = list(groups.groups[0].metrics) if groups.groups else []
    rows = [
        [each.value, each.samples, *(of_metric(name, each.metrics[name]) for name in names)] for each in groups.groups
    ]
    return Table([Column(groups.column), number_column("samples"), *map(number_column, names)], rows)


def worst_table(worst: Sequence[WorstSample]) -> Table:
    """A row for each sample."""
    columns = [
        number_column("row", str),
        text_column("place", least=24),
        text_column("target", short),
        text_column("predicted", short),
    ]
    folder = folder_above([each.file for each in worst if not each.line])
    rows = [[each.row, sample_place(each, folder), each.target, each.predicted, each.loss] for each in worst]
    return Table([*columns, number_column("loss")], rows)


def draw_classes(console: Console, scores: Scores) -> None:
    """The confusion matrix, the scores of each class, and how far all that is said can be trusted."""
    draw_by_class(console, scores)
    if scores.ranking is not None:
        draw_ranking(console, scores.ranking)
    if scores.calibration is not None:
        draw_calibration(console, scores.calibration)
    if scores.numbers:
        draw_numbers(console, scores.numbers)


def draw_by_class(console: Console, scores: Scores) -> None:
    """The confusion matrix and the scores of each class."""
    if scores.by_class is None:
        return
    console.print()
    if scores.confusion is not None and scores.classes is not None:
        draw_confusion(console, scores.classes, scores.confusion, counted=scores.counted)
        console.print()
    few = len(scores.by_class) <= WIDEST_CONFUSION
    write_table(console, class_table(scores.by_class if few else worst_first(scores.by_class), counted=scores.counted))
    if (more := len(scores.by_class) - MOST_CLASSES) > 0:
        console.print(Text(f"… and {number(more)} classes more, none of them worse; --json has all", style="dim"))
    if words := rare_words(scores):
        note(console, f"note: {words}")


FEWEST, MOST_NAMED = 5, 5
"""Fewer samples of a class say nothing of others; so many such classes are named."""


def rare_words(scores: Scores) -> str:
    """Of which classes there are too few samples for their scores to say anything, if of any."""
    rare = [shown_name(name) for name, each in (scores.by_class or {}).items() if 0 < each.samples < FEWEST]
    if not rare:
        return ""
    named = ", ".join(rare[:MOST_NAMED]) + (f" and {len(rare) - MOST_NAMED} more" if len(rare) > MOST_NAMED else "")
    return f"fewer than {FEWEST} {scores.counted} of {named}: their scores say nothing of others"


MOST_CLASSES = 20
"""Classes that a table holds; `--json` has all."""


def has_many_classes(evaluation: Evaluation) -> bool:
    """Whether a target has more classes than are shown at once."""
    every = evaluation.by_target.values()
    return any(scores.by_class and len(scores.by_class) > MOST_CLASSES for scores in every)


def worst_first(by_class: Mapping[str, ClassScores]) -> Mapping[str, ClassScores]:
    """The classes by their F1, the worst first and of equal ones that with most samples; last those that have none."""

    def rank(each: tuple[str, ClassScores]) -> tuple[float, int]:
        return math.inf if each[1].f1 is None else each[1].f1, -each[1].samples

    return dict(sorted(by_class.items(), key=rank))


def class_table(by_class: Mapping[str, ClassScores], *, counted: str = "samples") -> Table:
    """A row for each of the first classes."""
    columns = [Column("class"), *map(number_column, ("precision", "recall", "f1", counted))]
    shown = list(by_class.items())[:MOST_CLASSES]
    return Table(
        columns, [[shown_name(name), each.precision, each.recall, each.f1, each.samples] for name, each in shown]
    )


def folder_above(files: Sequence[str]) -> str:
    """The folder above that in which files of a sample each stand: two classes may have a file of the same name."""
    folders = {os.path.dirname(file) for file in files}  # noqa: PTH120
    if not folders or not all(folders) or len({*map(os.path.isabs, folders)}) > 1:
        return ""
    return os.path.dirname(os.path.commonpath(folders)) or "."  # noqa: PTH120


def sample_place(sample: WorstSample, folder: str) -> str:
    """File and line of a sample; a file that is one sample as it stands below a folder."""
    name = os.path.basename(sample.file)  # noqa: PTH119
    if sample.line:
        return f"{name}:{sample.line}"
    return os.path.relpath(sample.file, folder) if folder else name


def short(value: Any) -> str:
    """A target or an answer in a cell."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {short(each)}" for name, each in value.items())
    if isinstance(value, list):
        return shortened("[" + ", ".join(map(short, value[:SHOWN])) + (", …]" if len(value) > SHOWN else "]"))
    return number(value) if isinstance(value, int | float) else shortened(str(value))


def shortened(text: str) -> str:
    """A text in a cell, whose end is left out where it is long."""
    return cut(text, WIDEST_CELL)
