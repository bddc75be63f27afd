"""The phases of a training, planned before its first step: what each is set up with, tried on a batch like the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config import Config
from dlcli.keras_internals import leaf_layers


@dataclass(frozen=True)
class PhasePlan:
    """A phase: the file with its settings, its facts, and for each layer of the model whether it learns.

    The layers are all of them, those inside others too, each before what is in it.
    """

    config: Config
    facts: Mapping[str, int]
    learns: Sequence[bool]


def learning_layers(model: Any) -> list[bool]:
    """For each layer of a model whether it learns."""
    return [bool(layer.trainable) for layer in leaf_layers(model)]


def let_learn(model: Any, learns: Sequence[bool]) -> None:
    """Lets those layers of a model learn that are to; the others keep their weights and statistics."""
    for layer, learns_now in zip(leaf_layers(model), learns, strict=True):
        layer.trainable = learns_now
