"""Models of keras.applications in a model, as the calls that make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dlcli.actions.ejected.expressions import written_value
from dlcli.errors import TreePath
from dlcli.layers.backbone import PUBLIC, is_backbone
from dlcli.layers.layer import Layer
from dlcli.layers.stack import Entry
from dlcli.layers.trainable import KEY
from dlcli.spec import KerasObject, plain
from dlcli.training.setup.experiment import Experiment

PATH: TreePath = ("layers",)


def backbone_texts(experiment: Experiment) -> dict[str, str]:
    """By the name of its layer the call of each model of keras.applications."""
    things = dict(backbones_in(experiment.config.layers, PATH))
    places = experiment.built.places
    models = {layer.name: layer for layer in experiment.model.layers if places.get(layer.name) in things}
    return {name: call_text(things[places[name]], each, experiment.facts) for name, each in models.items()}


def weight_files(layers: Sequence[Entry]) -> list[str]:
    """The files of weights that models of keras.applications begin with."""
    found = [thing.arguments.get("weights", PUBLIC) for _, thing in backbones_in(layers, PATH)]
    return [str(each) for each in found if each not in {None, PUBLIC}]


def backbones_in(entries: Sequence[Entry], path: TreePath) -> Iterator[tuple[TreePath, KerasObject]]:
    """The models of keras.applications in a list of layers, each with its place."""
    for position, entry in enumerate(entries):
        place = (*path, position)
        if isinstance(entry, Layer) and is_backbone(entry.keras):
            yield place, entry.keras
        word = next(iter(plain(entry)))
        for below, stack in entry.parts:
            yield from backbones_in(stack, (*place, word, *below))


def call_text(thing: KerasObject, model: Any, facts: Mapping[str, int]) -> str:
    """The call of keras.applications; weights of a file stand beside the script with all others."""
    values = {key: each for key, each in thing.values(facts).items() if key not in {KEY, "name"}}
    if values.get("weights", PUBLIC) != PUBLIC:
        values["weights"] = None
    values["input_shape"] = tuple(values.get("input_shape", model.input.shape[1:]))
    values["name"] = model.name
    inner = ", ".join(f"{key}={written_value(each)}" for key, each in values.items())
    return f"keras.applications.{thing.name}({inner})"
