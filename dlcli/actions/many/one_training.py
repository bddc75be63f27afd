"""One training in a process of its own, from what is asked to what has come of it, in plain values."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass, field, replace
from typing import Any

from dlcli.actions.many.asked import Asked
from dlcli.errors import DlcliError, Stopped
from dlcli.runs import Run, RunState
from dlcli.signals import unmasked_interruption
from dlcli.training.resume import ResumeRequest, resume
from dlcli.training.stopping import Pruning
from dlcli.training.train import train
from dlcli.unexpected import refused_by_system, unexpected
from dlcli.view.error_json import error_json
from dlcli.view.training.listeners import Listeners
from dlcli.view.training.live import SilentView


@dataclass
class Notes(SilentView):
    """Keeps what a training says besides its epochs."""

    said: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.said.append(text)


def train_line(asked: Asked, pruning: Pruning | None = None) -> tuple[int, dict[str, Any]]:
    """Trains a line as `dlcli train` would, or goes on with its run as `dlcli resume` would; gives the exit code that this has,
    the folder of the run if there is one, and the error if it ended with one. `pruning` may end it early.
    """
    notes = Notes()
    sys.argv[1:] = ["train", *asked.words]
    try:
        with unmasked_interruption():
            run, _ = begun(asked, Listeners([notes]), pruning)
    except DlcliError as error:
        return failed(error, notes)
    except KeyboardInterrupt:
        return failed(Stopped(signal.SIGINT, "stopped by SIGINT"), notes)
    except OSError as error:
        return failed(refused_by_system(error), notes)
    except Exception as error:
        return failed(unexpected(error), notes)
    return 0, {"path": str(run.path), "error": None, "notes": notes.said}


def begun(asked: Asked, listeners: Listeners, pruning: Pruning | None) -> tuple[Run, RunState]:
    """The run, trained to its end."""
    if asked.resume is None:
        return train(replace(asked.request(), pruning=pruning), listeners)
    again = ResumeRequest(
        Run(asked.resume),
        (),
        allow_code=asked.allow_code,
        allow_config_change=False,
        allow_data_change=False,
        pruning=pruning,
    )
    return resume(again, listeners)


def failed(error: DlcliError, notes: Notes) -> tuple[int, dict[str, Any]]:
    """What is told of an error: the keys that it has in JSON, and itself."""
    return error.code, {"path": None, "error": error_json(error), "notes": notes.said, "raised": error}
