"""Targets at each place stand where an input has places: a value elsewhere has no answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data import Dataset, class_indices
from dlcli.data.fields.padded import PADDING, real_places
from dlcli.data.schema import TargetSchema
from dlcli.errors import DataError
from dlcli.loss.target_loss import Head

if TYPE_CHECKING:
    import numpy as np


def check_lengths(heads: Sequence[Head], dataset: Dataset) -> None:
    """Refuses a target of unequal length that no input is as long as, with the first row that shows it.

    A loss that finds out itself which places belong together takes any; a place with a class may be void.
    """
    import numpy as np

    padded = [each for each in dataset.schema.inputs if each.padding is not None]
    for head, schema in zip(heads, dataset.schema.targets, strict=True):
        own = schema.padded and schema.following is None and head.loss.traits.get("shapes") != "sequences"
        for samples in dataset.splits.values() if own and padded else ():
            wanted = places_with_values(schema, samples.targets[schema.name][:])
            there = {each.name: real_places(samples.inputs[each.name][:], each.padding or 0) for each in padded}
            odd = {name: odd_samples(wanted, each, schema) for name, each in there.items()}
            if not all(each.any() for each in odd.values()):
                continue
            name = min(odd, key=lambda each: int(odd[each].sum()))
            first = int(np.argmax(odd[name]))
            file, line, words = dataset.fields.where(int(samples.rows[first]))
            raise DataError(
                f"'{schema.name}' has {int(wanted[first].sum())} places in {words}, and '{name}' has "
                f"{int(there[name][first].sum())}: each value needs a place of its own",
                file=file,
                line=line,
                hint="make them equally long; under CTC a target may be shorter",
                kind="lengths_differ",
            )


def places_with_values(schema: TargetSchema, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which places (samples, places) of a target (samples, places, …) have a value, or a class."""
    index = class_indices(values, schema)
    there: np.ndarray[Any, Any] = real_places(values, PADDING) if index is None else index >= 0
    return there


def odd_samples(
    wanted: np.ndarray[Any, Any], there: np.ndarray[Any, Any], schema: TargetSchema
) -> np.ndarray[Any, Any]:
    """Which samples (samples,) have a value where an input has no place, or of numbers a place without a value."""
    import numpy as np

    most = max(wanted.shape[1], there.shape[1])
    wanted, there = (np.pad(each, ((0, 0), (0, most - each.shape[1]))) for each in (wanted, there))
    odd: np.ndarray[Any, Any] = (wanted & ~there).any(axis=1)
    return odd if schema.classes is not None else odd | (there & ~wanted).any(axis=1)
