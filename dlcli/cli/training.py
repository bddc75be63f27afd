"""What `train` and `resume` share: the view while a training runs, and its result."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from dlcli.cli.output import err, give

if TYPE_CHECKING:
    from dlcli.runs import Run, RunState
    from dlcli.view.training.listeners import Listeners


def show_training(
    work: Callable[[Listeners], tuple[Run, RunState]], *, quiet: bool, json: bool, json_lines: bool
) -> None:
    """Trains with those that listen, and gives the result."""
    from dlcli.actions.training_result import training_result
    from dlcli.view.console.console import FadingStream
    from dlcli.view.training.json_lines import JsonLinesView
    from dlcli.view.training.listeners import Listeners
    from dlcli.view.training.live import choose_view
    from dlcli.view.training_result import draw_training

    views = [choose_view(err(), quiet=quiet)]
    if json_lines:
        views = [JsonLinesView(FadingStream(sys.stdout)), *views]
    with Listeners(views) as listeners:
        run, state = work(listeners)
    if json or not json_lines:
        # The training is done and saved: that nobody reads the result any more is no reason to fail.
        give(training_result(run, state), draw_training, as_json=json, stream=FadingStream(sys.stdout))
