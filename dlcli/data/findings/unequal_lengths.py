"""Samples of unequal length: how long they are, and how much of the tensor is padding."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.fields.padded import real_places
from dlcli.finding import Finding, only_name


def unequal_lengths(dataset: Dataset) -> Finding | None:
    """Inputs whose training samples are not equally long."""
    import numpy as np

    inputs = {}
    train = dataset.splits["train"]
    for schema in dataset.schema.inputs:
        if schema.padding is None or not len(train):
            continue
        lengths = real_places(train.inputs[schema.name][:], schema.padding).sum(axis=1)
        inputs[schema.name] = {
            "shortest": int(lengths.min()),
            "median": float(np.median(lengths)),
            "longest": int(lengths.max()),
            "places": schema.shape[0],
            "padding": float(1 - lengths.mean() / schema.shape[0]),
        }
    if not inputs:
        return None
    return Finding(code="unequal_lengths", severity="note", where=only_name([*inputs]), facts={"inputs": inputs})


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the other does not."""
    groups = [f"g{row // (2 + row % 2)}" for row in range(200)]
    return [
        (table(g=groups, keys={"windows": {"group": "g"}, "inputs": ["a"]}), True),
        (table(g=groups, keys={"inputs": ["a"]}), False),
    ]
