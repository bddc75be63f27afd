"""A thing of Keras as it is kept: its class, its arguments, and how it is built. Keras is imported only then."""

from __future__ import annotations

import importlib
import re
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from dlcli.spec.fact import Epochs, Fact, Facts

PLACES: Mapping[str, tuple[str, ...]] = {"schedules": ("optimizers", "schedules"), "operations": ()}
"""The modules of Keras in which a kind is found, where they are not called like it; `ops.sqrt` brings its own."""


@dataclass(frozen=True)
class KerasObject:
    """A layer, loss, optimizer, … of Keras: its canonical class name and its arguments, already checked.

    `written` is the name as the person wrote it (`mae` for `MeanAbsoluteError`). Arguments may hold further objects,
    and values that only the data can tell. `plugin` is the file of a class that is not Keras's own. `traits` are what the
    catalogue knows of the class beyond its arguments: what a loss needs as target, which way a metric is better, …
    """

    kind: str
    name: str
    written: str
    arguments: Mapping[str, Any]
    plugin: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def build(self, facts: Facts) -> Any:
        """The Keras object. Raises what Keras raises where an argument is wrong."""
        return self.made_by()(**self.values(facts))

    def made_by(self) -> Any:
        """The class or function that makes it; of a plugin one that has been run."""
        import keras

        if self.plugin is not None:
            return getattr(sys.modules[plugin_module(self.plugin)], self.name)
        if "ours" in self.traits:
            module, _, name = self.traits["ours"].rpartition(".")
            return getattr(importlib.import_module(module), name)
        place: Any = keras
        for part in (*PLACES.get(self.kind, (self.kind,)), *self.name.split(".")):
            place = getattr(place, part)
        return place

    def values(self, facts: Facts) -> dict[str, Any]:
        """The arguments with everything nested in them built."""
        added = self.traits.get("adds", ())
        return {key: built(value, facts=facts) for key, value in self.arguments.items() if key not in added}


@runtime_checkable
class Buildable(Protocol):
    """What an argument can hold that is itself to be built."""

    def build(self, facts: Facts) -> Any:
        """The Keras object."""


def plugin_module(path: str) -> str:
    """The name under which the module of a plugin file is known."""
    return f"plugin_{Path(path).stem}_{zlib.crc32(path.encode()):08x}"


def built(value: Any, *, facts: Facts) -> Any:
    """An argument as Keras takes it: nested objects built, facts of the data filled in."""
    match value:
        case Buildable():
            return value.build(facts)
        case Fact() | Epochs():
            return value.resolve(facts)
        case list():
            return [built(item, facts=facts) for item in value]
        case dict():
            return {key: built(item, facts=facts) for key, item in value.items()}
    return value


def snake_case(name: str) -> str:
    """The name of a class in lower case as Keras writes it: `TopKCategoricalAccuracy`, `top_k_categorical_accuracy`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", r"_\1\2", name).lower()
