"""Columns left out: whether a small network says more of validation without them than with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.training.evidence.drift import features_of_columns
from dlcli.training.evidence.neighbours import (
    Neighbours,
    features_and_target,
    in_deviations,
    one_target,
    takes_ids,
)
from dlcli.training.evidence.small_network import learnt_of
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np


def columns_left_out(experiment: Experiment, names: Sequence[str]) -> tuple[Neighbours, Neighbours] | None:
    """What a small network that was trained on training samples says of those of validation, with all columns and without some.

    None where inputs are no numbers by feature, or samples are few.
    """
    schema = one_target(experiment, "train", "validation")
    if schema is None or takes_ids(experiment.model):
        return None
    feeds = [experiment.splits[name] for name in ("train", "validation")]
    (rows, values), (asked, truth) = (features_and_target(feed, schema) for feed in feeds)
    if rows is None or asked is None or values.shape[1] != 1:
        return None
    rows, asked = in_deviations(rows, rows), in_deviations(asked, rows)
    kept = features_kept(experiment, names)
    classes = None if schema.classes is None else len(schema.classes)
    whole = learnt_of([rows], values, [asked], truth, classes)
    part = learnt_of([rows[:, kept]], values, [asked[:, kept]], truth, classes)
    return None if whole is None or part is None else (whole, part)


def features_kept(experiment: Experiment, names: Sequence[str]) -> np.ndarray[Any, Any]:
    """Of each feature of all inputs, one input after the other, whether it belongs to none of some columns."""
    import numpy as np

    kept = []
    for name, values in experiment.splits["train"].take([0])[0].items():
        (schema,) = (each for each in experiment.dataset.schema.inputs if each.name == name)
        mine = np.ones(values[0].size, bool)
        for column, inside in features_of_columns(experiment, schema, values[0].size):
            mine[inside] = column.name not in names
        kept.append(mine)
    return np.concatenate(kept)
