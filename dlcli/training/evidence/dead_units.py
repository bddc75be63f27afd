"""Dead units: those of a layer that are 0 for every sample, so that they neither say nor learn anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.layers.calls import Call
from dlcli.layers.names import written_layer_name
from dlcli.view.layer_states import DeadUnits

if TYPE_CHECKING:
    import numpy as np

RELU = frozenset({"relu", "relu6"})


def is_relu(layer: Any) -> bool:
    """Whether a layer puts out 0 wherever it is not active."""
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    return type(layer).__name__ == "ReLU" or activation in RELU


def dead_channels(call: Call, output: np.ndarray[Any, Any]) -> DeadUnits:
    """The units (along the last axis) that are 0 for every sample and place."""
    active = (output != 0).reshape(-1, output.shape[-1]).any(axis=0)
    return DeadUnits(written_layer_name(call.layer.name), len(active), int((~active).sum()))
