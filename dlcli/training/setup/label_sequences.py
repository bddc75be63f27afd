"""A loss that aligns labels with steps, as CTC does, needs an answer for each class and a step for each label."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data import Fields
from dlcli.data.schema import TargetSchema
from dlcli.errors import BlockError
from dlcli.loss.fit import unit_mistakes
from dlcli.loss.model_output import Output
from dlcli.loss.target_loss import Head
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.target_shares import Seen

if TYPE_CHECKING:
    import numpy as np


def check_label_sequences(
    heads: Sequence[Head],
    outputs: Sequence[Output],
    schemas: Sequence[TargetSchema],
    fields: Fields,
    feeds: Collection[Feed],
) -> None:
    """Refuses what a loss that aligns labels with steps cannot align; `outputs` are what the model puts out by head."""
    for head, output, schema in zip(heads, outputs, schemas, strict=True):
        if head.loss.traits.get("shapes") == "sequences":
            check_alignable(output, schema, fields, [(feed.looked_at(schema.name), feed.rows) for feed in feeds])


def check_alignable(output: Output, schema: TargetSchema, fields: Fields, seen: Sequence[Seen]) -> None:
    """Refuses fewer units than classes, nothing among them, and fewer steps than labels, with the first row that has more.

    Raises `BlockError` at the layer that puts out.
    """
    largest = max(int(values.max(initial=0)) for values, _ in seen)
    for mistake in unit_mistakes(output, max(len(schema.classes or ()), largest + 1)):
        raise BlockError(mistake.path, mistake.message, hint=mistake.suggestion, kind=mistake.kind)
    steps = None if output.shape is None else output.shape[0]
    if steps is None:
        return
    needed = {
        int(row): int(count) for values, rows in seen for row, count in zip(rows, steps_needed(values), strict=False)
    }
    first = min((row for row, count in needed.items() if count > steps), default=None)
    if first is not None:
        words = fields.where(first, schema.names[0] if schema.names else None)[2]
        raise BlockError(
            output.path,
            f"the labels of '{schema.name}' in {words} need {needed[first]} steps, one a label and one more between two that "
            f"are the same, but {output.layer} puts out {steps}",
            hint="let the layers before keep more steps: pool less, or with smaller strides",
            kind="output_does_not_fit_target",
        )


def steps_needed(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How many steps (samples,) it takes to put out labels (samples, places), of which 0 is none."""
    there = labels > 0
    needed: np.ndarray[Any, Any] = there.sum(axis=1) + (there[:, 1:] & (labels[:, 1:] == labels[:, :-1])).sum(axis=1)
    return needed
