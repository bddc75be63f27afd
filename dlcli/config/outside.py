"""A file that a configuration extends and that does not stand below its folder: nothing of it is shown unless it is one.

A configuration may come from elsewhere, and its errors may be sent back to whoever wrote it: `extends: /etc/shadow` must not
show what only the person who reads it may see.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from dlcli.config.problems import keys_at
from dlcli.config.schema import Config
from dlcli.config.tree import Node
from dlcli.config.yaml import read_yaml
from dlcli.errors import ConfigError, Problem

QUOTED = re.compile(r"'.*'", re.DOTALL)
"""From the first quote of a message to its last: what it quotes may hold quotes itself."""


def read_outside(content: bytes, *, file: str, folder: Path) -> Node:
    """The tree of such a file, as `read_yaml` gives it.

    Raises `ConfigError` with the lines alone where it is no YAML, or has a key that no configuration has.
    """
    try:
        root = read_yaml(content, file=file, folder=folder)
    except ConfigError as error:
        raise ConfigError([silent_problem(each) for each in error.problems]) from None
    known = keys_at(Config, ())
    odd = [node.key or node.mark for key, node in root.value.items() if key not in known]
    if odd:
        message = f"a key that no configuration has; expected: {', '.join(known)}"
        raise ConfigError([silent_problem(mark.problem(message, kind="unknown_key")) for mark in odd])
    return root


def silent_problem(problem: Problem) -> Problem:
    """The problem without any words of its file."""
    message = QUOTED.sub("'…'", problem.message)
    return replace(problem, message=message, text="", length=1, suggestion=None, see=None)
