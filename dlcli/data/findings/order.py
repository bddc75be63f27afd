"""Samples that stand in the order of their target."""

from __future__ import annotations

from dlcli.data.dataset import Dataset
from dlcli.data.findings.finding import Finding
from dlcli.data.values import missing


def sorted_order(dataset: Dataset) -> Finding | None:
    """The target is sorted in the source; a split by the last rows would see other classes than training."""
    import numpy as np

    if dataset.fields.windows is not None:
        return None  # the rows of a series stand in their order
    values = dataset.column(dataset.schema.targets[0].names[0], dataset.rows)
    if values.ndim > 1 or missing(values).any() or len(values) < 10:
        return None
    codes = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)[1]
    # A target sorted by name or by number, up or down, or in blocks.
    changes = int(np.count_nonzero(np.diff(codes)))
    if changes != len(np.unique(codes)) - 1 or changes == 0 or changes == len(values) - 1:
        return None
    return Finding(
        "samples in sorted order",
        "note",
        f"the target changes only {'once' if changes == 1 else f'{changes} times'} over {len(values):,} rows",
        "nothing to do: dlcli shuffles before it splits",
    )
