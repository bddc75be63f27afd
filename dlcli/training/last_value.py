"""What a forecast reaches that says the last value again: of a series often hard to beat, and seen at once in a plot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import Schema, TargetSchema
from dlcli.data.target_scale import as_learnt
from dlcli.data.windows import Windows
from dlcli.loss import needs
from dlcli.loss.target_loss import Head
from dlcli.training.constant_answer import output_size
from dlcli.training.setup.experiment import Experiment, output_shape
from dlcli.training.setup.feed import Feed
from dlcli.training.trivial import judged_split, measured_on

if TYPE_CHECKING:
    import numpy as np


Column = Callable[[str, "np.ndarray[Any, Any]"], "np.ndarray[Any, Any]"]
"""Gives the values (rows, …) that a column of the source has in some of its rows."""


def last_value_baseline(experiment: Experiment) -> dict[str, float]:
    """Loss and metrics, on the split that is judged, of the value that each target had in the last row of its window."""
    dataset, feed, model = experiment.dataset, experiment.splits[judged_split(experiment)], experiment.model
    heads, schema = experiment.config.heads, dataset.schema
    again = last_answers(feed, heads, schema, dataset.column, model=model)
    return last_value_of(feed, heads, schema, again, model=model, facts=experiment.facts)


def last_answers(
    feed: Feed, heads: Sequence[Head], schema: Schema, column: Column, *, model: Any
) -> dict[str, np.ndarray[Any, Any]]:
    """By target the value that it had in the last row of each window, as the model would answer it (samples, …).

    Empty where a target is no number of a series, or stands in that row itself.
    """
    if schema.windows is None or not min(schema.windows.horizons):
        return {}
    found = dict[str, Any]()
    for head, target in zip(heads, schema.targets, strict=True):
        shape = [size or 1 for size in output_shape(model, head.name)]
        said = last_values(feed.rows, head, target, schema.windows, column, size=output_size(shape))
        if said is None:
            return {}
        found[target.name] = said.reshape(len(said), *shape)
    return found


def last_value_of(
    feed: Feed,
    heads: Sequence[Head],
    schema: Schema,
    again: Mapping[str, np.ndarray[Any, Any]],
    *,
    model: Any,
    facts: Mapping[str, int],
) -> dict[str, float]:
    """Loss and metrics of the last values of a feed; empty of none."""
    if not again:
        return {}
    total, metrics = 0.0, dict[str, float]()
    for head, target in zip(heads, schema.targets, strict=True):
        answers = again[target.name]

        def of_rows(rows: slice, _: int, answers: Any = answers) -> tuple[Any, Any]:
            return answers[rows], answers[rows]

        loss, values = measured_on(feed, head, target, of_rows, model=model, facts=facts)
        total += head.weight * loss
        metrics |= values if head.own_loss is None else {head.own_loss: loss, **values}
    return {"loss": total, **metrics}


def last_values(
    ends: np.ndarray[Any, Any], head: Head, schema: TargetSchema, windows: Windows, column: Column, *, size: int
) -> np.ndarray[Any, Any] | None:
    """What a target (samples, values) was in the last row of each window, or at each step; None where it is not of numbers, or
    has gaps. `ends` (samples,) are the rows of the furthest targets, `size` is how many values a model answers."""
    import numpy as np

    if needs(head.loss) != "numbers" or schema.classes is not None:
        return None
    if size != len(schema.names) * math.prod(windows.target_shape):
        return None
    last = ends - windows.furthest
    steps = np.arange(1 - windows.steps, 1) if windows.each_step else np.zeros(1, int)
    rows = last[:, None] + windows.sampling * steps
    columns = [np.asarray(column(name, rows.ravel())).reshape(rows.shape) for name in schema.names]
    if any(values.dtype.kind not in "fiub" or not np.isfinite(values).all() for values in columns):
        return None
    # (samples, steps, horizons, columns): what is known at a step is said of all that is ahead of it.
    said = np.repeat(np.stack(columns, axis=2)[:, :, None], len(windows.horizons), axis=2)
    own = said.reshape(len(last), *windows.target_shape, *([len(schema.names)] if schema.columns else []))
    return as_learnt(schema, own.astype(np.float32)).reshape(len(last), -1)
