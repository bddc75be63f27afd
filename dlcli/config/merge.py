"""Puts a configuration together: the files that it extends and the values set on the command line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.outside import read_outside
from dlcli.config.problems import named_classes
from dlcli.config.setting_path import setting_parts
from dlcli.config.text import configuration_bytes
from dlcli.config.tree import Mark, Node
from dlcli.config.yaml import read_yaml
from dlcli.data.sources import endings, from_path
from dlcli.errors import ConfigError, Problem
from dlcli.layers.connections import way_to
from dlcli.numbered_names import numbered_names
from dlcli.spec import describe, did_you_mean, ending_of

POSITION = re.compile(r"[0-9]{1,6}")
MOST_FILES = 32
"""How many files may extend one another in a row."""


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
    """The tree of one extended file, itself extended.

    Raises `ConfigError` for a circle, for too many files, and for one that cannot be read.
    """
    if not isinstance(name.value, str):
        raise ConfigError(
            [name.mark.problem("'extends' takes the path of a file or a list of paths", kind="wrong_type")]
        )
    path = name.mark.folder / name.value
    if path.resolve() in chain:
        raise ConfigError([name.mark.problem(f"{path} extends itself", kind="extends_itself")])
    if len(chain) > MOST_FILES:
        raise ConfigError(
            [name.mark.problem(f"more than {MOST_FILES} files extend one another", kind="too_many_extended")]
        )
    try:
        content = configuration_bytes(path, named=True)
    except OSError as error:
        raise ConfigError(
            [
                name.mark.problem(
                    f"cannot read {path}: {error.strerror}",
                    kind="missing_file" if isinstance(error, FileNotFoundError) else "unreadable_file",
                )
            ]
        ) from None
    read = read_yaml if path.resolve().is_relative_to(chain[0].parent) else read_outside
    return extended(read(content, file=str(path), folder=path.parent), file=str(path), chain=chain)


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
    return keras_catalogue().knows(name) or any(each.word == name for each in named_classes())


def apply_settings(root: Node, settings: Sequence[str]) -> Node:
    """The tree with each `PATH=VALUE` (or `PATH+=VALUE`) of the command line in it.

    Raises `ConfigError` with every option that cannot be read or placed.
    """
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
    """The tree with one setting in it. Raises `ConfigError` at the option."""
    # The bytes of an argument that are not UTF-8 arrive as lone surrogates.
    shown = setting.encode("utf-8", "replace").decode()
    option = f"--set {shown}"
    if shown != setting:
        raise ConfigError(
            [Problem("the option is not UTF-8", option, 1, 1, length=len(shown), text=shown, kind="wrong_encoding")]
        )
    where, separator, written = setting.partition("=")
    path = unicodedata.normalize("NFC", where.removesuffix("+").strip())
    mark = Mark(option, 1, 1, len(setting), setting, Path.cwd())
    parts = setting_parts(path)
    if not separator or parts is None:
        raise ConfigError(
            [mark.problem("expected PATH=VALUE", suggestion="for example --set train.epochs=5", kind="bad_setting")]
        )
    if parts[0] == "extends":
        raise ConfigError(
            [
                replace(mark, length=len(path)).problem(
                    "'extends' stands in a file and cannot be set", kind="extends_in_setting"
                )
            ]
        )
    value = value_of(written, option=option, offset=len(where) + 1, whole=setting)
    key = replace(mark, length=len(path))
    return put(root, parts, value.with_key(key), option=key, append=where.endswith("+"))


def settings_read(settings: Sequence[str]) -> dict[str, Any]:
    """The value of each `PATH=VALUE` by its path; of `PATH+=VALUE` by `PATH+`. They have been applied before."""
    parts = [(setting, *setting.partition("=")) for setting in settings]
    return {
        where.strip(): value_of(written, option=setting, offset=len(where) + 1, whole=setting).plain()
        for setting, where, _, written in parts
    }


def value_of(written: str, *, option: str, offset: int, whole: str) -> Node:
    """The value of an option, read as YAML; its marks count from the start of the option.

    Raises `ConfigError` for what is no YAML or goes over its line.
    """

    def column(line: int, column: int) -> int:
        return max(1, column - len("value: ") + offset) if line == 1 else offset + 1

    content = f"value: {written}".encode()
    try:
        root = read_yaml(content, file=option, folder=Path.cwd())
    except ConfigError as error:
        raise ConfigError(
            [replace(each, line=1, column=column(each.line, each.column), text=whole) for each in error.problems]
        ) from None
    if len(root.value) > 1:
        raise ConfigError(
            [Problem("a value ends with its line", option, 1, offset + 1, text=whole, kind="value_over_lines")]
        )

    def moved_node(node: Node) -> Node:
        inner: Any = node.value
        if isinstance(inner, dict):
            inner = {key: moved_node(each) for key, each in inner.items()}
        elif isinstance(inner, list):
            inner = [moved_node(each) for each in inner]
        return replace(node, value=inner, mark=shifted(node.mark), key=node.key and shifted(node.key))

    def shifted(mark: Mark) -> Mark:
        return replace(mark, line=1, column=column(mark.line, mark.column), text=whole)

    return moved_node(root.value["value"])


def put(node: Node, path: list[str], value: Node, *, option: Mark, append: bool) -> Node:
    """The tree with `value` at `path`, passing through the single name of the idiom where the path leaves it out."""
    part, rest = path[0], path[1:]
    if isinstance(node.value, list):
        inside = None if position_in(node.value, part) is not None else way_to(node.plain(), part)
        if inside is not None:
            return put(node, [*map(str, inside), *rest], value, option=option, append=append)
        position = index_of(node.value, part, option)
        inner = (
            put(node.value[position], rest, value, option=option, append=append)
            if rest
            else combined(node.value[position], value, option, append)
        ).with_key(None)
        return replace(node, value=[*node.value[:position], inner, *node.value[position + 1 :]])
    entries = as_mapping(node, option)
    if len(entries) == 1 and part not in entries and keras_catalogue().same(part, next(iter(entries))):
        part = next(iter(entries))
    # A thing is a mapping of one key, its name, and nobody writes that name into a path: `optimizer.learning_rate` means
    # `optimizer.Adam.learning_rate`. Where the part is a key of the mapping itself it was taken above, so nothing that is
    # written out can be mistaken for the short way.
    if part not in entries and len(entries) == 1 and is_thing(name := next(iter(entries))):
        check_same_thing(name, part, option)
        inner = put(
            named_arguments(entries[name], name, part if not rest else None), path, value, option=option, append=append
        )
        return replace(node, value={name: inner.with_key(entries[name].key)})
    below = entries.get(part)
    if rest:
        below = Node({}, option, option) if below is None else below
        if len(entries) == 1 and is_thing(part):
            below = named_arguments(below, part, rest[0] if len(rest) == 1 else None)
        placed = put(below, rest, value, option=option, append=append).with_key(below.key)
    else:
        placed = combined(below, value, option, append)
    return replace(node, value={**entries, part: placed})


def check_same_thing(name: str, part: str, option: Mark) -> None:
    """Refuses a path that names another thing than the one that is there: its arguments would not fit."""
    if part in known_arguments(name) or not is_thing(part):
        return
    raise ConfigError(
        [
            option.problem(
                f"here stands {name}, not {part}",
                suggestion=f"set the whole: {{{part}: {{…}}}}",
                kind="other_name_stands_here",
            )
        ]
    )


def as_mapping(node: Node, option: Mark) -> dict[str, Node]:
    """The entries of a node; a bare name (`Adam`) becomes the mapping of that name to no arguments.

    Raises `ConfigError` for what has no keys.
    """
    if isinstance(node.value, dict):
        return dict(node.value)
    if isinstance(node.value, str) and is_thing(node.value):
        return {node.value: Node(None, node.mark, node.mark)}
    if node.value is None:
        return {}
    short = source_of_path(node)
    if short is not None:
        return short
    raise ConfigError(
        [
            option.problem(
                f"on this path stands {describe(node.value)}, which has no keys of its own", kind="has_no_keys"
            )
        ]
    )


def source_of_path(node: Node) -> dict[str, Node] | None:
    """The source that a path alone (`source: iris.csv`) stands for, or None for what is no such path."""
    if not isinstance(node.value, str) or ending_of(node.value) not in endings():
        return None
    word, behind = next(iter(from_path(node.value).items()))
    arguments = behind if isinstance(behind, dict) else {known_arguments(word)[0]: behind}
    inner = {key: Node(each, node.mark, node.mark) for key, each in arguments.items()}
    return {word: Node(inner, node.mark, node.mark)}


def named_arguments(node: Node, name: str, part: str | None) -> Node:
    """The arguments of a thing as a mapping; the short form (`Dropout: 0.2`) gets its argument's name, unless it is
    `part`, which a setting replaces as a whole."""
    if isinstance(node.value, dict):
        return node
    if node.value is None:
        return replace(node, value={})
    first = next(iter(known_arguments(name)), None)
    return replace(node, value={} if first is None or first == part else {first: node})


def known_arguments(name: str) -> list[str]:
    """The arguments of a thing; the first is the one that its short form gives."""
    for each in named_classes():
        if each.word == name:
            return [field.alias or key for key, field in each.model_fields.items()]
    return keras_catalogue().arguments_of(name)


def index_of(items: list[Node], part: str, option: Mark) -> int:
    """The position that a part of a path means: a number, or the name of a layer.

    Raises `ConfigError` where the list has neither.
    """
    position = position_in(items, part)
    if position is not None:
        return position
    if POSITION.fullmatch(part):
        raise ConfigError(
            [
                option.problem(
                    f"there is no position {part}; the list has {len(items)}, counted from 0", kind="no_such_list_item"
                )
            ]
        )
    names = [name for name in map(name_of, items) if name]
    dotted = next((name for name in names if name.startswith(f"{part}.")), None)
    known = f'a name with a dot stands in quotes: "{dotted}"' if dotted else did_you_mean(part, names)
    listed = f"there are: {', '.join(dict.fromkeys(names))}; or " if names else ""
    raise ConfigError(
        [
            option.problem(
                f"nothing in the list is named '{part}'",
                suggestion=known or f"{listed}address it by its position, counted from 0",
                kind="no_such_list_item",
            )
        ]
    )


def position_in(items: list[Node], part: str) -> int | None:
    """The position in a list that a number or a name means, of a thing its own or that of Keras; None where nothing is there."""
    if POSITION.fullmatch(part):
        return int(part) if int(part) < len(items) else None
    own = [name_of(item) for item in items]
    names = own if part in own else numbered_names([word_of(item) for item in items], own)
    return names.index(part) if part in names else None


def word_of(item: Node) -> str | None:
    """The class of a thing in a list."""
    if isinstance(item.value, dict):
        return next(iter(item.value)) if len(item.value) == 1 else None
    return item.value if isinstance(item.value, str) else None


def name_of(item: Node) -> str | None:
    """The `name` argument of a thing in a list."""
    if isinstance(item.value, dict) and len(item.value) == 1:
        named = next(iter(item.value.values())).child("name")
        return unicodedata.normalize("NFC", named.value) if named and isinstance(named.value, str) else None
    return None


def combined(old: Node | None, value: Node, option: Mark, append: bool) -> Node:
    """What stands at the end of a path: the new value, or the old list with the new value behind it.

    Raises `ConfigError` for `+=` on what is no list.
    """
    if not append:
        return value if old is None else value.with_key(value.key)
    items = [] if old is None or old.value is None else old.value
    if not isinstance(items, list):
        found = describe(items)
        raise ConfigError(
            [
                option.problem(
                    f"'+=' appends to a list, and here stands {found}", suggestion="use '='", kind="appends_to_no_list"
                )
            ]
        )
    more = value.value if isinstance(value.value, list) else [value.with_key(None)]
    return Node([*items, *more], value.mark, option)
