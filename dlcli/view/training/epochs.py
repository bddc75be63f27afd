"""The last epochs of a training as a table of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.text import Text

from dlcli.view.console.console import printable
from dlcli.view.console.tables import duration, number
from dlcli.view.training.events import EpochLine

GAP = "  "


def epoch_table(lines: Sequence[EpochLine], *, rows: int, width: int, unicode: bool = True) -> Text:
    """A header, a rule and the last `rows` epochs, the best one marked `*`; it stands first where it is older.

    Columns: epoch, loss and val loss, each metric of train and validation, time. Those that do not fit into `width`
    cells are left out from the right.
    """
    best = next((line for line in reversed(lines) if line.best), None)
    shown = list(lines[-rows:])
    if best is not None and rows > 1 and best not in shown:
        shown = [best, *lines[-(rows - 1) :]]
    columns = fitting_count(table_columns(shown, best), width)
    widths = [max(map(cell_len, column)) for column in columns]
    styles = ["bold", *("bold green" if line is best else "" for line in shown)]
    text = [
        Text(GAP.join(" " * (w - cell_len(cell)) + cell for w, cell in zip(widths, row, strict=True)), style=style)
        for style, row in zip(styles, zip(*columns, strict=True), strict=True)
    ]
    rule = Text(("─" if unicode else "-") * (sum(widths) + len(GAP) * (len(widths) - 1)), style="dim")
    return Text("\n", no_wrap=True).join([text[0], rule, *text[1:]])


def table_columns(lines: Sequence[EpochLine], best: EpochLine | None) -> list[list[str]]:
    """Each column as its header and its cells."""
    columns = [["epoch", *(f"{'* ' if line is best else ''}{line.epoch}" for line in lines)]]
    names = dict.fromkeys(["loss", *(name for line in lines for name in (*line.train, *line.validation))])
    for name in names:
        for prefix, splits in (("", [line.train for line in lines]), ("val ", [line.validation for line in lines])):
            if any(name in split for split in splits):
                columns.append([prefix + printable(name), *(figure(split, name) for split in splits)])
    return [*columns, ["time", *(duration(line.seconds) for line in lines)]]


def figure(split: Mapping[str, float], name: str) -> str:
    """A value of a split as text, empty where the epoch has none."""
    return number(split[name]) if name in split else ""


def fitting_count(columns: Sequence[list[str]], width: int) -> list[list[str]]:
    """As many columns from the left as fit, at least one."""
    used, kept = -len(GAP), list[list[str]]()
    for column in columns:
        used += len(GAP) + max(map(cell_len, column))
        if kept and used > width:
            break
        kept.append(column)
    return kept
