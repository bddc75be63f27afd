"""Targets in units of their own, as a training with `scale: standard` would learn them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from dlcli.training.scaling import TargetSeen

Units: TypeAlias = Mapping[str, tuple[float, float]]
"""The mean and deviation by target."""
NO_UNITS: Units = {}


def units_of(target: TargetSeen) -> Units:
    """The units of targets that are far from unit scale."""
    return {name: (target.means[name], deviation) for name, deviation in target.deviations.items()}


def in_units(inputs: Any, targets: Mapping[str, Any], units: Units) -> tuple[Any, dict[str, Any]]:
    """A batch whose targets (samples, …) are in units; the others stay as they are."""
    scaled = {
        name: ((targets[name] - mean) / deviation).astype(targets[name].dtype)
        for name, (mean, deviation) in units.items()
    }
    return inputs, {**targets, **scaled}
