"""Trains the trials of a search side by side, until as many as are wanted have a result, whoever has trained them."""

from __future__ import annotations

import contextlib
import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dlcli.actions.many.asked import Asked
from dlcli.actions.many.handed_out import HandedOut
from dlcli.actions.many.trained_lines import STOPPED, lost
from dlcli.actions.sweep.one_trial import Piece, Reported, train_trial
from dlcli.actions.sweep.study import EPOCHS, LOST, REASON, SECONDS, Held, SearchStopped, Study, counted
from dlcli.config.merge import settings_read
from dlcli.config.sweep import Goal
from dlcli.errors import ArtifactError, ConflictError, DivergedError, ResourceError
from dlcli.runs import Run, RunState, read_state
from dlcli.runs.folder import is_run
from dlcli.runs.lock import is_locked
from dlcli.runs.state import StopReason
from dlcli.training.kept.recorded import recorded_environment
from dlcli.training.many.processes import Ended, Stopping, Workers, handed_on, workers

BEAT_EVERY, SHOWN_EVERY = 10.0, 1.0
TICK = 0.5
"""Seconds after which what others have done is looked at again, where there is nothing to do here."""
MOST_KILLS = 3
"""How often a trial whose process was killed goes on."""
OF_VALUES = frozenset({"out_of_memory"})
"""What runs out by the values of a trial; everything else that does would be refused to any other trial too."""
MOST_FAILED = 5
"""So many trials that have all failed, with none that has a result, end the search: they fail for one reason."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How trials are trained: so many in all, so many side by side, each with so many threads, in the folder of a group.

    `asked` is what each asks of `dlcli train` before its own settings.
    """

    total: int
    side_by_side: int
    threads: int
    group: Path
    asked: Asked


@dataclass(frozen=True)
class Told:
    """A trial as it ends: its number, run and settings, its values if it has some, or why not."""

    number: int
    run: Path
    settings: Sequence[str]
    state: str
    values: Sequence[float]
    seconds: float | None
    reason: str | None = None


