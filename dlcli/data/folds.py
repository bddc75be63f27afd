"""Folds: all samples but those of the test cut into parts, each of which is held out once as validation.

Between classes each part has the same shares, to the nearest sample; no group is in two parts; and where the split is by time
each part is judged by what was trained on all before it, and on nothing behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.times import times_of
from dlcli.errors import DataError
from dlcli.spec import Mistake, fail

if TYPE_CHECKING:
    import numpy as np

    Rows = np.ndarray[Any, Any]

FEWEST_FOLDS, MOST_FOLDS = 2, 10_000
WRITTEN = re.compile(r"(\d{1,5})/(\d{1,5})")
FEWER = "ask for fewer folds, or bring more data"


@dataclass(frozen=True)
class Fold:
    """Which of how many folds is held out; the first is number 1."""

    number: int
    of: int


def read_fold(text: str) -> Fold:
    """The fold of `1/5`. Raises `ValidationError` for what is none."""
    found = WRITTEN.fullmatch(text)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (FEWEST_FOLDS <= of <= MOST_FOLDS and 1 <= number <= of):
        message = f"'{text}' is no fold of {FEWEST_FOLDS} to {MOST_FOLDS}, as 1/5 is the first of five"
        fail(Mistake(message, kind="not_a_fold"))
    return Fold(number, of)


@dataclass(frozen=True)
class ByColumn:
    """How a split goes, and by the `values` (samples,) of which column: of files their numbers, without any the order."""

    way: str | None
    column: str | None
    values: Rows


def with_fold(
    parts: Mapping[str, Rows],
    fold: Fold,
    by: ByColumn,
    classes: Rows | None,
    generator: np.random.Generator,
    *,
    names: Sequence[str],
) -> dict[str, Rows]:
    """The splits (samples of the split,) with all that is not test cut anew: its fold is for validation.

    `classes` (samples,) are the class indices of all samples, and `names` the names of the classes. Raises `DataError` where
    there are too few samples, groups or times.
    """
    import numpy as np

    test = parts.get("test", np.zeros(0, np.int64))
    rows = np.sort(np.concatenate([parts[name] for name in ("train", "validation") if name in parts]))
    if by.way == "time":
        times = by.values if by.column is None else times_of(by.column, by.values)
        train, held = time_folds(rows, times, fold)
    elif by.way in {"group", "file"}:
        what = "files" if by.way == "file" else f"groups of '{by.column}'"
        train, held = group_folds(rows, by.values, fold, generator, what=what)
    else:
        train, held = spread_folds(rows, None if by.way == "random" else classes, fold, generator, names=names)
    return {"train": train, "validation": held, "test": test}


def spread_folds(
    rows: Rows, classes: Rows | None, fold: Fold, generator: np.random.Generator, *, names: Sequence[str]
) -> tuple[Rows, Rows]:
    """Rows (rows,) for training and those held out, by chance; `classes` (samples,) have the same share in each fold.

    Raises `DataError` where a class of these `names`, or all rows, are fewer than folds.
    """
    import numpy as np

    order = rows[generator.permutation(len(rows))]
    if classes is not None:
        check_class_sizes(classes[rows], fold, names)
        order = order[np.argsort(classes[order], kind="stable")]
    elif len(rows) < fold.of:
        raise too_few(fold, f"samples, and there {are(len(rows), 'sample')} beside the test split")
    # Dealt out in the order of their classes, neither a class nor the whole differs by more than one between two folds.
    held = np.arange(len(order)) % fold.of == fold.number - 1
    return order[~held], order[held]


def check_class_sizes(classes: Rows, fold: Fold, names: Sequence[str]) -> None:
    """Raises `DataError` for a class that has fewer samples than folds; what is no class of these has no name."""
    import numpy as np

    counts = np.bincount(classes, minlength=len(names))[: len(names)]
    few = [at for at in np.argsort(counts, kind="stable") if 0 < counts[at] < fold.of]
    if few:
        told = ", ".join(f"{counts[at]} of '{names[at]}'" for at in few[:3])
        more = f" and {len(few) - 3} more classes" if len(few) > 3 else ""
        there = "is" if counts[few[0]] == 1 and not more and len(few) == 1 else "are"
        raise too_few(fold, f"samples of each class, and beside the test split there {there} {told}{more}")


def group_folds(
    rows: Rows, groups: Rows, fold: Fold, generator: np.random.Generator, *, what: str
) -> tuple[Rows, Rows]:
    """Rows (rows,) for training and those held out, whole groups of `groups` (samples,): the largest first, each into the fold
    that has the fewest samples. Raises `DataError` where there are fewer groups than folds.
    """
    import numpy as np

    found, index, counts = np.unique(groups[rows].astype(str), return_inverse=True, return_counts=True)
    if len(found) < fold.of:
        raise too_few(fold, f"{what}, and there {are(len(found))} beside the test split")
    order = generator.permutation(len(found))
    taken, where = np.zeros(fold.of, np.int64), np.zeros(len(found), np.int64)
    for group in order[np.argsort(-counts[order], kind="stable")]:
        where[group] = int(np.argmin(taken))
        taken[where[group]] += counts[group]
    held = where[index] == fold.number - 1
    return rows[~held], rows[held]


def time_folds(rows: Rows, times: Rows, fold: Fold) -> tuple[Rows, Rows]:
    """Rows (rows,) for training and those held out, by their times (samples,): each fold is what follows all before it, cut
    where a time ends. Raises `DataError` where there are too few times.
    """
    import numpy as np

    order = rows[np.argsort(times[rows], kind="stable")]
    ends = np.flatnonzero(times[order[1:]] != times[order[:-1]]) + 1
    if len(ends) < fold.of:
        raise too_few(fold, f"times and one before them, and there {are(len(ends) + 1)} beside the test split")
    size = len(order) // (fold.of + 1)
    borders, first = list[int](), 0
    for left in range(fold.of, 0, -1):
        choice = ends[first : len(ends) - left + 1]  # each border behind it has a place of its own
        at = int(np.argmin(np.abs(choice - (len(order) - size * left))))
        borders.append(int(choice[at]))
        first += at + 1
    start, end = [*borders, len(order)][fold.number - 1 : fold.number + 1]
    return order[:start], order[start:end]


def are(count: int, what: str = "") -> str:
    """How many there are, in words."""
    name = f" {what}" if what and count == 1 else f" {what}s" if what else ""
    return f"{'is' if count == 1 else 'are'} {count:,}{name}"


def too_few(fold: Fold, what: str) -> DataError:
    """The error of folds that there is too little for."""
    return DataError(f"{fold.of} folds need at least {fold.of} {what}", hint=FEWER, kind="too_few_for_folds")
