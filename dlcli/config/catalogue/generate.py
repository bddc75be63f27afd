"""Writes keras.json, the catalogue of what the installed Keras offers: `python -m dlcli.config.catalogue.generate`.

Names, arguments, defaults and which are required come from the signatures; types, which Keras does not annotate, from the
defaults and the first words of each argument's documentation. A type is written down only where those words are plain.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

from dlcli.config.catalogue.operations import operations
from dlcli.keras_internals import short_names
from dlcli.spec import snake_case

KINDS = {
    "layers": "Layer",
    "losses": "Loss",
    "optimizers": "Optimizer",
    "schedules": "LearningRateSchedule",
    "metrics": "Metric",
    "initializers": "Initializer",
    "regularizers": "Regularizer",
    "constraints": "Constraint",
    "callbacks": "Callback",
}
LAYER_ARGUMENTS = {
    "name": {"types": ["text"], "default": None},
    "dtype": {"types": ["text"], "default": None},
    "trainable": {"types": ["boolean"], "default": True},
}
THINGS = [
    (re.compile(r"(.*_)?initializer"), "initializers"),
    (re.compile(r"(.*_)?regularizer"), "regularizers"),
    (re.compile(r"(.*_)?constraint"), "constraints"),
    (re.compile(r"(recurrent_)?activation"), "activations"),
    (re.compile(r"layers?|backward_layer|cells?"), "layers"),
    (re.compile(r"inner_optimizer"), "optimizers"),
]
WORDS = [
    ("boolean", re.compile(r"\bbool(ean)?s?\b|^if `?true")),
    ("integer", re.compile(r"\bint(eger)?s?\b|\bnumber of\b")),
    ("number", re.compile(r"\b(floats?|numbers?(?! of)|scalars?)\b")),
    ("text", re.compile(r"\b(strings?|str)\b|^one of `?\"")),
    ("list", re.compile(r"\b(tuples?|lists?|shape|sequence)\b")),
]
UNCLEAR = re.compile(r"\b(callable|function|tensor|instance|dict(ionary)?|schedule|array|object|path|dtype|any)\b")


def catalogue() -> dict[str, Any]:
    """The catalogue as it is written: by kind, each class with its arguments and every spelling that Keras takes."""
    import keras

    kinds: dict[str, Any] = {}
    for kind, base in KINDS.items():
        module = importlib.import_module("keras.optimizers.schedules" if kind == "schedules" else f"keras.{kind}")
        kinds[kind] = classes_of(kind, module, getattr(module, base))
    kinds["applications"] = {
        name: {"spellings": [], **class_entry("applications", value)}
        for name, value in sorted(vars(keras.applications).items())
        if inspect.isfunction(value)
    }
    kinds["operations"] = operations(class_entry)
    activations = sorted(
        name
        for name, value in vars(keras.activations).items()
        if inspect.isfunction(value) and name not in {"get", "serialize", "deserialize"}
    )
    return {"keras": keras.__version__, "activations": activations, "kinds": kinds}


def classes_of(kind: str, module: Any, base: type) -> dict[str, Any]:
    """All classes of one module, and its functions that can serve as metrics, with their spellings."""
    found: dict[str, Any] = {}
    for exported, value in sorted(vars(module).items()):
        if inspect.isclass(value) and issubclass(value, base) and value is not base:
            name = value.__name__ if hasattr(module, value.__name__) else exported
            entry = found.setdefault(name, {"spellings": [], **class_entry(kind, value)})
            entry["spellings"] += [exported, *spellings(kind, value.__name__)]
    for exported, value in sorted(vars(module).items()):
        if kind == "metrics" and inspect.isfunction(value) and exported not in {"get", "serialize", "deserialize"}:
            known = any(exported in entry["spellings"] for entry in found.values())
            if not known:
                found[exported] = {"spellings": [exported], "summary": "", "arguments": {}, "function": True}
    shorter(kind, found)
    for name, entry in found.items():
        entry["spellings"] = sorted(set(entry["spellings"]) - {name})
    return found


def spellings(kind: str, name: str) -> list[str]:
    """How Keras lets a class be written in lower case; layers have one spelling only."""
    if kind in {"layers", "callbacks", "schedules"}:
        return []
    snake = snake_case(name)
    if kind == "metrics" and name == "Accuracy":
        return [snake, "acc"]
    return [snake, name.lower()] if kind == "optimizers" else [snake]


def shorter(kind: str, found: dict[str, Any]) -> None:
    """Adds the abbreviations (`mse`, `bce`, …) that Keras keeps in its own tables."""
    if kind not in {"losses", "metrics", "regularizers", "initializers", "constraints"}:
        return
    table = short_names(kind)
    for short, value in table.items():
        name = value.__name__
        for candidate, entry in found.items():
            if name == candidate or name in entry["spellings"]:
                entry["spellings"].append(short)


def class_entry(kind: str, value: Any) -> dict[str, Any]:
    """The summary of a class or function and its arguments in order; of a layer also those of its call."""
    documentation = inspect.getdoc(value) or ""
    said = documented_arguments(documentation)
    arguments: dict[str, Any] = {}
    for name, parameter in named_parameters(value).items():
        if name != "input_tensor":  # the tensor that a model of keras.applications is called on
            arguments[name] = argument(name, parameter, said.get(name, ""))
    added = LAYER_ARGUMENTS if kind == "layers" else {"trainable": LAYER_ARGUMENTS["trainable"]}
    if kind == "applications" or (kind == "layers" and takes_more(value)):
        for name, known in added.items():
            arguments.setdefault(name, known)
    summary = " ".join(documentation.split("\n\n")[0].split())
    entry = {"summary": summary, "arguments": arguments}
    if kind == "layers":
        entry["call"] = list(named_parameters(value.call))[1:]
    return entry


def takes_more(value: Any) -> bool:
    """Whether a class hands arguments of any other name on to the class that it is made from."""
    return any(each.kind is each.VAR_KEYWORD for each in inspect.signature(value).parameters.values())


def named_parameters(value: Any) -> dict[str, inspect.Parameter]:
    """The parameters of a class or function that can be given by name."""
    return {
        name: parameter
        for name, parameter in inspect.signature(value).parameters.items()
        if parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    }


def documented_arguments(documentation: str) -> dict[str, str]:
    """The first words behind each name in the `Args:` part of a docstring."""
    part = re.search(r"^Args:\n((?:(?:[ ]{4}.*)?\n?)+)", documentation, re.MULTILINE)
    if part is None:
        return {}
    return {
        found[1]: " ".join(found[2].split())
        for found in re.finditer(r"^    (\w+):\s*((?:.*)(?:\n {8}.*)*)", part[1], re.MULTILINE)
    }


def argument(name: str, parameter: inspect.Parameter, said: str) -> dict[str, Any]:
    """One argument: what it takes, and its default or that it is required."""
    default = parameter.default
    required = default is parameter.empty
    entry: dict[str, Any] = {}
    for pattern, kind in THINGS:
        if pattern.fullmatch(name):
            entry["thing"] = kind
    if name == "learning_rate" and "thing" not in entry:
        entry["thing"] = "schedules"
    types = [] if entry.get("thing") else documented_types(said, None if required else default)
    if types:
        entry["types"] = types
    if required:
        entry["required"] = True
    else:
        entry["default"] = default if isinstance(default, bool | int | float | str | None) else list_or_text(default)
    return entry


def documented_types(said: str, default: Any) -> list[str]:
    """The types an argument takes, or none where neither its documentation nor its default is plain."""
    head = re.split(r"[.;]\s|[.;]$|\bdefaults?\b", said.lower())[0][:70]
    if isinstance(default, bool) and not re.search("string", head):
        return ["boolean"]
    if UNCLEAR.search(head):
        return []
    types = {word for word, pattern in WORDS if pattern.search(head)}
    # The documentation of Keras often calls a number an integer or leaves the word out; the default knows better.
    if not types:
        return []
    if isinstance(default, float):
        types.add("number")
    elif isinstance(default, int):
        types.add("integer")
    elif isinstance(default, str):
        types.add("text")
    elif isinstance(default, list | tuple):
        types.add("list")
    return sorted(types)


def list_or_text(default: Any) -> Any:
    """A default that JSON can hold."""
    if isinstance(default, list | tuple):
        return [list_or_text(item) if not isinstance(item, bool | int | float | str) else item for item in default]
    return str(default)


def catalogue_text() -> str:
    """The text of keras.json: a line for each class, so that a new Keras shows as a readable change."""
    found = catalogue()
    lines = [
        "{",
        f'"keras": {json.dumps(found["keras"])},',
        f'"activations": {json.dumps(found["activations"])},',
        '"kinds": {',
    ]
    kinds = []
    for kind, classes in found["kinds"].items():
        rows = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in classes.items()]
        kinds.append(f"{json.dumps(kind)}: {{\n" + ",\n".join(rows) + "\n}")
    return "\n".join([*lines, ",\n".join(kinds), "}", "}"]) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("keras.json").write_text(catalogue_text(), encoding="utf-8")
