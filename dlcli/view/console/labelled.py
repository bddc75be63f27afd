"""Lines that begin with a word of their own, and values as a configuration holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import printable


def line(console: Console, label: str, text: str, *, style: str = "") -> None:
    """A labelled line; long ones wrap under their beginning."""
    console.print(Text.assemble((f"{label:<10}", "bold"), (printable(text), style)))


def plain_text(value: Any) -> str:
    """A value as it would be written in YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {plain_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(plain_text(each) for each in value) + "]"
    return str(value)
