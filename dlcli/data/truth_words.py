"""Words for yes and no in a column of text: yes and no, or true and false, in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

PAIRS = ({"no", "yes"}, {"false", "true"})
OWN = "write data.targets: {NAME: COLUMN, …} for several targets of their own"
YES = frozenset({"yes", "true"})
NO = frozenset({"no", "false"})


def is_truth_text(values: Column) -> bool:
    """Whether a column holds nothing but yes and no, or nothing but true and false."""
    if values.dtype != object or values.ndim > 1:
        return False
    words = {str(each).strip().lower() for each in {*values[:]}}
    return any(words <= pair for pair in PAIRS)


def no_truth(name: str, fields: Fields, joined: list[str], *, numbers: bool) -> DataError:
    """The error of a column of text among several that are joined, with its first row that is neither yes nor no.

    `numbers` says that these are to be numbers, which no word is.
    """
    values = fields.arrays[name][:]
    odd = (row for row, each in enumerate(values.tolist()) if str(each).strip().lower() not in YES | NO)
    row = 0 if numbers else next(odd, 0)
    file, line, words = fields.where(row, name)
    return DataError(
        f"the target joins the columns {', '.join(joined)}, but '{name}' holds text ('{values[row]}' in {words})",
        file=file,
        line=line,
        hint=OWN if numbers else f"write 0 and 1, yes and no, or true and false for a yes or no in each; or {OWN[6:]}",
        kind="joined_columns_differ",
    )


def truth_numbers(name: str, fields: Fields) -> np.ndarray[Any, Any]:
    """Numbers (samples,) float32 of a column, of words for yes and no 1 and 0. Raises `DataError` for another word."""
    import numpy as np

    values = fields.arrays[name][:]
    if values.dtype != object:
        return values.astype(np.float32)
    words = [str(each).strip().lower() for each in values.tolist()]
    odd = next((row for row, word in enumerate(words) if word not in YES | NO), None)
    if odd is not None:
        file, line, where = fields.where(odd, name)
        raise DataError(
            f"'{name}' is '{values[odd]}' in {where}, which is neither yes nor no",
            file=file,
            line=line,
            hint="write 0 and 1, yes and no, or true and false",
            kind="target_is_text",
        )
    return np.array([word in YES for word in words], np.float32)
