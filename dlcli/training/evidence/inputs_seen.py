"""The inputs as the first layer that learns sees them: how far they are from unit scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dlcli.data import Schema
from dlcli.data.dataset import spread_samples
from dlcli.data.preparation.fitting import columns_in_order
from dlcli.keras_internals import leaf_layers, nodes_of
from dlcli.layers.names import written_layer_name
from dlcli.named_inputs import model_of
from dlcli.training.setup.experiment import Experiment

LOOKED_AT = 256  # unseen: time alone


@dataclass(frozen=True)
class InputSeen:
    """What a layer that learns takes: of the feature that is farthest from 0 the mean, deviation and root mean square.

    `name` is the column or the input that it comes from, `largest` and `least` the ends, `spread` the largest deviation.
    """

    layer: str
    input: str
    name: str
    mean: float
    deviation: float
    size: float
    least: float
    largest: float
    spread: float
    column: bool
    features: int = 1
    """How many the layer takes, the farthest of which this is."""
    uneven: float = 1.0
    """How many times the least deviation among these the largest is."""


def inputs_seen(experiment: Experiment) -> list[InputSeen]:
    """What each layer that learns takes of the inputs themselves, where none before it has learnt or rescaled."""
    import numpy as np

    model, feed = experiment.model, experiment.splits["train"]
    taking = [*first_learning(model)]
    if not taking or not len(feed):
        return []
    inputs, _ = feed.take(spread_samples(len(feed), LOOKED_AT))
    values = model_of(model.input, {str(number): tensor for number, (_, tensor) in enumerate(taking)})(
        dict(inputs), training=False
    )
    found, texts = [], {schema.name for schema in experiment.dataset.schema.inputs if schema.text}
    for number, (layer, _) in enumerate(taking):
        rows = np.asarray(values[str(number)], np.float64)
        rows = rows.reshape(-1, rows.shape[-1] if rows.ndim > 1 else 1)
        if not rows.size or not np.isfinite(rows).all():
            continue
        sizes, spreads = np.sqrt((rows**2).mean(axis=0)), rows.std(axis=0)
        worst = int(sizes.argmax())
        source, column = named_feature(experiment, inputs, rows[:, worst])
        if source in texts:  # how often a word stands in a text, or what it weighs, is as it is to be
            continue
        found.append(
            InputSeen(
                written_layer_name(layer.name),
                source,
                column or source,
                float(rows[:, worst].mean()),
                float(spreads[worst]),
                float(sizes[worst]),
                float(rows.min()),
                float(rows.max()),
                float(spreads.max()),
                column is not None,
                rows.shape[1],
                float(spreads.max() / spreads[spreads > 0].min()) if spreads.any() else 1.0,
            )
        )
    return found


def first_learning(model: Any) -> Iterator[tuple[Any, Any]]:
    """Each layer with weights that multiply the inputs as they come, with the tensor that it takes."""
    import keras

    layers = keras.layers
    by_itself = (
        *(layers.Normalization, layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization),
        *(layers.UnitNormalization, layers.Embedding, layers.Hashing, layers.Discretization, layers.CategoryEncoding),
    )
    raw = {id(tensor) for tensor in model.inputs}
    for node in nodes_of(model):
        layer, taken = node.operation, node.input_tensors
        arriving = [tensor for tensor in taken if id(tensor) in raw and tensor.dtype != "bool"]  # a mask is no number
        if not arriving or isinstance(layer, by_itself):
            continue
        if getattr(layer, "weights", ()):
            inside = leaf_layers(layer) if hasattr(layer, "layers") else []
            if not any(isinstance(each, by_itself) for each in inside):
                yield layer, arriving[0]
            continue
        raw |= {id(tensor) for tensor in node.output_tensors}


def named_feature(experiment: Experiment, inputs: Any, feature: Any) -> tuple[str, str | None]:
    """The input that a feature (samples,) of what a layer takes comes from, and its column, where it has come as it is."""
    import numpy as np

    schemas = experiment.dataset.schema.inputs
    for schema in schemas:
        values = np.asarray(inputs[schema.name])
        values = values.reshape(-1, values.shape[-1] if values.ndim > 1 else 1)
        if values.dtype.kind not in "fiub" or len(values) != len(feature):
            continue
        same = np.flatnonzero((values.astype(np.float32) == feature.astype(np.float32)[:, None]).all(axis=0))
        in_order = columns_in_order(experiment.config.data, schemas, schema)
        columns = [column.name for column in in_order for _ in range(column.width)]
        if len(same):
            return schema.name, columns[int(same[0])] if len(columns) == values.shape[1] else None
    return (schemas[0].name if len(schemas) == 1 else "the inputs"), None


def takes_pictures(schema: Schema) -> bool:
    """Whether all inputs are pictures."""
    return bool(schema.inputs) and all({"height", "width"} <= {*each.axes} for each in schema.inputs)
