"""Numbers that differ in the data and are the same for a model, which reckons in 32 bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields.padded import real_values
from dlcli.data.findings.columns import input_columns
from dlcli.finding import Finding, Setting, only_name

if TYPE_CHECKING:
    import numpy as np

COARSEST = 0.01
"""A step of 32 bits that is a larger share of the deviation hides what the numbers say."""


def equal_in_32_bits(dataset: Dataset) -> Finding | None:
    """Columns and targets of which 32 bits leave fewer different values: large whole numbers, or a small spread far from 0.

    What is prepared is prepared in 64 bits, which leave less of whole numbers beyond 2^53.
    """
    prepared = dataset.prepared
    columns = {
        name: {"different": different, "left": left}
        for name, values in numbers_of(dataset)
        if (prepared or is_coarse(values))
        and (different := count_of(values)) > (left := count_of(in_bits(values, 64 if prepared else 32)))
    }
    if not columns:
        return None
    targets = {target.name for target in dataset.schema.targets}
    why = "in 64 bits they differ, and normalized they do in 32"
    helps = not prepared and not targets & columns.keys() and all(stays_apart(dataset, name) for name in columns)
    return Finding(
        code="equal_in_32_bits",
        severity="warning",
        where=only_name(list(columns)),
        facts={"columns": columns, **({"bits": 64} if prepared else {})},
        advice=[Setting(key="data.prepare", old=[], new=["Normalization"], why=why)] if helps else [],
    )


def numbers_of(dataset: Dataset) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """The columns of numbers (rows,) and arrays (numbers,) that reach a model as they are, in the training rows.

    Of what is prepared only whole numbers, since others stay as they are.
    """
    train = dataset.splits["train"]
    kinds = "iu" if dataset.prepared else "fiu"
    names = input_columns(dataset)
    if not dataset.prepared:
        names += [each.name for each in dataset.schema.targets if each.classes is None and each.names == [each.name]]
    for name in names:
        values = dataset.column(name, train.source_rows) if name in dataset.fields.arrays else None
        if values is not None and values.ndim == 1 and len(values) and values.dtype.kind in kinds:
            yield name, values
    for each in dataset.schema.inputs:
        tensor = train.inputs[each.name]
        if each.columns is None and tensor.dtype.kind in kinds and tensor.dtype.itemsize > FEW_BYTES and len(tensor):
            yield each.name, real_values(tensor[:], each.padding).ravel()


FEW_BYTES = 2
"""Whole numbers of so many bytes are exact in 32 bits."""


def stays_apart(dataset: Dataset, name: str) -> bool:
    """Whether 64 bits with decimals keep the numbers of a column apart."""
    values = dataset.column(name, dataset.splits["train"].source_rows) if name in dataset.fields.arrays else None
    return values is not None and count_of(values) == count_of(in_bits(values, 64))


def count_of(values: np.ndarray[Any, Any]) -> int:
    """How many different values there are."""
    import numpy as np

    return len(np.unique(values))


def in_bits(values: np.ndarray[Any, Any], bits: int) -> np.ndarray[Any, Any]:
    """The values as a model gets them, or a preparation, which reckons in 64 bits."""
    import numpy as np

    return values.astype(np.float32 if bits == 32 else np.float64)


EXACT = 1 << 24
"""Up to here 32 bits hold every whole number."""


def is_coarse(values: np.ndarray[Any, Any]) -> bool:
    """Whether it matters: always of whole numbers, which may be names; of others where the steps are large."""
    import numpy as np

    if values.dtype.kind != "f":
        return bool(max(int(values.max()), -int(values.min())) > EXACT)
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
