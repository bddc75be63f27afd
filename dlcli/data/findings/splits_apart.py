"""Validation or test lies elsewhere than training: what is learnt there may not hold here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset, Samples, spread_samples
from dlcli.data.findings.columns import MOST_NUMBERS
from dlcli.finding import Finding, only_name

if TYPE_CHECKING:
    import numpy as np

SHIFT, OUTSIDE = 1.0, 0.3
"""A mean that has moved by so many deviations, and such a share that training does not hold, are another place."""
FEWEST = 20
"""Fewer samples lie elsewhere by chance."""
MOST = 2000  # unseen: time alone


def splits_apart(dataset: Dataset) -> Finding | None:
    """Columns, short inputs and targets whose mean has moved far, or that hold much that training does not, by split."""
    train = dataset.splits["train"]
    moved = []
    for name, split in dataset.splits.items():
        if split is train or min(len(train), len(split)) < FEWEST:
            continue
        for (what, role, before), (*_, after) in zip(
            values_by_name(dataset, train), values_by_name(dataset, split), strict=True
        ):
            shift, outside = distance(before, after)
            if shift >= SHIFT or outside >= OUTSIDE:
                moved.append({"split": name, "name": what, "role": role, "shift": shift, "outside": outside})
    if not moved:
        return None
    names = [*dict.fromkeys(str(each["name"]) for each in moved)]
    return Finding(code="splits_apart", severity="note", where=only_name(names), facts={"moved": moved})


def values_by_name(dataset: Dataset, split: Samples) -> Iterator[tuple[str, str, np.ndarray[Any, Any]]]:
    """Each column of a table, and the numbers of short arrays together, with whether they are input or target."""
    import numpy as np

    chosen = spread_samples(len(split), MOST)
    rows = split.source_rows[spread_samples(len(split.source_rows), MOST)]
    for schema in dataset.schema.inputs:
        for column in schema.columns or []:
            yield column.name, "input", dataset.column(column.name, rows)
        short = int(np.prod(schema.shape)) <= MOST_NUMBERS if None not in schema.shape else False
        if schema.columns is None and schema.padding is None and not schema.text and short:
            yield schema.name, "input", split.inputs[schema.name][chosen].reshape(len(chosen), -1)
    for target in dataset.schema.targets:
        numbers = target.classes is None and target.labels is None and not target.text and not target.padded
        if numbers and not target.absent:
            yield target.name, "target", split.targets[target.name][chosen].reshape(len(chosen), -1)


def distance(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]) -> tuple[float, float]:
    """How many deviations a mean has moved, and what share training does not hold, of the values that have moved farthest."""
    import numpy as np

    if before.dtype.kind not in "fiub" or after.dtype.kind not in "fiub":
        known = {*map(str, before.ravel())}
        return 0.0, sum(str(each) not in known for each in after.ravel()) / max(after.size, 1)
    if before.ndim == 1:
        before, after = (each[np.isfinite(each.astype(np.float64))].reshape(-1, 1) for each in (before, after))
    return max(moved_by(before, after), default=(0.0, 0.0)) if len(before) and len(after) else (0.0, 0.0)


def moved_by(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]) -> list[tuple[float, float]]:
    """For each feature of (samples, features) how far its mean has moved, and the share outside the range of training."""
    import numpy as np

    before, after = before.astype(np.float64), after.astype(np.float64)
    means, deviations = before.mean(axis=0), np.sqrt((before.var(axis=0) + after.var(axis=0)) / 2)
    low, high = before.min(axis=0), before.max(axis=0)
    slack = 0.05 * (high - low)
    outside = ((after < low - slack) | (after > high + slack)).mean(axis=0)
    moved = np.abs(after.mean(axis=0) - means)
    # Both deviations count: a pixel that is lit once in training has hardly any, and one more sample moves it by many of them.
    shifts = moved / np.where(deviations > 0, deviations, np.inf)
    return [(float(shift), float(share)) for shift, share in zip(shifts, outside, strict=True)]


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    halves = {"split": {"by": "column:part", "test": 0}, "inputs": ["a", "b", "c"]}
    parts = ["train"] * 100 + ["validation"] * 100
    turning = [0.0, 2.0] * 50

    def behind(*values: object) -> Dataset:
        return table(c=[*turning, *values], part=parts, keys=halves)

    return [
        (behind(*[2.0] * 91, *[0.0] * 9), True),
        (behind(*[2.0] * 90, *[0.0] * 10), False),
        (table(c=[*turning, *[2.0] * 91, *[0.0] * 9]), False),
        (table(c=["u", "v"] * 50 + ["u"] * 71 + ["w"] * 29, part=parts, keys=halves), False),
    ]
