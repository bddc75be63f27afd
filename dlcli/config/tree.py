"""The tree of a configuration file, each value with the place it was written at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dlcli.errors import Problem, TreePath
from dlcli.spec import Text


@dataclass(frozen=True)
class Mark:
    """Where something is written: `line` and `column` count from 1, `text` is the whole line.

    `folder` is what paths written there are relative to.
    """

    file: str
    line: int
    column: int
    length: int
    text: str
    folder: Path

    def problem(self, message: str, *, kind: str, suggestion: str | None = None, see: str | None = None) -> Problem:
        """A problem at this place; its words stay on one line, whatever they quote."""
        message, suggestion = one_line(message), suggestion and one_line(suggestion)
        return Problem(
            message,
            self.file,
            self.line,
            self.column,
            self.length,
            self.text,
            suggestion=suggestion,
            see=see,
            kind=kind,
        )


def one_line(words: str) -> str:
    """The words without line breaks."""
    return "↵".join(words.splitlines())


@dataclass(frozen=True)
class Node:
    """A value of the tree: a scalar, a list of nodes or a mapping from text to nodes.

    `mark` is where the value stands and `key` where its key does. `plain_style` is true of a scalar without quotes.
    """

    value: Any
    mark: Mark
    key: Mark | None = None
    plain_style: bool = field(default=False, compare=False)

    def plain(self) -> Any:
        """The tree as plain Python values; each text remembers the folder its path is relative to."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case str():
                return Text(self.value, self.mark.folder)
        return self.value

    def child(self, part: str | int) -> Node | None:
        """The node behind one key or position."""
        found: Node | None = None
        if isinstance(self.value, dict) and isinstance(part, str):
            found = self.value.get(part)
        elif isinstance(self.value, list) and isinstance(part, int) and -len(self.value) <= part < len(self.value):
            found = self.value[part]
        return found

    def nearest(self, path: TreePath) -> tuple[Node, int]:
        """The deepest node on the way to `path`, and how many parts of the path lead to it.

        The field that a short form leaves out (`residual: [...]`) is passed over; other parts that the file leaves out end
        the way.
        """
        node, depth = self, 0
        for part in path:
            below = node.child(part)
            if below is None and isinstance(node.value, list) and isinstance(part, str):
                below = node
            if below is None:
                break
            node, depth = below, depth + 1
        return node, depth

    def with_key(self, key: Mark | None) -> Node:
        """The same value under another key."""
        return replace(self, key=key)


def settings_in(node: Node) -> Iterator[str]:
    """The settings of the command line (`PATH=VALUE`) that values of a tree come from."""
    if node.mark.file.startswith(OPTION):
        yield node.mark.text
    elif isinstance(node.value, dict | list):
        for each in node.value.values() if isinstance(node.value, dict) else node.value:
            yield from settings_in(each)


OPTION = "--set "
"""Begins the place of a value that stands in no file."""
