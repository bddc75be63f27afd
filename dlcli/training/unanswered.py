"""Samples of which a model says no finite number, and what of them is to blame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.padded import ID_PADDING
from dlcli.data.schema import InputSchema
from dlcli.training.setup.feed import Feed

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Unanswered:
    """How many of some samples have no finite answer, and where the first of them stands: its row, counted from 1.

    `empty` is the input of which it has nothing but padding, and `text` whether it is one; `place` is its place in the feed.
    """

    count: int
    samples: int
    place: int
    row: int
    empty: str | None = None
    text: bool = False
    at: str | None = None
    """Its line or row in its own file, where that is known."""

    @property
    def words(self) -> str:
        """Where the first of them stands, and what it lacks."""
        has = (
            ""
            if self.empty is None
            else f", where '{self.empty}' has {'no word' if self.text else 'nothing'} but padding"
        )
        return f"{self.at or f'row {self.row}'}{has}"


OF_NOTHING = (
    "leave the row out, or train with a token in front of what takes the mean: a mean of nothing is none (docs/data.md)"
)
"""What to do about samples that have nothing but padding."""


def unanswered(
    outputs: Mapping[str, np.ndarray[Any, Any]], feed: Feed, inputs: Sequence[InputSchema]
) -> Unanswered | None:
    """What the outputs (samples, …) of a model for a feed lack; None where all are finite.

    Of several samples the first is told that has nothing but padding, if there is one.
    """
    import numpy as np

    finite = [np.isfinite(values.reshape(len(values), -1)).all(axis=1) for values in outputs.values()]
    broken = np.flatnonzero(~np.all(finite, axis=0))
    if not len(broken):
        return None
    first = int(broken[0])
    empty = first_empty(feed, broken, inputs)
    place, schema = (first, None) if empty is None else empty
    return Unanswered(
        len(broken),
        len(feed),
        place,
        int(feed.rows[place]) + 1,
        None if schema is None else schema.name,
        schema is not None and schema.text,
    )


def first_empty(
    feed: Feed, places: np.ndarray[Any, Any], inputs: Sequence[InputSchema]
) -> tuple[int, InputSchema] | None:
    """The first of some samples of which an input is nothing but padding, as it reaches the model, and that input."""
    import numpy as np

    of_ids = inputs_of_ids(inputs)
    if not of_ids:
        return None
    prepared, _ = feed.take(places)
    for schema in of_ids:
        values = prepared[schema.name]
        if values.dtype.kind not in "iuf" or values.ndim < 2:
            continue
        empty = np.flatnonzero(~values.reshape(len(values), -1).any(axis=1))
        if len(empty):
            return int(places[empty[0]]), schema
    return None


def inputs_of_ids(inputs: Sequence[InputSchema]) -> list[InputSchema]:
    """The inputs that reach a model as ids, of which a sample may have none."""
    return [schema for schema in inputs if schema.text or schema.padding == ID_PADDING]
