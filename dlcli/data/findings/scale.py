"""Inputs far from unit scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields.padded import ID_PADDING, real_values
from dlcli.finding import Finding, Setting, only_name

LARGEST = 10.0


def far_from_unit_scale(dataset: Dataset) -> Finding | None:
    """An input whose values spread by more than ten: layers learn slowly from it as it is."""
    if dataset.prepared:
        return None
    inputs: list[dict[str, Any]] = []
    train = dataset.splits["train"]
    for schema in dataset.schema.inputs:
        name, tensor = schema.name, train.inputs[schema.name]
        if tensor.dtype.kind not in "fiu" or not len(tensor) or schema.padding == ID_PADDING:  # ids are names
            continue
        tensor = real_values(tensor[:], schema.padding)
        spread = float(tensor.std())
        if spread > LARGEST:
            ends = {"min": float(tensor.min()), "max": float(tensor.max())}
            inputs.append({"input": name, **ends, "deviation": spread})
    if not inputs:
        return None
    return Finding(
        code="far_from_unit_scale",
        severity="note",
        where=only_name([each["input"] for each in inputs]),
        facts={"inputs": inputs},
        advice=normalized(dataset),
    )


def normalized(dataset: Dataset) -> list[Setting]:
    """The setting that brings tables to unit scale; images and text have layers of their own for it."""
    if any(each.columns is None for each in dataset.schema.inputs):
        return []
    why = "layers learn slowly from inputs far from unit scale"
    return [Setting(key="data.prepare", old=[], new=["Normalization"], why=why)]


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=[0, 28] * 100), True),
        (table(c=[0, 25] * 100), False),
        (table(c=[0, 60] * 100, keys={"prepare": ["Normalization"]}), False),
    ]
