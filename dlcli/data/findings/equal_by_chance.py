"""Equal samples in two splits that have so few values that some have to be equal."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.findings.same_rows import counts_in_training, have_few_values
from dlcli.finding import Finding, only_name


def equal_by_chance(dataset: Dataset) -> Finding | None:
    """Samples of validation or test that training has too, where the columns have few values: they may well be others."""
    if not have_few_values(dataset):
        return None
    equal = {split: both for split, (both, _) in counts_in_training(dataset).items() if both}
    if not equal:
        return None
    return Finding(code="equal_by_chance", severity="note", where=only_name(list(equal)), facts={"splits": equal})


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(a=[*range(10)] * 20, b=["u", "v"] * 100), True),
        (table(a=[*range(100)] * 2, b=[*range(100)] * 2), False),
    ]
