"""What the layers of a trained model have come to: their weights, dead units, how far each separates the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import number


@dataclass(frozen=True)
class LayerWeights:
    """Mean and deviation of the finite weights, the share of zeros, and how many are not finite."""

    layer: str
    mean: float | None
    deviation: float | None
    zeros: float
    not_finite: int


@dataclass(frozen=True)
class DeadUnits:
    """How many of the units of a layer are 0 for every sample looked at."""

    layer: str
    units: int
    dead: int


@dataclass(frozen=True)
class Separation:
    """The share of samples whose nearest class mean, of the outputs of a layer, is that of their own class of `target`."""

    layer: str
    target: str
    nearest_own_mean: float


@dataclass(frozen=True)
class LayerStates:
    """By layer: its weights, the dead units of those that can have such, and how far it separates the classes."""

    weights: Sequence[LayerWeights]
    dead: Sequence[DeadUnits] = field(default_factory=tuple)
    separation: Sequence[Separation] = field(default_factory=tuple)


def draw_states(console: Console, states: LayerStates, *, layers: Sequence[str]) -> None:
    """A row for each layer, and what the last column means."""
    write_table(console, states_table(states, layers))
    console.print()
    if states.separation:
        target = states.separation[0].target
        console.print(Text(f"classes apart: how many samples lie nearest to the mean of their own class of '{target}'"))


def states_table(states: LayerStates, layers: Sequence[str]) -> Table:
    """A row for each layer; a cell stays empty where there is nothing to say, a column that would be is not there."""
    weights = {each.layer: each for each in states.weights}
    dead = {each.layer: f"{each.dead} of {each.units}" for each in states.dead}
    separation = {each.layer: f"{each.nearest_own_mean:.0%}" for each in states.separation}
    rows = []
    for name in layers:
        own = weights.get(name)
        spread = "" if own is None or own.mean is None else f"{number(own.mean)} ± {number(own.deviation)}"
        zeros = "" if own is None else f"{own.zeros:.0%}"
        rows.append([name, spread, zeros, dead.get(name, ""), separation.get(name, "")])
    heads = [
        Column("layer"),
        *(number_column(head, str) for head in ("weights", "zeros", "dead units", "classes apart")),
    ]
    told = [at for at in range(len(heads)) if at == 0 or any(row[at] for row in rows)]
    return Table([heads[at] for at in told], [[row[at] for at in told] for row in rows])
