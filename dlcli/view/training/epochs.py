"""Epochs as rows of text: a header, and a line for each that has the same columns whenever it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text

from dlcli.view.console.console import printable
from dlcli.view.console.tables import duration, number
from dlcli.view.drawing.curve import compact
from dlcli.view.training.events import EpochLine

GAP = "  "
FIGURE, TIME = 9, 10
"""Cells of a number and of a time span."""


@dataclass(frozen=True)
class EpochColumn:
    """A column: its header, its cells of width, and whose value it has; no split is the epoch itself."""

    head: str
    width: int
    split: str = ""
    name: str = ""

    def cell(self, line: EpochLine) -> str:
        """The value of an epoch as text, empty where it has none."""
        match self.split:
            case "train":
                return figure(line.train, self.name)
            case "validation":
                return figure(line.validation, self.name)
        if self.name == "epoch":
            return f"{'* ' if line.best else ''}{line.epoch}"
        if self.name == "time":
            return duration(line.seconds)
        return "" if line.learning_rate is None else compact(line.learning_rate, 4)


def epoch_columns(line: EpochLine, width: int) -> list[EpochColumn]:
    """Epoch, loss and val loss, each metric of train and validation, time, learning rate: as many as fit, at least one."""
    columns = [EpochColumn("epoch", max(5, len(str(line.epochs)) + 2), name="epoch")]
    for name in dict.fromkeys(["loss", *line.train, *line.validation]):
        for prefix, split, values in (("", "train", line.train), ("val ", "validation", line.validation)):
            if name in values:
                head = prefix + printable(name)
                columns.append(EpochColumn(head, max(FIGURE, cell_len(head)), split, name))
    columns += [EpochColumn("time", TIME, name="time"), EpochColumn("rate", FIGURE, name="rate")]
    used, count = -len(GAP), 0
    for column in columns:
        used += len(GAP) + column.width
        if count and used > width:
            break
        count += 1
    return columns[:count]


def epoch_row(columns: Sequence[EpochColumn], line: EpochLine) -> str:
    """The values of an epoch below the heads of the columns."""
    return GAP.join(right(column.cell(line), column.width) for column in columns).rstrip()


def epoch_heads(columns: Sequence[EpochColumn], *, unicode: bool) -> Text:
    """The header and the rule below it."""
    heads = GAP.join(right(column.head, column.width) for column in columns)
    return Text.assemble((heads, "bold"), "\n", (("─" if unicode else "-") * cell_len(heads), "dim"))


def epoch_table(lines: Sequence[EpochLine], *, rows: int, width: int, unicode: bool = True) -> Text:
    """The last `rows` epochs below their header, the best one marked `*` and green; it stands first where it is older."""
    best = next((line for line in reversed(lines) if line.best), None)
    shown = list(lines[-rows:])
    if best is not None and rows > 1 and best not in shown:
        shown = [best, *lines[-(rows - 1) :]]
    columns = epoch_columns(lines[-1], width)
    text = [
        Text(epoch_row(columns, line if line is best else without_mark(line)), style="green" if line is best else "")
        for line in shown
    ]
    return Text("\n", no_wrap=True).join([epoch_heads(columns, unicode=unicode), *text])


def without_mark(line: EpochLine) -> EpochLine:
    """An epoch of the past that was the best in its time."""
    return replace(line, best=False)


def right(text: str, width: int) -> str:
    """Text at the right end of so many cells."""
    return " " * (width - cell_len(text)) + text


def figure(split: Mapping[str, float], name: str) -> str:
    """A value of a split as text, empty where the epoch has none."""
    return number(split[name]) if name in split else ""
