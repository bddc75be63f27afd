"""A target that one input gives away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset, class_indices
from dlcli.data.findings.columns import input_columns, settings_without
from dlcli.finding import Finding, only_name

if TYPE_CHECKING:
    import numpy as np

ALMOST_EQUAL = 0.9999
FEWEST = 10
FIRST = 1000  # unseen: time alone


def target_given_away(dataset: Dataset) -> Finding | None:
    """An input column that names the class of every training sample, or follows a target of numbers exactly."""
    train = dataset.splits["train"]
    if len(train) < FEWEST:
        return None
    telling = []
    for schema in dataset.schema.targets:
        if dataset.fields.windows is not None or (schema.shape and schema.encode != "one_hot"):
            continue
        target = train.targets[schema.name][:]
        indices = class_indices(target, schema)
        values = target if indices is None else indices
        telling += [
            name
            for name in input_columns(dataset)
            if gives_away(dataset.column(name, train.rows), values, schema.classes is not None)
        ]
    if not telling:
        return None
    return Finding(
        code="target_given_away",
        severity="warning",
        where=only_name(telling),
        facts={"columns": telling},
        advice=settings_without(dataset, telling, why="it may not be known when predicting"),
    )


def gives_away(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any], is_class: bool) -> bool:
    """Whether one column alone tells the target."""
    import numpy as np

    if is_class:
        plain = values.astype(str) if values.dtype == object else values
        classes = len(np.unique(target))
        # As many different values as classes, each with one class: a renamed target, not a rich input.
        # Most columns have more values than that among their first rows, and need not be sorted whole.
        if len(np.unique(plain[:FIRST])) > classes:
            return False
        codes = np.unique(plain, return_inverse=True)[1]
        return len(np.unique(codes)) == len(np.unique(codes * classes + target)) == classes
    if values.dtype == object or target.std() == 0:
        return False
    numbers = values.astype(float)
    if not np.isfinite(numbers).all() or numbers.std() == 0:
        return False
    return bool(abs(np.corrcoef(numbers, target)[0, 1]) > ALMOST_EQUAL)


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(y=["u", "v"] * 100, c=[7, 3] * 100), True),
        (table(y=["u", "v"] * 100, c=[7, 3] * 90 + [3] * 20), False),
    ]
