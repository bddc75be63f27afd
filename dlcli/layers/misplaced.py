"""Layers of Keras that stand elsewhere than in the list of layers: what they are, and where to write them."""

from __future__ import annotations

from dlcli.spec import KerasObject, Mistake

CELL = "{name} is one step of a recurrent layer and takes a state beside its input"
TEXT = "{name} takes text, and the layers take numbers"
MISPLACED = {
    "GRUCell": (CELL, "write RNN: {cell: {GRUCell: 8}}"),
    "LSTMCell": (CELL, "write RNN: {cell: {LSTMCell: 8}}"),
    "SimpleRNNCell": (CELL, "write RNN: {cell: {SimpleRNNCell: 8}}"),
    "StackedRNNCells": (CELL, "write RNN: {cell: [{LSTMCell: 8}, {LSTMCell: 8}]}"),
    "StringLookup": (TEXT, "write it under data.prepare"),
    "TextVectorization": (TEXT, "write it under data.prepare"),
    "HashedCrossing": (
        "{name} crosses two columns of names, and the layers take numbers",
        "write it under data.prepare",
    ),
    "MaxNumBoundingBoxes": ("{name} takes boxes with their labels, which no source gives", None),
    "Equalization": (
        "{name} cannot be part of a graph: Keras gives its input for its output",
        "write it under data.augment",
    ),
}


def misplaced(layer: KerasObject) -> Mistake | None:
    """The mistake of a layer that cannot stand in the list of layers."""
    if layer.plugin is not None or layer.name not in MISPLACED:
        return None
    message, hint = MISPLACED[layer.name]
    return Mistake(message.format(name=layer.written), suggestion=hint, at="name")
