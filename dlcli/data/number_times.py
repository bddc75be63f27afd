"""Columns of kind time: which of day and month comes first, and numbers that are no seconds since 1970."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.times import First, day_of, first_in
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

YEARS = (1500, 2200)
DATES = (10_000_000, 99_999_999)
LATEST = 1e11
"""More seconds than these after 1970 lead beyond the year 5138, while milliseconds lead to 1973."""
AS_NUMBERS = "leave kind: time out, so that they are read as the numbers that they are"


def first_of_day(name: str, fields: Fields) -> First | None:
    """Whether day or month comes first in a column of times whose years are last."""
    if fields.arrays[name].dtype != object:
        return None
    texts: set[str] = set()
    for part in fields.parts({name}):
        texts |= {str(value) for value in part.arrays[name][:].tolist() if value is not None}
    return first_in(texts)


def check_seconds(name: str, fields: Fields) -> None:
    """Refuses numbers of kind time that are no seconds since 1970, with what they look like, by the first rows."""
    import numpy as np

    if fields.arrays[name].dtype.kind not in "iuf":
        return
    values = next(fields.parts({name})).arrays[name][:]
    rows = np.flatnonzero(np.isfinite(values))
    meant = meant_by(values[rows]) if len(rows) else None
    if meant is None:
        return
    looks, hint = meant
    file, line, words = fields.where(int(rows[0]), name)
    raise DataError(
        f"column '{name}' is of kind time, where numbers are seconds since 1970, "
        f"but they look like {looks}: {values[rows[0]]:.15g} in {words}",
        file=file,
        line=line,
        hint=hint,
        kind="not_a_time",
    )


def meant_by(values: np.ndarray[Any, Any]) -> tuple[str, str] | None:
    """What numbers (rows,) look like that are no seconds since 1970, and what to write; None of those that may be."""
    import numpy as np

    whole, least, most = bool((values == np.floor(values)).all()), float(values.min()), float(values.max())
    if whole and least >= YEARS[0] and most <= YEARS[1]:
        return "years", AS_NUMBERS
    if least >= -1 and most <= 1 and np.any(values != 0):
        return "shares", AS_NUMBERS
    if whole and least >= DATES[0] and most <= DATES[1] and all(map(is_written_date, np.unique(values).tolist())):
        return "dates without marks", "write them with marks: 2024-01-31"
    if np.abs(values).max() > LATEST:
        return "milliseconds, or less", "write seconds, or dates such as 2024-01-31 09:30"
    return None


def is_written_date(number: float) -> bool:
    """Whether a whole number is a date in eight digits, the year first."""
    year, rest = divmod(int(number), 10_000)
    return YEARS[0] <= year <= YEARS[1] and day_of(year, rest // 100, rest % 100) is not None
