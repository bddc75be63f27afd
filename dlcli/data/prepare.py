"""Preparation: Keras preprocessing layers fitted on the training split alone, and kept as a model of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcli.data import Data
from dlcli.data.dataset import Dataset
from dlcli.errors import BlockError, TreePath
from dlcli.spec import Facts, KerasObject

if TYPE_CHECKING:
    import numpy as np

BATCH = 8192
"""Samples that are prepared at a time."""


def preparations(data: Data, names: list[str]) -> dict[str, list[tuple[TreePath, KerasObject]]]:
    """By input: its preparations in order, each with its place; those of `data.prepare` come first."""
    found: dict[str, list[tuple[TreePath, KerasObject]]] = {}
    for name in names:
        steps: list[tuple[TreePath, KerasObject]] = [
            (("data", "prepare", number), step) for number, step in enumerate(data.prepare)
        ]
        if isinstance(data.inputs, dict):
            own = data.inputs[name].prepare
            steps += [(("data", "inputs", name, "prepare", number), step) for number, step in enumerate(own)]
        found[name] = steps
    return found


def fit_preparation(data: Data, dataset: Dataset, *, facts: Facts) -> Any:
    """The model from raw to prepared inputs, by name, or None where nothing is prepared.

    Layers with something to learn (`Normalization`: mean and variance) learn it from the training split, each from what the
    layers before it make. Raises `BlockError` at the preparation that cannot be fitted.
    """
    import keras

    train = dataset.splits["train"].inputs
    steps = preparations(data, list(train))
    if not any(steps.values()):
        return None
    raw, prepared = {}, {}
    for schema in dataset.schema.inputs:
        raw[schema.name] = keras.Input(tuple(schema.shape), name=schema.name, dtype="float32")
        tensor, values = raw[schema.name], train[schema.name].astype("float32")
        for path, step in steps[schema.name]:
            try:
                layer = step.build(facts)
                if hasattr(layer, "adapt") and not layer.built:
                    layer.adapt(values)
                tensor = layer(tensor)
                values = in_batches(layer, values)
            except Exception as error:
                raise BlockError(
                    (*path, step.written),
                    f"{step.written} cannot prepare '{schema.name}' of shape {tuple(schema.shape)}: {str(error).splitlines()[0]}",
                ) from error
        prepared[schema.name] = tensor
    return keras.Model(raw, prepared)


def in_batches(layer: Any, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What a layer makes of an array, some thousand samples at a time."""
    import numpy as np

    parts = [np.asarray(layer(values[start : start + BATCH])) for start in range(0, len(values), BATCH)]
    return np.concatenate(parts)


def prepare(model: Any, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """The inputs (samples, …) as the model takes them: prepared, float32."""
    import numpy as np

    if model is None:
        return {name: values.astype(np.float32, copy=False) for name, values in inputs.items()}
    samples = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, samples, BATCH):
        batch = {name: values[start : start + BATCH].astype(np.float32) for name, values in inputs.items()}
        parts.append({name: np.asarray(made, dtype=np.float32) for name, made in model(batch, training=False).items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
