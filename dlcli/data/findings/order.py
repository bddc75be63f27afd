"""Samples that stand in the order of their target."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.fields.values import missing
from dlcli.finding import Finding


def sorted_order(dataset: Dataset) -> Finding | None:
    """The target is sorted in the source; a split by the last rows would see other classes than training."""
    import numpy as np

    if dataset.fields.windows is not None or not dataset.schema.targets:
        return None  # the rows of a series stand in their order
    values = dataset.column(dataset.schema.targets[0].names[0], dataset.rows)
    if values.ndim > 1 or missing(values).any() or len(values) < 10:
        return None
    plain = values.astype(str) if values.dtype == object else values  # unseen: time alone
    codes = np.unique(plain, return_inverse=True)[1]
    # A target sorted by name or by number, up or down, or in blocks.
    changes = int(np.count_nonzero(np.diff(codes)))
    if changes != len(np.unique(codes)) - 1 or changes == 0 or changes == len(values) - 1:
        return None
    facts = {"changes": changes, "rows": len(values)}
    return Finding(code="sorted_order", severity="note", where=dataset.schema.targets[0].name, facts=facts)


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(y=["u"] * 120 + ["v"] * 80), True),
        (table(y=["u"] * 120 + ["v"] * 79 + ["u"]), False),
    ]
