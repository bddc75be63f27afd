"""Classes with few or no samples in a split, and classes that are far more frequent than others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.findings.finding import Finding

if TYPE_CHECKING:
    import numpy as np

FEWEST = 5
RATIO = 10.0


def counts(dataset: Dataset, split: str) -> np.ndarray[Any, Any]:
    """Samples of each class (classes,) in a split."""
    import numpy as np

    target = dataset.splits[split].target
    indices = target if target.ndim == 1 else target.argmax(axis=1)
    return np.bincount(indices, minlength=len(dataset.classes or []))


def few_samples(dataset: Dataset) -> Finding | None:
    """A class of which a split has none, or training fewer than five."""
    if dataset.classes is None:
        return None
    seen = []
    for split in dataset.splits:
        least = FEWEST if split == "train" else 1
        seen += [
            f"'{name}' {count} in {split}"
            for name, count in zip(dataset.classes, counts(dataset, split), strict=True)
            if count < least
        ]
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
    if dataset.classes is None:
        return None
    found = counts(dataset, "train")
    if found.min() == 0 or found.max() < RATIO * found.min():
        return None
    names = dataset.classes
    evidence = (
        f"'{names[found.argmax()]}' has {found.max():,} training samples, '{names[found.argmin()]}' {found.min():,}"
    )
    return Finding(
        "imbalanced classes", "warning", evidence, "write train.class_weight: balanced, and watch more than accuracy"
    )
