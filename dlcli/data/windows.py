"""Windows: the rows of a table, in their order, cut into overlapping pieces that are the samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from dlcli.errors import DataError
from dlcli.spec import Spec

if TYPE_CHECKING:
    import numpy as np

Count = Annotated[int, Field(ge=1, le=10**9)]


class Windows(Spec):
    """How rows become windows. Rows of different groups, or of different files, are never in one window."""

    window: Count
    """How many rows a window holds."""
    horizon: Annotated[int, Field(ge=0, le=10**9)] = 1
    """How many rows after its last one the target stands, counted in steps of `sampling`; 0 is the last row itself."""
    stride: Count = 1
    """How many rows after each other two windows begin."""
    sampling: Count = 1
    """Every how many-th row is in a window."""
    group: str | None = None
    """A column that says which rows belong to one series."""

    @property
    def reach(self) -> int:
        """From the first row of a window to its target."""
        return self.sampling * (self.window - 1 + self.horizon)

    def starts(self, segments: Sequence[int], *, with_target: bool = True) -> np.ndarray[Any, Any]:
        """The rows at which windows begin (windows,); `segments` are the lengths of series that follow each other.

        Without target a window may end at the last row. Raises `DataError` where no series is long enough.
        """
        import numpy as np

        reach = self.reach if with_target else self.sampling * (self.window - 1)
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
