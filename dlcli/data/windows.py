"""Windows: the rows of a table, in their order, cut into overlapping pieces that are the samples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from dlcli.errors import DataError
from dlcli.spec import Mistake, Spec, fail

if TYPE_CHECKING:
    import numpy as np

Count = Annotated[int, Field(ge=1, le=10**9)]
Ahead = Annotated[int, Field(ge=0, le=10**9)]
MOST_HORIZONS, MOST_AHEAD = 10_000, 10**9


def read_horizons(value: Any) -> Any:
    """The steps ahead, also where they are written as `1..14`. Raises `ValidationError` for what is none."""
    if isinstance(value, list) and len({*map(str, value)}) < len(value):
        fail(Mistake("a step ahead stands twice in 'horizon'", suggestion="write each once", kind="out_of_range"))
    each = value if isinstance(value, list) and value else [value]
    if not isinstance(value, str) and not all(isinstance(one, int) and not isinstance(one, bool) for one in each):
        fail(
            Mistake(f"'horizon' must be a whole number, several in a list, or 1..14, found {value}", kind="wrong_type")
        )
    if not isinstance(value, str) and not all(0 <= one <= MOST_AHEAD for one in each):
        fail(Mistake(f"'horizon' counts steps ahead from 0 on, found {value}", kind="out_of_range"))
    found = re.fullmatch(r"\s*(\d{1,9})\s*\.\.\s*(\d{1,9})\s*", value) if isinstance(value, str) else None
    if found is None:
        return value
    first, last = int(found[1]), int(found[2])
    if last < first or last - first >= MOST_HORIZONS:
        fail(
            Mistake(
                f"'{value}' is no range of steps ahead",
                suggestion="write the nearest first: 1..14",
                kind="out_of_range",
            )
        )
    return list(range(first, last + 1))


Several: TypeAlias = Annotated[list[Ahead], Field(min_length=1)]
Range: TypeAlias = Annotated[str, Field(pattern=r"^\s*\d+\s*\.\.\s*\d+\s*$")]
Horizon: TypeAlias = Annotated[
    Ahead | Several, BeforeValidator(read_horizons, json_schema_input_type=Ahead | Several | Range)
]
"""Steps ahead: one number, a list of them, or `1..14`."""


class Windows(Spec):
    """How rows become windows. Rows of different groups, or of different files, are never in one window."""

    window: Count | None
    """How many rows a window holds; None where each series is a sample as a whole."""
    horizon: Horizon = 1
    """How many rows after its last one the target stands, counted in steps of `sampling`; 0 is the last row itself. Several
    make a vector of that many values."""
    each_step: bool = False
    """Whether each row of a window has a target of its own, so many rows after it."""
    length: Count | None = None
    """Of series that are samples as a whole how many rows each has, shorter ones with padding behind; by default those of the
    longest."""
    stride: Count = 1
    """How many rows after each other two windows begin."""
    sampling: Count = 1
    """Every how many-th row is in a window."""
    group: str | None = None
    """A column that says which rows belong to one series."""

    @property
    def horizons(self) -> list[int]:
        """The steps ahead at which targets stand, in the order in which they are written."""
        return self.horizon if isinstance(self.horizon, list) else [self.horizon]

    @property
    def furthest(self) -> int:
        """The rows from the last row of a window to its furthest target."""
        return self.sampling * max(self.horizons)

    @property
    def to_named(self) -> int:
        """The rows from the last row of a window to the one by which it is named: that of its target, or where it has several
        steps ahead, or one at each step, its last row itself, from which `NAME+3` counts.
        """
        return 0 if isinstance(self.horizon, list) or self.each_step else self.furthest

    @property
    def at_gaps(self) -> str:
        """What becomes of samples where rows are left out."""
        return (
            "no window reaches over such a gap"
            if self.window
            else "their series are shorter by these, and so are answers"
        )

    @property
    def steps(self) -> int:
        """How many rows of a series a sample has, padding with them."""
        steps = self.window or self.length
        assert steps is not None  # known as soon as the series have been read
        return steps

    @property
    def inside(self) -> int:
        """The rows from the first row of a window to its last."""
        return self.sampling * (self.steps - 1)

    @property
    def reach(self) -> int:
        """The rows from the first row of a window to its furthest target."""
        return self.inside + self.furthest

    @property
    def target_shape(self) -> list[int]:
        """The axes that a target of one value a row has in a window: its steps, and the steps ahead where there are several."""
        steps = [self.steps] if self.each_step else []
        return [*steps, len(self.horizons)] if isinstance(self.horizon, list) else steps

    def target_rows(self) -> np.ndarray[Any, Any]:
        """The rows (*target_shape) of the targets of a window, counted from its first row."""
        import numpy as np

        steps = self.sampling * (np.arange(self.steps) if self.each_step else np.array([self.steps - 1]))
        rows: np.ndarray[Any, Any] = steps[:, None] + self.sampling * np.array(self.horizons)
        return rows.reshape(self.target_shape)

    def starts(self, segments: Sequence[int], *, with_target: bool = True) -> np.ndarray[Any, Any]:
        """The rows at which windows begin (windows,); `segments` are the lengths of series that follow each other.

        Without target a window may end at the last row. Raises `DataError` where no series is long enough.
        """
        import numpy as np

        reach = self.reach if with_target else self.inside
        found, start = [], 0
        for length in segments:
            found.append(np.arange(start, start + length - reach, self.stride))
            start += length
        starts = np.concatenate(found)
        if not len(starts):
            longest = max(segments)
            what, hint = "a window", None
            if with_target:
                what, hint = "a window with its target", "write a smaller window, horizon or sampling"
            raise DataError(
                f"{what} reaches over {reach + 1} rows, but the longest series has {longest}",
                hint=hint,
                kind="window_too_long",
            )
        return starts
