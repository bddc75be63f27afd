"""TensorFlow's public modules, name by name: `tf.nn`, `tf.lite`, `tf.compat.v1` and a hundred others.

They only give other names to what `tensorflow.python` defines. `import tensorflow` runs them all, which takes a quarter of
its time; `tf.nn` alone brings a second Keras and SciPy, for three names that nobody asks for. What stands in their place
gives a name from where it is defined, and loads the whole module for what it does not find that way.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

PUBLIC = "tensorflow._api.v2."
AT_ONCE = (f"{PUBLIC}distribute", f"{PUBLIC}lite")
"""Modules beside which TensorFlow has a package of the same name, whose import would put it in their place later."""
NAMED = re.compile(r"^from (tensorflow\.[\w.]+) import (\w+)(?: as (\w+))?", re.MULTILINE)
"""How a public module writes where a name is defined."""


class Deferred(ModuleType):
    """Stands for a module that has not been loaded."""

    def __init__(self, name: str, finder: Finder) -> None:
        super().__init__(name)
        self.__dict__["stands_for"], self.__dict__["finder"] = name, finder

    def __getattr__(self, name: str) -> Any:
        own, finder = self.__dict__["stands_for"], self.__dict__["finder"]
        stands = sys.modules.get(own) is self
        if stands and own not in finder.asked_for and name in finder.names(own):
            module, attribute = finder.names(own)[name]
            if module.startswith(PUBLIC[:-1]):
                value: Any = importlib.import_module(f"{module}.{attribute}")
            else:
                value = getattr(importlib.import_module(module), attribute)
            self.__dict__.setdefault(name, value)
            return self.__dict__[name]
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
        self.written: dict[str, dict[str, tuple[str, str]]] = {}

    def names(self, module: str) -> dict[str, tuple[str, str]]:
        """The names that a public module gives to others, with the module and the name by which they are defined."""
        if module not in self.written:
            texts = []
            for folder in folders_of(module):
                with contextlib.suppress(OSError):
                    texts.append((folder / "__init__.py").read_text(encoding="utf-8"))
            found = NAMED.findall("\n".join(texts))
            self.written[module] = {given or name: (where, name) for where, name, given in found}
        return self.written[module]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(PUBLIC) or name.startswith(AT_ONCE) or name in self.asked_for:
            return None
        spec = ModuleSpec(name, self, is_package=True)
        spec.submodule_search_locations = [str(folder) for folder in folders_of(name)]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Deferred(spec.name, self)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run yet."""


def folders_of(module: str) -> list[Path]:
    """Where a public module may stand."""
    return [Path(each, *module.split(".")[1:]) for each in getattr(sys.modules.get("tensorflow"), "__path__", ())]


def defer_public_modules() -> None:
    """From here on the modules of TensorFlow's public interface are loaded on demand."""
    if not any(isinstance(each, Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, Finder())
