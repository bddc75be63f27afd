"""Puts a configuration together: files it extends, values set on the command line, and `${…}` references."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.config.catalogue import KerasCatalogue, keras_catalogue
from dlcli.config.nodes import Mark, Node
from dlcli.config.yaml import read_yaml
from dlcli.errors import ConfigError, Problem
from dlcli.spec import Fact, near

REFERENCE = re.compile(r"\$\{([^{}]*)\}")
FACTS = ("data.classes", "data.features", "data.steps_per_epoch")
POSITION = re.compile(r"\d+")


def extended(root: Node, *, file: str, chain: tuple[Path, ...] = ()) -> Node:
    """The tree with the files that it extends beneath it: mappings merge, lists and scalars replace."""
    bases = root.child("extends")
    own = replace(root, value={key: node for key, node in root.value.items() if key != "extends"})
    if bases is None:
        return own
    names = bases.value if isinstance(bases.value, list) else [bases]
    merged: Node | None = None
    for name in names:
        base = base_of(name, chain=(*chain, Path(file).resolve()))
        merged = base if merged is None else merge(merged, base)
    return own if merged is None else merge(merged, own)


def base_of(name: Node, *, chain: tuple[Path, ...]) -> Node:
    """The tree of one extended file, itself extended."""
    if not isinstance(name.value, str):
        raise ConfigError([name.mark.problem("'extends' takes the path of a file or a list of paths")])
    path = name.mark.folder / name.value
    if path.resolve() in chain:
        raise ConfigError([name.mark.problem(f"{path} extends itself")])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError([name.mark.problem(f"cannot read {path}: {error.strerror}")]) from None
    return extended(read_yaml(content, file=str(path), folder=path.parent), file=str(path), chain=chain)


def merge(base: Node, over: Node) -> Node:
    """`over` laid upon `base`; a thing of another name replaces the one below instead of joining it."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    if other_thing(base.value, over.value):
        return over
    both = dict(base.value)
    for key, node in over.value.items():
        both[key] = merge(both[key], node) if key in both else node
    return replace(over, value=both)


def other_thing(base: dict[str, Node], over: dict[str, Node]) -> bool:
    """Whether two mappings are two different things of the idiom: `Adam: …` and `SGD: …` must not become one."""
    return len(base) == len(over) == 1 and base.keys() != over.keys() and all(is_thing(key) for key in (*base, *over))


def is_thing(name: str) -> bool:
    """Whether a key is the name of a thing rather than a key of a block."""
    from dlcli.data.sources import SOURCES

    return keras_catalogue().knows(name) or any(source.word == name for source in SOURCES)


def apply_settings(root: Node, settings: Sequence[str]) -> Node:
    """The tree with each `PATH=VALUE` (or `PATH+=VALUE`) of the command line in it."""
    problems: list[Problem] = []
    for setting in settings:
        try:
            root = apply_setting(root, setting)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return root


def apply_setting(root: Node, setting: str) -> Node:
    option = f"--set {setting}"
    where, separator, written = setting.partition("=")
    path = where.removesuffix("+").strip()
    mark = Mark(option, 1, 1, len(setting), setting, Path())
    if not separator or not path or not all(path.split(".")):
        raise ConfigError([mark.problem("expected PATH=VALUE", suggestion="for example --set train.epochs=5")])
    value = value_of(written, option=option, offset=len(where) + 1, whole=setting)
    key = replace(mark, length=len(path))
    return put(root, path.split("."), value.with_key(key), option=key, append=where.endswith("+"))


def value_of(written: str, *, option: str, offset: int, whole: str) -> Node:
    """The value of an option, read as YAML; its marks count from the start of the option."""
    try:
        node = read_yaml(f"value: {written}".encode(), file=option, folder=Path()).value["value"]
    except ConfigError as error:
        moved = [replace(each, line=1, column=max(1, each.column - 7 + offset), text=whole) for each in error.problems]
        raise ConfigError(moved) from None

    def moved_node(node: Node) -> Node:
        inner: Any = node.value
        if isinstance(inner, dict):
            inner = {key: moved_node(each) for key, each in inner.items()}
        elif isinstance(inner, list):
            inner = [moved_node(each) for each in inner]
        return replace(node, value=inner, mark=shifted(node.mark), key=node.key and shifted(node.key))

    def shifted(mark: Mark) -> Mark:
        return replace(mark, column=max(1, mark.column - 7 + offset), text=whole)

    result: Node = moved_node(node)
    return result


def put(node: Node, path: list[str], value: Node, *, option: Mark, append: bool) -> Node:
    """The tree with `value` at `path`, passing through the single name of the idiom where the path leaves it out."""
    part, rest = path[0], path[1:]
    if isinstance(node.value, list):
        position = index_of(node.value, part, option)
        inner = (
            put(node.value[position], rest, value, option=option, append=append)
            if rest
            else combined(node.value[position], value, option, append)
        )
        return replace(node, value=[*node.value[:position], inner, *node.value[position + 1 :]])
    entries = as_mapping(node, option)
    if part not in entries and len(entries) == 1 and is_thing(name := next(iter(entries))):
        inner = put(named_arguments(entries[name], name, part), path, value, option=option, append=append)
        return replace(node, value={name: inner.with_key(entries[name].key)})
    below = entries.get(part)
    if rest:
        below = Node({}, option, option) if below is None else below
        placed = put(below, rest, value, option=option, append=append).with_key(below.key)
    else:
        placed = combined(below, value, option, append)
    return replace(node, value={**entries, part: placed})


