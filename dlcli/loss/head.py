"""A head: one target with the loss and the metrics that it is trained and judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlcli.errors import TreePath
from dlcli.loss import metric_name
from dlcli.spec import KerasObject


@dataclass(frozen=True)
class Head:
    """`name` is that of the target where there are several, and of the layer that puts it out; None for the only one."""

    name: str | None
    loss: KerasObject
    metrics: Sequence[KerasObject]

    @property
    def loss_path(self) -> TreePath:
        """Where the loss stands in the configuration."""
        return ("loss",) if self.name is None else ("loss", self.name)

    @property
    def metrics_path(self) -> TreePath:
        """Where the metrics stand."""
        return ("metrics",) if self.name is None else ("metrics", self.name)

    def reported(self, name: str) -> str:
        """The name under which one of its values is reported."""
        return name if self.name is None else f"{self.name}_{name}"

    @property
    def values(self) -> list[str]:
        """The names of all its values."""
        own = [] if self.name is None else ["loss"]
        return [self.reported(name) for name in [*own, *(metric_name(metric) for metric in self.metrics)]]
