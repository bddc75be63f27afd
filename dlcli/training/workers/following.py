"""What the workers do that do not lead: the steps that the chief names, each with its share of the batch."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from dlcli.errors import DlcliError, ResourceError, Stopped
from dlcli.first_line import named_line
from dlcli.signals import WATCHED, heard
from dlcli.training.distributed.engine import DistributedEngine, Shared
from dlcli.training.distributed.leading import answer_of, digest_of_data
from dlcli.training.distributed.line import Arrays, Line, LineClosed
from dlcli.training.distributed.team import AGAIN, Peers, Team
from dlcli.training.engine.engine_choice import work_of
from dlcli.training.engine.passes import Begin
from dlcli.training.setup.backend import keras_loading
from dlcli.training.setup.experiment import Experiment, read_data
from dlcli.training.train import Request, start
from dlcli.view.training.listeners import Listeners


class Follower:
    """A worker that does as the chief says."""

    def __init__(self, experiment: Experiment, team: Team, peers: Peers, chief: Line) -> None:
        self.experiment, self.team, self.peers, self.chief = experiment, team, peers, chief
        self.engine: DistributedEngine | None = None
        self.batches: Iterator[Shared] = iter(())
        self.ended: Mapping[str, Any] | None = None

    def follow(self) -> Mapping[str, Any]:
        """All that the chief says, until it says how it ended."""
        while self.ended is None:
            words, arrays = self.chief.receive()
            if "do" in words:
                getattr(self, f"on_{words['do']}")(words, arrays)
        return self.ended

    def on_phase(self, words: Mapping[str, Any], arrays: Arrays) -> None:
        """Gets ready for a phase of the training."""
        if words["number"] != self.experiment.phase:
            self.experiment = self.experiment.in_phase(words["number"])
        begin = Begin(**words["begin"])
        work = work_of(self.experiment, by_batch=False, pause=lambda step, last: last, begin=begin)
        with self.peers.together():
            self.engine = DistributedEngine(self.experiment, work, self.team)
        self.chief.send({"data": digest_of_data(self.experiment)})

    def on_epoch(self, words: Mapping[str, Any], arrays: Arrays) -> None:
        """Begins an epoch, or what is left of it."""
        assert self.engine is not None
        self.batches = self.engine.batches(words["number"], words["first"])

    def on_take(self, words: Mapping[str, Any], arrays: Arrays) -> None:
        """Takes variables of the chief."""
        assert self.engine is not None
        self.engine.twin.take(arrays)

    def on_step(self, words: Mapping[str, Any], arrays: Arrays) -> None:
        """The next step."""
        assert self.engine is not None
        batch = next(self.batches)
        with self.peers.together():
            self.engine.step(batch)

    def on_settle(self, words: Mapping[str, Any], arrays: Arrays) -> None:
        """Tells what has come of the steps."""
        assert self.engine is not None
        self.chief.send(*answer_of(self.engine))

    def on_end(self, words: Mapping[str, Any], arrays: Arrays) -> None:
        """Is over."""
        self.ended = words


def follow(request: Request, team: Team) -> None:
    """Trains as the chief says. Raises as the chief has ended, and `ResourceError` where it is gone."""
    assert team.peers is not None
    peers, chief = team.peers, team.peers.lines[0]
    asked: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        if asked:
            raise SystemExit(128 + number)
        asked.append(number)
        chief.send({"stop": number})

    try:
        config = request.config
        with keras_loading(config.data.source):
            dataset = read_data(config, allow_code=request.allow_code)
        experiment = start(config, dataset, Listeners([]), runs=None, threads=request.threads, replicas=team)
        del dataset
        with heard(WATCHED, pass_on):
            end = Follower(experiment, team, peers, chief).follow()
    except LineClosed:
        raise peers.lost(chief) from None
    except DlcliError as error:
        tell_failure(chief, error.message)
        raise
    except Exception as error:
        tell_failure(chief, named_line(error))
        raise
    if "signal" in end:
        received = signal.Signals(end["signal"])
        raise Stopped(received, f"the chief was stopped by {received.name}", hint=AGAIN)
    if "error" in end:
        raise told_end(end)


def tell_failure(chief: Line, reason: str) -> None:
    """Tells the chief why this worker cannot go on."""
    try:
        chief.send({"failed": f"cannot go on: {reason}"})
    except LineClosed:
        return


def told_end(end: Mapping[str, Any]) -> DlcliError:
    """The error with which the chief has ended, with its exit code."""
    error = ResourceError(f"the chief has ended: {end['error']}", hint="its own output says more", kind="chief_failed")
    error.code = int(end["code"])
    return error
