"""The trials of a search in a storage that many processes and machines share: made, held, taken over, and each counted once.

A trial of Optuna stands for a number of the search, from 1 on. Two processes may make one of a number at the same moment, and a
trial that its machine has lost is made once more: the one that counts is the first that is neither lost nor too many.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from dlcli.actions.sweep.holder import Holder
from dlcli.actions.sweep.sampling import point_known, pruner_of, sampler_of
from dlcli.actions.sweep.space import Point, Space
from dlcli.actions.sweep.storage import FIRST_ANSWER, Place, is_away, opened, optuna_without_words
from dlcli.errors import ConflictError, ResourceError
from dlcli.training.resume import differences

NUMBER, HOLDER, BEAT, LOST, SURPLUS = "number", "holder", "beat", "lost", "surplus"
REASON, EPOCHS, SECONDS = "reason", "epochs", "seconds"
"""What a trial of Optuna says of itself."""
PLAN, DATA = "plan", "data "
"""What the study says of the search, which is the same on every machine: its plan, and what its data is."""
LONGEST_AWAY = 600.0
"""Seconds for which a storage that was there may be away."""
PAUSE = 0.5

Result = TypeVar("Result")


class SearchStopped(Exception):
    """A signal has come while a storage was waited for."""


@dataclass(frozen=True)
class Held:
    """A trial that this process has: its number, what Optuna calls it, and its point."""

    number: int
    identity: int
    point: Point


@dataclass
class Study:
    """The trials of a search, asked of a storage that may be away for a while.

    `lost_after` are the seconds for which the beat of another machine may stand still, `stopped` says whether to wait no longer,
    and `told` hears what is worth a note.
    """

    name: str
    place: Place
    space: Space
    seed: int
    epochs: int
    holder: Holder
    plan: str
    lost_after: float
    stopped: Callable[[], bool] = lambda: False
    told: Callable[[str], None] = lambda text: None
    held: dict[int, Held] = field(default_factory=dict)
    watched: dict[int, tuple[Any, float]] = field(default_factory=dict)
    """By trial of another machine its beat, and when it was seen first."""
    read_last: float = 0.0
    beats: int = 0

    def open(self) -> None:
        """Connects with the storage, and makes the study where it is not there.

        Raises `ConflictError` where it is of another search, and `ResourceError` where nobody answers.
        """
        self.connect()
        known = self.patiently(lambda: self.study.user_attrs.get(PLAN))
        if known is None:
            self.patiently(lambda: self.study.set_user_attr(PLAN, self.plan))
        elif known != self.plan:
            others = [
                f"{path} was {old!r} and is {new!r}"
                for path, old, new in differences(*map(json.loads, (known, self.plan)))
            ]
            raise ConflictError(
                f"the sweep '{self.name}' was begun with another configuration: {'; '.join(others)}",
                file=str(self.place),
                hint="put it back (trials and prune may change), or give this one another --name",
                kind="configuration_changed",
            )

    def connect(self, *, within: float = FIRST_ANSWER) -> None:
        """Opens the storage anew."""
        optuna = optuna_without_words()
        sweep = self.space.sweep
        self.storage = opened(self.place, within=within)
        directions = ["maximize" if goal.greater else "minimize" for goal in sweep.goals]
        pruner = pruner_of(sweep, epochs=self.epochs)
        self.study = self.patiently(
            lambda: optuna.create_study(
                storage=self.storage,
                study_name=self.name,
                load_if_exists=True,
                directions=directions,
                pruner=pruner,
                sampler=sampler_of(sweep, seed=self.seed, number=0),
            ),
            again=False,
        )

    def patiently(self, call: Callable[[], Result], *, again: bool = True) -> Result:
        """What a call of the storage gives, tried once more while that is away.

        Raises `SearchStopped` where a signal comes meanwhile, and `ResourceError` where it stays away.
        """
        began: float | None = None
        while True:
            try:
                if began is not None and again and self.place.kind == "grpc":
                    self.connect(within=1.0)  # its own channel would wait longer and longer between two tries
                found = call()
            except Exception as error:
                if not (is_away(error) or (began is not None and isinstance(error, ResourceError))):
                    raise
                if began is None:
                    began = time.monotonic()
                    self.told(f"note: the storage {self.place} is away; waiting for it")
                if self.stopped():
                    raise SearchStopped from None
                if time.monotonic() - began > LONGEST_AWAY:
                    message = f"the storage {self.place} has been away for {LONGEST_AWAY / 60:.0f} minutes"
                    hint = "the same command goes on once it is back"
                    raise ResourceError(message, hint=hint, kind="storage_away") from None
                time.sleep(PAUSE)
                continue
            if began is not None:
                self.watched.clear()  # nobody's beat can have been kept meanwhile
                self.told(f"note: the storage {self.place} is back")
            return found

    def trials(self) -> list[Any]:
        """All trials of the storage, also those that do not count."""
        return self.patiently(lambda: self.study.get_trials(deepcopy=False))

    def next(self, total: int, *, can_go_on: Callable[[int], bool]) -> Held | None:
        """The next trial to train, up to so many in all; None where there is none now.

        First those that a process of this machine has left go on, once `can_go_on` with their number, then what is lost elsewhere
        and what is left is begun.
        """
        trials = self.trials()
        for trial in trials:
            if self.is_running(trial) and trial._trial_id not in self.held and self.take_over(trial, trials, can_go_on):
                return self.hold(trial._trial_id, trial.user_attrs[NUMBER])
        while True:
            there = counted(self.trials())
            number = next((number for number in range(1, total + 1) if number not in there), None)
            if number is None:
                return None
            made = self.make(number)
            if made is not None:
                return made

    def is_running(self, trial: Any) -> bool:
        """Whether nobody has told what has come of a trial."""
        return not trial.state.is_finished()

    def take_over(self, trial: Any, trials: Sequence[Any], can_go_on: Callable[[int], bool]) -> bool:
        """Whether a trial that another process had is this one's now, to go on with its run.

        That of a machine that is lost is told so, since the run is there.
        """
        holder = Holder.read(trial.user_attrs[HOLDER])
        if holder != self.holder and holder.is_here and holder.lives:
            return False
        if not holder.is_here:
            if self.is_lost(trial):
                self.lose(trial)
            return False
        if holder.folder != self.holder.folder:
            self.lose(trial)
            return False
        number = trial.user_attrs[NUMBER]
        if counted(trials).get(number) is not trial:
            self.finish(trial._trial_id, "FAIL", {SURPLUS: True})
            return False
        return can_go_on(number) and self.claim(trial, holder)

    def claim(self, trial: Any, holder: Holder) -> bool:
        """Makes this process the holder of a trial, if no other of this machine has done so since."""
        from filelock import FileLock

        identity = trial._trial_id
        with FileLock(Path(self.holder.folder) / ".taking.lock"):
            now = self.patiently(lambda: self.storage.get_trial(identity))
            if not self.is_running(now) or Holder.read(now.user_attrs[HOLDER]) != holder:
                return False
            self.patiently(lambda: self.storage.set_trial_user_attr(identity, HOLDER, self.holder.plain()))
        return True

    def is_lost(self, trial: Any) -> bool:
        """Whether the beat of another machine has stood still for long, as seen from here."""
        now, beat = time.monotonic(), trial.user_attrs.get(BEAT)
        seen = self.watched.get(trial._trial_id)
        if seen is None or seen[0] != beat:
            self.watched[trial._trial_id] = beat, now
            return False
        return now - seen[1] > self.lost_after

    def lose(self, trial: Any) -> None:
        """Tells that the process of a trial is gone, so that its number is made anew; one of several that do so has done it."""
        self.finish(trial._trial_id, "FAIL", {LOST: True})

    def make(self, number: int) -> Held | None:
        """A new trial of a number, whose values are those of the lost one before; None where another process was first."""
        before = next((each for each in self.trials() if each.user_attrs.get(NUMBER) == number and each.params), None)
        point = point_known(self.space, seed=self.seed, number=number)
        values, distributions = self.space.coded(point or {})
        if before is not None:
            values, distributions = before.params, before.distributions
        identity = self.patiently(lambda: self.created(number, values, distributions))
        if counted(self.trials())[number]._trial_id != identity:
            self.finish(identity, "FAIL", {SURPLUS: True})
            return None
        return self.hold(identity, number)

    def created(self, number: int, values: Any, distributions: Any) -> int:
        """A trial in the storage, at once with who has it: a kill leaves none without."""
        from optuna.trial import TrialState, create_trial

        self.beats += 1
        attributes = {NUMBER: number, HOLDER: self.holder.plain(), BEAT: self.beats}
        template = create_trial(
            state=TrialState.RUNNING, params=values, distributions=distributions, user_attrs=attributes
        )
        return int(self.storage.create_new_trial(self.study._study_id, template_trial=template))

    def hold(self, identity: int, number: int) -> Held:
        """A trial of this process with its point, of which what was drawn before stays."""
        import optuna

        def suggested() -> Point:
            self.study.sampler = sampler_of(self.space.sweep, seed=self.seed, number=number)
            return self.space.suggested(optuna.trial.Trial(self.study, identity))

        self.held[identity] = held = Held(number, identity, self.patiently(suggested))
        return held

    def let_go(self, held: Held) -> None:
        """This process has a trial no longer."""
        self.held.pop(held.identity, None)

    def beat(self) -> None:
        """Says that this process lives."""
        from optuna.exceptions import UpdateFinishedTrialError

        self.beats += 1
        for identity in [*self.held]:
            with contextlib.suppress(UpdateFinishedTrialError):
                self.patiently(lambda: self.storage.set_trial_user_attr(identity, BEAT, self.beats))  # noqa: B023

    def report(self, held: Held, epoch: int, value: float) -> str | None:
        """Takes the value of an epoch of a trial; gives words why it is not worth going on, or None."""
        from optuna.exceptions import UpdateFinishedTrialError

        def reported() -> bool:
            self.storage.set_trial_intermediate_value(held.identity, epoch, value)
            return bool(self.study.pruner.prune(self.study, self.storage.get_trial(held.identity)))

        try:
            if not self.patiently(reported):
                return None
        except UpdateFinishedTrialError:
            return "another machine has taken the trial over"
        name = self.space.sweep.goals[0].name
        return f"pruned: {name} {value:.4g} after epoch {epoch} is not worth going on with"

    def check_data(self, point: Point, digests: Sequence[str]) -> bool:
        """Whether the files of data of a trial are those that other trials with the same settings of data have read."""
        key = DATA + json.dumps({path: point[path] for path in sorted(point) if path.startswith("data")}, default=str)

        def checked() -> bool:
            known = self.study.user_attrs.get(key)
            if known is None:
                self.study.set_user_attr(key, [*digests])
            return known is None or known == [*digests]

        return self.patiently(checked)

    def tell(self, held: Held, state: str, values: Sequence[float], said: Mapping[str, Any]) -> bool:
        """Tells what has come of a trial of this process, and what else is `said` of it; whether it still was its own."""
        told = self.finish(held.identity, state, said, values)
        self.let_go(held)
        return told

    def finish(self, identity: int, state: str, said: Mapping[str, Any], values: Sequence[float] = ()) -> bool:
        """Gives a trial its last state, behind what is said of it; whether this process has done it."""
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        def finished() -> None:
            for key, value in said.items():
                self.storage.set_trial_user_attr(identity, key, value)
            self.storage.set_trial_state_values(identity, TrialState[state], [*map(float, values)] or None)

        try:
            self.patiently(finished)
        except UpdateFinishedTrialError:
            now = self.patiently(lambda: self.storage.get_trial(identity))
            return bool(now.state.name == state and [*(now.values or ())] == [*values] and is_own(now, self.holder))
        return True


def is_own(trial: Any, holder: Holder) -> bool:
    """Whether it was this process that had a trial last: the answer to its word may have been lost on the way."""
    return Holder.read(trial.user_attrs[HOLDER]) == holder and LOST not in trial.user_attrs


def counted(trials: Iterable[Any]) -> dict[int, Any]:
    """By number the trial that counts: the first that is neither lost nor too many."""
    found = dict[int, Any]()
    for each in sorted(trials, key=lambda each: each.number):
        said = each.user_attrs
        gone = each.state.is_finished() and (
            SURPLUS in said or (LOST in said and REASON not in said and is_failed(each))
        )
        if not gone:
            found.setdefault(said[NUMBER], each)
    return found


def is_failed(trial: Any) -> bool:
    """Whether a trial has no result."""
    return bool(trial.state.name == "FAIL")
