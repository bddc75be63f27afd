"""Values as they stand in the data: which are empty, which are not finite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np


def missing(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which values (samples, …) are empty: None in text, NaN in numbers; (samples,) booleans."""
    import numpy as np

    if values.dtype == object:
        absent: np.ndarray[Any, Any] = (values == None).astype(bool)  # noqa: E711 (of each element)
        return absent
    if values.dtype.kind != "f":
        return np.zeros(len(values), bool)
    if not values.size or not np.isnan(values.min()):  # a look without a copy; most data has none
        return np.zeros(len(values), bool)
    empty: np.ndarray[Any, Any] = np.isnan(values).any(axis=tuple(range(1, values.ndim)))
    return empty


def check_finite(name: str, values: np.ndarray[Any, Any], fields: Fields) -> None:
    """Refuses values (rows, …) that are infinite, or would be as numbers of 32 bits, with their count and the first row."""
    import numpy as np

    if values.dtype.kind != "f":
        return
    largest = np.float64(np.finfo(np.float32).max)  # a plain number would be rounded to infinity beside float16
    if not values.size or (values.min() >= -largest and values.max() <= largest):
        return
    infinite = np.flatnonzero((np.abs(values) > largest).any(axis=tuple(range(1, values.ndim))))
    if len(infinite):
        file, line, words = fields.where(int(infinite[0]), name)
        is_infinite = not np.isfinite(values[infinite]).all()
        what = "is infinite" if is_infinite else f"is larger than {largest:.1e}"
        raise DataError(
            f"'{name}' {what} in {rows_in_words(len(infinite))}, first in {words}",
            file=file,
            line=line,
            hint="correct the data: no model takes an infinite number"
            if is_infinite
            else "write it in larger units: models reckon in 32 bits, and these hold no more",
            kind="not_finite",
        )


def rows_in_words(count: int) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} row" if count == 1 else f"{count} rows"
