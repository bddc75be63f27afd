"""MLflow: a run of its own on the server or in the store that its environment names."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from dlcli.runs import Run
from dlcli.training.listeners.trackers.tracker import (
    End,
    keep_identity,
    kept_identity,
    text_of_setting,
    values_of_epoch,
)
from dlcli.view.training.events import EpochLine, Plan

EXPERIMENT = "dlcli"
AT_ONCE = 100
"""So many parameters MLflow takes in one call."""
LONGEST = 500
ENDS = {End.DONE: "FINISHED", End.FAILED: "FAILED", End.STOPPED: "KILLED"}
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
"""How long a server is waited for, where the environment says nothing else: MLflow itself waits for minutes."""


class MLFlow:
    """Settings become parameters, epochs metrics. MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME say where."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.client: Any = None
        self.identity = ""
        self.last = 0

    def begin(self, plan: Plan, settings: Mapping[str, Any]) -> None:
        """Makes the run, or goes on with the one that was made before; the epochs that it knows are not told twice."""
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient
        from mlflow.entities import Param

        self.client = MlflowClient()
        known = kept_identity(self.run, "mlflow")
        if known is not None:
            self.identity = known
            self.client.update_run(known, status="RUNNING")
            self.last = max((each.step for each in self.client.get_metric_history(known, "train/loss")), default=0)
            return
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        experiment = self.client.get_experiment_by_name(name)
        number = self.client.create_experiment(name) if experiment is None else experiment.experiment_id
        tags = {"dlcli.path": str(self.run.path.resolve())}
        self.identity = self.client.create_run(number, run_name=self.run.name, tags=tags).info.run_id
        keep_identity(self.run, "mlflow", self.identity)
        parameters = [
            Param(name.replace('"', ""), text_of_setting(value)[:LONGEST]) for name, value in settings.items()
        ]
        for start in range(0, len(parameters), AT_ONCE):
            self.client.log_batch(self.identity, params=parameters[start : start + AT_ONCE])

    def epoch(self, line: EpochLine) -> None:
        from mlflow.entities import Metric

        if line.epoch <= self.last:
            return
        now = int(time.time() * 1000)
        metrics = [Metric(mlflow_name(name), value, now, line.epoch) for name, value in values_of_epoch(line).items()]
        self.client.log_batch(self.identity, metrics=metrics)

    def end(self, how: End) -> None:
        self.client.set_terminated(self.identity, status=ENDS[how])


def mlflow_name(name: str) -> str:
    """A name that MLflow takes for a metric: letters, digits and a few signs."""
    return "".join(each if each.isalnum() or each in "_-./ :" else "_" for each in name)
