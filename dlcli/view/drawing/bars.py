"""Bars for how many samples each class has."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from dlcli.view.console.console import printable
from dlcli.view.console.tables import number
from dlcli.view.console.wrapping import cut

EIGHTHS = " ▏▎▍▌▋▊▉"
SHORTEST = 4


def bars(
    counts: Mapping[str, int], *, width: int, unicode: bool = True, most: int = 20, total: int | None = None
) -> Text:
    """One line a name, in the given order: name, bar, count, percent of `total`, by default all counts.

    Beyond `most` one line says how many more. The longest bar is that of the greatest count. No line is wider than `width`
    cells (at least 48).
    """
    shown = [(printable(name), count) for name, count in islice(counts.items(), most)]
    total = sum(counts.values()) if total is None else total
    greatest = max(counts.values(), default=0)
    figures = max((len(number(count)) for _, count in shown), default=0)
    beside = figures + len("      100.0 %")
    names = min(
        max((cell_len(name) for name, _ in shown), default=0), max(6, min(width // 3, width - beside - SHORTEST))
    )
    room = max(SHORTEST, width - names - beside)
    lines = Text()
    for name, count in shown:
        percent = f"{100 * count / total:.1f} %" if total else "0.0 %"
        lines.append(set_cell_size(cut(name, names, mark="…" if unicode else "~"), names))
        lines.append("  ")
        lines.append(bar(count / greatest if greatest else 0.0, room, unicode=unicode), style="cyan")
        lines.append(f"  {number(count):>{figures}}  {percent:>7}\n")
    if len(counts) > most:
        lines.append(f"{'…' if unicode else '...'} and {number(len(counts) - most)} more\n", style="dim")
    lines.rstrip()
    return lines


def bar(share: float, width: int, *, unicode: bool) -> str:
    """A bar for a share between 0 and 1 in exactly `width` cells; a share above 0 is never empty."""
    if not unicode:
        return ("#" * max(round(share * width), share > 0)).ljust(width)
    whole, rest = divmod(max(round(share * width * 8), share > 0), 8)
    return ("█" * whole + EIGHTHS[rest].strip()).ljust(width)
