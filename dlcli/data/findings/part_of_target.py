"""An input that is a part of the target: one of the amounts that a total is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import settings_without, training_columns
from dlcli.data.findings.exact_sum import target_is_a_sum
from dlcli.data.findings.leak import rank_correlation, way_to_number
from dlcli.finding import Finding, only_name

if TYPE_CHECKING:
    import numpy as np

FEWEST, DIFFERENT = 100, 20
"""So many samples tell that a column is never more than the target, which has so many different values."""
WHOLE, HALF, FEW = 0.01, 0.01, 3
"""A part is all of the target in such a share of the samples, where the others are 0, and no more than half of it in another,
each at least so many: the least of a day, or what opens a series, is never all, or never so little."""
WITH = 0.9
"""The rank correlation with the target of a part that tells much of it."""
MOST_DECIMALS, ROUNDING, COARSE = 6, 1e-6, 0.1
"""So many decimals are written ones, which 32 bits put off by so much of the largest number; where that is such a part of a
decimal nobody knows whether it was written."""


def input_is_a_part(dataset: Dataset) -> Finding | None:
    """Input columns, each from 0 to the target in every training sample, all of it in some and little in others, in the same
    decimals, and high where it is high; none that tells the target alone, or with others as their sum."""
    train = dataset.splits["train"]
    if len(train) < FEWEST or dataset.fields.windows is not None or train.streams:
        return None
    among = sum(1 if each.columns is None else len(each.columns) for each in dataset.schema.inputs)
    for schema in dataset.schema.targets:
        if schema.classes is not None or schema.shape or [*schema.names] != [schema.name]:
            continue
        if schema.name not in dataset.fields.arrays:
            continue
        target = dataset.column(schema.name, train.source_rows)
        if target.ndim != 1 or target.dtype.kind not in "fiu":
            continue
        parts = {
            name: share
            for name, values in training_columns(dataset)
            if (share := share_as_whole(values, target)) is not None
            and way_to_number(values, target, among=among, order=train.rows) is None
        }
        if parts and target_is_a_sum(dataset) is None:
            facts = {"target": schema.name, "columns": parts}
            advice = settings_without(dataset, [*parts], why="they may not be known when predicting")
            where = only_name([*parts])
            return Finding(code="input_is_a_part", severity="warning", where=where, facts=facts, advice=advice)
    return None


def share_as_whole(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> float | None:
    """In which share of the samples a part (rows,) is all of a target (rows,); None of what is no part of it."""
    import numpy as np

    if values.dtype.kind not in "fiu" or values.shape != target.shape:
        return None
    if (values[:FEWEST] > target[:FEWEST]).any():  # most columns are, and need not be looked at whole
        return None
    values, target = values.astype(np.float64), target.astype(np.float64)
    if not (np.isfinite(values).all() and np.isfinite(target).all()) or values.min() < 0 or (values > target).any():
        return None
    whole, half = np.count_nonzero((values == target) & (target > 0)), np.count_nonzero(2 * values <= target)
    if whole < max(WHOLE * len(target), FEW) or half < max(HALF * len(target), FEW):
        return None
    if len(np.unique(target)) < DIFFERENT or decimals_of(values) != decimals_of(target) or decimals_of(target) is None:
        return None
    return float(whole / len(target)) if rank_correlation(values, target) >= WITH else None


def decimals_of(values: np.ndarray[Any, Any]) -> int | None:
    """How many decimals the numbers (rows,) are written with; None where these are more than people write."""
    import numpy as np

    for decimals in range(MOST_DECIMALS + 1):
        steps = values * 10.0**decimals
        off_by = ROUNDING * max(np.abs(steps).max(), 1.0)
        if off_by >= COARSE:
            return None
        if np.abs(steps - np.round(steps)).max() <= off_by:
            return decimals
    return None


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    import numpy as np

    generator = np.random.default_rng(1)
    most, other = generator.integers(1, 300, 200), generator.integers(0, 60, 200)
    other[::20] = 0
    most[1::20] = other[1::20] // 2
    never = np.maximum(other, 1)
    return [
        (table(y=most + other, c=most), True),
        (table(y=most + never, c=most), False),
        (table(y=most + other, c=most + 1), False),
        (table(y=most + other, c=most, d=other), False),
        (table(y=most + other + 0.5 * (other > 0), c=most), False),
    ]
