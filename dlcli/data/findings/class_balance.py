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
        for target in dataset.schema.targets:
            counts = dataset.class_counts(split, target) or {}
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
    seen = []
    for target in dataset.schema.targets:
        counts = dataset.class_counts("train", target)
        if counts is None:
            continue
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        if counts[least] and counts[most] >= RATIO * counts[least]:
            what = "samples" if not target.shape or target.encode == "one_hot" else "pixels"
            seen.append(f"'{most}' has {counts[most]:,} training {what}, '{least}' {counts[least]:,}")
    if not seen:
        return None
    advice = "write train.class_weight: balanced, and watch more than accuracy"
    return Finding("imbalanced classes", "warning", "; ".join(seen), advice)
