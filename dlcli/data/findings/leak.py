"""A target that one input gives away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset, class_indices
from dlcli.data.findings.columns import input_columns, settings_without, training_columns, training_texts
from dlcli.data.findings.in_text import way_of_words
from dlcli.data.findings.near_copies import (
    class_indicators,
    is_near_copy,
    is_near_flag,
    is_near_name,
    may_indicate,
    some_rows,
)
from dlcli.data.findings.told_ahead import columns_ahead
from dlcli.finding import Finding, only_name

if TYPE_CHECKING:
    import numpy as np

ALMOST_EQUAL = 0.9999
FEWEST = 10
FEWEST_IN_ORDER, FEWEST_OF_A_CLASS = 20, 5
"""Of fewer samples, or of fewer of some class, an order may be chance."""
ROWS_A_NAME = 10
"""Names that tell classes stand in so many samples on average; rarer ones tell samples apart."""
RANKED, FEWEST_COLUMNS = 0.99, 3
"""A rank correlation with the target that one of some columns has seldom by itself; where there are fewer it is the task."""
TREND, STEP_BY_STEP = 0.9, 0.9
"""The correlation of a target with the row before from which on rows follow one another in time, and that of the steps of two
columns that tell each other there too."""
UNKNOWN_THEN = "it may not be known when predicting"
FIRST = 1000  # unseen: time alone


def target_given_away(dataset: Dataset) -> Finding | None:
    """An input column that alone tells the target of every training sample; `ways` says how each does.

    copy: it names the class, or is proportional to a target of numbers. threshold: the classes lie one after the other on
    it. order: a target of numbers rises or falls with it, without an exception. names: each of its names has one class.
    nearly: a copy but for few samples. ranks: it rises or falls with a target of numbers but for noise. indicators: several
    columns, each of which is yes for one class alone. place: a word of a text that stands there. named: the name of the class
    in the text. window: it is the last row of its own window. ahead: at the last row it is what the target is later.
    """
    train = dataset.splits["train"]
    if dataset.fields.windows is not None:
        return given_by_windows(dataset)
    if len(train) < FEWEST:
        return None
    ways: dict[str, str] = {}
    for schema in dataset.schema.targets:
        if len(schema.shape) != schema.is_one_hot:
            continue
        target = train.targets[schema.name][:]
        indices = class_indices(target, schema)
        counts = None if indices is None or not schema.void else indices >= 0  # unseen: time alone
        indices = indices if counts is None or indices is None else indices[counts]
        columns: dict[str, np.ndarray[Any, Any]] = {}
        among = sum(1 if each.columns is None else len(each.columns) for each in dataset.schema.inputs)
        for name, column in training_columns(dataset):
            values = column if counts is None else column[counts]
            if indices is None:
                way = way_to_number(values, target, among=among, order=train.rows)
            else:
                way = way_to_class(values, indices)
                near = way is None and (
                    is_near_name(values, indices, schema.classes or []) or is_near_flag(values, indices)
                )
                if near:
                    way = "nearly"
            if way is not None:
                ways[name] = way
            if indices is not None and may_indicate(values):
                columns[name] = values
        ways |= dict.fromkeys(() if indices is None else class_indicators(columns, indices), "indicators")
        for name, texts in training_texts(dataset):
            if indices is not None:
                way = way_of_words(texts if counts is None else texts[counts], indices, schema.classes or [])
                ways |= {} if way is None else {name: way}
    if not ways:
        return None
    return Finding(
        code="target_given_away",
        severity="warning",
        where=only_name(list(ways)),
        facts={"columns": list(ways), "ways": ways},
        advice=settings_without(dataset, list(ways), why=UNKNOWN_THEN),
    )


def given_by_windows(dataset: Dataset) -> Finding | None:
    """A target that stands in the last row of its own window, and is a column of it, or that a column holds before its time."""
    ahead = [*dict.fromkeys(columns_ahead(dataset))]
    if ahead:
        told, advice = dict.fromkeys(ahead, "ahead"), settings_without(dataset, ahead, why=UNKNOWN_THEN)
        facts: dict[str, Any] = {"columns": ahead, "ways": told}
        return Finding(code="target_given_away", severity="warning", where=only_name(ahead), facts=facts, advice=advice)
    windows, names = dataset.schema.windows, input_columns(dataset)
    targets = [
        name for each in dataset.schema.targets for name in each.columns or [each.column or each.name] if name in names
    ]
    if windows is None or windows.window is None or windows.horizon != 0 or not targets:
        return None
    facts = {"columns": targets, "ways": dict.fromkeys(targets, "window")}
    return Finding(code="target_given_away", severity="warning", where=only_name(targets), facts=facts)


def way_to_class(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> str | None:
    """How a column (rows,) tells the class index of each row, or None."""
    import numpy as np

    names = values.dtype == object
    # Most columns mix the classes among their first rows already, and need not be sorted whole.
    if not tells(values[:FIRST].astype(str) if names else values[:FIRST], target[:FIRST]):
        return None
    different, codes = np.unique(values.astype(str) if names else values, return_inverse=True)
    if not tells(codes, target):
        return None
    counts = np.bincount(target)
    counts = counts[counts > 0]
    if len(different) == len(counts):
        return "copy"
    if len(target) < FEWEST_IN_ORDER or counts.min() < FEWEST_OF_A_CLASS or len(counts) < 2:
        return None
    if names:
        return "names" if len(different) * ROWS_A_NAME <= len(target) else None
    changes = np.count_nonzero(np.diff(target[np.argsort(codes, kind="stable")]))
    return "threshold" if changes == len(counts) - 1 else None


def tells(codes: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> bool:
    """Whether rows with the same value (rows,) have the same target (rows,)."""
    import numpy as np

    order = np.argsort(codes, kind="stable")
    same = codes[order][1:] == codes[order][:-1]
    return bool(np.all(target[order][1:][same] == target[order][:-1][same]))


def way_to_number(
    values: np.ndarray[Any, Any],
    target: np.ndarray[Any, Any],
    *,
    among: int = 1,
    order: np.ndarray[Any, Any] | None = None,
) -> str | None:
    """How a column (rows,) `among` so many tells a target of numbers (rows,), or None; `order` is where each row stood."""
    import numpy as np

    if values.dtype == object or (target == target[0]).all():
        return None
    numbers, target = values.astype(np.float64), target.astype(np.float64)
    if not np.isfinite(numbers).all() or (numbers == numbers[0]).all():
        return None
    if abs(np.corrcoef(numbers, target)[0, 1]) > ALMOST_EQUAL:
        return "copy"
    if is_near_copy(numbers, target):
        return "nearly"
    steps = np.diff(numbers)
    # What rises with the rows is a time, and much rises with time.
    if len(target) < FEWEST_IN_ORDER or np.all(steps >= 0) or np.all(steps <= 0):
        return None
    if len(np.unique(target)) < FEWEST:
        return None
    along = np.diff(target[np.argsort(numbers, kind="stable")])
    if tells(numbers, target) and (np.all(along >= 0) or np.all(along <= 0)):
        return "order"
    few = some_rows(len(target))
    if among < FEWEST_COLUMNS or abs(rank_correlation(numbers[few], target[few])) < RANKED:
        return None
    if abs(rank_correlation(numbers, target)) < RANKED:
        return None
    turn = slice(None) if order is None else np.argsort(order, kind="stable")
    return None if share_a_trend(numbers[turn], target[turn]) else "ranks"


def share_a_trend(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> bool:
    """Whether two columns (rows,) in the order of time go the same way, but not step by step: much rises with time."""
    import numpy as np

    steps = np.diff(target)
    if np.all(steps >= 0) or np.all(steps <= 0) or np.corrcoef(target[1:], target[:-1])[0, 1] < TREND:
        return False
    return abs(rank_correlation(np.diff(values), steps)) < STEP_BY_STEP


def rank_correlation(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> float:
    """Spearman's correlation of two columns (rows,); values that are the same share their rank."""
    import numpy as np

    def ranks(column: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        _, codes, counts = np.unique(column, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[codes]

    return float(np.corrcoef(ranks(values), ranks(target))[0, 1])


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(y=["u", "v"] * 100, c=[7, 3] * 100), True),
        (table(y=["u", "v"] * 100, c=[7, 3] * 90 + [3] * 20), False),
    ]
