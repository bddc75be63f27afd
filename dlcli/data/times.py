"""Dates and times as text: which they are, and the seconds since 1970 that they mean."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

IN_ORDER = re.compile(r"\d{4}(([-/.])\d{2}(\2\d{2}([ T]\d{2}:\d{2}.*)?)?)?|\d{2}:\d{2}(:\d{2}.*)?")
"""Times as text that sort in the order of time."""
First = Literal["day", "month"]
"""Which of day and month comes first where the year is last."""
Part = Literal["minute", "hour", "weekday", "day", "month", "yearday", "year"]
PERIODS: dict[str, float] = {"minute": 60, "hour": 24, "weekday": 7, "day": 31, "month": 12, "yearday": 365.25}
"""After how many of it a part begins anew; the year does not."""
CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2})(?P<fraction>\.\d{1,9})?)?( ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
ZONE = r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
WRITTEN = re.compile(
    rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{2}})((?P=mark)(?P<day>\d{{2}})([ T]{CLOCK} ?{ZONE})?)?"
)
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
NAMED = re.compile(
    r"((?P<day>\d{1,2})(?P<mark>[ -]))?(?P<month>[A-Za-z]{3,9})(?(mark)(?P=mark)|[ -])(?P<year>\d{4})"
    r"|(?P<first>\d{4})[ -](?P<named>[A-Za-z]{3,9})"
)
"""A month by its name, as R and statistical offices write it: `1991 Jul`, `Jul 1991`, `31-Jan-2024`."""
QUARTER = re.compile(r"(?P<year>\d{4})[ -]?Q(?P<quarter>[1-4])")
SHORT = re.compile(
    rf"(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark)(?P<year>\d{{4}})([ T]{CLOCK} ?{ZONE})?"
)
"""A day with its year last, of which day or month may come first."""
CLOCK_ALONE = re.compile(CLOCK)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def seconds_of(text: str) -> float | None:
    """The seconds since 1970 of a time such as `2024-01-31 09:30`, without a zone in UTC; of `09:30` those of the day; of
    `1991 Jul` and `2024 Q2` those of their first day.

    None for what is no time, or one whose parts stand in an order that cannot be told.
    """
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        match = CLOCK_ALONE.fullmatch(text.strip())
        return seconds_of_named(text.strip()) if match is None else clock_seconds(match)
    day = day_of(int(match["year"]), int(match["month"]), int(match["day"] or 1))
    if day is None:
        return None
    clock = clock_seconds(match) if match["hour"] else 0.0
    return None if clock is None else day + clock - zone_seconds(match["zone"])


def first_in(texts: Iterable[str]) -> First | None:
    """Which comes first in days that are written with their year last: told by a day beyond 12, or by points between them.

    None where nothing tells it, where both do, and where a text is written otherwise.
    """
    matches = [SHORT.fullmatch(text.strip()) for text in texts]
    found = [match for match in matches if match is not None]
    if not found or len(found) < len(matches):
        return None
    days = any(int(match["one"]) > 12 or match["mark"] == "." for match in found)
    months = any(int(match["two"]) > 12 for match in found)
    return None if days == months else "day" if days else "month"


def are_short_days(texts: Iterable[str]) -> bool:
    """Whether all texts are days with their year last, whichever comes first."""
    matches = [SHORT.fullmatch(text.strip()) for text in texts]
    return bool(matches) and None not in matches


def seconds_as(text: str, first: First | None) -> float | None:
    """The seconds since 1970 of a time, also of `31/01/2024` where it is known which comes first; None for what is no time."""
    match = None if first is None else SHORT.fullmatch(text.strip())
    if match is None:
        return seconds_of(text)
    day, month = (match["one"], match["two"]) if first == "day" else (match["two"], match["one"])
    start = day_of(int(match["year"]), int(month), int(day))
    clock = clock_seconds(match) if match["hour"] else 0.0
    return None if start is None or clock is None else start + clock - zone_seconds(match["zone"])


def seconds_of_named(text: str) -> float | None:
    """The seconds since 1970 of a month by its name, or of a quarter; None for anything else."""
    quarter = QUARTER.fullmatch(text)
    if quarter is not None:
        return day_of(int(quarter["year"]), 3 * int(quarter["quarter"]) - 2, 1)
    match = NAMED.fullmatch(text)
    name = "" if match is None else (match["month"] or match["named"]).lower()
    numbers = [number for number, month in enumerate(MONTHS, start=1) if name in {month, month[:3]}]
    if match is None or not numbers:
        return None
    return day_of(int(match["year"] or match["first"]), numbers[0], int(match["day"] or 1))


def day_of(year: int, month: int, day: int) -> float | None:
    """The seconds from 1970 to a day; None for one that there is not."""
    try:
        return (datetime.datetime(year, month, day, tzinfo=datetime.UTC) - EPOCH).total_seconds()
    except ValueError:
        return None


def clock_seconds(match: re.Match[str]) -> float | None:
    """The seconds since midnight; None for hours, minutes or seconds that there are not."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    return 3600.0 * hour + 60 * minute + second + float(match["fraction"] or 0)


