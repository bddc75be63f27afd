"""Which engine runs the steps of a training, on one device or on several that share it."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.training.distributed.engine import DistributedEngine
from dlcli.training.distributed.leading import LeadingEngine
from dlcli.training.distributed.team import Team
from dlcli.training.engine.engine_choice import choose_engine, work_of
from dlcli.training.engine.engines import Engine
from dlcli.training.engine.passes import BEGIN, Begin
from dlcli.training.setup.experiment import Experiment


def engine_for(
    experiment: Experiment,
    *,
    by_batch: bool,
    pause: Callable[[int, int], int],
    changed: Callable[[str, str], None],
    begin: Begin = BEGIN,
) -> tuple[Engine, str]:
    """The engine, and in words which way it takes and why; what is given is as in `choose_engine`."""
    replicas = experiment.replicas
    if replicas is None:
        return choose_engine(experiment, by_batch=by_batch, pause=pause, changed=changed, begin=begin)
    work = work_of(experiment, by_batch=by_batch, pause=pause, begin=begin)
    if isinstance(replicas, Team):
        return LeadingEngine(experiment, work, replicas), replicas.words
    return DistributedEngine(experiment, work, replicas), replicas.words
