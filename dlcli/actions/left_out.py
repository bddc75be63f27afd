"""Rows of other data that have an empty cell, where training left such rows out: no answer is given for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.config import Config
from dlcli.data import Fields, Schema
from dlcli.data.encode import empty_counts
from dlcli.data.fields.values import rows_in_words
from dlcli.data.first_pass import find_empty
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

MOST_NAMED = 5


@dataclass(frozen=True)
class LeftOut:
    """How many rows were left out, and the first of them in words."""

    count: int
    first: tuple[str, ...]
    ends: str = ""
    """What follows from the gaps, where windows are cut."""

    def __str__(self) -> str:
        words = ", ".join(self.first) + (", …" if self.count > len(self.first) else "")
        were = "was" if self.count == 1 else "were"
        return f"{rows_in_words(self.count)} with empty cells {were} left out, as in training: {words}{self.ends}"

    def __add__(self, other: LeftOut) -> LeftOut:
        return LeftOut(self.count + other.count, (*self.first, *other.first)[:MOST_NAMED], self.ends)


@dataclass(frozen=True)
class Complete:
    """The rows without empty cells: `fields` holds these alone, and `rows` (rows,) are their numbers among all of them."""

    fields: Fields
    rows: np.ndarray[Any, Any]
    left: LeftOut | None = None

    @property
    def notes(self) -> list[str]:
        """Which rows were left out."""
        return [] if self.left is None else [str(self.left)]


def complete_rows(
    fields: Fields, config: Config, schema: Schema, *, with_target: bool, all_may_go: bool = False
) -> Complete:
    """Leaves out the rows with an empty cell where the run did so in training (`missing: drop`), and says which these are.

    Raises `DataError` where no row is left, unless `all_may_go`.
    """
    import numpy as np

    everything = np.arange(fields.samples)
    if config.data.missing != "drop":
        return Complete(fields, everything)
    names = [name for name in needed_columns(config, schema, with_target=with_target) if name in fields.arrays]
    empty, rows = find_empty(fields, names)
    if not len(rows):
        return Complete(fields, everything)
    if len(rows) == fields.samples and not all_may_go:
        file, line, _ = fields.where(int(rows[0]))
        message = f"no row is left: each has an empty cell ({empty_counts(empty)})"
        raise DataError(message, file=file, line=line, kind="no_rows_left")
    words = tuple(fields.where(int(row))[2] for row in rows[:MOST_NAMED])
    ends = "" if fields.windows is None else f"; {fields.windows.at_gaps}"
    others = np.setdiff1d(everything, rows, assume_unique=True)
    return Complete(fields.chosen(others), others, LeftOut(len(rows), words, ends))


def needed_columns(config: Config, schema: Schema, *, with_target: bool) -> list[str]:
    """The columns of which no cell may be empty; a target of several labels a sample may have none."""
    names = [column.name for each in schema.inputs for column in each.columns or []]
    names += [
        name for each in schema.inputs if each.columns is None for name in each.texts or [each.array or each.name]
    ]
    if schema.windows is not None and schema.windows.group is not None:
        names.append(schema.windows.group)
    if with_target:
        names += [name for each in schema.present if each.labels is None for name in each.names]
        names += [config.train.sample_weight] if config.train.sample_weight is not None else []
    return list(dict.fromkeys(names))


def with_blanks(values: np.ndarray[Any, Any], rows: np.ndarray[Any, Any], total: int) -> np.ndarray[Any, Any]:
    """Answers (samples, …) in their rows among `total`; the other rows are empty: NaN, or None of what is no fraction."""
    import numpy as np

    if len(rows) == total:
        return values
    fractions = values.dtype.kind == "f"
    spread = np.full((total, *values.shape[1:]), np.nan if fractions else None, values.dtype if fractions else object)
    spread[rows] = values
    return spread
