"""A target of numbers that is always the same."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.fields.padded import PADDING, real_values
from dlcli.finding import Finding, only_name


def constant_target(dataset: Dataset) -> Finding | None:
    """A target whose numbers are all the same in training: there is nothing to learn; of classes that is an error already."""
    import numpy as np

    train = dataset.splits["train"]
    constant = {}
    for schema in dataset.schema.targets:
        if schema.classes is None and len(train) > 1:
            values = real_values(train.targets[schema.name][:], PADDING if schema.padded else None)
            if np.all(values == values[0]) and (schema.padded or not differs_before(dataset, schema.names)):
                constant[schema.name] = np.ravel(values[0])[0].item()
    if not constant:
        return None
    return Finding(
        code="constant_target", severity="warning", where=only_name(list(constant)), facts={"targets": constant}
    )


def differs_before(dataset: Dataset, names: list[str]) -> bool:
    """Whether the fields of a target hold different numbers, which 32 bits make equal: another finding tells of that."""
    rows = dataset.splits["train"].rows
    if any(name not in dataset.fields.arrays for name in names):
        return False
    return any(bool((column != column[0]).any()) for name in names for column in [dataset.column(name, rows)])


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(y=[5.5] * 200), True),
        (table(y=[5.5] * 199 + [5.6], keys={"split": {"validation": 0, "test": 0}}), False),
        (table(y=["u", "v"] * 100), False),
        (table(y=[1e9 + row / 100 for row in range(200)]), False),
    ]
