"""What would bring the inputs of a model to unit scale, where its data is far from it and it does nothing about that itself."""

from __future__ import annotations

from typing import Any

from dlcli.data import Dataset
from dlcli.data.findings.scale import far_from_unit_scale
from dlcli.finding import Setting
from dlcli.keras_internals import leaf_layers

LOOKED_AT = 1000
"""So many samples tell how far the values of an input spread."""


def scaling_settings(model: Any, dataset: Dataset) -> list[Setting]:
    """The settings, with measured evidence for them; none for a model that scales, or that takes numbers for names."""
    import keras

    layers = keras.layers
    by_itself = (
        *(layers.Rescaling, layers.Normalization, layers.BatchNormalization, layers.LayerNormalization),
        *(layers.Embedding, layers.CategoryEncoding, layers.Discretization, layers.IntegerLookup, layers.Hashing),
    )
    if any(isinstance(layer, by_itself) for layer in leaf_layers(model)):
        return []
    finding = far_from_unit_scale(dataset.sample(LOOKED_AT))
    return [] if finding is None else list(finding.advice)
