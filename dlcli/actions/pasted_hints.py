"""What a hint says to write, as options of the command line, where there is no configuration to write it in."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlcli.actions.written import inline_yaml
from dlcli.config.yaml import read_yaml
from dlcli.data import Data
from dlcli.data.sources.source import SourceBlock
from dlcli.errors import ConfigError, DlcliError

KEY = re.compile(r"(?P<write>\bwrite )?(?<![\w.{])(?P<key>[a-z_]+(?:\.[a-z_]+)*): (?=\S)")
"""A key in a hint, with what stands before its value."""
PLAIN = re.compile(r'"[^"]*"|[^\s,;:()]+')
PLACEHOLDER = re.compile(r"…|\b[A-Z]{4,}\b")
"""What stands for something that the hint does not know."""


@contextmanager
def hints_as_options(source: SourceBlock) -> Iterator[None]:
    """While it is open, the hint of an error about data that the command line names tells options of the command line."""
    try:
        yield
    except ConfigError:
        raise
    except DlcliError as error:
        error.hint = None if error.hint is None else as_options(error.hint, source)
        raise


def as_options(hint: str, source: SourceBlock) -> str:
    """A hint in which keys of `data` and of its source, with their values, are options; what is no such key stays as it is."""
    told, at = "", 0
    for found in KEY.finditer(hint):
        if found.start() < at:
            continue
        end = end_of_value(hint, found.end())
        options = options_for(found["key"], hint[found.end() : end], source)
        if options is not None:
            told += hint[at : found.start()] + ("add " if found["write"] else "") + options
            at = end
    return told + hint[at:]


def end_of_value(hint: str, start: int) -> int:
    """Where a value ends that begins at a place of a hint: behind its brackets, or its word."""
    depth = 0
    if hint[start] not in "{[":
        plain = PLAIN.match(hint, start)
        return start if plain is None else plain.end()
    for at in range(start, len(hint)):
        depth += (hint[at] in "{[") - (hint[at] in "}]")
        if not depth:
            return at + 1
    return start


def options_for(key: str, written: str, source: SourceBlock) -> str | None:
    """The options that set a key to a value as it is written; None for another key, and where the hint leaves the value open."""
    known = re.sub(r"\{…(, )?", "{", written)
    if not written or PLACEHOLDER.search(known):
        return None
    try:
        value: Any = read_yaml(f"value: {known}\n".encode(), file="-", folder=Path()).plain()["value"]
    except ConfigError:
        return None
    if key == source.word and isinstance(value, dict):
        settings = {f"data.source.{name}": each for name, each in value.items() if name != "path"}
    elif key.startswith("data."):
        settings = {key: value}
    elif key in Data.model_fields:
        settings = {f"data.{key}": value}
    elif key in type(source).model_fields:
        settings = {f"data.source.{key}": value}
    else:
        return None
    return " ".join(f"--set {shlex.quote(f'{path}={seen(each)}')}" for path, each in settings.items()) or None


def seen(value: Any) -> str:
    """A value in YAML, in which each sign can be told apart: a blank of another kind stands there by its number."""
    is_plain = not isinstance(value, str) or value.isprintable()
    return inline_yaml(value) if is_plain else json.dumps(value)
