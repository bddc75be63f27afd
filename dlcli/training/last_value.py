"""What a forecast reaches that says the last value again: of a series often hard to beat, and seen at once in a plot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.data.target_scale import as_learnt
from dlcli.loss import needs
from dlcli.loss.target_loss import Head
from dlcli.training.constant_answer import output_size
from dlcli.training.setup.experiment import Experiment, output_shape
from dlcli.training.trivial import judged_split, measured_answers

if TYPE_CHECKING:
    import numpy as np


def last_value_baseline(experiment: Experiment) -> dict[str, float]:
    """Loss and metrics, on the split that is judged, of the value that each target had in the last row of its window.

    Empty where a target is no number of a series, or stands in that row itself.
    """
    windows, schemas = experiment.dataset.schema.windows, experiment.dataset.schema.targets
    if windows is None or not min(windows.horizons):
        return {}
    total, metrics = 0.0, dict[str, float]()
    for head, schema in zip(experiment.config.heads, schemas, strict=True):
        said = last_values(experiment, head, schema)
        if said is None:
            return {}
        shape = [size or 1 for size in output_shape(experiment.model, head.name)]
        answers = said.reshape(len(said), *shape)

        def of_rows(rows: slice, _: int, answers: Any = answers) -> tuple[Any, Any]:
            return answers[rows], answers[rows]

        loss, values = measured_answers(experiment, head, schema, of_rows, split=judged_split(experiment))
        total += head.weight * loss
        metrics |= values if head.name is None else {head.reported("loss"): loss, **values}
    return {"loss": total, **metrics}


def last_values(experiment: Experiment, head: Head, schema: TargetSchema) -> np.ndarray[Any, Any] | None:
    """What a target (samples, values) was in the last row of each window, or at each step; None where it is not of numbers, or
    has gaps."""
    import numpy as np

    dataset, windows = experiment.dataset, experiment.dataset.schema.windows
    if windows is None or needs(head.loss) != "numbers" or schema.classes is not None:
        return None
    values = len(schema.names) * math.prod(windows.target_shape)
    if output_size(output_shape(experiment.model, head.name)) != values:
        return None
    last = dataset.splits[judged_split(experiment)].rows - windows.furthest
    steps = np.arange(1 - windows.steps, 1) if windows.each_step else np.zeros(1, int)
    rows = last[:, None] + windows.sampling * steps
    columns = [np.asarray(dataset.column(name, rows.ravel())).reshape(rows.shape) for name in schema.names]
    if any(values.dtype.kind not in "fiub" or not np.isfinite(values).all() for values in columns):
        return None
    # (samples, steps, horizons, columns): what is known at a step is said of all that is ahead of it.
    said = np.repeat(np.stack(columns, axis=2)[:, :, None], len(windows.horizons), axis=2)
    own = said.reshape(len(last), *windows.target_shape, *([len(schema.names)] if schema.columns else []))
    return as_learnt(schema, own.astype(np.float32)).reshape(len(last), -1)
