"""Leaves a model as it was: what a check trains is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.keras_internals import leaf_layers
from dlcli.training.setup.trial import unchanged


@contextmanager
def restored(model: Any) -> Iterator[None]:
    """Puts all variables of model and optimizer back when it ends."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    with unchanged([*model.variables, *model.optimizer.variables]):
        yield


def moving(model: Any) -> list[Any]:
    """The layers that learn and whose answers hang on statistics that move with each step, of which they keep a share."""
    return [
        layer
        for layer in leaf_layers(model)
        if layer.trainable and layer.non_trainable_weights and isinstance(getattr(layer, "momentum", None), int | float)
    ]


def settle(model: Any, inputs: Any) -> None:
    """Gives batch normalization the statistics of a batch, which an untrained model has not met yet."""
    layers = moving(model)
    if not layers:
        return
    before = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        with without_noise(model):
            model(inputs, training=True)
    finally:
        for layer, momentum in zip(layers, before, strict=True):
            layer.momentum = momentum


def noise_of(model: Any) -> list[tuple[Any, str]]:
    """The layers that drop or disturb what passes while the model trains, with the attribute that says how much."""
    return [
        (layer, name)
        for layer in leaf_layers(model)
        for name in ("rate", "stddev", "dropout", "recurrent_dropout")
        if isinstance(getattr(layer, name, None), float) and not isinstance(getattr(type(layer), name, None), property)
    ]


@contextmanager
def without_noise(model: Any) -> Iterator[None]:
    """While it is open, dropout and noise are off, so that a batch can be memorized."""
    noisy = noise_of(model)
    before = [getattr(layer, name) for layer, name in noisy]
    for layer, name in noisy:
        setattr(layer, name, 0.0)
    try:
        yield
    finally:
        for (layer, name), value in zip(noisy, before, strict=True):
            setattr(layer, name, value)
