"""Rows of weights that belong to places and not to samples: an Embedding of Keras, so that a saved model needs nothing else."""

from __future__ import annotations

from typing import Any

from dlcli.errors import BlockError, TreePath
from dlcli.keras_internals import calls_of_layer
from dlcli.layers.calls import is_for_all_samples
from dlcli.layers.stack import Graph
from dlcli.spec import KerasObject

UNIFORM = KerasObject("initializers", "RandomUniform", "uniform", {})
"""The first values of rows, as of an Embedding."""


def embedded_rows(
    taken: Any, count: int, *, name: str, graph: Graph, path: TreePath, word: str, initializer: KerasObject
) -> tuple[Any, Any]:
    """`count` rows (1, count, features) of weights beside a tensor (samples, …, place, features), and the layer that has them.

    Keras asks that what a model puts out comes from its inputs, so the numbers of the rows are made of the first sample, of
    whatever is in it: an axis of one in the place of the samples says that they are the same for all.
    """
    import keras

    ops = keras.ops
    first = graph.operate(ops.take, taken, [0], axis=0, path=path)
    places = (slice(None), *(0 for _ in taken.shape[1:-2]), slice(0, count), 0)
    ones = graph.operate(ops.ones_like, graph.operate(ops.get_item, first, places, path=path), dtype="int32", path=path)
    numbers = graph.operate(ops.subtract, graph.operate(ops.cumsum, ones, axis=-1, path=path), 1, path=path)
    layer = keras.layers.Embedding(
        count, taken.shape[-1], embeddings_initializer=initializer.build(graph.facts), name=name
    )
    return graph.call(layer, numbers, path, word), layer


def place_and_features(taken: Any, word: str, path: TreePath) -> tuple[int | None, int]:
    """The sizes of the two last axes. Raises `BlockError` for what is no sequence."""
    shape = () if isinstance(taken, list) else tuple(taken.shape[1:])
    if len(shape) < 2 or shape[-1] is None:
        found = f"the shape {shape}" if shape else "several tensors"
        raise BlockError(
            (*path, word),
            f"{word} stands behind what has places with features, and takes {found}",
            hint="it needs (…, place, features), as an Embedding or a Reshape gives it",
            kind="layer_refuses",
        )
    return shape[-2], shape[-1]


def is_same_for_all(layer: Any) -> bool:
    """Whether a layer takes what is the same for all samples."""
    return all(is_for_all_samples(node.input_tensors) for node in calls_of_layer(layer))
