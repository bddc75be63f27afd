"""TensorFlow's public modules, loaded when something of them is asked for: `tf.lite`, `tf.compat.v1` and a hundred others.

`import tensorflow` runs them all, which takes a quarter of its time, and Keras uses a few. What stands in their place gives
every name that they have; the one who asks first loads the module, under the lock with which Python imports.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PUBLIC = "tensorflow._api.v2."
"""Modules that only give other names to what `tensorflow.python` defines."""
AT_ONCE = (f"{PUBLIC}distribute", f"{PUBLIC}lite")
"""Modules beside which TensorFlow has a package of the same name, whose import would put it in their place later."""
ELSEWHERE = {(f"{PUBLIC}compat.v1", "placeholder"): "tensorflow.python.ops.array_ops"}
"""What Keras takes, for every layer that it calls, out of a module that is dear to load; and where it is defined."""


class Deferred(ModuleType):
    """Stands for a module that has not been loaded."""

    def __init__(self, name: str, finder: Finder) -> None:
        super().__init__(name)
        self.__dict__["stands_for"], self.__dict__["finder"] = name, finder

    def __getattr__(self, name: str) -> Any:
        own, finder = self.__dict__["stands_for"], self.__dict__["finder"]
        if (own, name) in ELSEWHERE:
            return getattr(importlib.import_module(ELSEWHERE[own, name]), name)
        stands = sys.modules.get(own) is self
        if not stands and own not in finder.asked_for:
            raise AttributeError(name)  # Python is only just putting it in its place.
        finder.asked_for.add(own)
        if stands:
            del sys.modules[own]
        return getattr(importlib.import_module(own), name)


class Finder(Loader):
    """Finds a `Deferred` for each public module until somebody has asked for something of it."""

    def __init__(self) -> None:
        self.asked_for: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(PUBLIC) or name.startswith(AT_ONCE) or name in self.asked_for:
            return None
        return ModuleSpec(name, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Deferred(spec.name, self)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run yet."""


def defer_public_modules() -> None:
    """From here on the modules of TensorFlow's public interface are loaded on demand."""
    if not any(isinstance(each, Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, Finder())
