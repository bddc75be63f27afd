"""A head: one target with the loss and the metrics that it is trained and judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.errors import TreePath
from dlcli.loss import Direction, Ends, direction_of, ends_of, value_names
from dlcli.spec import KerasObject

MINIMIZE = "minimize"
"""The loss that is the mean of an output and needs no target."""


def named_targets(targets: Any, loss: Any) -> list[str]:
    """The names of several targets as they are written: those of the data, and outputs whose loss needs none."""
    names = list(targets) if isinstance(targets, dict) else []
    losses = loss if isinstance(loss, dict) else {}
    without = [
        name for name, each in losses.items() if each == MINIMIZE or (isinstance(each, dict) and {*each} == {MINIMIZE})
    ]
    return [*names, *(name for name in without if name not in names)]


@dataclass(frozen=True)
class Head:
    """`name` is that of the target where targets are named, and of the layer that puts it out; None for one without a name.

    `weight` is how much its loss counts in the sum of several. Of the `only` one values are called as of one without a name.
    """

    name: str | None
    loss: KerasObject
    metrics: Sequence[KerasObject]
    weight: float = 1.0
    only: bool = False

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
        return name if self.name is None or self.only else f"{self.name}_{name}"

    @property
    def own_loss(self) -> str | None:
        """The name under which its loss is reported beside the sum of all; None of the only one, which is the sum."""
        return None if self.name is None or self.only else self.reported("loss")

    @property
    def directions(self) -> dict[str, Direction | None]:
        """By the names of all its values, whether more or less is better; None where a plugin does not say."""
        loss: dict[str, Direction | None] = {} if self.own_loss is None else {self.own_loss: "down"}
        values = [(name, direction_of(metric)) for metric in self.metrics for name in value_names(metric)]
        return loss | {self.reported(name): direction for name, direction in values}

    @property
    def ends(self) -> dict[str, Ends]:
        """By the names of all its values, what they are never below and never above; what weights cost is added to a loss."""
        loss: dict[str, Ends] = {} if self.own_loss is None else {self.own_loss: (ends_of(self.loss)[0], None)}
        return loss | {self.reported(name): ends_of(metric) for metric in self.metrics for name in value_names(metric)}
