"""Classes with few or no samples in a split, and classes that are far more frequent than others."""

from __future__ import annotations

from dlcli.data.dataset import Dataset
from dlcli.data.findings.finding import Finding

FEWEST = 5
RATIO = 10.0


def few_samples(dataset: Dataset) -> Finding | None:
    """A class of which a split has none, or training fewer than five."""
    seen = []
    for split in dataset.splits:
        least = FEWEST if split == "train" else 1
        counts = dataset.class_counts(split) or {}
        seen += [f"'{name}' {count} in {split}" for name, count in counts.items() if count < least]
    if not seen:
        return None
    more = f" and {len(seen) - 5} more" if len(seen) > 5 else ""
    return Finding(
        "a class with few samples in a split",
        "warning",
        ", ".join(seen[:5]) + more,
        "collect more samples of it, or join it with another class",
    )


def imbalance(dataset: Dataset) -> Finding | None:
    """The most frequent class of training is ten times as frequent as the rarest."""
    counts = dataset.class_counts("train")
    if counts is None:
        return None
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[least] == 0 or counts[most] < RATIO * counts[least]:
        return None
    evidence = f"'{most}' has {counts[most]:,} training samples, '{least}' {counts[least]:,}"
    return Finding(
        "imbalanced classes", "warning", evidence, "write train.class_weight: balanced, and watch more than accuracy"
    )
