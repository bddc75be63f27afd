"""Classes with few or no samples in a split."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.finding import Finding, only_name

FEWEST = 5


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
    return Finding(code="few_samples", severity="warning", where=only_name(splits), facts={"classes": rare})


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(y=["u", "v"] * 98 + ["w"] * 4), True),
        (table(y=["u", "v"] * 93 + ["w"] * 14), False),
    ]
