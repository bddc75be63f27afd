"""Classes with few or no samples in a split, and classes that are far more frequent than others."""

from __future__ import annotations

from typing import Any

from dlcli.data.dataset import Dataset
from dlcli.finding import Finding, Setting, only

FEWEST = 5
RATIO = 10.0


def few_samples(dataset: Dataset) -> Finding | None:
    """A class of which a split has none, or training fewer than five."""
    rare = []
    for split in dataset.splits:
        least = FEWEST if split == "train" else 1
        for target in dataset.schema.targets:
            counts = dataset.class_counts(split, target) or {}
            rare += [
                {"target": target.name, "class": name, "split": split, "samples": count}
                for name, count in counts.items()
                if count < least
            ]
    if not rare:
        return None
    splits = list(dict.fromkeys(str(each["split"]) for each in rare))
    return Finding(code="few_samples", severity="warning", where=only(splits), facts={"classes": rare})


def imbalance(dataset: Dataset) -> Finding | None:
    """The most frequent class of training is ten times as frequent as the rarest."""
    uneven: list[dict[str, Any]] = []
    for target in dataset.schema.targets:
        counts = dataset.class_counts("train", target)
        if counts is None:
            continue
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        if counts[least] and counts[most] >= RATIO * counts[least]:
            unit = "samples" if not target.shape or target.encode == "one_hot" else "pixels"
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
        where=only(targets),
        facts={"targets": uneven},
        advice=[Setting(key="train.class_weight", old=None, new=balanced, why=why)],
    )
