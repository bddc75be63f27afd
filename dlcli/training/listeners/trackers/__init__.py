"""Who is told of a training beside the run itself: the programs that people follow their experiments with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dlcli.config.trackers import Tracker
from dlcli.runs import Run
from dlcli.training.listeners.trackers.ml_flow import MLFlow
from dlcli.training.listeners.trackers.tensor_board import TensorBoard
from dlcli.training.listeners.trackers.tracker import Tracking
from dlcli.training.listeners.trackers.tracking import TrackingListener
from dlcli.training.listeners.trackers.weights_and_biases import WeightsAndBiases

TRACKERS: Mapping[Tracker, type[Tracking]] = {
    "mlflow": MLFlow,
    "tensorboard": TensorBoard,
    "wandb": WeightsAndBiases,
}
"""All trackers. A new one costs a file here, its line, and one in `dlcli.config.trackers`."""


def trackers_of(names: Sequence[Tracker], run: Run, *, note: Callable[[str], None]) -> list[TrackingListener]:
    """The listeners of the trackers that a configuration names; `note` is told where one fails."""
    return [TrackingListener(name, TRACKERS[name](run), run, note) for name in names]
