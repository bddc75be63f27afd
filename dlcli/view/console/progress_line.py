"""A line on a terminal that says what is being done, how far it has come and for how long; it leaves nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dlcli.view.console.console import printable

FIRST_SIGN_SECONDS = 0.2
"""How long a command works before it says what it does."""
BAR = 24


@dataclass
class Begun:
    """A stage with its pieces."""

    what: str
    total: int | None
    done: int = 0


class ProgressLine:
    """Shows the innermost stage, from `FIRST_SIGN_SECONDS` after the command has begun on, in a thread of its own.

    `wanted` is asked before anything is shown.
    """

    def __init__(self, console: Console, *, begun: float, wanted: Callable[[], bool] = lambda: True) -> None:
        self.console, self.begun, self.wanted = console, begun, wanted
        self._stages: list[Begun] = []
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._live: tuple[Progress, TaskID] | None = None

    def begin(self, what: str, total: int | None) -> None:
        with self._lock:
            self._stages.append(Begun(printable(what), total))
            if self._live is not None:
                self._update()
            elif self._timer is None:
                wait = max(0.0, self.begun + FIRST_SIGN_SECONDS - time.monotonic())
                self._timer = threading.Timer(wait, self._show)
                self._timer.daemon = True
                self._timer.start()

    def advance(self, done: int) -> None:
        self._stages[-1].done = done
        if self._live is not None:
            self._update()

    def end(self) -> None:
        with self._lock:
            self._stages.pop()
            if self._stages:
                self._update()
                return
            timer, self._timer, live, self._live = self._timer, None, self._live, None
        if timer is not None:
            timer.cancel()
        if live is not None:
            with suppress(OSError, ValueError):
                live[0].stop()

    def begin_anew(self) -> None:
        self.begun = time.monotonic()

    def _show(self) -> None:
        """The line appears, unless all has ended meanwhile."""
        with self._lock:
            if not self._stages or self._live is not None or not self.wanted():
                return
            columns = TextColumn("{task.description}"), BarColumn(BAR), TextColumn("{task.fields[share]}")
            shown = Progress(
                *columns, TimeElapsedColumn(), console=self.console, transient=True,
                redirect_stdout=False, redirect_stderr=False,
            )  # fmt: skip
            self._live = shown, shown.add_task("", total=None, share="")
            self._update()
            with suppress(OSError, ValueError):
                shown.start()

    def _update(self) -> None:
        """The line says what the innermost stage is."""
        if self._live is None:
            return
        progress, task = self._live
        stage = self._stages[-1]
        share = f"{stage.done / stage.total:4.0%}" if stage.total else ""
        progress.update(task, description=stage.what, total=stage.total, completed=stage.done, share=share)
