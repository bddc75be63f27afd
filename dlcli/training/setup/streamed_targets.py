"""Targets that are read anew each time are looked at as they are read: what was not seen before training is refused then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data import Fields
from dlcli.data.schema import TargetSchema
from dlcli.loss.model_output import Output
from dlcli.loss.target_loss import Head
from dlcli.training.setup.feed import Arrays, Feed
from dlcli.training.setup.label_sequences import check_alignable
from dlcli.training.setup.target_range import check_target_values

if TYPE_CHECKING:
    import numpy as np


def guard_targets(
    heads: Sequence[Head],
    outputs: Sequence[Output],
    schemas: Sequence[TargetSchema],
    fields: Fields,
    feeds: Iterable[Feed],
) -> None:
    """Lets targets of feeds that stream be looked at as they are read; `outputs` are what the model puts out by head.

    What they refuse is a `DataError` with its row, or a `BlockError` at what does not fit.
    """
    streaming = [feed for feed in feeds if feed.streams]
    places = replace(fields, arrays={})  # where rows stand is all that is asked of them
    known = [each for each in zip(heads, outputs, schemas, strict=True) if not each[2].absent]
    first = {
        schema.name: [(feed.looked_at(schema.name), feed.rows) for feed in streaming] for _, _, schema in known
    }  # which tells how no and yes are written

    def guard(inputs: Arrays, targets: Arrays, rows: np.ndarray[Any, Any]) -> None:
        for head, output, schema in known:
            values = targets[schema.name]
            check_target_values(head, schema, places, [(values, rows), *first[schema.name]])
            if head.loss.traits.get("shapes") == "sequences":
                check_alignable(output, schema, places, [(values, rows)])

    for feed in streaming:
        feed.guards.append(guard)
