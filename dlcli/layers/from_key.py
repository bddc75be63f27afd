"""`from`: what an entry takes, a name, a list of names, or names by the arguments of the layer's call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, ValidationInfo

from dlcli.errors import TreePath
from dlcli.spec import Mistake, Reader, did_you_mean, fail

Takes: TypeAlias = str | list[str] | dict[str, Any]
PART = re.compile(r"(.+)\.([0-9]{1,3})")
"""One of several outputs of a layer: `encoder.1`, counted from 0."""


def read_takes(value: Any) -> Takes | None:
    """The value of `from`, checked. Raises `pydantic.ValidationError` for what names nothing."""
    parts = [each for each in value.values() if not isinstance(each, bool)] if isinstance(value, dict) else [value]
    if value is not None and (not parts or not all(is_name(each) for each in parts)):
        fail(
            Mistake(
                "'from' must be the name of a layer or an input, or a list of names",
                suggestion="write from: NAME, from: [ONE, OTHER], or by the arguments of its call, "
                "from: {query: ONE, value: OTHER}",
                kind="wrong_type",
            )
        )
    taken: Takes | None = value
    return taken


def read_group_takes(value: Any, information: ValidationInfo) -> Takes | None:
    """The value of `from` of a group of layers, which is not called by arguments. Raises like `read_takes`."""
    if isinstance(value, dict):
        fail(
            Mistake("'from' of a group is a name or a list of names", suggestion="write from: NAME", kind="wrong_type")
        )
    return read_takes(value)


def is_name(value: Any) -> bool:
    """Whether a value is a name or a list of names."""
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(each, str) for each in items)


Names = Literal["outer", "own", "apart"]
"""Whose names the layers inside a group have: those outside, their own beside these, or their own alone, as a model has."""
Name = Annotated[str | None, Field(min_length=1)]
"""The field `name` of an entry."""
From = Annotated[Any, Reader(read_group_takes, "from"), Field(alias="from")]
"""The field `from` of a group of layers."""


def names_in(takes: Any) -> Iterator[tuple[TreePath, str]]:
    """Each name that `from` holds, with the way to it; what is no name is passed over."""
    match takes:
        case str():
            yield (), str(takes)
        case list():
            yield from (((at,), str(each)) for at, each in enumerate(takes) if isinstance(each, str))
        case dict():
            for key, value in takes.items():
                yield from (((key, *path), name) for path, name in names_in(value))


def resolved(takes: Takes, find: Callable[[str], Any]) -> Any:
    """`from` with what `find` gives in the place of each name; booleans stay what they are."""
    match takes:
        case str():
            return find(takes)
        case list():
            found = [find(name) for name in takes]
            return found[0] if len(found) == 1 else found
        case dict():
            return {key: value if isinstance(value, bool) else resolved(value, find) for key, value in takes.items()}


def unknown_call_arguments(word: str, takes: Mapping[str, Any], arguments: Sequence[str]) -> list[Mistake]:
    """The names in `from` that are none of the `arguments` with which a layer is called; paths count from the layer."""
    return [
        Mistake(
            f"{word} is not called with '{name}'",
            ("from", name),
            did_you_mean(name, arguments) or f"it takes {', '.join(arguments)}",
            at="key",
            kind="unknown_call_argument",
        )
        for name in takes
        if name not in arguments
    ]


def wrong_call(word: str, takes: Mapping[str, Any], arguments: Sequence[str]) -> list[Mistake]:
    """What is wrong with `from` as a mapping, for a layer that is called with `arguments`; paths count from the layer."""
    mistakes = unknown_call_arguments(word, takes, arguments)
    if not mistakes and arguments[0] not in takes:
        hint = f"write from: {{{arguments[0]}: NAME, …}}"
        mistakes = [Mistake(f"'from' leaves out '{arguments[0]}'", ("from",), hint, kind="missing_call_argument")]
    return mistakes


def numbered_output(name: str) -> tuple[str, int] | None:
    """The layer and the number of one of its outputs (`encoder.1`), or None for another name."""
    found = PART.fullmatch(name)
    return (found[1], int(found[2])) if found else None
