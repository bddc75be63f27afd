"""The space of a search as settings of the command line: points of a grid, and what Optuna suggests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config.sweep import USUAL_TRIALS, Dimension, Sweep
from dlcli.config.sweep_space import Placed
from dlcli.view.verdict import setting_text

Point = Mapping[str, Any]
"""A value by path; paths that are not searched beside the others are not there."""
DIGITS = 4
"""Of a number that is drawn: more exact than any search, and a person can read it."""


@dataclass(frozen=True)
class Space:
    """The space of a sweep block; `placed` has the values of its lists as `--set` takes them here."""

    sweep: Sweep
    placed: Placed

    @property
    def size(self) -> int:
        """How many trials there are where the block does not say: every point of a grid, or 20."""
        return sum(1 for _ in self.grid()) if self.sweep.search == "grid" else USUAL_TRIALS

    def grid(self) -> Iterator[Point]:
        """Every point of a grid, the last path changing first."""
        yield from points_beside({}, list(self.sweep.space.items()))

    def suggested(self, trial: Any) -> Point:
        """What a trial of Optuna suggests; what it has suggested before stays."""
        point = dict[str, Any]()
        for path, each in self.sweep.space.items():
            if each.is_active(point):
                point[path] = suggested_value(trial, path, each)
        return point

    def coded(self, point: Point) -> tuple[dict[str, Any], dict[str, Any]]:
        """A point as Optuna has it: its values and their distributions."""
        space = self.sweep.space
        values = {path: setting_text(each) if space[path].kind == "choice" else each for path, each in point.items()}
        return values, {path: distribution(space[path]) for path in point}

    def decoded(self, values: Mapping[str, Any]) -> Point:
        """The point of what Optuna has."""
        return {path: decoded(each, values[path]) for path, each in self.sweep.space.items() if path in values}

    def settings(self, point: Point) -> list[str]:
        """The settings that make a point."""
        return [f"{path}={setting_text(self.setting_value(path, value))}" for path, value in point.items()]

    def setting_value(self, path: str, value: Any) -> Any:
        """A value as it is set here."""
        each = self.sweep.space[path]
        return self.placed[path][each.values.index(value)] if each.kind == "choice" else value


def points_beside(point: dict[str, Any], ahead: Sequence[tuple[str, Dimension]]) -> Iterator[Point]:
    """The points of a grid that begin so."""
    if not ahead:
        yield point
        return
    (path, dimension), *others = ahead
    if not dimension.is_active(point):
        yield from points_beside(point, others)
        return
    for value in dimension.points or ():
        yield from points_beside({**point, path: value}, others)


def distribution(each: Dimension) -> Any:
    """A dimension as Optuna has it; values of a list by their text, which may be any values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if each.kind == "choice":
        return CategoricalDistribution([setting_text(value) for value in each.values])
    if each.step is None:
        return FloatDistribution(float(each.low), float(each.high), log=each.kind == "log")
    high = each.point(each.count - 1)
    if each.kind == "int":
        return IntDistribution(int(each.low), int(high), step=int(each.step))
    return FloatDistribution(float(each.low), float(high), step=float(each.step))


def suggested_value(trial: Any, path: str, each: Dimension) -> Any:
    """What a trial suggests for a dimension."""
    found = distribution(each)
    if each.kind == "choice":
        return decoded(each, trial.suggest_categorical(path, found.choices))
    if each.kind == "int":
        return trial.suggest_int(path, found.low, found.high, step=found.step)
    return decoded(each, trial.suggest_float(path, found.low, found.high, step=found.step, log=found.log))


def decoded(each: Dimension, value: Any) -> Any:
    """A value of what Optuna has: of a list by its text, of numbers with so many digits as a person reads, inside the bounds."""
    if each.kind == "choice":
        return each.values[[setting_text(one) for one in each.values].index(value)]
    if each.step is not None:
        return each.point(round((value - each.low) / each.step))
    above = 0.0 if each.kind == "log" else float(each.low)
    short = float(f"{above + float(f'{value - above:.{DIGITS}g}'):.12g}")
    return min(max(short, float(each.low)), float(each.high))
