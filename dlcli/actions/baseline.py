"""The classical methods on the prepared data of a configuration or a run, beside its network: same split, same metric."""

from __future__ import annotations

import contextlib
import math
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.classical import METHODS
from dlcli.actions.classical.answers import Said, said_classes, said_numbers
from dlcli.actions.classical.kept import keep_baselines
from dlcli.actions.classical.method import Method
from dlcli.actions.classical.scored import Scored, constant_score, metric_of, scored
from dlcli.actions.classical.subject import (
    Subject,
    Taught,
    as_array,
    not_comparable,
    subject_of_config,
    subject_of_run,
    taught,
)
from dlcli.config import Config
from dlcli.errors import ConflictError, DlcliError
from dlcli.extras import need
from dlcli.progress import counted_off
from dlcli.runs import Run, read_state
from dlcli.runs.folder import number_of, run_folders
from dlcli.runs.noise import FEWEST_RESAMPLED, mean_interval, paired_noise
from dlcli.training.kept.by_sample import Parts, sample_values
from dlcli.training.kept.recorded import recorded_config
from dlcli.training.kept.trained import open_trained
from dlcli.training.setup.backend import chatter_to
from dlcli.view.baseline import Ahead, Baselines, MethodScore, NetworkScore, method_name

if TYPE_CHECKING:
    import numpy as np


def baseline_of(what: Config | Run, *, runs: Path, split: str | None, allow_code: bool) -> Baselines:
    """The methods on the data of a run, or of a configuration, of which the newest run in `runs` stands beside them.

    Raises what opening the run, reading the data and building the model raise; `DataError` without scikit-learn.
    """
    need("sklearn", extra="baseline", use="comparing with classical methods")
    if isinstance(what, Run):
        return baseline_of_run(what, split=split, allow_code=allow_code)
    run, none = newest_run_of(what, runs), "no run was trained as this configuration says, so no network stands here"
    if run is not None:
        try:
            return baseline_of_run(run, split=split, allow_code=allow_code)
        except ConflictError as error:
            none = f"the network of '{run.name}' is not shown: {error.message}"
    with chatter_to(None):
        found = baseline_of_config(what, split=split, allow_code=allow_code)
    return replace(found, notes=[*found.notes, none])


SMALL = 5_000_000
"""Numbers of a table that one thread learns from in seconds."""


@dataclass(frozen=True)
class Learnt:
    """A method with what it reaches, and, where its metric is a mean over samples, what it is the mean of."""

    score: MethodScore
    values: Parts | None
    remark: str | None = None


def baseline_of_run(run: Run, *, split: str | None, allow_code: bool) -> Baselines:
    """The methods on the data of a run, beside what its model reaches. Raises what opening the run raises."""
    with open_trained(run, allow_code=allow_code) as trained:
        subject = subject_of_run(trained, split)
        seen = trained.judged(subject.judged)
        metric = metric_of(subject, seen.metrics)
        values = sample_values(subject.config.heads, subject.schemas, subject.model, subject.facts, seen).get(metric)
        state = read_state(run)
        network = NetworkScore(
            run=run.name,
            value=seen.metrics.get(metric),
            seconds=state.seconds,
            interval=interval_of(values),
            metrics=seen.metrics,
            parameters=state.parameters,
        )
        compared = compared_methods(subject, metric)
        found = beside_network(compared, network, values)
        unkept = keep_baselines(run, found)
        return replace(found, notes=[*trained.notes, *found.notes, *([] if unkept is None else [unkept])])


def baseline_of_config(config: Config, *, split: str | None, allow_code: bool) -> Baselines:
    """The methods on the data of a configuration alone. Raises what reading the data and building the model raise."""
    subject = subject_of_config(config, split, allow_code=allow_code)
    found = compared_methods(subject, metric_of(subject))
    return beside_network(found, None, None)


@dataclass(frozen=True)
class Compared:
    """What all methods reach, before the network stands beside them."""

    subject: Subject
    metric: str
    learnt: Sequence[Learnt]
    features: int | None
    reason: str | None
    remarks: Sequence[str]


def compared_methods(subject: Subject, metric: str) -> Compared:
    """The constant answer, and every method that has an answer to what is to be learnt."""
    constant = constant_score(subject, metric)
    learnt = [] if constant is None else [constant_learnt(*constant)]
    reason = not_comparable(subject)
    if reason is not None:
        return Compared(subject, metric, learnt, None, reason, [])
    lesson = taught(subject)
    remarks = list(lesson.notes)
    if not lesson.features.count:
        return Compared(subject, metric, learnt, 0, "training holds nothing that could be counted", remarks)
    methods = [each for each in METHODS if each.name(lesson.task) is not None]
    remarks += [f"{method_name(each.for_classes)} tells classes alone" for each in METHODS if each not in methods]
    for method in counted_off(methods, "learning", len(methods)):
        learnt.append(learnt_by(method, lesson, subject, metric))
    remarks += [each.remark for each in learnt if each.remark is not None]
    return Compared(subject, metric, learnt, lesson.features.count, None, remarks)


