"""Numbers that differ in the data and are the same for a model, which reckons in 32 bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import input_columns
from dlcli.finding import Finding, Setting, only_name

if TYPE_CHECKING:
    import numpy as np

COARSEST = 0.01
"""A step of 32 bits that is a larger share of the deviation hides what the numbers say."""


def equal_in_32_bits(dataset: Dataset) -> Finding | None:
    """Columns and targets of which 32 bits leave fewer different values: large whole numbers, or a small spread far from 0.

    What is prepared is prepared in 64 bits.
    """
    columns = {
        name: {"different": different, "left": left}
        for name, values in numbers_of(dataset)
        if (different := count_of(values)) > (left := count_of(in_32_bits(values))) and is_coarse(values)
    }
    if not columns:
        return None
    targets = {target.name for target in dataset.schema.targets}
    why = "in 64 bits they differ, and normalized they do in 32"
    advice = [] if targets & columns.keys() else [Setting(key="data.prepare", old=[], new=["Normalization"], why=why)]
    return Finding(
        code="equal_in_32_bits",
        severity="warning",
        where=only_name(list(columns)),
        facts={"columns": columns},
        advice=advice,
    )


def numbers_of(dataset: Dataset) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """The columns of numbers (rows,) that reach a model as they are, in the training rows."""
    rows = dataset.splits["train"].rows
    names = [] if dataset.prepared else input_columns(dataset)
    names += [
        target.name for target in dataset.schema.targets if target.classes is None and target.names == [target.name]
    ]
    for name in names:
        values = dataset.column(name, rows) if name in dataset.fields.arrays else None
        if values is not None and values.ndim == 1 and len(values) and values.dtype.kind in "fiu":
            yield name, values


def count_of(values: np.ndarray[Any, Any]) -> int:
    """How many different values there are."""
    import numpy as np

    return len(np.unique(values))


def in_32_bits(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values as a model gets them."""
    import numpy as np

    return values.astype(np.float32)


def is_coarse(values: np.ndarray[Any, Any]) -> bool:
    """Whether it matters: always of whole numbers, which may be names; of others where the steps are large."""
    import numpy as np

    if values.dtype.kind != "f":
        return True
    largest = np.nanmax(np.abs(values)).astype(np.float32)
    return bool(np.spacing(largest) >= COARSEST * np.nanstd(values))


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    seconds = [1_700_000_000 + row for row in range(200)]
    return [
        (table(c=seconds), True),
        (table(c=seconds, keys={"prepare": ["Normalization"]}), False),
        (table(c=[row / 7 for row in range(200)]), False),
        (table(c=[16_777_000 + row for row in range(200)]), False),
    ]
