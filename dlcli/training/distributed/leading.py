"""The chief's engine: it says to the other workers which step comes next, and compares their weights with its own."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from dlcli.errors import ConflictError, ResourceError
from dlcli.training.distributed.engine import DistributedEngine, Shared
from dlcli.training.distributed.team import Team
from dlcli.training.engine.steps import Work
from dlcli.training.setup.experiment import Experiment

LOOKED_AT = 64
"""Samples of the training split that are compared between workers, beside the rows of all."""


class LeadingEngine(DistributedEngine):
    """Steps of all workers, led by this one."""

    def __init__(self, experiment: Experiment, work: Work, team: Team) -> None:
        assert team.peers is not None
        self.peers = team.peers
        self.peers.say({"do": "phase", "number": experiment.phase, "begin": dataclasses.asdict(work.begin)})
        with self.peers.together():
            super().__init__(experiment, work, team)
        for index, (words, _) in self.peers.answers().items():
            if words["data"] != digest_of_data(experiment):
                message = f"{self.peers.cluster.name(index)} has other data than the chief"
                raise ConflictError(message, hint="give all machines the same files", kind="other_data")

    def begin(self, number: int, first: int) -> None:
        self.peers.say({"do": "epoch", "number": number, "first": first})
        self.hand_over()

    def hand_over(self) -> None:
        self.peers.say({"do": "take"}, self.twin.push())

    def step(self, batch: Shared) -> float:
        self.peers.say({"do": "step"})
        with self.peers.together():
            return super().step(batch)

    def give_back(self) -> None:
        self.peers.say({"do": "settle"})
        answers, digest = self.peers.answers(), self.twin.digest()
        for index, (words, _) in answers.items():
            if words["weights"] != digest:
                message = f"the weights of {self.peers.cluster.name(index)} are not those of the chief"
                hint = "a machine or the network between them has changed numbers: train anew, and look after it"
                raise ResourceError(message, hint=hint, kind="weights_differ")
        self.twin.pull([[arrays[str(each)] for each in range(len(arrays))] for _, arrays in answers.values()])


def digest_of_data(experiment: Experiment) -> str:
    """The training split as a digest: which rows it has, and the first samples as the model takes them."""
    feed, found = experiment.splits["train"], hashlib.sha256()
    found.update(feed.rows.tobytes())
    for arrays in feed.take(slice(0, LOOKED_AT)):
        for name, values in sorted(arrays.items()):
            found.update(name.encode() + values.tobytes())
    return found.hexdigest()


def answer_of(engine: DistributedEngine) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a worker answers when the chief settles: a digest of its weights, and what its metrics have counted."""
    return {"weights": engine.twin.digest()}, {str(place): each for place, each in enumerate(engine.twin.counted())}
