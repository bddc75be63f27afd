"""The reference: names of a kind, and what one thing takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.labelled import plain
from dlcli.view.tables import plain_table

Value = Mapping[str, Any]


def draw_names(console: Console, value: Mapping[str, Sequence[str]]) -> None:
    """Names in one column, so that they can be searched and piped."""
    for names in value.values():
        for name in names:
            console.print(Text(name))


def draw_thing(console: Console, value: Value) -> None:
    """What a thing takes, and how it is written."""
    console.print(Text.assemble((value["name"], "bold"), f" ({value['kind']})"))
    if value["summary"]:
        console.print(Text(value["summary"]))
    if value["refused"]:
        console.print(Text(f"not available in a configuration: {value['refused']}"))
    console.print()
    rows = [
        [
            each["name"],
            "required" if each["required"] else short_default(each["default"]),
            each["meaning"] or each["takes"] or "",
        ]
        for each in value["arguments"]
    ]
    if rows:
        console.print(plain_table(["argument", "default", "takes"], rows))
    else:
        console.print(Text("takes no arguments"))
    if value["example"]:
        console.print()
        console.print(Text(value["example"], style="cyan"))


def short_default(value: Any) -> str:
    """A default in a cell."""
    if value is None:
        return "none"
    text = str(value).lower() if isinstance(value, bool) else plain(value)
    return text if len(text) <= 40 else text[:39] + "…"