@dataclass
class Trained:
    """The trials of a search as this process trains them."""

    study: Study
    manner: Manner
    told: Callable[[Told], None]
    stopping: Stopping
    seen: Callable[[], None] = lambda: None
    """Told from time to time that the trials may have changed."""
    handed: HandedOut = field(default_factory=HandedOut)
    waiting: list[Piece] = field(default_factory=list)
    failed: int = 0
    done: int = 0
    beaten: float = 0.0
    shown: float = 0.0
    refused: str | None = None
    """What the machine has refused a trial, such as room on its disk: no fault of its values, so that none is begun after it."""
    gone: bool = False
    """Whether the storage is no longer asked, since a signal came while it was away."""

    def run_to_end(self, working: Workers[Piece]) -> None:
        """Trains until nothing is left to do, or a signal has ended all."""
        while True:
            with self.asking():
                while len(working.living) < self.manner.side_by_side and self.begins:
                    piece = self.next_piece()
                    if piece is None:
                        break
                    working.begin(piece)
            if not working.living and (not self.begins or self.is_over()):
                return
            for ended in working.ended(within=TICK):
                with self.asking():
                    self.take(ended)
            with self.asking():
                self.beat()

    @contextlib.contextmanager
    def asking(self) -> Any:
        """Asks the storage no more once a signal has come while it was away: the trials go on from their runs later."""
        if not self.gone:
            try:
                yield
            except SearchStopped:
                self.gone = True

    @property
    def begins(self) -> bool:
        """Whether trials are still begun."""
        ended = self.stopping.signal is not None or self.gone or self.refused is not None
        return not ended and not (self.failed >= MOST_FAILED and not self.done)

    def is_over(self) -> bool:
        """Whether every trial has a result."""
        there = counted(self.study.trials())
        wanted = range(1, self.manner.total + 1)
        return not self.waiting and all(each in there and there[each].state.is_finished() for each in wanted)

    def next_piece(self) -> Piece | None:
        """What is to be trained next, if there is something; what is done already is told on the way."""
        ready = next((each for each in self.waiting if not is_locked(self.folder(each.held.number))), None)
        if ready is not None:
            self.waiting.remove(ready)
            return self.placed(ready)
        while True:
            held = self.study.next(self.manner.total, can_go_on=lambda number: not is_locked(self.folder(number)))
            if held is None:
                return None
            piece = self.placed(self.piece_of(held))
            if piece is not None:
                return piece

    def folder(self, number: int) -> Path:
        """The folder of the run of a trial."""
        return self.manner.group / f"trial-{number}"

    def piece_of(self, held: Held) -> Piece:
        """What a trial asks of `dlcli train`."""
        settings = self.study.space.settings(held.point)
        base, name, sweep = self.manner.asked, f"trial-{held.number}", self.study.space.sweep
        options = [word for each in settings for word in ("--set", each)]
        asked = replace(
            base,
            line=held.number,
            words=[*base.words, *options, "--name", name, "--runs", str(self.manner.group), "--no-rename"],
            settings=[*base.settings, *settings],
            runs=self.manner.group,
            name=name,
            threads={"inter": self.manner.threads, "intra": self.manner.threads},
        )
        return Piece(held, asked, sweep.goals[0].name if sweep.prune != "none" else None)

    def placed(self, piece: Piece) -> Piece | None:
        """A trial with the run that it goes on with, or the number of a new one; None where its run is over already.

        Raises `ConflictError` where the run is of other settings.
        """
        folder = self.folder(piece.held.number)
        if not is_run(folder):
            if folder.exists():  # its process was killed before it had said what it is
                shutil.rmtree(folder, ignore_errors=True)
            return replace(piece, asked=self.handed.give(replace(piece.asked, resume=None), folder.name))
        run = Run(folder)
        state = read_state(run)
        if dict(state.set) != settings_read(piece.asked.settings):
            raise ConflictError(
                f"'{run.name}' is a run with other settings than trial {piece.held.number}",
                file=folder,
                hint=f"{Run(self.manner.group).command('remove')}, or give this sweep another --name",
                kind="configuration_changed",
            )
        if state.status == "done":
            self.tell_result(piece, state)
            return None
        if state.status == "failed" and state.exit_code == DivergedError.code:
            self.tell_failed(piece, state.reason or "diverged", state)
            return None
        return replace(piece, asked=replace(piece.asked, resume=folder))

    def answer(self, piece: Piece, asked: Any) -> str | None:
        """The answer to what a trial asks on its way: words why it ends, or None."""
        if isinstance(asked, Reported):
            with self.asking():
                return self.study.report(piece.held, asked.epoch, asked.value)
        return None

    def take(self, ended: Ended[Piece]) -> None:
        """Tells what has come of a trial, or has it go on."""
        piece, code = ended.item, ended.code
        error = (ended.answer or {}).get("error") or (lost(ended) if code else None)
        if error is None:
            self.tell_result(piece, read_state(Run(self.folder(piece.held.number))))
        elif self.stopping.signal is not None and (code in STOPPED or not ended.answer):
            self.study.let_go(piece.held)  # it stays this process's, and the next one goes on with it
        elif code == ResourceError.code and error["kind"] not in OF_VALUES:
            self.refused = str(error["message"])
            self.study.let_go(piece.held)
        elif code in STOPPED or not ended.answer or code == ConflictError.code:
            self.take_up_again(piece, str(error["message"]))
        else:
            self.tell_failed(piece, str(error["message"]), recorded_state(self.folder(piece.held.number)))

    def take_up_again(self, piece: Piece, why: str) -> None:
        """Has a trial that was killed from outside go on, a few times."""
        if piece.again >= MOST_KILLS:
            reason = f"{why}, {piece.again + 1} times"
            self.tell_failed(piece, reason, recorded_state(self.folder(piece.held.number)))
        else:
            self.waiting.append(replace(piece, again=piece.again + 1))

    def tell_result(self, piece: Piece, state: RunState) -> None:
        """Tells the values of a run that has ended by itself.

        Raises `ConflictError` where it has read other data than the other machines: then it counts for nothing.
        """
        self.check_data(piece)
        values = [value_of(state, goal) for goal in self.study.space.sweep.goals]
        if not all(value is not None and math.isfinite(value) for value in values):
            goal = next(goal for goal, value in zip(self.study.space.sweep.goals, values, strict=True) if value is None)
            self.tell_failed(piece, f"its {goal.name} is no finite number", state)
            return
        pruned = state.stop == StopReason.PRUNED
        self.done += 1
        self.tell(piece, "PRUNED" if pruned else "COMPLETE", [each for each in values if each is not None], state)

    def check_data(self, piece: Piece) -> None:
        """Raises `ConflictError` where the data here is another than that of the trials before."""
        try:
            read = recorded_environment(Run(self.folder(piece.held.number))).get("data", [])
        except ArtifactError:  # which its readers tell
            return
        if not self.study.check_data(piece.held.point, [str(each["sha256"]) for each in read]):
            self.study.finish(piece.held.identity, "FAIL", {LOST: True})
            files = ", ".join(str(each["file"]) for each in read)
            message = f"the data here is not that which the trials before have read: {files}"
            raise ConflictError(message, file=piece.asked.file, hint="copy it from there", kind="data_changed")

    def tell_failed(self, piece: Piece, reason: str, state: RunState | None) -> None:
        """Tells why a trial has no result."""
        self.failed += 1
        self.tell(piece, "FAIL", [], state, reason=reason)

    def tell(
        self, piece: Piece, state: str, values: Sequence[float], run: RunState | None, *, reason: str | None = None
    ) -> None:
        """Tells the storage and who listens."""
        seconds = None if run is None else run.seconds
        said = {REASON: reason, SECONDS: seconds, EPOCHS: run.epochs if run else None}
        own = self.study.tell(
            piece.held, state, values, {key: value for key, value in said.items() if value is not None}
        )
        number, settings = piece.held.number, self.study.space.settings(piece.held.point)
        if own:
            self.told(Told(number, self.folder(number), settings, state, values, seconds, reason))
        else:
            self.study.told(
                f"note: trial {number} was taken over by another machine, so its result here does not count"
            )

    def beat(self) -> None:
        """Says from time to time that this process lives."""
        now = time.monotonic()
        if now - self.beaten >= BEAT_EVERY:
            self.beaten = now
            self.study.beat()
        if now - self.shown >= SHOWN_EVERY:
            self.shown = now
            self.seen()


def train_trials(
    study: Study, manner: Manner, told: Callable[[Told], None], seen: Callable[[], None] = lambda: None
) -> tuple[Stopping, str | None]:
    """Trains until as many trials as are wanted have a result; gives which signal has stopped it, or what was refused to it."""
    with handed_on() as stopping:
        study.stopped = lambda: stopping.signal is not None
        trained = Trained(study, manner, told, stopping, seen)
        study.open()
        with workers(train_trial, stopping, trained.answer) as working:
            trained.run_to_end(working)
    return stopping, trained.refused


def recorded_state(folder: Path) -> RunState | None:
    """What a run has recorded, None where there is none that can be read."""
    with contextlib.suppress(ArtifactError):
        return read_state(Run(folder)) if is_run(folder) else None
    return None


def value_of(state: RunState, goal: Goal) -> float | None:
    """The value of a run that a goal is about: that of the model that it keeps."""
    if goal.name == "parameters":
        return state.parameters
    if goal.name == "seconds":
        return state.seconds
    metrics: Mapping[str, Mapping[str, float | None]] = state.metrics
    split, name = ("validation", goal.name[4:]) if goal.name.startswith("val_") else ("train", goal.name)
    return metrics.get(split, {}).get(name)
