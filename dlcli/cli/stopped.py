"""A training that a person has stopped: how far it has come, as at the end of any training."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.errors import DlcliError

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def unheard() -> Iterator[None]:
    """While it is open Ctrl-C does nothing: however often it is pressed, what is being said is said."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def draw_stopped(console: Console, folder: Path) -> None:
    """What the run in a folder has reached, and how it goes on; nothing of one that has no whole epoch."""
    from dlcli.actions.training_result import training_result
    from dlcli.runs import Run, read_state
    from dlcli.runs.summary import configuration_in
    from dlcli.view.training_result import draw_training

    with suppress(DlcliError):
        run = Run(folder)
        state = read_state(run)
        if state.best:
            together = configuration_in(run).value("train.distribute") == "multi_worker"
            advice = "the same command on every machine" if together else run.command("resume")
            draw_training(console, training_result(run, state), advice=advice)
