"""Out-of-fold predictions: each sample as the model answers that was not trained on it, and the metrics over all of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.answered.columns import Columns, np_objects, number_columns
from dlcli.actions.answered.predictor import Predictions
from dlcli.actions.answered.said import said_columns
from dlcli.actions.evaluate import named_rows
from dlcli.actions.held_out import NAME, RECORD, keep_held_out, kept_held_out
from dlcli.actions.judged import Judged, judged_targets
from dlcli.actions.prediction_files import write_predictions
from dlcli.data import class_indices
from dlcli.data.fields.fields import Fields, FileEach
from dlcli.data.target_scale import in_own_units
from dlcli.errors import DlcliError, InternalError
from dlcli.loss import metric_name
from dlcli.loss.target_loss import Head
from dlcli.progress import stage
from dlcli.runs import Run, read_state
from dlcli.runs.groups import Group
from dlcli.training.kept.by_sample import NEAR, sample_values
from dlcli.training.kept.trained import Trained, open_trained
from dlcli.training.many.processes import Stopping, worked_through
from dlcli.training.setup.experiment import head_metrics
from dlcli.training.setup.weights import weights_in
from dlcli.unexpected import unexpected
from dlcli.view.group import OutOfFold

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

AT_ONCE = 1 << 16
"""Samples that a metric counts at a time."""
ROUNDED = 1e-5
"""What of the largest value a number may have lost that was scaled, in 32 bits, and scaled back."""
FOLD, TRUE = "fold", "true"
"""The column of the fold, and what the names of columns of the truth begin with."""


@dataclass(frozen=True)
class Wanted:
    """What the process that answers is told: the runs of the folds, in their order, and the file to write."""

    runs: Sequence[Path]
    file: Path
    allow_code: bool


@dataclass(frozen=True)
class HeldOut:
    """What one fold says of its samples: columns, and what metrics are of: targets and outputs in their own units, by name."""

    columns: Columns
    targets: Mapping[str, Array]
    outputs: Mapping[str, Array]
    masks: Mapping[str, Array]
    parts: Mapping[str, tuple[Array, Array | None]]
    """By value that is a mean what it is the mean of, and weights."""
    reported: Mapping[str, float]


def keep_out_of_fold(group: Group, *, allow_code: bool, stopping: Stopping) -> None:
    """Writes the out-of-fold predictions of a group whose folds are all done, unless they stand there."""
    runs = group.members()
    done = all(read_state(run).status == "done" for run in runs) and len(runs) == len(group.read().plan["members"])
    if not done or (kept_held_out(group) is not None and (group.path / NAME).exists()):
        return
    (group.path / RECORD).unlink(missing_ok=True)
    wanted = Wanted([run.path for run in runs], group.path / NAME, allow_code)
    with stage("answering what was held out"):
        for ended in worked_through([wanted], held_out_answers, side_by_side=1, stopping=stopping):
            if ended.code == 0:
                keep_held_out(group, ended.answer)
            elif stopping.signal is None:
                why = ended.answer or f"its process ended with code {ended.code}"
                keep_held_out(group, OutOfFold(file=None, samples=0, metrics={}, notes=[f"no answers: {why}"]))


def held_out_answers(wanted: Wanted) -> tuple[int, Any]:
    """Answers what each fold has held out, writes the answers, and gives their metrics."""
    folds, heads, notes = list[HeldOut](), list[Head](), list[str]()
    metrics: dict[str, float] = {}
    try:
        for number, path in enumerate(wanted.runs, start=1):
            with open_trained(Run(path), allow_code=wanted.allow_code) as trained:
                folds.append(held_out_of(trained, number))
                heads = trained.config.heads
                if number == len(wanted.runs):
                    metrics = {**mean_metrics(folds), **counted_metrics(trained, heads, folds)}
    except DlcliError as error:
        return error.code, error.message
    except KeyboardInterrupt:
        return 128 + signal.SIGINT, None
    except Exception as error:
        return InternalError.code, unexpected(error).message
    columns = joined_columns([each.columns for each in folds])
    samples = len(columns["row"])
    plain = all(each.ndim == 1 for each in columns.values())
    if plain:
        write_predictions([Predictions(wanted.file.parent.name, samples, columns, [])], wanted.file)
    else:
        notes.append("answers at each place make no table: dlcli predict writes those of one fold as .npz")
    missing = [name for name in folds[0].reported if name not in metrics]
    if missing:
        notes.append(f"not to be told over all samples: {', '.join(missing)}")
    return 0, OutOfFold(file=str(wanted.file) if plain else None, samples=samples, metrics=metrics, notes=notes)


def held_out_of(trained: Trained, number: int) -> HeldOut:
    """What a run says of its validation samples."""
    import numpy as np

    dataset, schema = trained.dataset(), trained.schema
    samples = dataset.splits["validation"]
    feed, column = trained.feed(samples), trained.config.train.sample_weight
    if column is not None:
        values = dataset.fields.arrays[column][samples.rows]
        feed.weights = weights_in(column, values, samples.rows, dataset.fields, schema.targets)
    seen = trained.judged(feed)
    judged = judged_targets(trained, seen)
    own = {each.name: in_own_units(each, seen.outputs[each.name]) for each in schema.targets}
    answered, _ = said_columns(trained, feed, samples, own)
    rows = named_rows(schema.windows, feed.rows) + 1
    columns: Columns = {"row": rows, FOLD: np.full(len(rows), number)}
    if isinstance(dataset.fields.places, FileEach):
        columns["file"] = np_objects([os.path.relpath(dataset.fields.where(int(row))[0]) for row in feed.rows])
    for head, each in zip(trained.config.heads, judged, strict=True):
        truth = true_columns(head, each)
        columns |= {f"{TRUE} {name}": as_in_source(name, truth[name], dataset.fields, rows - 1) for name in truth}
    means = sample_values(trained.config.heads, schema.targets, trained.model, schema.facts(steps_per_epoch=1), seen)
    return HeldOut(
        columns=columns | answered,
        targets={each.schema.name: each.target for each in judged},
        outputs=own,
        masks=seen.masks,
        parts={name: (each.values, each.weights) for name, each in means.items()},
        reported=seen.metrics,
    )


def true_columns(head: Head, judged: Judged) -> Columns:
    """What is true of a target as columns (samples,), by the names that answers have."""
    import numpy as np

    schema, target = judged.schema, judged.target
    if schema.absent:
        return {}
    if judged.texts is not None:
        return {schema.name: np_objects(judged.texts[0])}
    index = class_indices(target, schema)
    if index is not None and schema.classes is not None and judged.answers is not None:
        names = np.array([*schema.classes, ""], dtype=object)  # a void label is the last
        return {schema.name: names[index.reshape(len(index)) if index[0].size == 1 else index]}
    if schema.each is not None and target.shape[1:] == (len(schema.each),):
        return {each: target[:, at] for at, each in enumerate(schema.each)}
    return number_columns(target.reshape(len(target), *target.shape[1:] or (1,)), head, schema)


def as_in_source(name: str, values: Array, fields: Fields, rows: Array) -> Array:
    """What is true (samples,) as the rows (samples,) of the source have it, where that is what a model learns but for rounding:
    a number that has been scaled and back has lost digits.
    """
    import numpy as np

    source = fields.arrays.get(name)
    if source is None or source.ndim != 1 or source.dtype.kind not in "iuf" or values.dtype.kind != "f":
        return values
    if values.ndim != 1 or not len(rows) or rows.max() >= len(source):
        return values
    own: Array = source[rows]
    return own if np.allclose(own, values, rtol=0, atol=ROUNDED * np.abs(values).max(initial=0)) else values


def joined_columns(parts: Sequence[Columns]) -> Columns:
    """The columns of all folds, in the order of their rows."""
    import numpy as np

    order = np.argsort(np.concatenate([each["row"] for each in parts]), kind="stable")
    return {name: np.concatenate([each[name] for each in parts])[order] for name in parts[0]}


def mean_metrics(folds: Sequence[HeldOut]) -> dict[str, float]:
    """The values that are means over samples: the mean over those of all folds."""
    import numpy as np

    found = {}
    for name in folds[0].parts:
        parts = [each.parts[name] for each in folds if name in each.parts]
        weighed = [weights for _, weights in parts if weights is not None]
        if len(parts) == len(folds) and len(weighed) in {0, len(folds)}:
            values = np.concatenate([values for values, _ in parts])
            found[name] = float(np.average(values, weights=np.concatenate(weighed) if weighed else None))
    return found


def counted_metrics(trained: Trained, heads: Sequence[Head], folds: Sequence[HeldOut]) -> dict[str, float]:
    """The metrics over the answers of all folds, as Keras counts them: those alone that so give what each fold reported."""
    found = {}
    facts = trained.schema.facts(steps_per_epoch=1)
    for head, schema in zip(heads, trained.schema.targets, strict=True):
        plain = schema.model_copy(update={"scale": None})  # targets and outputs are in their own units
        for at, thing in enumerate(head.metrics):
            name = head.reported(metric_name(thing))

            def value(some: Sequence[HeldOut], at: int = at) -> float:
                metric = head_metrics(head, plain, trained.model, facts)[at]  # noqa: B023 (called before the next head)
                return counted_value(metric, some, schema.name)  # noqa: B023

            if all(is_as_reported(value([each]), each.reported.get(name)) for each in folds):
                found[name] = value(folds)
    return found


def counted_value(metric: Any, folds: Sequence[HeldOut], name: str) -> float:
    """The value of a metric over the samples of some folds."""
    for each in folds:
        target, output, mask = each.targets[name], each.outputs[name], each.masks.get(name)
        for start in range(0, len(target), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            metric.update_state(target[part], output[part], sample_weight=None if mask is None else mask[part])
    return float(metric.result())


def is_as_reported(value: float, reported: float | None) -> bool:
    """Whether a value is that which was reported, but for rounding."""
    return reported is not None and abs(value - reported) <= NEAR * max(abs(reported), NEAR)
