"""The training as it runs: on a terminal, one line an epoch, or silent."""

from __future__ import annotations

from typing import TextIO, cast

from rich.console import Console
from rich.text import Text

from dlcli.progress import progress_shown, show_progress_with
from dlcli.view.console.console import FadingStream, printable
from dlcli.view.console.labelled import note
from dlcli.view.console.tables import duration, number
from dlcli.view.training.events import EpochLine, Listener, Plan
from dlcli.view.training.headline import begun
from dlcli.view.training.second_screen import has_second_screen
from dlcli.view.training.terminal import TerminalView

__all__ = ["EpochLine", "LineView", "Listener", "Plan", "ProgressRests", "SilentView", "TerminalView", "choose_view"]

NUMBER_WIDTH = 6


def choose_view(console: Console, *, quiet: bool, verbose: bool = False, alone: bool = True) -> Listener:
    """The view that fits the console: redrawn on a terminal, lines anywhere else, nothing where `quiet`.

    Something else that is written to the terminal meanwhile (it is not `alone`) would be hidden: then there are lines too.

    From here on the console writes through a `FadingStream`: a terminal that vanishes does not end the training.
    """
    if quiet or console.quiet:
        return SilentView()
    if not isinstance(console.file, FadingStream):
        console.file = FadingStream(cast(TextIO, console.file))
    if alone and has_second_screen(console):
        return TerminalView(console, verbose=verbose)
    return LineView(console, verbose=verbose)


class LineView:
    """One line an epoch, without control characters, for files and pipes; `*` ends the line of the best so far.

    `epoch  3/30  loss 0.3120  accuracy 0.9134  val_loss 0.2871  val_accuracy 0.9259  0.4 s  *`
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self.console, self.verbose = console, verbose

    def start(self, plan: Plan) -> None:
        for words in begun(plan, verbose=self.verbose):
            self.note(words)

    def phase(self, plan: Plan) -> None:
        return

    def step(self, step: int, loss: float | None) -> None:
        return

    def epoch(self, line: EpochLine) -> None:
        values = {**line.train, **{f"val_{name}": value for name, value in line.validation.items()}}
        parts = [f"epoch {line.epoch:>{len(str(line.epochs))}}/{line.epochs}"]
        parts += [f"{printable(name)} {number(value):<{NUMBER_WIDTH}}" for name, value in values.items()]
        parts.append(duration(line.seconds))
        self._print("  ".join(parts + ["*"] * line.best))

    def note(self, text: str) -> None:
        for line in text.splitlines():
            note(self.console, line)

    def over(self) -> None:
        return

    def end(self, best_epoch: int | None) -> None:
        return

    def close(self) -> None:
        return

    def _print(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)


class SilentView:
    """Shows nothing."""

    def start(self, plan: Plan) -> None:
        return

    def phase(self, plan: Plan) -> None:
        return

    def step(self, step: int, loss: float | None) -> None:
        return

    def epoch(self, line: EpochLine) -> None:
        return

    def note(self, text: str) -> None:
        return

    def over(self) -> None:
        return

    def end(self, best_epoch: int | None) -> None:
        return

    def close(self) -> None:
        return


class ProgressRests(SilentView):
    """Ends what is shown of progress as soon as the training itself is shown, until its last step is done."""

    def __init__(self) -> None:
        self.shown = progress_shown()

    def start(self, plan: Plan) -> None:
        show_progress_with(None)

    def over(self) -> None:
        show_progress_with(self.shown)
        if self.shown is not None:
            self.shown.begin_anew()
