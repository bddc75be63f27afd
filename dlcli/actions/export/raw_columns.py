"""The cells of a table as a Keras graph takes them: numbers, names and times by column, encoded as training encoded them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dlcli.data.schema import ColumnSchema
from dlcli.data.times import PERIODS, Part

DAY = 86400
LEAST = -3.4e38
CYCLE_DAYS, CYCLE_YEARS = 146_097, 400
"""After so many days, which are so many years, the calendar begins anew."""
TO_MARCH = 719_468
"""Days from the first of March of the year 0 to 1970."""
TO_FIRST = 719_162
"""Days from the beginning of the year 1 to 1970."""


def encoded_column(column: ColumnSchema, cells: Any, *, dtype: str) -> Any:
    """The features (…, width) of the cells (…) of a column, of numbers, codes or seconds, with empty cells filled."""
    from keras import ops

    if column.kind == "category":
        # Not one_hot: some formats take the code -1, which is none, for the last one.
        codes = ops.convert_to_tensor([*range(len(column.categories))], dtype=cells.dtype)
        return ops.cast(ops.equal(ops.expand_dims(cells, -1), codes), dtype)
    if column.fill is not None and "float" in cells.dtype:
        # NaN is not above the least of all numbers. What asks for NaN itself is a constant in LiteRT, and what asks for
        # `at least` is `not less` in ONNX.
        cells = ops.where(ops.greater(cells, LEAST), cells, float(column.fill))
    if column.kind == "time" and column.parts:
        return time_parts(cells, column.parts, dtype=dtype)
    return ops.expand_dims(ops.cast(cells, dtype), -1)


def codes_of_names(column: ColumnSchema, cells: Any) -> Any:
    """Which of the names of a column its cells (…) of text are, from 0 on; -1 for none of them."""
    import keras

    keys, codes = names_with_codes(column.categories, column.fill)
    unknown = "unknown"
    while unknown in keys:
        unknown += "_"
    lookup = keras.layers.StringLookup(vocabulary=keys, num_oov_indices=1, oov_token=unknown)
    # The layer has 0 for what it does not know.
    return keras.ops.take(keras.ops.convert_to_tensor([-1, *codes], dtype="int64"), lookup(cells))


def names_with_codes(names: Sequence[str], fill: float | str | None) -> tuple[list[str], list[int]]:
    """The texts that a column of names knows and the code of each; an empty one is that of what fills it."""
    keys, codes = list(names), list(range(len(names)))
    if fill is not None and "" not in keys:
        codes.append(keys.index(str(fill)) if str(fill) in keys else -1)
        keys.append("")
    return keys, codes


def time_parts(seconds: Any, parts: Sequence[Part], *, dtype: str) -> Any:
    """Seconds since 1970 (…) as the features (…, features) of their parts: sine and cosine over a period, the year a number.

    Where they are whole numbers of 32 bits, all but telling days from seconds is exact in numbers of 32 bits too.
    """
    from keras import backend, ops

    if "int" in backend.standardize_dtype(seconds.dtype):
        whole_days = ops.floor_divide(seconds, DAY)
        days, of_day = ops.cast(whole_days, dtype), ops.cast(seconds - whole_days * DAY, dtype)
    else:
        days = whole_parts(ops.floor(seconds), DAY)
        of_day = ops.floor(seconds) - DAY * days
    hours = whole_parts(of_day, 3600)
    values = {
        "minute": whole_parts(of_day, 60) - 60 * hours,
        "hour": hours,
        "weekday": days + 3 - 7 * whole_parts(days + 3, 7),
    }
    if {*parts} - {*values}:
        values |= calendar_of(days)
    features: list[Any] = []
    for part in parts:
        if part == "year":
            features.append(values[part])
            continue
        angle = values[part] * (2 * math.pi / PERIODS[part])
        features += [ops.sin(angle), ops.cos(angle)]
    return ops.cast(ops.stack(features, axis=-1), dtype)


def calendar_of(days: Any) -> dict[str, Any]:
    """Year, month, day of the month and day of the year, the last three from 0 on, of days since 1970 (…).

    Years are counted from March, so that the day that only some have is their last. Source: H. Hinnant,
    chrono-compatible low-level date algorithms (2013).
    """
    from keras import ops

    shifted = days + TO_MARCH
    cycle = whole_parts(shifted, CYCLE_DAYS)
    of_cycle = shifted - cycle * CYCLE_DAYS
    leaps = whole_parts(of_cycle, 36_524) - whole_parts(of_cycle, 1460) - whole_parts(of_cycle, 146_096)
    year_of_cycle = whole_parts(of_cycle + leaps, 365)
    from_march = of_cycle - (365 * year_of_cycle + whole_parts(year_of_cycle, 4) - whole_parts(year_of_cycle, 100))
    month_from_march = whole_parts(5 * from_march + 2, 153)
    day = from_march - whole_parts(153 * month_from_march + 2, 5)
    is_late = ops.cast(ops.greater_equal(month_from_march, 10), days.dtype)  # January and February
    month = month_from_march + 2 - 12 * is_late
    year = year_of_cycle + cycle * CYCLE_YEARS + is_late
    before = year - 1
    first = 365 * before + whole_parts(before, 4) - whole_parts(before, 100) + whole_parts(before, 400)
    return {"year": year, "month": month, "day": day, "yearday": days - (first - TO_FIRST)}


def whole_parts(values: Any, size: int) -> Any:
    """How many times a size goes into whole numbers (…).

    Half of one is added, because what makes a format turns dividing into multiplying, which falls short of a whole number.
    """
    from keras import ops

    return ops.floor((values + 0.5) / size)
