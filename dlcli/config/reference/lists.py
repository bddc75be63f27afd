"""What kinds of things a configuration can name, and which there are of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.gallery import templates, title
from dlcli.config.meanings import summary_of
from dlcli.config.reference.groups import grouped
from dlcli.config.reference.thing import Kinds, Names
from dlcli.config.schema import Config
from dlcli.config.starting_weights import StartingWeights
from dlcli.config.sweep import Sweep
from dlcli.config.train import EarlyStopping, Phase, ReduceOnPlateau, Train
from dlcli.data import Data
from dlcli.data.inputs import Input
from dlcli.data.preparation.preparations import OWN as OWN_PREPARATIONS
from dlcli.data.sources import SOURCES
from dlcli.data.split import Split
from dlcli.data.target import Target
from dlcli.errors import UsageError
from dlcli.layers import GROUPS
from dlcli.layers.misplaced import possible_places
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import Named, Spec, did_you_mean

KINDS = {
    "sources": "where the data comes from: data.source",
    "preparations": "layers for data.prepare, which learn from the training split alone",
    "augmentations": "layers for data.augment, which change training batches at random",
    "layers": "the layers of Keras",
    "graph": "dlcli's own words among the layers, which hold layers themselves",
    "operations": "functions of keras.ops as layers: ops.NAME",
    "applications": "backbones of Keras, as a layer by name",
    "activations": "the activation of a layer: activation: NAME",
    "initializers": "the first weights of a layer: kernel_initializer: NAME",
    "regularizers": "a penalty on weights: kernel_regularizer: NAME",
    "constraints": "a bound on weights: kernel_constraint: NAME",
    "losses": "the guideline that a person gives: loss: NAME",
    "metrics": "what is counted besides the loss: metrics: [NAME]",
    "optimizers": "how weights are changed: optimizer: NAME",
    "schedules": "a learning rate that changes: learning_rate: {NAME: …}",
    "callbacks": "what else happens while training: train.callbacks",
    "blocks": "the blocks of a configuration and their keys",
    "templates": "the gallery: dlcli init --template NAME",
}
"""By kind, what it is for, in the order of a configuration."""
BLOCKS: Mapping[str, type[Spec]] = {
    "config": Config,
    "data": Data,
    "data.inputs": Input,
    "data.target": Target,
    "data.split": Split,
    "train": Train,
    "train.phases": Phase,
    "train.early_stopping": EarlyStopping,
    "train.reduce_on_plateau": ReduceOnPlateau,
    "weights": StartingWeights,
    "sweep": Sweep,
}
"""The blocks by the path of their key."""
OWN: Mapping[str, Collection[type[Named]]] = {
    "sources": SOURCES.values(),
    "graph": GROUPS,
    "preparations": OWN_PREPARATIONS,
    "schedules": (OneCycle,),
}
"""dlcli's own things by their kind."""


def kinds() -> Kinds:
    """The kinds that can be listed, how many there are of each, and what each is for."""
    return Kinds([*KINDS], {kind: len(kind_names(kind)) for kind in KINDS}, KINDS)


def names(kind: str) -> Names:
    """The names of one kind; by group each with a summary. Raises `UsageError` for a kind that does not exist."""
    if kind not in KINDS:
        raise UsageError(
            f"there is no kind '{kind}'",
            hint=did_you_mean(kind, KINDS) or f"there are: {', '.join(KINDS)}",
            kind="unknown_kind",
        )
    found = kind_names(kind)
    groups = {group: {name: summary_line(kind, name) for name in each} for group, each in grouped(kind, found).items()}
    return Names(kind, found, groups)


def kind_names(kind: str) -> list[str]:
    """The names of one kind that a configuration may use, in the order in which they are looked up."""
    own = [each.word for each in OWN.get(kind, ())]
    found: Mapping[str, Callable[[], list[str]]] = {
        "preparations": lambda: sorted([*own, *standing("prepare")]),
        "schedules": lambda: [*own, *offered_names("schedules")],
        "augmentations": lambda: sorted(standing("augment")),
        "activations": lambda: keras_catalogue().activations,
        "blocks": lambda: [*BLOCKS],
        "templates": lambda: [*templates()],
    }
    return found[kind]() if kind in found else own or offered_names(kind)


def offered_names(kind: str) -> list[str]:
    """The classes of Keras that are not refused and that some place of a configuration takes."""
    catalogue = keras_catalogue()
    return [
        name
        for name, entry in catalogue.kinds[kind].items()
        if name not in catalogue.refused[kind] and possible_places(entry["traits"])
    ]


def standing(place: str) -> list[str]:
    """The layers that can stand at a place."""
    layers = keras_catalogue().kinds["layers"]
    return [name for name in offered_names("layers") if place in possible_places(layers[name]["traits"])]


def summary_line(kind: str, name: str) -> str:
    """One line on what a thing is."""
    own = {each.word: each for each in OWN.get(kind, ())}
    if name in own or kind == "blocks":
        return summary_of(own.get(name) or BLOCKS[name])
    if kind == "templates":
        return title(templates()[name])
    entry = (
        keras_catalogue().kinds.get("layers" if kind in {"preparations", "augmentations"} else kind, {}).get(name, {})
    )
    return str(entry.get("summary", ""))
