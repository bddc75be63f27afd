"""The same inputs in two splits, with other targets."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.findings.same_rows import counts_in_training, have_few_values
from dlcli.finding import Finding, only_name


def same_inputs(dataset: Dataset) -> Finding | None:
    """Samples of validation or test with the inputs of a training sample, but not its target: no copies."""
    if have_few_values(dataset):
        return None
    others = {split: both - same for split, (both, same) in counts_in_training(dataset).items() if both > same}
    if not others:
        return None
    return Finding(code="same_inputs", severity="note", where=only_name(list(others)), facts={"splits": others})


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(a=[*range(100)] * 2, b=[*range(100)] * 2, y=["u"] * 100 + ["v"] * 100), True),
        (table(a=[*range(100)] * 2, b=[*range(100)] * 2, y=["u", "v"] * 100), False),
        (table(a=[*range(200)], b=[*range(100)] * 2, y=["u"] * 100 + ["v"] * 100), False),
    ]
