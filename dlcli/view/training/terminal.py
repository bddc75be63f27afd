"""The training on a terminal: bars, the last epochs and the loss curve, redrawn in place."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.text import Text

from dlcli.view.console.console import is_terminal, printable, supports_unicode
from dlcli.view.console.labelled import note
from dlcli.view.console.tables import duration, number
from dlcli.view.drawing.curve import compact, curve, spans_decades
from dlcli.view.training.epochs import epoch_table
from dlcli.view.training.events import EpochLine, Plan

REDRAW_SECONDS = 0.1
LARGEST_SHARE = 0.01
"""Of the time that drawing the steps may take, and as much again drawing the epochs."""
REMEMBERED_DRAWS = 50
REMEMBERED_EPOCHS = 5
HEAD, TABLE_HEAD = 3, 2
MOST_ROWS = 12
MOST_CURVE, LEAST_CURVE = 18, 7
FIGURES = 34


class TerminalView:
    """Redraws every 0.1 s and at the end of an epoch, within the height of the terminal, without a thread.

    Epochs shorter than that are not each drawn, and where drawing is slow it is done less often: the view takes at
    most a fiftieth of the time.

    Closed, it leaves the table of the last epochs and the curve. `clock` gives seconds.
    """

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self.unicode = supports_unicode(console.file)
        self._clock = clock
        self._plan = Plan("", 0, 0, 0)
        self._lines: list[EpochLine] = []
        self._step = 0
        self._loss: float | None = None
        self._steps_per_second = 0.0
        self._progress: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_DRAWS)
        self._stepped_at = 0.0
        self._drawn_at = self._epoch_drawn_at = -math.inf
        self._pause = REDRAW_SECONDS
        self._body: tuple[tuple[int, int, int], Text] | None = None
        self._live: Live | None = None

    def start(self, plan: Plan) -> None:
        self._plan, self._lines = plan, list(plan.earlier)
        # Only what goes to the same screen is led around the live area: a result in a pipe must stay there.
        self._live = Live(
            console=self.console,
            auto_refresh=False,
            redirect_stdout=is_terminal(sys.stdout),
            redirect_stderr=is_terminal(sys.stderr),
            vertical_overflow="crop",
            get_renderable=self._picture,
        )
        self._live.start()
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
        self._measure()
        self._progress.clear()
        self._step = 0
        now = self._clock()
        if now - self._epoch_drawn_at >= self._pause:
            self._epoch_drawn_at = now
            self._redraw()

    def note(self, text: str) -> None:
        for line in text.splitlines():
            note(self.console, line)

    def end(self, best_epoch: int | None) -> None:
        self.close()

    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _redraw(self) -> None:
        begun = self._clock()
        if self._live is not None and not getattr(self.console.file, "gone", False):
            self._live.refresh()
        self._drawn_at = self._clock()
        self._pause = max(REDRAW_SECONDS, (self._drawn_at - begun) / LARGEST_SHARE)

    def _picture(self) -> Text:
        """All that is shown: while it runs the bars above the epochs, in the end the epochs alone."""
        width, height = self.console.size
        lines = max(1, height - 1)
        parts = [] if self._live is None else [*self._head(width)[-lines:], Text()]
        below = self._epochs(width, lines - len(parts))
        return Text("\n", no_wrap=True, overflow="crop").join([*parts, below] if below else parts[:-1])

    def _head(self, width: int) -> list[Text]:
        """The run and its best epoch, the bar of the epoch, the bar of the run."""
        plan = self._plan
        epoch = min((self._lines[-1].epoch if self._lines else 0) + 1, plan.epochs)
        over = bool(self._lines) and self._lines[-1].epoch >= plan.epochs
        part = 1.0 if over else self._step / plan.steps if plan.steps else 0.0
        total = min(1.0, (epoch - 1 + part) / plan.epochs) if plan.epochs else 1.0
        names = f"epoch {epoch}/{plan.epochs}", f"run {100 * total:.0f} %"
        left = max(map(len, names))
        steps = f"{plan.steps if over else self._step}/{plan.steps}"
        figures = (steps if self._loss is None else f"{steps}  loss {number(self._loss)}", self._pace(epoch, part))
        room = max(4, width - left - 4 - max(FIGURES, *map(len, figures)))
        bars = [
            Text.assemble(f"{name:<{left}}  ", progress_bar(share, room, unicode=self.unicode), f"  {figure}")
            for name, share, figure in zip(names, (part, total), figures, strict=True)
        ]
        lines = [self._title(width), *bars]
        for line in lines:
            line.truncate(width)
        return lines

    def _title(self, width: int) -> Text:
        """The run, its best epoch and the learning rate, as far as they fit."""
        title = Text(printable(self._plan.run), style="bold")
        parts = []
        best = next((line for line in reversed(self._lines) if line.best), None)
        if best is not None and (value := best.value(self._plan.monitor)) is not None:
            parts.append(f"best {printable(self._plan.monitor)} {number(value)} at epoch {best.epoch}")
        if self._lines and (rate := self._lines[-1].learning_rate) is not None:
            parts.append(f"learning rate {compact(rate, 4)}")
        for part in parts:
            if title.cell_len + 2 + len(part) <= width:
                title = Text.assemble(title, "  ", part)
        return title

    def _pace(self, epoch: int, part: float) -> str:
        """How long the run still takes, and samples per second."""
        plan = self._plan
        self._measure()
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
        losses = {
            "train loss": [line.train.get("loss", math.nan) for line in self._lines],
            "validation loss": [line.validation.get("loss", math.nan) for line in self._lines],
        }
        drawn = {name: values for name, values in losses.items() if any(map(math.isfinite, values))}
        if curve_height and len(self._lines) > 1:
            picture = curve(
                drawn,
                width=width,
                height=curve_height,
                first=self._lines[0].epoch,
                unicode=self.unicode,
                logarithmic=spans_decades([value for values in drawn.values() for value in values]),
            )
            parts.append(picture)
        return Text("\n\n").join(parts)


def room(lines: int) -> tuple[int, int]:
    """Rows of the table and lines of the curve where both have so many lines; 0 for what finds no room."""
    rows = min(MOST_ROWS, lines // 3 - 1)
    curve_height = min(MOST_CURVE, lines - (rows + TABLE_HEAD) - 1)
    if curve_height >= LEAST_CURVE:
        return rows, curve_height
    return max(0, min(MOST_ROWS, lines - TABLE_HEAD)), 0


def progress_bar(share: float, width: int, *, unicode: bool) -> Text:
    """A bar for a share between 0 and 1 in exactly `width` cells."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    full, half = divmod(halves, 2)
    done = ("━" * full + "╸" * half) if unicode else "#" * full
    rest = ("─" if unicode else "-") * (width - len(done))
    return Text.assemble((done, "cyan"), (rest, "dim"))
