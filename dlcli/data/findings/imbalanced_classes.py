"""Classes that are far more frequent than others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.data.dataset import Dataset
from dlcli.finding import Finding, Setting, only_name

RATIO = 10.0


def imbalanced_classes(dataset: Dataset) -> Finding | None:
    """The most frequent class of training is ten times as frequent as the rarest."""
    uneven: list[dict[str, Any]] = []
    for target in dataset.schema.targets:
        counts = dataset.class_counts("train", target)
        if counts is None:
            continue
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        if counts[least] and counts[most] >= RATIO * counts[least]:
            places = "pixels" if target.axes[1:3] == ["height", "width"] else "places"
            unit = "samples" if len(target.shape) == target.is_one_hot else places
            names = {"target": target.name, "unit": unit, "most": most, "least": least}
            uneven.append({**names, "most_count": counts[most], "least_count": counts[least]})
    if not uneven:
        return None
    targets = [each["target"] for each in uneven]
    # With several targets the key takes weights by target.
    balanced = "balanced" if len(dataset.schema.targets) == 1 else dict.fromkeys(targets, "balanced")
    why = "every class then counts the same"
    return Finding(
        code="imbalanced_classes",
        severity="warning",
        where=only_name(targets),
        facts={"targets": uneven},
        advice=[Setting(key="train.class_weight", old=None, new=balanced, why=why)],
    )


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(y=["u"] * 185 + ["v"] * 15), True),
        (table(y=["u"] * 170 + ["v"] * 30), False),
    ]
