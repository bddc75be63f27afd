"""Bars of counts, as of the samples of each class."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len, set_cell_size
from rich.text import Text


def bars(counts: Mapping[str, int], *, width: int, unicode: bool = True, most: int = 20) -> Text:
    """A line for each name with its bar, count and share; beyond `most` a line says how many more there are."""
    shown = dict(list(counts.items())[:most])
    total, highest = sum(counts.values()) or 1, max(counts.values(), default=1) or 1
    name_width = min(max((cell_len(name) for name in shown), default=1), width // 3)
    room = max(4, width - name_width - 18)
    text = Text()
    for name, count in shown.items():
        bar = ("█" if unicode else "#") * max(1 if count else 0, round(room * count / highest))
        text.append(set_cell_size(name, name_width))
        text.append(f"  {bar:<{room}}", style="cyan")
        text.append(f" {count:>7,} {count / total:>6.1%}\n")
    if len(counts) > most:
        text.append(f"{'…' if unicode else '...'} and {len(counts) - most} more\n")
    return text[:-1] if text.plain.endswith("\n") else text
