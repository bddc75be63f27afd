"""Layers of the model that learn from the data before training, such as Normalization."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dlcli.data import Samples
from dlcli.data.fields.padded import real_values
from dlcli.data.preparation.crops import Size, centre_of
from dlcli.data.preparation.prepare import BATCH, adapt, prepare

if TYPE_CHECKING:
    import numpy as np


def learning(
    preparation: Any, train: Samples, crops: Mapping[str, Size], padding: Mapping[str, float]
) -> Callable[[Any, str], None]:
    """Lets a layer learn from a prepared input of the training split, in the order of the source; of some the centre, of samples
    of unequal length the places that there are."""

    def batches(name: str) -> Iterator[np.ndarray[Any, Any]]:
        for start in range(0, len(train.rows), BATCH):
            part = {each: values[start : start + BATCH] for each, values in train.inputs.items()}
            values = prepare(preparation, part)[name]
            values = centre_of(values, crops[name]) if name in crops else values
            yield real_values(values, padding[name])[:, None] if name in padding else values

    return lambda layer, name: adapt(layer, batches(name))
