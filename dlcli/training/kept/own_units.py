"""A model whose targets are learnt scaled, as it is kept: it ends in their own units; and as it was trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.data import Schema
from dlcli.data.schema import TargetSchema
from dlcli.named_inputs import model_of

Change = Callable[[Any, TargetSchema, str], Any]


def with_own_units(model: Any, schema: Schema) -> Any:
    """The model with the inverse of each scale behind its output."""
    return changed(model, schema, inverse_of)


def without_own_units(model: Any, schema: Schema) -> Any:
    """The model as it was trained."""
    return changed(model, schema, lambda _, __, name: model.get_layer(name).input)


def changed(model: Any, schema: Schema, change: Change) -> Any:
    """The model with the outputs of targets that are learnt scaled changed."""
    outputs = model.output
    for number, target in enumerate(schema.targets):
        if target.scale is None:
            continue
        name = f"own_units_{number}" if number else "own_units"
        if isinstance(outputs, dict):
            outputs = {**outputs, target.name: change(outputs[target.name], target, name)}
        else:
            outputs = change(outputs, target, name)
    return model if outputs is model.output else model_of(model.input, outputs, name="model")


def inverse_of(output: Any, target: TargetSchema, name: str) -> Any:
    """The output of a target in its own units."""
    import keras

    assert target.scale is not None
    shift, factor = target.scale.numbers
    values = keras.layers.Rescaling(factor.tolist(), shift.tolist(), name=name, dtype="float32")(output)
    if target.scale.kind == "log":
        return keras.ops.exp(values)
    return keras.ops.expm1(values) if target.scale.kind == "log1p" else values
