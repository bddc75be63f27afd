"""The training on a terminal: bars, the last epochs and the loss curve, redrawn in place; each epoch stays as a line."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import printable, supports_unicode
from dlcli.view.console.labelled import line_width, noted
from dlcli.view.console.tables import duration, number
from dlcli.view.drawing.curve import curve, have_logarithms
from dlcli.view.training.epochs import EpochColumn, epoch_columns, epoch_heads, epoch_row, epoch_table
from dlcli.view.training.events import EpochLine, Plan
from dlcli.view.training.head import both_bars, own_memory, place_in_run, run_title, surroundings
from dlcli.view.training.headline import begun
from dlcli.view.training.second_screen import SecondScreen

REDRAW_SECONDS = 0.1
KEPT_SECONDS = 1.0
"""How long lines wait at most before they are written where they stay."""
LARGEST_SHARE = 0.01
"""Of the time that drawing the steps may take, and as much again drawing the epochs."""
REMEMBERED_DRAWS = 50
REMEMBERED_EPOCHS = 5
TABLE_HEAD = 2
MOST_ROWS = 12
MOST_CURVE, LEAST_CURVE, LAST_CURVE = 18, 7, 14


class TerminalView:
    """Redraws every 0.1 s and at the end of an epoch, over the whole terminal, without a thread.

    Epochs shorter than that are not each drawn, and where drawing is slow it is done less often: the view takes at
    most a fiftieth of the time. Every epoch and note is a line on the first screen of the terminal.

    Closed, it leaves these lines and the curve. `clock` gives seconds.
    """

    def __init__(self, console: Console, *, verbose: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.console, self.verbose = console, verbose
        self.unicode = supports_unicode(console.file)
        self._clock = clock
        self._plan = Plan("", 0, 0, 0)
        self._lines: list[EpochLine] = []
        self._step = 0
        self._loss: float | None = None
        self._steps_per_second = 0.0
        self._progress: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_DRAWS)
        self._stepped_at = 0.0
        self._started = 0.0
        self._drawn_at = self._epoch_drawn_at = self._kept_at = -math.inf
        self._pause = REDRAW_SECONDS
        self._body: tuple[tuple[int, int, int], Text] | None = None
        self._kept: list[Text] = []
        self._columns: list[EpochColumn] = []
        self._note = ""
        self._screen = SecondScreen(console, self.note)

    def start(self, plan: Plan) -> None:
        self._plan, self._lines, self._started = plan, list(plan.earlier), self._clock()
        for words in begun(plan, verbose=self.verbose):
            self.note(words)
        self._note = ""
        self._screen.open()
        self._redraw()

    def phase(self, plan: Plan) -> None:
        self._plan = plan

    def step(self, step: int, loss: float | None) -> None:
        now = self._clock()
        self._step, self._loss, self._stepped_at = step, loss, now
        if not self._progress:
            self._progress.append((now, step))
        if now - self._drawn_at >= self._pause:
            self._progress.append((now, step))
            self._redraw()

    def epoch(self, line: EpochLine) -> None:
        self._lines.append(line)
        self._keep(line)
        self._measure()
        self._progress.clear()
        self._step = 0
        now = self._clock()
        if now - self._epoch_drawn_at >= self._pause:
            self._epoch_drawn_at = now
            self._redraw()

    def note(self, text: str) -> None:
        for line in text.splitlines():
            self._note = line
            self._kept.append(Text(noted(line, line_width(self.console))))
        if not self._screen.opened:
            self._screen.print(self._taken())

    def over(self) -> None:
        self.close()

    def end(self, best_epoch: int | None) -> None:
        self.close()

    def close(self) -> None:
        if self._screen.opened:
            self._screen.give_back()
            picture = self._last_curve()
            self._screen.close([*self._taken(), *([Text(), picture] if picture else [])])

    def _keep(self, line: EpochLine) -> None:
        """An epoch as a line that stays, below heads where its columns are others than before."""
        columns = epoch_columns(line, self.console.width)
        if columns != self._columns:
            self._columns = columns
            self._kept.append(epoch_heads(columns, unicode=self.unicode))
        self._kept.append(Text(epoch_row(columns, line)))

    def _taken(self) -> list[Text]:
        """What is to be kept and not yet written."""
        kept, self._kept, self._kept_at = self._kept, [], self._clock()
        return kept

    def _redraw(self) -> None:
        begun = self._clock()
        if self._screen.opened and not getattr(self.console.file, "gone", False):
            due = self._kept and begun - self._kept_at >= KEPT_SECONDS
            self._screen.show(self._picture(), self._taken() if due else [])
        self._drawn_at = self._clock()
        self._pause = max(REDRAW_SECONDS, (self._drawn_at - begun) / LARGEST_SHARE)

    def _picture(self) -> Text:
        """All that is shown while it runs: the bars above the epochs and the curve."""
        width, height = self.console.size
        lines = max(1, height - 1)
        parts = [*self._head(width)[:lines], Text()]
        below = self._epochs(width, lines - len(parts))
        return Text("\n", no_wrap=True, overflow="crop").join([*parts, below] if below else parts[:-1])

    def _head(self, width: int) -> list[Text]:
        """The run and its best epoch, the bars of the epoch and of the run, what is around them, the last note."""
        plan, seconds = self._plan, self._clock() - self._started
        over = bool(self._lines) and self._lines[-1].epoch >= plan.epochs
        steps = f"{plan.steps if over else self._step}/{plan.steps}"
        figures = (steps if self._loss is None else f"{steps}  loss {number(self._loss)}", self._pace())
        lines = [
            run_title(plan, self._lines, width=width),
            *both_bars(plan, self._lines, step=self._step, figures=figures, width=width, unicode=self.unicode),
            surroundings(self._lines, seconds=seconds, memory=own_memory(), width=width),
            *([Text(printable(self._note), style="yellow")] if self._note else []),
        ]
        for line in lines:
            line.truncate(width)
        return lines

    def _pace(self) -> str:
        """How long the run still takes, and samples per second."""
        plan = self._plan
        self._measure()
        epoch, part = place_in_run(plan, self._lines, self._step)
        rest = plan.epochs - epoch + 1 - part
        # The first epoch holds the compilation and would spoil the mean.
        recent = [line.seconds for line in (self._lines[1:] or self._lines)[-REMEMBERED_EPOCHS:]]
        words = []
        if recent:
            words.append(f"{duration(rest * sum(recent) / len(recent))} left")
        elif self._steps_per_second:
            words.append(f"{duration(rest * plan.steps / self._steps_per_second)} left")
        if self._steps_per_second and plan.steps:
            words.append(f"{self._steps_per_second * plan.samples / plan.steps:,.0f} samples/s")
        return "  ".join(words)

    def _measure(self) -> None:
        """Steps per second over the last draws of this epoch; without news what was known before."""
        if self._progress:
            begun, first = self._progress[0]
            if self._stepped_at > begun and self._step > first:
                self._steps_per_second = (self._step - first) / (self._stepped_at - begun)

    def _epochs(self, width: int, height: int) -> Text:
        """Table and curve, drawn anew only when an epoch was added or there is another room for them."""
        state = (len(self._lines), width, height)
        if self._body is None or self._body[0] != state:
            self._body = (state, self._table_and_curve(width, height))
        return self._body[1]

    def _table_and_curve(self, width: int, height: int) -> Text:
        rows, curve_height = room(height)
        if not self._lines or not rows:
            return Text()
        parts = [epoch_table(self._lines, rows=rows, width=width, unicode=self.unicode)]
        if curve_height and len(self._lines) > 1:
            parts.append(self._curve(width, curve_height))
        return Text("\n\n").join(parts)

    def _last_curve(self) -> Text | None:
        """The curve that stays."""
        width, height = self.console.size
        return (
            self._curve(width, min(LAST_CURVE, height - 2)) if len(self._lines) > 1 and height > LEAST_CURVE else None
        )

    def _curve(self, width: int, height: int) -> Text:
        """The losses by epoch, the best one marked."""
        losses = {
            "train loss": [line.train.get("loss", math.nan) for line in self._lines],
            "validation loss": [line.validation.get("loss", math.nan) for line in self._lines],
        }
        drawn = {name: values for name, values in losses.items() if any(map(math.isfinite, values))}
        best = next((at for at, line in reversed([*enumerate(self._lines)]) if line.best), None)
        return curve(
            drawn,
            width=width,
            height=height,
            first=self._lines[0].epoch,
            unicode=self.unicode,
            logarithmic=have_logarithms([value for values in drawn.values() for value in values]),
            marked=None if best is None else (best, f"best epoch {self._lines[best].epoch}"),
        )


def room(lines: int) -> tuple[int, int]:
    """Rows of the table and lines of the curve where both have so many lines; 0 for what finds no room."""
    rows = min(MOST_ROWS, lines // 3 - 1)
    curve_height = min(MOST_CURVE, lines - (rows + TABLE_HEAD) - 1)
    if curve_height >= LEAST_CURVE:
        return rows, curve_height
    return max(0, min(MOST_ROWS, lines - TABLE_HEAD)), 0
