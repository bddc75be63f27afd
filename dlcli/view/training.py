"""The view of a training: live on a terminal, a line an epoch elsewhere, or silent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dlcli.view.console import is_live, speaks_unicode
from dlcli.view.curve import curve
from dlcli.view.numbers import duration, number
from dlcli.view.tables import plain_table

EVERY = 0.125
"""Seconds between two drawings at the least."""


@dataclass(frozen=True)
class Plan:
    """What is ahead: the run's name, how many epochs of how many steps of how many samples."""

    run: str
    epochs: int
    steps: int
    samples: int


@dataclass(frozen=True)
class EpochLine:
    """One epoch that has ended; `best` says that it is the best so far. `epoch` counts from 1."""

    epoch: int
    train: Mapping[str, float]
    validation: Mapping[str, float]
    seconds: float
    best: bool


class TrainingView(Protocol):
    """What the training tells its view."""

    def start(self, plan: Plan) -> None: ...
    def note(self, text: str) -> None: ...
    def step(self, step: int) -> None: ...
    def epoch(self, line: EpochLine) -> None: ...
    def close(self) -> None: ...


@dataclass
class SilentView:
    """Shows nothing."""

    def start(self, plan: Plan) -> None: ...
    def note(self, text: str) -> None: ...
    def step(self, step: int) -> None: ...
    def epoch(self, line: EpochLine) -> None: ...
    def close(self) -> None: ...


@dataclass
class LineView:
    """One line an epoch, without control characters."""

    console: Console
    epochs: int = 0

    def start(self, plan: Plan) -> None:
        self.epochs = plan.epochs

    def note(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)

    def step(self, step: int) -> None: ...

    def epoch(self, line: EpochLine) -> None:
        width = len(str(self.epochs))
        values = [f"{name} {number(value)}" for name, value in named(line).items()]
        best = "  *" if line.best else ""
        text = f"epoch {line.epoch:>{width}}/{self.epochs}  {'  '.join(values)}  {duration(line.seconds)}{best}"
        self.console.print(text, soft_wrap=True)

    def close(self) -> None: ...


def named(line: EpochLine) -> dict[str, float]:
    """All values of an epoch by name, those of the validation split with `val_` before them."""
    return {**line.train, **{f"val_{name}": value for name, value in line.validation.items()}}


@dataclass
class TerminalView:
    """Bars with the time left, the last epochs as a table, and the loss curve drawn as it grows.

    Drawn by the training loop itself, a few times a second, so that it costs next to nothing and needs no thread.
    """

    console: Console
    plan: Plan = Plan("", 1, 1, 0)
    lines: list[EpochLine] = field(default_factory=list)
    live: Live | None = None
    started: float = 0.0
    drawn: float = 0.0
    at_step: int = 0

    def start(self, plan: Plan) -> None:
        self.plan, self.started = plan, time.monotonic()
        self.live = Live(console=self.console, auto_refresh=False, vertical_overflow="crop")
        self.live.start()
        self.draw()

    def note(self, text: str) -> None:
        self.console.print(Text(text))

    def step(self, step: int) -> None:
        self.at_step = step
        if time.monotonic() - self.drawn >= EVERY:
            self.draw()

    def epoch(self, line: EpochLine) -> None:
        self.lines.append(line)
        self.at_step = 0
        if time.monotonic() - self.drawn >= EVERY:
            self.draw()

    def draw(self) -> None:
        if self.live is not None:
            self.live.update(self.picture(), refresh=True)
        self.drawn = time.monotonic()

    def close(self) -> None:
        if self.live is not None:
            self.live.update(self.picture(final=True), refresh=True)
            self.live.stop()
            self.live = None

    def picture(self, *, final: bool = False) -> RenderableType:
        """Everything, no higher than the terminal."""
        room = self.console.height - 2
        parts: list[RenderableType] = [] if final else [self.bars()]
        rows = max(1, min(8, room // 3))
        if self.lines:
            parts.append(self.table(rows))
        height = min(14, room - len(parts) - rows - 4)
        if height >= 5 and self.lines:
            parts += [Text(), curve(self.losses(), width=min(self.console.width, 120) - 1, height=height, unicode=speaks_unicode(self.console))]
        return Group(*parts)

    def losses(self) -> dict[str, list[float]]:
        """The loss of each split over the epochs."""
        series = {"training loss": [line.train["loss"] for line in self.lines]}
        if self.lines[-1].validation:
            series["validation loss"] = [line.validation["loss"] for line in self.lines]
        return series

    def bars(self) -> Table:
        """How far the epoch and the run are, and how long the rest takes."""
        done = len(self.lines) + self.at_step / max(1, self.plan.steps)
        spent = time.monotonic() - self.started
        left = f"{duration(spent / done * (self.plan.epochs - done))} left" if done > 0 else ""
        speed = f"{number(round(done * self.plan.samples / spent))} samples/s" if done > 0 and spent > 0 else ""
        current = min(len(self.lines) + 1, self.plan.epochs)
        grid = Table.grid(padding=(0, 1))
        width = max(10, min(40, self.console.width - 48))
        grid.add_row(Text(f"epoch {current}/{self.plan.epochs}"), self.bar(self.at_step / max(1, self.plan.steps), width), Text(speed, style="dim"))
        grid.add_row(Text(self.plan.run[:24], style="bold"), self.bar(done / self.plan.epochs, width), Text(left, style="dim"))
        return grid

    def bar(self, share: float, width: int) -> Text:
        """A bar filled to a share."""
        full, empty = ("━", "─") if speaks_unicode(self.console) else ("#", "-")
        filled = min(width, int(share * width))
        return Text.assemble((full * filled, "cyan"), (empty * (width - filled), "dim"))

    def table(self, rows: int) -> Table:
        """The last epochs; columns that do not fit the width are left out from the right."""
        shown = self.lines[-rows:]
        names = list(named(shown[0]))
        while names and sum(max(len(name), 7) + 2 for name in names) > self.console.width - 18:
            names.pop()
        best = max((line.epoch for line in self.lines if line.best), default=0)
        star = "*" if not speaks_unicode(self.console) else "★"
        cells = [
            [f"{line.epoch}{star if line.epoch == best else ' '}", *(number(named(line).get(name)) for name in names), duration(line.seconds)]
            for line in shown
        ]
        return plain_table(self.console, ["epoch", *names, "time"], cells, right=range(len(names) + 2))


def choose_view(console: Console, *, quiet: bool) -> TrainingView:
    """The live view on a terminal that can show it, lines elsewhere, nothing when quiet."""
    if quiet:
        return SilentView()
    return TerminalView(console) if is_live(console) and console.width >= 40 else LineView(console)
