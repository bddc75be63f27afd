"""A check: first loss, one batch, gradients, learning rates, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rich.console import Console

from dlcli.view.console.console import supports_unicode
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import json_name
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import number
from dlcli.view.drawing.curve import curve
from dlcli.view.first_loss import FirstLossShown
from dlcli.view.sentences import Judgement
from dlcli.view.verdict import draw_verdict

WIDEST, HEIGHT = 100, 14


@dataclass(frozen=True, kw_only=True)
class GradientShown:
    """A layer's gradient beside its weights: their norms on one batch, and how large it is of them.

    `norm` is None where no gradient arrives.
    """

    layer: str
    kind: str = field(metadata=json_name("class"))
    line: int | None
    norm: float | None
    weights: float
    frozen: bool
    weighed: bool = True
    ratio: float | None


@dataclass(frozen=True, kw_only=True)
class BatchShown:
    """Training on so many samples alone: the loss before and after so many steps, and the highest on the way."""

    samples: int
    steps: int
    first: float
    last: float
    most: float
    contradictory: bool
    memorized: bool
    perfect: float
    """What a perfect answer costs, under some losses less than nothing."""
    bounded: bool = True
    """Whether that is known."""
    constant: float | None = None
    """What the best answer costs that is the same for all samples; None where that is perfect, or there is none."""


@dataclass(frozen=True)
class RatePoint:
    """The smoothed loss at a learning rate."""

    rate: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class RatesShown:
    """The loss by learning rate, the key that sets it, and the one to begin with, or None where the loss never fell."""

    key: str = field(metadata=json_name("set"))
    points: Sequence[RatePoint]
    proposed: float | None
    target_is_far: bool = False
    """Whether the target is far from unit scale, which no rate helps."""


@dataclass(frozen=True, kw_only=True)
class CheckShown:
    """The keys of `dlcli check --json`; `rates` where they were asked for."""

    first_loss: FirstLossShown
    gradients: Sequence[GradientShown]
    overfit: BatchShown
    verdict: Sequence[Judgement]
    rates: RatesShown | None


def draw_check(console: Console, check: CheckShown) -> None:
    """What was seen, and what it means."""
    first, batch = check.first_loss, check.overfit
    expected = f"; {number(first.expected)} expected ({first.why})" if first.expected is not None else ""
    line(console, "untrained", f"loss {number(first.measured)}{expected}")
    went = f"{number(batch.first)} to {number(batch.last)} in {batch.steps} steps"
    line(console, "one batch", f"{batch.samples} samples alone: loss {went}")
    console.print()
    write_table(console, gradients_table(check.gradients))
    console.print()
    if check.rates is not None:
        draw_rates(console, check.rates)
        console.print()
    draw_verdict(console, check.verdict)


def gradients_table(gradients: Sequence[GradientShown]) -> Table:
    """A row for each layer that has weights."""
    rows = []
    for each in gradients:
        norm = (
            "frozen"
            if each.frozen
            else "weight 0"
            if not each.weighed
            else "none"
            if each.norm is None
            else f"{each.norm:.2e}"
        )
        rows.append([f"{each.layer} ({each.kind})", norm, each.weights, each.ratio])
    columns = [Column("layer"), number_column("gradient", str), number_column("weights", "{:.2e}".format)]
    return Table([*columns, number_column("ratio", ratio_of)], rows)


def place_of_rate(points: Sequence[RatePoint], rate: float) -> int:
    """The position of the point whose rate is nearest to another, as far as a logarithmic axis shows it."""
    return min(range(len(points)), key=lambda at: abs(math.log(points[at].rate / rate)))


def rate_ticks(points: Sequence[RatePoint]) -> list[tuple[float, str]]:
    """The places of the powers of ten between the rates of points, which rise; of fewer than two both ends."""
    places: dict[str, float] = {}
    for at, (one, other) in enumerate(pairwise(points)):
        low, high = math.log10(one.rate), math.log10(other.rate)
        for power in range(math.ceil(low - EXACT), math.floor(high + EXACT) + 1):
            places.setdefault(f"{10.0**power:.0e}", at + (power - low) / (high - low))
    ticks = [(place, label) for label, place in places.items()]
    ends = [(float(at), f"{points[at].rate:.0e}") for at in (0, len(points) - 1)]
    return ticks if len(ticks) > 1 else ends


EXACT = 1e-6
"""So far the logarithm of a rate, which has 32 bits, may lie beside that of a power of ten."""


def ratio_of(ratio: float | None) -> str:
    """A ratio in a cell."""
    return "" if ratio is None else f"{ratio:.1e}"


def draw_rates(console: Console, rates: RatesShown) -> None:
    """The loss by learning rate, whose axis is logarithmic, and the rate to begin with."""
    points = rates.points
    if len(points) > 1:
        losses = {"loss by learning rate": [each.loss for each in points]}
        width, unicode = min(console.width, WIDEST), supports_unicode(console.file)
        marked = None if rates.proposed is None else (place_of_rate(points, rates.proposed), f"{rates.proposed:g}")
        ticks = rate_ticks(points)
        console.print(curve(losses, width=width, height=HEIGHT, ticks=ticks, unicode=unicode, marked=marked))
        console.print()
    if rates.proposed is None:
        line(
            console, "rate", "the loss fell at no learning rate" + ("; scale the target" if rates.target_is_far else "")
        )
    else:
        line(console, "rate", f"--set {rates.key}={rates.proposed:g}", style="cyan")
