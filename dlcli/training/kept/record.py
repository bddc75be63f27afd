"""The record that a run makes of itself when it begins: all that another process needs to go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlcli.config import Config
from dlcli.data import Dataset
from dlcli.data.fingerprint import fingerprint
from dlcli.runs import Run
from dlcli.runs.atomic import write_bytes
from dlcli.training.kept.recorded import record_config, record_environment, recorded_origin
from dlcli.training.kept.splits_file import save_splits
from dlcli.training.setup.backend import device_name, environment
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.plugins import keep_plugins

INEXACT = "its operations need not be deterministic (train.deterministic)"


@dataclass
class Record:
    """What a run was begun with. `content` is the file of the configuration, byte for byte."""

    run: Run
    config: Config
    content: bytes

    def begin(self, dataset: Dataset) -> None:
        """Writes all that `resume` needs, before the first second is over: a kill may come while Keras starts."""
        write_bytes(self.run.config, self.content)
        save_splits(self.run, dataset)
        plugins = keep_plugins(self.run, self.config.plugins)
        self.origin: dict[str, Any] = {"data": fingerprint(dataset.fields.files), "plugins": plugins}
        record_environment(self.run, self.origin)
        record_config(self.run, self.config)

    def complete(self, experiment: Experiment) -> list[str]:
        """Adds the first weights, if they come from elsewhere, and what only Keras, once started, can tell of the environment.

        Gives why the run is not exact.
        """
        now = around(experiment)
        self.origin |= recorded_origin(experiment)
        record_environment(self.run, {**now, **self.origin})
        return inexact_by(now, experiment)


def around(experiment: Experiment) -> dict[str, Any]:
    """What the numbers of a run depend on besides configuration and data; how many devices share it where several do."""
    replicas = experiment.replicas
    return environment() if replicas is None else {**environment(), "replicas": replicas.count}


def inexact_by(now: Mapping[str, Any], experiment: Experiment) -> list[str]:
    """Why a run is not exact by what is around it."""
    shared = None if experiment.replicas is None else experiment.replicas.inexact
    return [*([] if now["deterministic"] else [INEXACT]), *([] if shared is None else [shared])]


def trained_on(experiment: Experiment) -> dict[str, Any]:
    """How many samples each split has, how large the model is, and on what device it is trained."""
    return {
        "samples": {split: len(samples) for split, samples in experiment.dataset.splits.items()},
        "parameters": experiment.model.count_params(),
        "device": device_name(),
    }
