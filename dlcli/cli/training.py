"""What `train` and `resume` share: the view while a training runs, and its result."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcli.cli.output import err, give

if TYPE_CHECKING:
    from dlcli.runs import Run, RunState
    from dlcli.view.events import TrainingView

KEYS = (
    "status",
    "reason",
    "stop",
    "exact",
    "inexact",
    "epochs",
    "best",
    "metrics",
    "baseline",
    "verdict",
    "seconds",
    "samples_per_second",
    "engine",
)
"""What of a run's state its result gives."""


def show_training(
    work: Callable[[TrainingView], tuple[Run, RunState]], *, quiet: bool, json: bool, json_lines: bool
) -> None:
    """Trains with a view, and gives the result."""
    from dlcli.view.console import FadingStream
    from dlcli.view.json_lines import JsonLinesView
    from dlcli.view.live import choose_view
    from dlcli.view.training_result import draw_training

    view = choose_view(err(), quiet=quiet)
    if json_lines:
        view = JsonLinesView(FadingStream(sys.stdout), view)
    with view:
        run, state = work(view)
    value: dict[str, Any] = {"run": run.name, "path": str(run.path), **{key: getattr(state, key) for key in KEYS}}
    if json or not json_lines:
        # The training is done and saved: that nobody reads the result any more is no reason to fail.
        give(value, draw_training, as_json=json, stream=FadingStream(sys.stdout))
