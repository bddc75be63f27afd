"""Training as one of several workers: the chief has the run and all that is said, the others its steps."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dlcli.config.merge import settings_read
from dlcli.errors import DlcliError, Stopped
from dlcli.runs import Run, RunState, read_state
from dlcli.training.distributed.cluster import cluster_of
from dlcli.training.distributed.team import AGAIN, Team, digest_of, gathered, team_of
from dlcli.training.resume import ResumeRequest, resume
from dlcli.training.setup.backend import chatter_to
from dlcli.training.train import Request, asked_name, start_as_written, train
from dlcli.training.workers.supervised import connecting
from dlcli.view.training.listeners import Listeners


@contextmanager
def met_team(request: Request, tell: Callable[[str], None]) -> Iterator[Team]:
    """The team of a training, once all workers have come and TensorFlow has connected them.

    Raises `ConfigError` where nothing says who they are, `ResourceError` that names who is missing.
    """
    config = request.config
    with config.locating():
        cluster = cluster_of(os.environ)
    with gathered(cluster, digest_of(request.content, request.settings), tell) as peers:
        # Before anything of TensorFlow has computed, data of sources that it reads among that.
        with chatter_to(None):
            start_as_written(config, request.threads)
        with config.locating(), chatter_to(None), connecting(tell):
            team = team_of(peers, config.train.batch_size)
        yield team


def lead(request: Request, listeners: Listeners, team: Team) -> tuple[Run, RunState]:
    """Trains as the chief; a run of the same command that has not ended goes on from its last checkpoint."""
    assert team.peers is not None
    workers = len(team.peers.cluster.addresses)
    listeners.note(f"workers: {workers} have met at port {team.peers.cluster.port} of {team.peers.cluster.host}")
    run = unfinished(request)
    try:
        if run is None:
            return train(dataclasses.replace(request, replicas=team), listeners)
        listeners.note(f"note: '{run.name}' has not ended, so it goes on; --name NAME begins another")
        asked = ResumeRequest(run, [], request.allow_code, False, False, replicas=team)
        return resume(asked, listeners)
    except DlcliError as error:
        if isinstance(error, Stopped) or error.kind == "worker_lost":
            error.hint = AGAIN
        raise


def unfinished(request: Request) -> Run | None:
    """The newest run of the same command, if it has not ended."""
    named, found = asked_name(request), None
    for number in range(1, 10_000):
        path = request.runs / (named if number == 1 else f"{named}-{number}")
        if not path.is_dir():
            break
        found = Run(path)
    if found is None:
        return None
    try:
        state = read_state(found)
        same = found.config.read_bytes() == request.content and state.set == settings_read(request.settings)
    except (OSError, DlcliError):
        return None
    return found if same and state.status not in {"done", "created"} else None
