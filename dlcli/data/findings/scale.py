"""Inputs far from unit scale."""

from __future__ import annotations

from dlcli.data.dataset import Dataset
from dlcli.data.findings.finding import Finding

LARGEST = 10.0


def far_from_unit_scale(dataset: Dataset) -> Finding | None:
    """An input whose values spread by more than ten: layers learn slowly from it as it is."""
    if dataset.prepared:
        return None
    seen = []
    for name, tensor in dataset.splits["train"].inputs.items():
        if tensor.dtype.kind not in "fiu" or not len(tensor):
            continue
        tensor = tensor[:]
        spread = float(tensor.std())
        if spread > LARGEST:
            seen.append(
                f"'{name}' goes from {float(tensor.min()):g} to {float(tensor.max()):g} (standard deviation {spread:.3g})"
            )
    if not seen:
        return None
    return Finding(
        "inputs far from unit scale",
        "note",
        "; ".join(seen),
        "write data.prepare: [Normalization], or Rescaling for images",
    )
