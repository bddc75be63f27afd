"""What the command line has asked of the door itself: errors as JSON, tracebacks. Known from the options as they are parsed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass
class Asked:
    """`json`: an error is told as JSON too. `debug`: it is told with its traceback. `quiet`: nothing but the result is said.
    `colour`: whether to write in colours, None where nothing was said of it."""

    json: bool = False
    debug: bool = False
    quiet: bool = False
    colour: bool | None = None


asked = Asked()
"""Of the command that runs; `begin` clears it."""


def words_asked() -> list[str]:
    """The words of the command line behind `dlcli`."""
    return sys.argv[1:]


def begin() -> None:
    """A command begins, of which nothing is known yet."""
    asked.json = asked.debug = asked.quiet = False
    asked.colour = None


def for_json(value: bool) -> bool:
    """Notes that a result is asked for as JSON; the callback of options that mean it."""
    asked.json = asked.json or value
    return value


def for_quiet(value: bool) -> bool:
    """Notes that nothing but the result is asked for; the callback of options that mean it."""
    asked.quiet = asked.quiet or value
    return value


def for_debug(value: bool) -> bool:
    """Notes that tracebacks are asked for; the callback of the option that means it."""
    asked.debug = asked.debug or value
    return value


@contextmanager
def asked_apart() -> Iterator[None]:
    """What is asked while it is open, on a line that is not this command's, is forgotten."""
    before = replace(asked)
    try:
        yield
    finally:
        asked.json, asked.debug, asked.quiet, asked.colour = before.json, before.debug, before.quiet, before.colour


def as_far_as_can_be_told(arguments: Sequence[str]) -> None:
    """For a command line that could not be parsed: what stands on it word for word, before a `--`."""
    words = list(arguments)
    options = words[: words.index("--")] if "--" in words else words
    asked.json = asked.json or bool({"--json", "--json-lines"} & set(options))
