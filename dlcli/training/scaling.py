"""What would bring the inputs of a model to unit scale, where its data is far from it and it does nothing about that itself."""

from __future__ import annotations

from dataclasses import replace

from dlcli.data import Samples
from dlcli.data.dataset import spread_samples
from dlcli.data.findings.scale import far_from_unit_scale
from dlcli.data.findings.target_scale import target_far_from_unit_scale
from dlcli.finding import Finding, Setting
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


def far_target(experiment: Experiment) -> Finding | None:
    """That targets are far from unit scale, with the settings of those whose loss learns as well from other units."""
    heads, dataset = experiment.config.heads, experiment.dataset
    free = {
        schema.name
        for head, schema in zip(heads, dataset.schema.targets, strict=True)
        if head.loss.traits.get("target") == "numbers" and not {"least", "divides"} & {*head.loss.traits}
    }
    train = dataset.splits["train"]
    some = spread_samples(len(train), LOOKED_AT)
    targets = {name: values[some] for name, values in train.targets.items()}
    sample = replace(dataset, splits={"train": Samples({}, targets, train.rows[some])})
    return target_far_from_unit_scale(sample, among=free)
