"""What would bring the inputs of a model to unit scale, where its data is far from it and it does nothing about that itself."""

from __future__ import annotations

from dataclasses import replace

from dlcli.data import Samples
from dlcli.data.dataset import spread_samples
from dlcli.data.findings.scale import far_from_unit_scale
from dlcli.finding import Setting
from dlcli.keras_internals import leaf_layers
from dlcli.training.setup.experiment import Experiment

LOOKED_AT = 1000  # unseen: time alone
"""So many samples tell how far the values of an input spread."""


def scaling_settings(experiment: Experiment) -> list[Setting]:
    """The settings, with measured evidence for them; none for a model that scales, or that takes numbers for names."""
    import keras

    layers = keras.layers
    by_itself = (
        *(layers.Rescaling, layers.Normalization, layers.BatchNormalization, layers.LayerNormalization),
        *(layers.Embedding, layers.CategoryEncoding, layers.Discretization, layers.IntegerLookup, layers.Hashing),
    )
    dataset, feed = experiment.dataset, experiment.splits["train"]
    if dataset.prepared or any(isinstance(layer, by_itself) for layer in leaf_layers(experiment.model)):
        return []
    some = spread_samples(len(feed), LOOKED_AT)
    sample = Samples(feed.take(some)[0], {}, feed.rows[some])
    finding = far_from_unit_scale(replace(dataset, splits={"train": sample}))
    return [] if finding is None else list(finding.advice)
