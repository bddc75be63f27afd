"""Lines that begin with a word of their own, and values as a configuration holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import printable
from dlcli.view.console.wrapping import hanging

LABEL = 10


def line(console: Console, label: str, text: str, *, style: str = "") -> None:
    """A labelled line; a long one goes on under its beginning."""
    words = hanging(printable(text), line_width(console), indent=LABEL, used=max(LABEL, len(label) + 1))
    whole_lines(console, Text.assemble((f"{label:<{LABEL - 1}} ", "bold"), (words, style)))


def note(console: Console, text: str) -> None:
    """Something to be known; a long one goes on under its beginning."""
    whole_lines(console, Text(noted(text, line_width(console))))


def noted(text: str, width: int | None) -> str:
    """A line such as `note: …` or `weights: …`, its words below each other."""
    head, colon, _ = text.partition(": ")
    indent = len(head) + len(colon) if colon and len(head) <= LABEL else 0
    return printable(text[:indent]) + hanging(printable(text[indent:]), width, indent=indent)


def line_width(console: Console) -> int | None:
    """The cells that lines have; none where they are kept whole, because a program or a file has them."""
    return console.width if console.is_terminal else None


def whole_lines(console: Console, text: Text) -> None:
    """Prints lines that fit already as they are."""
    console.print(text, no_wrap=True, overflow="ignore", crop=False)


def plain_text(value: Any) -> str:
    """A value as it would be written in YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {plain_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(plain_text(each) for each in value) + "]"
    return str(value)
