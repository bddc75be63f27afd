"""What answers reach: the metrics of the configuration, each given what it reads, and the values that the first is a mean of."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcli.actions.classical.answers import Said, in_model_form, read_by, reads_as_loss
from dlcli.actions.classical.subject import Subject
from dlcli.loss import needs
from dlcli.loss.reading import Reads
from dlcli.spec import KerasObject
from dlcli.training.constant import untied
from dlcli.training.constant_answer import fitting_answer, widened
from dlcli.training.counted import counted_target
from dlcli.training.engine.measure import Measured
from dlcli.training.kept.by_sample import Parts, sample_values
from dlcli.training.setup.experiment import output_shape
from dlcli.training.trivial import measured_on, place_weights_of, repeated

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Scored:
    """The value of the metric that methods are compared by, all others, and its values (samples,) where it is their mean."""

    value: float | None
    metrics: Mapping[str, float | None]
    values: Parts | None


def metric_of(subject: Subject, measured: Collection[str] = ()) -> str:
    """The metric that methods are compared by: the first of the configuration, or its loss."""
    names = [name for name in subject.head.directions if name != subject.head.own_loss]
    if not names:
        return "loss"
    several = [name for name in measured if name.startswith(f"{names[0]}@")]
    return names[0] if names[0] in measured or not several else several[0]


def scored(subject: Subject, said: Said, metric: str, *, classes: bool) -> Scored:
    """What answers to the judged samples reach."""
    head, shape = subject.head, output_shape(subject.model, subject.head.name)
    metrics, values = dict[str, float | None](), None

    def output(reads: Reads | None) -> np.ndarray[Any, Any] | None:
        given = None if reads is None else said.read(reads)
        return None if given is None else in_model_form(head.loss, given, shape, classes=classes)

    of_loss = output(reads_as_loss(head.loss) if classes else "values")
    if of_loss is not None:
        loss, _ = measured_answer(subject, [], of_loss)
        metrics["loss"] = loss
        values = averaged(subject, [], of_loss, "loss", loss) if metric == "loss" else None
    for thing in head.metrics:
        given = output(read_by(thing))
        if given is None:
            continue
        _, found = measured_answer(subject, [thing], given)
        metrics |= found
        if metric in found:
            values = averaged(subject, [thing], given, metric, found[metric])
    return Scored(metrics.get(metric), metrics, values)


def measured_answer(
    subject: Subject, metrics: list[KerasObject], output: np.ndarray[Any, Any]
) -> tuple[float, dict[str, float]]:
    """Loss and some metrics of answers (samples, …) to the judged samples."""
    head, schema, feed = replace(subject.head, metrics=metrics), subject.schema, subject.judged
    # Keras takes all classes that are as high as the k-th for hits of the first k, and a tree gives many the same.
    ranked = untied(output) if needs(head.loss) in {"classes", "one_hot"} else output

    def of_rows(rows: slice, _: int) -> tuple[Any, Any]:
        return output[rows], ranked[rows]

    counted = counted_target(schema, feed.target(schema.name), None)
    return measured_on(feed, head, schema, of_rows, model=subject.model, facts=subject.facts, counted=counted)


def averaged(
    subject: Subject, metrics: list[KerasObject], output: np.ndarray[Any, Any], name: str, value: float
) -> Parts | None:
    """What a metric of answers is the mean of, by sample, where it is one."""
    schema = subject.schema
    seen = Measured({name: value}, {schema.name: subject.judged.target(schema.name)}, {schema.name: output}, {})
    heads = [replace(subject.head, metrics=metrics)]
    return sample_values(heads, [schema], subject.model, subject.facts, seen).get(name)


def constant_score(subject: Subject, metric: str) -> tuple[str, Scored, float] | None:
    """What saying the same of every sample reaches, what it is called, and in how many seconds; None where nothing constant
    has the form of the answers, or there are several targets."""
    if len(subject.schemas) > 1:
        return None
    begun = time.monotonic()
    schema, head, shape = subject.schema, subject.head, output_shape(subject.model, subject.head.name)
    target = subject.train.target(schema.name)
    answer = fitting_answer(head, schema, target, shape, weights=constant_weights(subject, target))
    if answer is None:
        return None
    count, sizes = len(subject.judged), [size or 1 for size in shape]
    found = repeated(answer.values, count, sizes)
    loss, _ = measured_answer(subject, [], found)
    _, metrics = measured_answer(subject, list(head.metrics), found)
    every: dict[str, float | None] = {"loss": loss, **metrics}
    value = every.get(metric)
    things = [] if metric == "loss" else list(head.metrics)
    values = None if value is None else averaged(subject, things, found, metric, value)
    return answer.method, Scored(value, every, values), time.monotonic() - begun


def constant_weights(subject: Subject, target: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """How much each place (samples, …) of the training target counts."""
    import numpy as np

    counted, feed = counted_target(subject.schema, target, None), subject.train
    if feed.weights is None:
        return counted
    weights = np.asarray(place_weights_of(subject.schema, target, feed.weights), np.float64)
    if counted is None:
        return weights
    axes = max(weights.ndim, counted.ndim)
    return widened(weights, axes) * widened(counted, axes)
