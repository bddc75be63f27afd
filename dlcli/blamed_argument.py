"""Which argument is to blame for what Keras says of a thing: the one without which it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.errors import BlockError, DlcliError, TreePath
from dlcli.spec import Fact, KerasObject, UnknownFact, did_you_mean, plain

Attempt = Callable[[KerasObject], Any]
"""Builds a thing and uses it as it was used when it raised."""
UNASKED = frozenset({"name", "trainable"})
"""Arguments that nothing is computed with."""


def blamed_argument(thing: KerasObject, attempt: Attempt) -> TreePath:
    """The way to the written argument without which an attempt goes well; empty where there is none.

    In place of one that cannot be left out the usual value stands that the catalogue has for it.

    What has been written is tried, because no message of Keras says it reliably: a word that no layer knows comes back as a
    shape that does not fit.
    """
    thing = replace(thing, arguments={key: value for key, value in thing.arguments.items() if key not in UNASKED})
    for key, value in thing.arguments.items():
        rest = {name: each for name, each in thing.arguments.items() if name != key}
        usual = thing.traits["usual"](key) if "usual" in thing.traits else None
        if usual is not None:
            rest[key] = usual
        if not goes_well(replace(thing, arguments=rest), attempt):
            continue
        if isinstance(value, KerasObject):
            inside = blamed_argument(value, inner_attempt(thing, key, attempt))
            return (key, value.written, *inside) if inside else (key,)
        return (key,)
    return ()


def inner_attempt(thing: KerasObject, key: str, attempt: Attempt) -> Attempt:
    """An attempt with another thing as one argument of a thing."""
    return lambda inner: attempt(replace(thing, arguments={**thing.arguments, key: inner}))


def goes_well(thing: KerasObject, attempt: Attempt) -> bool:
    """Whether nothing is raised."""
    try:
        attempt(thing)
    except (Exception, DlcliError):
        return False
    return True


def fact_error(error: UnknownFact, written: str, value: Any, path: TreePath) -> BlockError:
    """A fact that the data does not have, at the place below `written` where `value`, the arguments there, refers to it."""
    way = way_to_fact(value, error.name) or ()
    hint = did_you_mean(error.name, error.known)
    return BlockError((*path, written, *way), str(error), hint=hint, kind="unknown_fact")


def way_to_fact(value: Any, name: str) -> TreePath | None:
    """The way to the first reference to a fact in an argument; None where there is none."""
    match value:
        case Fact():
            return () if value.name == name else None
        case KerasObject():
            inside = way_to_fact(value.arguments, name)
            return None if inside is None else (value.written, *inside)
        case dict() | list():
            for key, each in value.items() if isinstance(value, dict) else enumerate(value):
                inside = way_to_fact(each, name)
                if inside is not None:
                    return (key, *inside)
    return None


def written_argument(thing: KerasObject, way: TreePath) -> str:
    """An argument as it was written: `dtype: float31`, of a nested thing the innermost."""
    *outer, key = way
    for name in outer:
        inner = thing.arguments.get(str(name))
        thing = inner if isinstance(inner, KerasObject) else thing
    return f"{key}: {shown(plain(thing.arguments[str(key)]))}"


def shown(value: Any) -> str:
    """A value on one line, as YAML has it."""
    match value:
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[value]
        case list():
            return f"[{', '.join(map(shown, value))}]"
        case dict():
            return "{" + ", ".join(f"{key}: {shown(each)}" for key, each in value.items()) + "}"
    return str(value)