def zone_seconds(zone: str | None) -> int:
    """How many seconds a zone is before UTC; none for no zone."""
    if not zone or zone == "Z":
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (3600 * int(zone[1:3]) + 60 * int(zone[-2:]))


def has_zone(text: str) -> bool:
    """Whether a time says its zone."""
    match = WRITTEN.fullmatch(text.strip())
    return match is not None and bool(match["zone"])


def are_times(texts: Iterable[str]) -> bool:
    """Whether all texts are times, and there is one."""
    held = list(texts)
    first = first_in(held)
    seconds = [seconds_as(text, first) for text in held]
    return bool(seconds) and None not in seconds


def time_features(seconds: np.ndarray[Any, Any], parts: Sequence[Part]) -> np.ndarray[Any, Any]:
    """Seconds since 1970 (rows,), NaN where none is known, as features (rows, features) in 64 bits.

    Without parts the seconds themselves; a part becomes sine and cosine over its period, the year a number.
    """
    import numpy as np

    if not parts:
        return seconds[:, None]
    known = ~np.isnan(seconds)
    moments = np.where(known, seconds, 0.0)
    days = np.floor(moments / 86400).astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    columns: list[np.ndarray[Any, Any]] = []
    for part in parts:
        if part == "year":
            columns.append(years.astype(np.int64) + 1970.0)
            continue
        value = {
            "minute": moments / 60 % 60 // 1,
            "hour": moments / 3600 % 24 // 1,
            "weekday": (days.astype(np.int64) + 3) % 7,
            "day": (days - months).astype(np.int64),
            "month": (months - years).astype(np.int64),
            "yearday": (days - years).astype(np.int64),
        }[part]
        angle = 2 * np.pi * value / PERIODS[part]
        columns += [np.sin(angle), np.cos(angle)]
    features = np.stack(columns, axis=1)
    features[~known] = np.nan
    return features


def times_of(name: str, column: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What puts rows (rows,) in the order of time. Raises `DataError` for text whose order is not that of time."""
    import numpy as np

    texts = [value for value in column if isinstance(value, str)]
    first = first_in(texts)
    short = [seconds_as(text, first) for text in texts] if first is not None else []
    if short and None not in short:
        return np.array(short, np.float64)
    named = [seconds_of_named(text.strip()) for text in texts]
    if named and None not in named:
        return np.array(named, np.float64)
    odd = next((value for value in texts if not IN_ORDER.fullmatch(value.strip())), None)
    if odd is not None:
        raise DataError(
            f"the split is by the time in column '{name}', which holds '{odd}'",
            hint="write times as numbers, or the year first and every part with all its digits: 2024-01-31 09:30",
            kind="not_a_time",
        )
    zones = [has_zone(text) for text in texts]
    if not any(zones):
        return column
    if not all(zones):
        without = texts[zones.index(False)]
        raise DataError(
            f"the split is by the time in column '{name}', which holds '{without}' without a time zone beside others with one",
            hint="write the zone of every time, or of none",
            kind="not_a_time",
        )
    # As text 10:00+09:00 stands behind 02:00Z, and is an hour earlier.
    seconds = [seconds_of(text) for text in texts]
    if None in seconds:
        raise DataError(
            f"the split is by the time in column '{name}', which holds '{texts[seconds.index(None)]}'",
            hint="write times such as 2024-01-31 09:30:00+09:00",
            kind="not_a_time",
        )
    return np.array(seconds)