def beside_network(compared: Compared, network: NetworkScore | None, values: Parts | None) -> Baselines:
    """The result, with how the network stands to the best of the methods."""
    subject = compared.subject
    better = subject.direction(compared.metric)
    return Baselines(
        metric=compared.metric,
        better=better,
        split=subject.split,
        samples=len(subject.judged),
        learnt_from=len(subject.train),
        features=compared.features,
        methods=[each.score for each in compared.learnt],
        network=network,
        ahead=None if network is None else ahead_of(network, values, compared.learnt, better),
        not_compared=compared.reason,
        remarks=compared.remarks,
        notes=subject.notes,
    )


def constant_learnt(method: str, found: Scored, seconds: float) -> Learnt:
    """The answer that says the same of every sample."""
    score = MethodScore(
        method=method.replace(" ", "_"),
        value=found.value,
        seconds=seconds,
        interval=interval_of(found.values),
        metrics=found.metrics,
    )
    return Learnt(score, found.values)


def learnt_by(method: Method, lesson: Taught, subject: Subject, metric: str) -> Learnt:
    """What a method reaches that learns from training and answers the samples that are judged."""
    rows = lesson.rows_for(method)
    begun = time.monotonic()
    with warnings.catch_warnings(), one_thread(lesson.table[rows]):
        # That a descent has not come to its very end, or a class is rare, changes nothing in what is measured here.
        warnings.simplefilter("ignore")
        said = answers_by(method, lesson, rows)
    seconds = time.monotonic() - begun
    found = scored(subject, said, metric, classes=lesson.task.classes)
    name, estimator = method.name(lesson.task), " ".join(str(method.estimator(lesson.task)).split())
    assert name is not None
    few = f"{method_name(name)} learnt from {len(rows):,} of {lesson.samples:,} samples, for time's sake"
    score = MethodScore(
        method=name,
        value=found.value,
        seconds=seconds,
        interval=interval_of(found.values),
        metrics=found.metrics,
        samples=len(rows),
        estimator=estimator,
    )
    return Learnt(score, found.values, few if len(rows) < lesson.samples else None)


@contextlib.contextmanager
def one_thread(table: Any) -> Iterator[None]:
    """Learns from a small table in one thread: on a busy machine several wait for each other for minutes."""
    if math.prod(table.shape) > SMALL:
        yield
        return
    with need("threadpoolctl", extra="baseline", use="comparing with classical methods").threadpool_limits(1, "openmp"):
        yield


def answers_by(method: Method, lesson: Taught, rows: np.ndarray[Any, Any]) -> Said:
    """Lets an estimator learn from some rows, and answer."""
    import numpy as np

    task = lesson.task
    table, judged = lesson.table[rows], lesson.judged
    if not method.sparse:
        table, judged = as_array(table), as_array(judged)
    weights = {} if lesson.weights is None else {method.weights: lesson.weights[rows]}
    target = lesson.target[rows]
    if task.classes:
        return said_classes(method.estimator(task).fit(table, target, **weights), judged, lesson.classes)
    columns = [target[:, each] for each in range(target.shape[1])] if not method.several else [target]
    if len(columns) == 1 and target.shape[1] == 1:
        columns = [target[:, 0]]
    parts = [method.estimator(task).fit(table, each, **weights).predict(judged) for each in columns]
    return said_numbers(np.concatenate([np.reshape(each, (judged.shape[0], -1)) for each in parts], axis=1))


def interval_of(parts: Parts | None) -> tuple[float, float] | None:
    """Between what a mean lies for other samples of the same kind; None of few samples."""
    if parts is None or len(parts.values) < FEWEST_RESAMPLED:
        return None
    return mean_interval(parts.values, parts.weights)


def ahead_of(network: NetworkScore, values: Parts | None, learnt: Sequence[Learnt], better: str | None) -> Ahead | None:
    """How the network stands to the method that reaches most."""
    known = [each for each in learnt if each.score.value is not None and each.score.value == each.score.value]
    if not known or better is None or network.value is None:
        return None
    sign = 1 if better == "up" else -1
    best = max(known, key=lambda each: sign * (each.score.value or 0.0))
    assert best.score.value is not None
    difference = sign * (network.value - best.score.value)
    if values is None or best.values is None or len(values.values) < FEWEST_RESAMPLED:
        return Ahead(best.score.method, difference, None, None)
    if not values.weighed_alike(best.values):
        return Ahead(best.score.method, difference, None, None)
    noise = paired_noise(sign * best.values.values, sign * values.values, values.weights)
    return Ahead(best.score.method, difference, (noise.low, noise.high), noise.exceeded)


def newest_run_of(config: Config, runs: Path) -> Run | None:
    """The last run of a folder that has a model and was trained as a configuration says; None where there is none."""
    from_newest = sorted(run_folders(runs), key=number_of, reverse=True)
    return next((Run(path) for path in from_newest if is_run_of(config, Run(path))), None)


def is_run_of(config: Config, run: Run) -> bool:
    """Whether a run has a model and was trained as a configuration says, however long."""
    if not run.model.is_dir():
        return False
    try:
        return however_long(recorded_config(run)) == however_long(config)
    except DlcliError:
        return False


WEIGHING = ("class_weight", "sample_weight")
"""What of the steps the classical methods share."""


def however_long(config: Config) -> dict[str, Any]:
    """A configuration without what says how its steps go on and when they end."""
    plain = config.plain()
    return {**plain, "train": {key: value for key, value in plain["train"].items() if key in WEIGHING}}
