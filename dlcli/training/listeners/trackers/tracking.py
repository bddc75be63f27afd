"""A listener that tells a tracker; one that fails is told no more, and the training goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout

from dlcli.first_line import named_line
from dlcli.runs import Run, read_state
from dlcli.runs.summary import configuration_in
from dlcli.training.listeners.trackers.tracker import End, Tracking
from dlcli.view.training.events import EpochLine, Plan


class TrackingListener:
    """Tells one tracker. `note` is told where it fails."""

    def __init__(self, name: str, tracker: Tracking, run: Run, note: Callable[[str], None]) -> None:
        self.name, self.tracker, self.run, self.say = name, tracker, run, note
        self.works, self.open, self.done = True, False, False

    def tell(self, what: Callable[[], None]) -> None:
        """Tells the tracker something, unless it has failed before. What it prints belongs to the log: results are ours."""
        if not self.works:
            return
        try:
            with self.run.log.open("a", encoding="utf-8") as log, redirect_stdout(log):
                what()
        except Exception as error:
            self.works = False
            self.say(f"note: {self.name} is told no more of this training: {named_line(error)}")

    def start(self, plan: Plan) -> None:
        configuration = configuration_in(self.run)
        settings = {path: configuration.value(path) for path in configuration.shape.by_path}
        self.open = True
        self.tell(lambda: self.tracker.begin(plan, settings))

    def phase(self, plan: Plan) -> None:
        return

    def step(self, step: int, loss: float | None) -> None:
        return

    def epoch(self, line: EpochLine) -> None:
        self.tell(lambda: self.tracker.epoch(line))

    def note(self, text: str) -> None:
        return

    def over(self) -> None:
        return

    def end(self, best_epoch: int | None) -> None:
        self.done = True

    def close(self) -> None:
        if self.open:
            self.open = False
            self.tell(lambda: self.tracker.end(End.DONE if self.done else how_it_broke_off(self.run)))


def how_it_broke_off(run: Run) -> End:
    """How a training is over that did not come to its end: by then its run says whether it failed."""
    return End.FAILED if read_state(run).status == "failed" else End.STOPPED
