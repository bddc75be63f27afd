"""All that listen to a training, told one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType

from dlcli.view.training.events import EpochLine, Listener, Plan


class Listeners:
    """A list of listeners in the place of one: views, pictures, trackers. They hear in order and are closed in reverse."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self.listeners = list(listeners)

    def and_also(self, *others: Listener) -> Listeners:
        """These and others, which hear last."""
        return Listeners([*self.listeners, *others])

    def start(self, plan: Plan) -> None:
        for listener in self.listeners:
            listener.start(plan)

    def phase(self, plan: Plan) -> None:
        for listener in self.listeners:
            listener.phase(plan)

    def step(self, step: int, loss: float | None) -> None:
        for listener in self.listeners:
            listener.step(step, loss)

    def epoch(self, line: EpochLine) -> None:
        for listener in self.listeners:
            listener.epoch(line)

    def note(self, text: str) -> None:
        for listener in self.listeners:
            listener.note(text)

    def over(self) -> None:
        for listener in self.listeners:
            listener.over()

    def end(self, best_epoch: int | None) -> None:
        for listener in self.listeners:
            listener.end(best_epoch)

    def close(self) -> None:
        # In reverse, and each of them also where another one fails.
        with ExitStack() as stack:
            for listener in self.listeners:
                stack.callback(listener.close)

    def __enter__(self) -> Listeners:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
