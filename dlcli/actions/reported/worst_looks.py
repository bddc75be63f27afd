"""The worst samples of an evaluation as a person can look at them."""

from __future__ import annotations

from typing import Any

from dlcli.actions.evaluate import EvaluatedSamples, worst_positions
from dlcli.actions.reported.pictured_targets import pictured_target
from dlcli.actions.samples import drawable_sample, drawing_of
from dlcli.data.schema import InputSchema
from dlcli.view.report import WorstLook
from dlcli.view.samples import Shown

MOST_CELLS = 12
"""Columns of a row that are told."""


def worst_looks(seen: EvaluatedSamples, inputs: list[InputSchema]) -> list[WorstLook]:
    """Each of the worst samples with its inputs: what can be drawn, and the columns of a table."""
    worst = seen.evaluation.worst
    positions = worst_positions(seen.judged, len(worst))
    looks = []
    for sample, position in zip(worst, positions, strict=True):
        shown = [each for schema in inputs if (each := sample_shown(seen, schema, position)) is not None]
        shown += [picture for judged in seen.judged for picture in pictured_target(judged, position)]
        looks.append(WorstLook(sample, shown, row_cells(seen, inputs, int(seen.samples.rows[position]))))
    return looks


def sample_shown(seen: EvaluatedSamples, schema: InputSchema, position: int) -> Shown | None:
    """One input of a sample, where it can be drawn."""
    kind = drawing_of(schema)
    if kind is None:
        return None
    value = seen.samples.inputs[schema.name][position : position + 1][0]
    return drawable_sample(schema, value, schema.name if len(seen.samples.inputs) > 1 else "", kind=kind)


def row_cells(seen: EvaluatedSamples, inputs: list[InputSchema], row: int) -> dict[str, Any]:
    """The first cells of the row that a sample is, by column; nothing of samples that are windows of rows."""
    if seen.fields.windows is not None:
        return {}
    names = [column.name for schema in inputs if len(schema.shape) == 1 for column in schema.columns or ()]
    return {name: seen.fields.arrays[name][row : row + 1].tolist()[0] for name in names[:MOST_CELLS]}
