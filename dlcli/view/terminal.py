"""The training on a terminal: bars, the last epochs and the loss curve, redrawn in place."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from dlcli.view.console import is_terminal, printable, supports_unicode
from dlcli.view.curve import curve, spans_decades
from dlcli.view.epochs import epoch_table
from dlcli.view.events import EpochLine, Plan
from dlcli.view.tables import duration, number

REDRAW_SECONDS = 0.1
REMEMBERED_DRAWS = 50
REMEMBERED_EPOCHS = 5
HEAD = 3
MOST_ROWS, LEAST_ROWS = 12, 3
MOST_CURVE, LEAST_CURVE = 18, 7
FIGURES = 34


class TerminalView:
    """Redraws at most every 0.1 s and at the end of each epoch, within the height of the terminal, without a thread.

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
        self._drawn_at = float("-inf")
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

    def step(self, step: int, loss: float | None) -> None:
        self._step, self._loss = step, loss
        now = self._clock()
        if not self._progress:
            self._progress.append((now, step))
        if now - self._drawn_at >= REDRAW_SECONDS:
            self._progress.append((now, step))
            self._redraw()

    def epoch(self, line: EpochLine) -> None:
        self._lines.append(line)
        self._progress.clear()
        self._step, self._loss = 0, None
        self._redraw()

    def note(self, text: str) -> None:
        for line in text.splitlines():
            self.console.print(Text(printable(line)))

    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def __enter__(self) -> TerminalView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _redraw(self) -> None:
        self._drawn_at = self._clock()
        if self._live is not None and not getattr(self.console.file, "gone", False):
            self._live.refresh()

    def _picture(self) -> Text:
        """All that is shown: while it runs the bars above the epochs, in the end the epochs alone."""
        width, height = self.console.size
        parts = [] if self._live is None else self._head(width)[-max(1, height - 1) :]
        if self._lines:
            below = self._epochs(width, height)
            if below:
                parts += [Text(), below] if parts else [below]
        return Text("\n", no_wrap=True, overflow="crop").join(parts)

    def _head(self, width: int) -> list[Text]:
        """The run and its best epoch, the bar of the epoch, the bar of the run."""
        plan, done = self._plan, len(self._lines)
        epoch = min((self._lines[-1].epoch if self._lines else 0) + 1, plan.epochs)
        over = bool(self._lines) and self._lines[-1].epoch >= plan.epochs
        part = 1.0 if over else self._step / plan.steps if plan.steps else 0.0
        total = min(1.0, (epoch - 1 + part) / plan.epochs) if plan.epochs else 1.0
        names = f"epoch {epoch}/{plan.epochs}", f"run {100 * total:.0f} %"
        left = max(map(len, names))
        steps = f"{plan.steps if over else self._step}/{plan.steps}"
        figures = (steps if self._loss is None else f"{steps}  loss {number(self._loss)}", self._pace(epoch, part))
        if done and self._lines[-1].learning_rate is not None and self._loss is None:
            figures = (f"{steps}  learning rate {number(self._lines[-1].learning_rate)}", figures[1])
        room = max(4, width - left - 4 - max(FIGURES, *map(len, figures)))
        bars = [
            Text.assemble(f"{name:<{left}}  ", progress_bar(share, room, unicode=self.unicode), f"  {figure}")
            for name, share, figure in zip(names, (part, total), figures, strict=True)
        ]
        lines = [self._title(), *bars]
        for line in lines:
            line.truncate(width)
        return lines

    def _title(self) -> Text:
        text = Text(printable(self._plan.run), style="bold")
        best = next((line for line in reversed(self._lines) if line.best), None)
        if best is not None and (value := best.value(self._plan.monitor)) is not None:
            text = Text.assemble(text, f"  best {printable(self._plan.monitor)} {number(value)} at epoch {best.epoch}")
        return text

    def _pace(self, epoch: int, part: float) -> str:
        """How long the run still takes, and samples per second."""
        plan = self._plan
        if len(self._progress) > 1:
            (begun, first), (now, last) = self._progress[0], self._progress[-1]
            if now > begun and last > first:
                self._steps_per_second = (last - first) / (now - begun)
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

    def _epochs(self, width: int, height: int) -> Text:
        """Table and curve, drawn anew only when an epoch was added or the terminal has another size."""
        state = (len(self._lines), width, height)
        if self._body is None or self._body[0] != state:
            self._body = (state, self._body_for(width, height))
        return self._body[1]

    def _body_for(self, width: int, height: int) -> Text:
        rows, curve_height = room(height)
        parts = [epoch_table(self._lines, rows=rows, width=width, unicode=self.unicode)] if rows else []
        losses = {
            "train loss": [line.train.get("loss", float("nan")) for line in self._lines],
            "validation loss": [line.validation.get("loss", float("nan")) for line in self._lines],
        }
        if curve_height and len(self._lines) > 1:
            drawn = {name: values for name, values in losses.items() if any(map(math.isfinite, values))}
            parts.append(
                curve(
                    drawn,
                    width=width,
                    height=curve_height,
                    first=self._lines[0].epoch,
                    unicode=self.unicode,
                    logarithmic=spans_decades([value for values in drawn.values() for value in values]),
                )
            )
        return Text("\n\n").join(parts)


def room(height: int) -> tuple[int, int]:
    """Rows of the table and lines of the curve on a terminal of this height, below the head; 0 where there is none."""
    left = height - 1 - HEAD - 1
    if left < LEAST_ROWS + 2:
        return 0, 0
    rows = max(LEAST_ROWS, min(MOST_ROWS, left // 3 - 1))
    curve_height = min(MOST_CURVE, left - (rows + 2) - 1)
    if curve_height < LEAST_CURVE:
        return min(MOST_ROWS, left - 2), 0
    return rows, curve_height


def progress_bar(share: float, width: int, *, unicode: bool) -> Text:
    """A bar for a share between 0 and 1 in exactly `width` cells."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    full, half = divmod(halves, 2)
    done = ("━" * full + "╸" * half) if unicode else "#" * full
    rest = ("─" if unicode else "-") * (width - len(done))
    return Text.assemble((done, "cyan"), (rest, "dim"))