def as_mapping(node: Node, option: Mark) -> dict[str, Node]:
    """The entries of a node; a bare name (`Adam`) becomes the mapping of that name to no arguments."""
    if isinstance(node.value, dict):
        return dict(node.value)
    if isinstance(node.value, str) and is_thing(node.value):
        return {node.value: Node(None, node.mark, node.mark)}
    if node.value is None:
        return {}
    raise ConfigError([option.problem(f"the value on this path is {node.value!r}, which has no keys of its own")])


def named_arguments(node: Node, name: str, part: str) -> Node:
    """The arguments of a thing as a mapping; the short form (`Dropout: 0.2`) gets its argument's name."""
    if isinstance(node.value, dict):
        return node
    if node.value is None:
        return replace(node, value={})
    first = first_argument(name, keras_catalogue())
    return replace(node, value={} if first in {None, part} else {first: node})


def first_argument(name: str, catalogue: KerasCatalogue) -> str | None:
    """The argument that a thing's short form gives."""
    from dlcli.data.sources import SOURCES

    for source in SOURCES:
        if source.word == name:
            return next(iter(source.model_fields), None)
    return catalogue.first_argument(name)


def index_of(items: list[Node], part: str, option: Mark) -> int:
    """The position that a part of a path means: a number, or the name of a layer."""
    if POSITION.fullmatch(part):
        if int(part) < len(items):
            return int(part)
        raise ConfigError([option.problem(f"there is no position {part}; the list has {len(items)}, counted from 0")])
    names = [name_of(item) for item in items]
    if part in names:
        return names.index(part)
    known = near(part, [name for name in names if name])
    raise ConfigError(
        [
            option.problem(
                f"nothing in the list is named '{part}'",
                suggestion=known or "address it by its position, counted from 0",
            )
        ]
    )


def name_of(item: Node) -> str | None:
    """The `name` argument of a thing in a list."""
    if isinstance(item.value, dict) and len(item.value) == 1:
        named = next(iter(item.value.values())).child("name")
        return named.value if named is not None else None
    return None


def combined(old: Node | None, value: Node, option: Mark, append: bool) -> Node:
    """What stands at the end of a path: the new value, or the old list with the new value behind it."""
    if not append:
        return value if old is None else value.with_key(value.key)
    items = [] if old is None or old.value is None else old.value
    if not isinstance(items, list):
        raise ConfigError([option.problem("'+=' appends to a list; the value here is none", suggestion="use '='")])
    more = value.value if isinstance(value.value, list) else [value]
    return Node([*items, *more], value.mark, option)


def interpolated(root: Node) -> Node:
    """The tree with every `${…}` replaced: by the value it names, or by a fact that the data will tell."""
    problems: list[Problem] = []
    result = fill(root, root, problems, ())
    if problems:
        raise ConfigError(problems)
    return result


def fill(node: Node, root: Node, problems: list[Problem], open_names: tuple[str, ...]) -> Node:
    value = node.value
    if isinstance(value, dict):
        return replace(node, value={key: fill(each, root, problems, open_names) for key, each in value.items()})
    if isinstance(value, list):
        return replace(node, value=[fill(each, root, problems, open_names) for each in value])
    if not isinstance(value, str) or "${" not in value:
        return node
    whole = REFERENCE.fullmatch(value)
    if whole:
        return referred(whole[1].strip(), node, root, problems, open_names)

    def text(found: re.Match[str]) -> str:
        inner = referred(found[1].strip(), node, root, problems, open_names).value
        if isinstance(inner, dict | list | Fact):
            problems.append(node.mark.problem(f"'${{{found[1]}}}' is no text and cannot stand inside one"))
        return str(inner).lower() if isinstance(inner, bool) else str(inner)

    return replace(node, value=REFERENCE.sub(text, value))


def referred(name: str, node: Node, root: Node, problems: list[Problem], open_names: tuple[str, ...]) -> Node:
    """What one reference stands for, at the place of the reference."""
    if name in FACTS:
        return replace(node, value=Fact(name))
    if name in open_names:
        problems.append(node.mark.problem(f"'${{{name}}}' refers to itself"))
        return replace(node, value=0)
    found: Node | None = root
    for part in name.split("."):
        found = found and (found.child(int(part)) if POSITION.fullmatch(part) else step(found, part))
    if found is None:
        known = [*FACTS, *paths(root)]
        problems.append(
            node.mark.problem(
                f"nothing is named '${{{name}}}'",
                suggestion=near(name, known),
                see=f"facts of the data: {', '.join(FACTS)}",
            )
        )
        return replace(node, value=0)
    return replace(fill(found, root, problems, (*open_names, name)), mark=node.mark, key=node.key)


def step(node: Node, part: str) -> Node | None:
    """One key further, through the single name of the idiom."""
    found = node.child(part)
    if (
        found is None
        and isinstance(node.value, dict)
        and len(node.value) == 1
        and is_thing(name := next(iter(node.value)))
    ):
        return node.value[name].child(part)
    return found


def paths(node: Node, above: str = "") -> list[str]:
    """The names of all single values, for the nearest one in a message."""
    if isinstance(node.value, dict):
        return [path for key, each in node.value.items() for path in paths(each, f"{above}.{key}" if above else key)]
    return [above] if not isinstance(node.value, list) else []
