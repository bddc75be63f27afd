"""Which places of a target count: not those of a mask of the output, and not those with a void label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.schema import TargetSchema
from dlcli.loss.counting import counted_places

if TYPE_CHECKING:
    import numpy as np


def counted_target(schema: TargetSchema, values: np.ndarray[Any, Any], mask: Any) -> np.ndarray[Any, Any] | None:
    """Which places (samples, …) of a target as its loss takes it count, by the mask of its output; None where all do."""
    index = class_indices(values, schema) if schema.has_void else None
    if index is not None:
        places = schema.shape[:-1] if schema.is_one_hot else schema.shape
        index = index.reshape(len(index), *places)  # a model of one unit compares (samples, …, 1)
    return counted_places(mask, index)
