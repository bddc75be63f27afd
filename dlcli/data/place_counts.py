"""How many places the samples of a field have, as the source wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.padded import PADDING, real_places
from dlcli.data.several_labels import MARK

if TYPE_CHECKING:
    import numpy as np


def place_counts(name: str, fields: Fields) -> np.ndarray[Any, Any] | None:
    """How many places each sample of a field has (samples,), names counting one each; None of one value a sample."""
    import numpy as np

    values = fields.arrays[name]
    if values.ndim > 1 and name not in fields.padded:
        return np.full(fields.samples, values.shape[1])
    if values.ndim > 1:
        return np.asarray(real_places(values[:], PADDING).sum(axis=1))
    if values.dtype != object:
        return None
    cells = [cell for part in fields.parts([name]) for cell in part.arrays[name][:].tolist()]
    if not any(isinstance(cell, str) and cell.startswith(MARK) for cell in cells):
        return None
    return np.array([0 if cell is None or cell == MARK else cell.count(MARK) for cell in cells])
