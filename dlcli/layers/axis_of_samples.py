"""Layers whose axes are written out answer each sample by itself: `Softmax: {axis: 0}` would mix the samples of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcli.errors import BlockError, TreePath
from dlcli.layers.called import called
from dlcli.layers.samples_apart import INSIDE, are_apart, flat_tensors, samples_to_try
from dlcli.spec import KerasObject

AXES = ("axis", "axes", "attention_axes", "equation")
"""Arguments of layers that may name the axis of the samples; all other layers leave it alone."""


def check_axis_of_samples(thing: KerasObject, layer: Any, taken: Any, output: Any, path: TreePath) -> None:
    """Raises `BlockError` for a layer that goes along the axis of the samples, tried where axes are written out."""
    if not writes_axes(thing):
        return
    tensors = taken if isinstance(taken, dict) else {"taken": taken}

    def apply(values: Mapping[str, Any]) -> Any:
        return called(layer, values if isinstance(taken, dict) else values["taken"], path)

    whole = any(not each.shape or each.shape[0] is not None for each in flat_tensors({"output": output}))
    if not whole and are_apart(apply, tensors, samples=samples_to_try(thing, tensors)):
        return
    written = next((key for key in AXES if key in thing.arguments), None)
    place = (*path, thing.written) if written is None else (*path, thing.written, written)
    hint = "begin both sides of the equation with the samples: ab,bc->ac" if written == "equation" else INSIDE
    raise BlockError(place, f"{thing.written} mixes the samples of a batch", hint=hint, kind="mixes_samples")


def writes_axes(value: Any) -> bool:
    """Whether a layer, or one inside it, has an argument that names axes."""
    if isinstance(value, KerasObject):
        return any(key in value.arguments for key in AXES) or any(map(writes_axes, value.arguments.values()))
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(map(writes_axes, inner))
