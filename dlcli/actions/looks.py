"""What a column of data looks like to be: times, names of rows or kinds, sentences, classes, yes and no."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data import Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.fields.values import missing
from dlcli.data.first_pass import find_empty
from dlcli.data.inputs import MOST_CATEGORIES, is_running_text
from dlcli.data.sources.folders.audio import Audio
from dlcli.data.sources.folders.images import Images
from dlcli.data.times import are_short_days, are_times, first_in, seconds_of, seconds_of_named
from dlcli.data.truth_words import is_truth_text

if TYPE_CHECKING:
    import numpy as np

DAY = re.compile(r"\d{4}[-/.]\d{2}([-/.]\d{2})?([ T]\d{2}:\d{2}.*)?")
FEW, ROWS_A_NAME = 20, 3
"""Names that stand in fewer rows on average, of more than a few rows, tell rows apart and not kinds."""
MOST_CLASSES = 20
YEARS = (1800, 2100)
FEWEST_TIMES = 3


def named_file(fields: Fields) -> str | None:
    """The file that an error names."""
    return fields.places[0].file or None


def too_many(values: Any) -> bool:
    """Whether a column of text names rows rather than kinds."""
    present = [value for value in values.tolist() if value is not None]
    different = len(set(present))
    return different > MOST_CATEGORIES or (len(present) > 20 and different > 0.9 * len(present))


def ascends(values: np.ndarray[Any, Any]) -> bool:
    """Whether a column (rows,) is a time: dates that go on, or whole numbers that count in equal steps."""
    import numpy as np

    if values.dtype == object:
        seconds = [None if value is None else seconds_of(value) for value in values.tolist()]
        return None not in seconds and bool(np.all(np.diff(np.array(seconds, float)) > 0))
    steps = np.diff(values)
    return values.dtype.kind in "iu" and bool(len(steps)) and steps[0] > 0 and bool(np.all(steps == steps[0]))


def is_yes_or_no(column: Any) -> bool:
    """Whether a column (rows,) in memory holds 0 and 1, or words for no and yes."""
    if is_lazy(column) or column.ndim > 1:
        return False
    known = column[~missing(column[:])]
    return is_truth_text(known) if column.dtype == object else {*known_values(column[:]).tolist()} == {0, 1}


def known_values(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The different numbers of a column (rows,), ascending, without empty cells."""
    import numpy as np

    return np.unique(values[~missing(values)])


def are_classes(values: np.ndarray[Any, Any]) -> bool:
    """Whether numbers (rows,) look like names of classes: two whole ones, or up to twenty that follow each other, each in
    two rows or more.
    """
    import numpy as np

    different = known_values(values)
    if not 1 < len(different) <= MOST_CLASSES or not np.isfinite(different).all() or (different % 1 != 0).any():
        return False
    follow = different[-1] - different[0] == len(different) - 1
    rarest = min(int((values == value).sum()) for value in different)
    return len(different) == 2 or bool(follow and rarest > 1)


def is_time_input(values: Any) -> bool:
    """Whether a column of text holds nothing but times, of which dlcli makes numbers where it is asked for."""
    return are_times(value for value in values.tolist() if value is not None)


def is_unclear_day(values: Any) -> bool:
    """Whether a column holds days with their year last, and nothing tells whether day or month comes first."""
    texts = [value for value in values.tolist() if value is not None]
    return are_short_days(texts) and first_in(texts) is None


def names_rows(values: Any) -> bool:
    """Whether a column of text has so many names that most stand in one or two rows: they say nothing of new rows."""
    present = [value for value in values.tolist() if value is not None]
    return too_many(values) or (len(present) > FEW and len(set(present)) * ROWS_A_NAME > len(present))


def files_named(fields: Fields, names: Sequence[str]) -> str:
    """What to write where one of some columns names pictures or sounds; nothing where none does."""
    for source in (Images, Audio):
        for name in names:
            cells = [str(value).lower() for value in fields.arrays[name][:FEW].tolist() if value is not None]
            if cells and all(cell.endswith(source.inside) for cell in cells):
                table = Path(named_file(fields) or "").name
                return f"; to read the files of '{name}': source: {{{source.word}: {{path: {table}}}}}"
    return ""


def is_names(fields: Fields, name: str) -> bool:
    """Whether a field is a column of text in memory."""
    return fields.arrays[name].dtype == object and not is_running_text(fields, name)


def mostly_sentences(values: Any) -> bool:
    """Whether most cells are three words or more, and no dates."""
    present = [value for value in values[:200].tolist() if value is not None]
    return sum(len(value.split()) > 2 and not DAY.fullmatch(value.strip()) for value in present) > len(present) / 2


def empty_columns_of(fields: Fields, target: str | None) -> list[str]:
    """The columns of a table beside the target in which no cell holds anything."""
    if not fields.is_table or fields.windows is not None:
        return []
    names = [name for name, column in fields.arrays.items() if name != target and column.ndim == 1]
    empty, _ = find_empty(fields, names)
    return [name for name, each in empty.items() if each.count == fields.samples]


def are_days(texts: Sequence[str]) -> bool:
    """Whether all texts are days, months or quarters, with their year first, or last where day and month can be told."""
    dated = all(DAY.fullmatch(text.strip()) or seconds_of_named(text.strip()) is not None for text in texts)
    return dated or (first_in(texts) is not None and are_times(texts))


def rises_as_time(values: np.ndarray[Any, Any]) -> bool:
    """Whether whole numbers (rows,) are years, or days such as 20240131, that go on from row to row."""
    import numpy as np

    if values.dtype.kind not in "iu" or len(values) < FEWEST_TIMES or (values[1:] < values[:-1]).any():
        return False
    different = np.unique(values)
    if len(different) < FEWEST_TIMES:
        return False
    if YEARS[0] <= different[0] and different[-1] <= YEARS[1]:
        return True
    digits = [f"{each:08d}" for each in different]
    return are_times(f"{each[:-4]}-{each[-4:-2]}-{each[-2:]}" for each in digits)


def has_void_ends(values: np.ndarray[Any, Any]) -> bool:
    """Whether an array (samples, places) holds classes 0, 1, … in the middle of rows, and -1 at their ends alone."""
    import numpy as np

    if values.ndim != 2 or values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        return False
    different = np.unique(values).tolist()
    if not 2 < len(different) <= MOST_CLASSES + 1 or different != [*range(-1, len(different) - 1)]:
        return False
    # From one place to the next -1 begins once and ends once at most.
    void = values == -1
    return bool(((~void[:, 1:] & void[:, :-1]).sum(axis=1) <= 1).all()) and not (
        (void[:, 1:-1] & ~void[:, :-2] & ~void[:, 2:]).any()
    )
