"""What can follow `--set`: the paths of a configuration, and values for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).parents[1] / "config" / "catalogue" / "keras.json"
BLOCKS = {"optimizer": "optimizers", "loss": "losses"}
"""The kinds of things that stand at a key of the file."""
NAMING = frozenset({"optimizer", "loss", "layers", "metrics"})
"""Keys below which a text is the name of a thing."""


def settings_for(file: str | None, begun: str, vocabulary: Mapping[str, Any]) -> list[str]:
    """Paths of a configuration; values once a path is whole, or the only one."""
    paths = all_paths(tree_of(file), vocabulary)
    path, equals, _ = begun.partition("=")
    if equals:
        return [f"{path}={word}" for word in values_for(path, paths.get(path), vocabulary)]
    fitting = [each for each in paths if each.startswith(begun)]
    if len(fitting) == 1:
        words = values_for(fitting[0], paths[fitting[0]], vocabulary)
        return [f"{fitting[0]}={word}" for word in words] or [f"{fitting[0]}="]
    return [f"{each}=" for each in fitting]


def tree_of(file: Any) -> Any:
    """The tree of a configuration, empty where there is none that can be read."""
    if not isinstance(file, str) or not file.endswith((".yaml", ".yml")) or not Path(file).is_file():
        return {}
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(Path(file).read_bytes(), Loader=loader)
    except yaml.YAMLError:
        return {}


def all_paths(tree: Any, vocabulary: Mapping[str, Any]) -> dict[str, Any]:
    """Every path that can be set, with the value that the file has there."""
    paths = {f"{block}.{key}".lstrip("."): None for block, keys in vocabulary["keys"].items() for key in keys}
    paths = {path: value for path, value in paths.items() if "data.source." not in path and path != "train.phases.set"}
    return {**paths, **dict(paths_in(tree, ""))}


def paths_in(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The paths of what is written, those of a thing without its name, and of arguments that it leaves out."""
    if isinstance(value, dict):
        named = thing_of(value)
        if named is not None:
            kind_arguments, behind = named
            yield from ((f"{path}.{key}", default) for key, default in kind_arguments.items())
            yield from paths_in(behind, path) if isinstance(behind, dict) else []
            return
        for key, below in value.items():
            yield from paths_in(below, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from paths_in(below, f"{path}.{number}")
    elif path:
        yield path, value
        alone = thing_of({value: None}) if isinstance(value, str) and path.partition(".")[0] in NAMING else None
        yield from ((f"{path}.{key}", default) for key, default in alone[0].items()) if alone else ()


def thing_of(value: Mapping[str, Any]) -> tuple[dict[str, Any], Any] | None:
    """The arguments of a thing of Keras with their defaults, and what is written behind its name."""
    if len(value) != 1:
        return None
    [(name, behind)] = value.items()
    for kind in ("layers", "optimizers", "losses", "metrics", "schedules"):
        entry = catalogue()["kinds"][kind].get(name)
        if entry is not None:
            return {key: each.get("default") for key, each in entry["arguments"].items()}, behind
    return None


def catalogue() -> Any:
    """What Keras offers."""
    if not _catalogue:
        _catalogue.update(json.loads(CATALOGUE.read_text(encoding="utf-8")))
    return _catalogue


_catalogue: dict[str, Any] = {}


def values_for(path: str, value: Any, vocabulary: Mapping[str, Any]) -> list[str]:
    """Words that can stand at a path: the choices of a key, names of its kind, or values near that of the file."""
    block, _, key = path.rpartition(".")
    choices = vocabulary["keys"].get(block, {}).get(key, [])
    if choices:
        return list(choices)
    if path in BLOCKS:
        return list(vocabulary["names"][BLOCKS[path]])
    kinds = [kind for kind in ("activations", "initializers", "regularizers", "constraints") if kind[:-1] in key]
    if kinds:
        return list(vocabulary["names"][kinds[0]])
    value = number_in(value)
    if isinstance(value, bool):
        return ["true", "false"]
    if isinstance(value, int):
        return [str(each) for each in dict.fromkeys((value, value * 2, max(1, value // 2)))]
    if isinstance(value, float):
        return [f"{each:g}" for each in dict.fromkeys((value, value * 10, value / 10))]
    return [] if value is None else [str(value)]


def number_in(value: Any) -> Any:
    """The number that a text is: PyYAML takes `1e-3` for text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
