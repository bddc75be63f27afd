"""What `train` and `resume` share: the view while a training runs, and its result."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlcli.cli.output import err, give

if TYPE_CHECKING:
    from dlcli.runs import Run, RunState
    from dlcli.view.training.listeners import Listeners


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is said of a training and how, as the options have it."""

    quiet: bool
    verbose: bool
    json: bool
    json_lines: bool


def show_training(work: Callable[[Listeners], tuple[Run, RunState]], *, shown: Shown, first: str | None = None) -> None:
    """Trains with those that listen, and gives the result; `first` is what it begins with, as a line says off a terminal."""
    from dlcli.actions.training_result import training_result
    from dlcli.view.console.console import FadingStream, is_terminal
    from dlcli.view.training.json_lines import JsonLinesView
    from dlcli.view.training.listeners import Listeners
    from dlcli.view.training.live import LineView, ProgressRests, choose_view
    from dlcli.view.training_result import draw_training

    alone = not (shown.json_lines and is_terminal(sys.stdout))
    view = choose_view(err(), quiet=shown.quiet, verbose=shown.verbose, alone=alone)
    views = [ProgressRests(), view]
    if first is not None and isinstance(view, LineView) and not shown.json:
        view.note(first)  # on a terminal a line says so that goes again
    results = FadingStream(sys.stdout)
    if shown.json_lines:
        views = [JsonLinesView(results), *views]
    # What a plugin prints stands beside results that are for a program.
    prints = sys.stderr if shown.json or shown.json_lines else sys.stdout
    with Listeners(views) as listeners, redirect_stdout(prints):
        run, state = work(listeners)
    if shown.json or not shown.json_lines:
        # The training is done and saved: that nobody reads the result any more is no reason to fail.
        give(training_result(run, state), draw_training, as_json=shown.json, stream=results)
    if results.full is not None:  # a file that should have it is another thing
        raise results.full
