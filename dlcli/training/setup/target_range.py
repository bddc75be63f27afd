"""The values of a target, before anything trains: those that its loss and its metrics mean something for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcli.data import Dataset
from dlcli.data.schema import TargetSchema
from dlcli.data.target_scale import in_own_units
from dlcli.errors import BlockError, DataError, TreePath
from dlcli.loss import needs, reads_scores
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject
from dlcli.training.setup.feed import Feed

if TYPE_CHECKING:
    import numpy as np

UNIT = (0.0, 1.0)
"""The least and the most that reads as no and yes, or as how likely a yes is."""
SIGNS = (-1.0, 1.0)
"""The same where the sign decides."""


def check_target_range(heads: list[Head], dataset: Dataset, splits: Mapping[str, Feed]) -> None:
    """Raises `BlockError` at the loss or metric that cannot read a target, with the first row that shows it.

    Of what streams the first samples are looked at.
    """
    import numpy as np

    for head, schema in zip(heads, dataset.schema.targets, strict=True):
        readers: list[tuple[TreePath, KerasObject]] = [(head.loss_path, head.loss)]
        if needs(head.loss) == "numbers":
            readers += [((*head.metrics_path, number), metric) for number, metric in enumerate(head.metrics)]
        for path, reader in readers:
            least, most = range_of(reader)
            if (least is None and most is None) or (schema.classes is not None and schema.is_one_hot):
                continue
            for feed in splits.values():
                target = read_values(reader, schema, feed.looked_at(schema.name))
                row = first_beyond(np.maximum(target, 0) if schema.void else target, least, most)
                if row is not None:
                    labels = bool((target == np.floor(target)).all())
                    raise beyond(path, reader, target[row], dataset, int(feed.rows[row]), labels=labels)


def check_classes_in_training(dataset: Dataset) -> None:
    """Raises `DataError` where the training split of a target of classes holds one class alone, as a split by time may."""
    for schema in dataset.schema.targets:
        counts = dataset.class_counts("train", schema) or {}
        present = [name for name, count in counts.items() if count]
        if len(counts) > 1 and len(present) == 1:
            raise DataError(
                f"the training split holds one class of '{schema.name}' alone, '{present[0]}': there is nothing to tell apart",
                file=dataset.fields.places[0].file if len(dataset.fields.places) else None,
                hint="write data.split: {by: stratified}, or other shares",
                kind="single_class",
            )


def has_soft_labels(feed: Feed, schema: TargetSchema) -> bool:
    """Whether a target that names no classes holds shares between 0 and 1; what streams is not gone through for it."""
    if schema.classes is not None or feed.streams:
        return False
    values = feed.target(schema.name)
    return bool(((values > 0) & (values < 1)).any())


def notes_on_zeros(heads: list[Head], schemas: list[TargetSchema], feed: Feed) -> list[str]:
    """A note where a loss or metric divides by a target that is 0 in some samples; what streams is not gone through for it."""
    notes = []
    for head, schema in zip(heads, schemas, strict=True):
        readers = [each for each in (head.loss, *head.metrics) if each.traits.get("divides")]
        if not readers or feed.streams:
            continue
        dividing, values = (
            [each.written for each in readers],
            read_values(readers[-1], schema, feed.target(schema.name)),
        )
        zeros = int((values == 0).reshape(len(values), -1).any(axis=1).sum())
        if zeros:
            samples = "1 sample" if zeros == 1 else f"{zeros:,} samples"
            words = ", ".join(dict.fromkeys(dividing))
            notes.append(
                f"'{schema.name}' is 0 in {samples} of {len(values):,}, and {words} divides by it: "
                "the value is huge and tells nothing of the others; mae does not divide"
            )
    return notes


def read_values(reader: KerasObject, schema: TargetSchema, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A target (samples, …) that is learnt, as a loss or a metric reads it: a metric in its own units."""
    return values if reader.kind == "losses" else in_own_units(schema, values)


def range_of(reader: KerasObject) -> tuple[float | None, float | None]:
    """The least and the most of a target that a loss or metric reads; None where there is no such end."""
    if reader.traits.get("target") == "binary":
        return SIGNS if reader.kind == "losses" and reads_scores(reader) else UNIT
    return reader.traits.get("least"), reader.traits.get("most")


def first_beyond(target: np.ndarray[Any, Any], least: float | None, most: float | None) -> int | None:
    """The first sample of a target (samples, …) with a value below the least or above the most."""
    import numpy as np

    values = target.reshape(len(target), -1)
    beyond = np.zeros(len(values), bool)
    if least is not None:
        beyond |= (values < least).any(axis=1)
    if most is not None:
        beyond |= (values > most).any(axis=1)
    rows = np.flatnonzero(beyond)
    return int(rows[0]) if len(rows) else None


def beyond(
    path: TreePath, reader: KerasObject, value: np.ndarray[Any, Any], dataset: Dataset, row: int, *, labels: bool
) -> BlockError:
    """The error of a target whose value (…) in a row of the source a loss or metric cannot read; `labels` are whole numbers."""
    import numpy as np

    least, most = range_of(reader)
    wanted = f"{least:g} to {most:g}" if least is not None and most is not None else f"{least:g} or more"
    place = next(
        place
        for place, each in np.ndenumerate(value)
        if each < (-math.inf if least is None else least) or each > (math.inf if most is None else most)
    )
    words, odd = dataset.fields.where(row)[2], float(value[place])
    instead = "write loss: mse" if reader.kind == "losses" else "write metrics: [mae] or [r2_score]"
    if most is not None and reader.kind == "losses" and value.ndim > 1:
        instead = (
            f"write data.target: {{column: …, void: {odd:g}}} if it stands for no label"
            if labels
            else "leave such samples out, or give them the weight 0: train.sample_weight"
        )
    return BlockError(
        path,
        f"{reader.written} reads targets of {wanted}, and this one is {odd:g} in {words}"
        + (f" at {place}" if len(place) > 1 else ""),
        hint=instead,
        kind="metric_does_not_fit_target",
    )
