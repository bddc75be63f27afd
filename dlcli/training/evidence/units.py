"""Inputs and targets in other units than they come in, as a preparation or `scale: standard` would make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data.dataset import spread_samples
from dlcli.training.scaling import TargetSeen
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

Unit: TypeAlias = "tuple[float | np.ndarray[Any, Any], float | np.ndarray[Any, Any]]"
"""A mean and a deviation, each a number or one by feature."""
Units: TypeAlias = Mapping[str, Unit]
"""Those of inputs or targets by name."""
NO_UNITS: Units = {}
LOOKED_AT = 1000  # unseen: time alone


def units_of(target: TargetSeen | None) -> Units:
    """The units of targets that are far from unit scale."""
    if target is None:
        return NO_UNITS
    return {name: (target.means[name], deviation) for name, deviation in target.deviations.items()}


def units_of_inputs(experiment: Experiment, scale: float | None) -> Units:
    """The units in which inputs of numbers are so many times as large; without a scale each feature's own."""
    import numpy as np

    train = experiment.splits["train"]
    inputs, _ = train.take(spread_samples(len(train), LOOKED_AT if scale is None else 1))
    if scale is not None:
        return dict.fromkeys(inputs, (0.0, 1 / scale))
    units = dict[str, Unit]()
    for name, values in inputs.items():
        if values.dtype.kind != "f":
            continue
        axes = tuple(range(values.ndim - 1))
        deviations = values.std(axis=axes, dtype=np.float64)
        units[name] = values.mean(axis=axes, dtype=np.float64), np.where(deviations > 0, deviations, 1.0)
    return units


def in_units(arrays: Mapping[str, Any], units: Units) -> dict[str, Any]:
    """The arrays of a batch, of which those that have units are in them."""
    return {
        name: ((values - units[name][0]) / units[name][1]).astype(
            "float32" if values.dtype.kind in "iu" else values.dtype
        )
        if name in units
        else values
        for name, values in arrays.items()
    }
