"""The sweep block: which values are searched, for what goal, and how; a training reads none of it."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from dlcli.config.setting_path import setting_parts
from dlcli.errors import TreePath
from dlcli.spec import Mistake, Reader, Spec, describe, did_you_mean, fail, plain

GOAL = re.compile(r"(max|min)\s+(\w+)")
RANGES = {"log": "two numbers above 0", "float": "two numbers", "int": "two whole numbers"}
FORMS = "write a list of values, {log: [a, b]}, {float: [a, b]} or {int: [a, b]}"
MOST_TRIALS, USUAL_TRIALS = 100_000, 20
MOST_POINTS = 10_000
"""Values of a range that a grid may have."""
MEASURED_ONCE = ("parameters", "seconds")
"""What a goal can be besides what is measured after each epoch: the size of the model, the time in the training loop."""


@dataclass(frozen=True)
class Goal:
    """A value of a run, and whether more of it is better."""

    name: str
    greater: bool

    def __str__(self) -> str:
        return f"{'max' if self.greater else 'min'} {self.name}"

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.name == "parameters"


@dataclass(frozen=True)
class Dimension:
    """What is searched at one path: `values` one by one, or the range of a `kind` (log, float, int) from `low` to `high`.

    `when` has the paths and their values with which it is searched at all.
    """

    values: Sequence[Any] = ()
    kind: str = "choice"
    low: float = 0
    high: float = 0
    step: float | None = None
    when: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def idiom(self) -> Any:
        """It as a configuration has it."""
        when = {"when": {path: [*values] for path, values in self.when.items()}} if self.when else {}
        if self.kind == "choice":
            return {"choices": [*self.values], **when} if when else [*self.values]
        return {self.kind: [self.low, self.high], **({} if self.step is None else {"step": self.step}), **when}

    @property
    def points(self) -> list[Any] | None:
        """All its values, where they can be counted and are not too many."""
        if self.kind == "choice":
            return [*self.values]
        if self.step is None or self.count > MOST_POINTS:
            return None
        return [self.point(number) for number in range(self.count)]

    @property
    def count(self) -> int:
        """How many values a range with steps has."""
        return int((self.high - self.low) / (self.step or 1) * (1 + 1e-12)) + 1

    def point(self, number: int) -> float:
        """A value of a range with steps."""
        value = self.low + number * (self.step or 1)
        return int(value) if self.kind == "int" else float(f"{value:.12g}")

    def is_active(self, chosen: Mapping[str, Any]) -> bool:
        """Whether it is searched beside values that are chosen already."""
        return all(path in chosen and chosen[path] in values for path, values in self.when.items())


def read_space(value: Any, information: ValidationInfo) -> dict[str, Dimension]:
    """The dimensions by path, each behind those that it depends on. Raises `pydantic.ValidationError` with all mistakes."""
    if not isinstance(value, dict) or not value:
        fail(Mistake(f"'space' must be a mapping from paths to values, found {describe(value)}", kind="wrong_type"))
    mistakes, space = list[Mistake](), dict[str, Dimension]()
    for path, written in value.items():
        if setting_parts(path) is None or path.partition(".")[0] in {"sweep", "extends", "name"}:
            hint = "for example optimizer.learning_rate, as --set takes it"
            mistakes.append(Mistake(f"'{path}' cannot be searched", (path,), hint, at="key", kind="bad_setting"))
            continue
        found = [*dimension_mistakes(written, (path,))]
        mistakes += found
        if not found:
            space[path] = dimension_of(written)
    unread = value.keys() - space.keys()
    mistakes += [each for path in space for each in condition_mistakes(path, space, unread)]
    if mistakes:
        fail(*mistakes)
    return in_order_of_conditions(space)


def dimension_mistakes(written: Any, place: TreePath) -> Iterator[Mistake]:
    """What is wrong with the values of one path."""
    if isinstance(written, list):
        written = {"choices": written}
    if not isinstance(written, dict):
        yield Mistake(
            f"'{place[-1]}' must have several values, found {describe(written)}", place, FORMS, kind="wrong_type"
        )
        return
    known = [*RANGES, "choices", "step", "when"]
    kinds, unknown = (
        [key for key in written if key in {*RANGES, "choices"}],
        [key for key in written if key not in known],
    )
    for key in unknown:
        hint = did_you_mean(str(key), known) or FORMS
        yield Mistake(f"unknown key '{key}' in a search", (*place, key), hint, at="key", kind="unknown_key")
    if unknown:
        return
    if len(kinds) != 1:
        count = "none" if not kinds else " and ".join(kinds)
        yield Mistake(f"'{place[-1]}' must be one kind of values, found {count}", place, FORMS, kind="not_a_choice")
        return
    [kind] = kinds
    values = written[kind]
    if kind == "choices":
        if not isinstance(values, list) or not values:
            yield Mistake(
                f"'{place[-1]}' must have a list of values, found {describe(values)}", place, kind="wrong_type"
            )
        elif any(each in values[:at] for at, each in enumerate(values)):
            yield Mistake(f"a value of '{place[-1]}' stands there twice", place, "leave one out", kind="twice_in_list")
    else:
        yield from range_mistakes(kind, values, (*place, kind))
    if "step" in written:
        yield from step_mistakes(kind, values, written["step"], (*place, "step"))


def range_mistakes(kind: str, values: Any, place: TreePath) -> Iterator[Mistake]:
    """What is wrong with the bounds of a range."""
    wanted = int if kind == "int" else (int, float)
    numbers = isinstance(values, list) and [not isinstance(each, bool) and isinstance(each, wanted) for each in values]
    if not numbers or numbers != [True, True]:
        example = "[16, 128]" if kind == "int" else "[1e-4, 1e-1]"
        yield Mistake(
            f"'{kind}' must be {RANGES[kind]}, found {plain(values)}", place, f"write {example}", kind="wrong_type"
        )
    elif not all(map(math.isfinite, values)):
        message = f"'{kind}' must be {RANGES[kind]} that are finite, found {values[0]} and {values[1]}"
        yield Mistake(message, place, kind="out_of_range")
    elif not values[0] < values[1]:
        message = f"'{kind}' must go from the lower to the higher, found {values[0]} and {values[1]}"
        write = f"write [{values[1]}, {values[0]}]" if values[0] > values[1] else f"write [{values[0]}] for one value"
        yield Mistake(message, place, write, kind="out_of_range")
    elif kind == "log" and values[0] <= 0:
        yield Mistake(f"'log' must begin above 0, found {values[0]}", (*place, 0), "or use float", kind="out_of_range")


def step_mistakes(kind: str, values: Any, step: Any, place: TreePath) -> Iterator[Mistake]:
    """What is wrong with the step of a range."""
    if kind not in {"int", "float"}:
        yield Mistake(f"'step' goes with int and float, and here stands {kind}", place, at="key", kind="unknown_key")
        return
    wanted = int if kind == "int" else (int, float)
    if isinstance(step, bool) or not isinstance(step, wanted) or not 0 < step < float("inf"):
        number = "a whole number" if kind == "int" else "a number"
        yield Mistake(f"'step' must be {number} above 0, found {describe(step)}", place, kind="out_of_range")
    elif not [*range_mistakes(kind, values, place)] and step > values[1] - values[0]:
        message = f"'step' must be at most {values[1] - values[0]}, the width of the range, found {step}"
        yield Mistake(message, place, kind="out_of_range")


def dimension_of(written: Any) -> Dimension:
    """The dimension of values that are right."""
    if isinstance(written, list):
        return Dimension(values=plain(written))
    when = {
        path: values if isinstance(values, list) else [values]
        for path, values in plain(written.get("when") or {}).items()
    }
    if "choices" in written:
        return Dimension(values=plain(written["choices"]), when=when)
    [kind] = {*RANGES} & {*written}
    low, high = written[kind]
    step = written.get("step", 1 if kind == "int" else None)
    return Dimension(kind=kind, low=low, high=high, step=step, when=when)


def condition_mistakes(path: str, space: Mapping[str, Dimension], unread: Collection[str]) -> Iterator[Mistake]:
    """What is wrong with the condition of a dimension: it names values of another one, and none goes round in a circle.

    Of those that could not be read themselves nothing is said.
    """
    for other, values in space[path].when.items():
        if other in unread:
            continue
        place = (path, "when", other)
        if other not in space:
            others = [each for each in (*space, *unread) if each != path]
            listed = f"there are: {', '.join(others)}" if others else "name another path of the space"
            hint = did_you_mean(other, others) or listed
            yield Mistake(f"'{other}' is not searched", place, hint, at="key", kind="no_such_condition")
            continue
        points = space[other].points
        if points is None:
            message = f"'{other}' has a range, of which no value is met exactly"
            yield Mistake(message, place, "give it a list or a step", at="key", kind="no_such_condition")
            continue
        for value in values:
            if value not in points:
                message = f"'{other}' is never {describe(value)}"
                hint = did_you_mean(str(value), points) or f"there are: {', '.join(map(str, points[:12]))}"
                yield Mistake(message, place, hint, kind="no_such_condition")
    if path in above(path, space):
        message = f"whether '{path}' is searched depends on itself"
        yield Mistake(message, (path, "when"), "leave one of the conditions out", at="key", kind="circle_of_conditions")


def above(path: str, space: Mapping[str, Dimension]) -> set[str]:
    """The paths that decide whether one is searched, through any number of others."""
    found, ahead = set[str](), [*space[path].when]
    while ahead:
        other = ahead.pop()
        if other not in found and other in space:
            found.add(other)
            ahead += space[other].when
    return found


def in_order_of_conditions(space: Mapping[str, Dimension]) -> dict[str, Dimension]:
    """The dimensions in the order of the file, but each behind those that it depends on."""
    ordered = dict[str, Dimension]()
    while len(ordered) < len(space):
        path = next(each for each in space if each not in ordered and above(each, space) <= {*ordered})
        ordered[path] = space[path]
    return ordered


def goal_mistakes(block: Mapping[str, Any], known: Mapping[str, str | None]) -> Iterator[Mistake]:
    """What is wrong with the goals of a block as it is written, beside what is `known` to be measured and which way is better."""
    written = block.get("goal", Sweep.model_fields["goal"].default)
    for number, each in enumerate(written if isinstance(written, list) else [written]):
        found = GOAL.fullmatch(each) if isinstance(each, str) else None
        if found is None:
            continue
        place, name = ("goal", number) if isinstance(written, list) else ("goal",), found[2]
        better = {"down": "min", "up": "max"}.get(known.get(name) or ("down" if name in MEASURED_ONCE else ""))
        if name not in {*known, *MEASURED_ONCE}:
            hint = did_you_mean(name, [*known, *MEASURED_ONCE])
            if name.startswith("val_") and name.removeprefix("val_") in known:
                hint = "there is no validation split: write data.split.validation: 0.15"
            message = f"nothing is called '{name}'; there are: {', '.join([*known, *MEASURED_ONCE])}"
            yield Mistake(message, place, hint, kind="unknown_monitor")
        elif better is not None and better != found[1]:
            which = {"min": "less", "max": "more"}[better]
            message = f"'{each}' would look for the worst: {which} of {name} is better"
            yield Mistake(message, place, f"write {better} {name}", kind="goal_of_worst")


class Sweep(Spec):
    """A search over values of this configuration, each of whose trials is a run; `dlcli train` reads none of it."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    number: Annotated[int, Field(ge=1, le=MOST_TRIALS)] | None = Field(default=None, alias="trials")
    """How many trials there are in all; by default 20, and of a grid every point."""
    search: Literal["tpe", "random", "grid"] = "tpe"
    """`tpe` learns from the trials before, `random` does not, `grid` tries every combination."""
    goal: str | Annotated[list[str], Field(min_length=1, max_length=2)] = "min val_loss"
    """`max` or `min` with a metric of an epoch, `parameters` or `seconds`: `max val_accuracy`. A list of two searches for the
    trials that no other beats in both."""
    prune: Literal["none", "median", "hyperband"] = "none"
    """What ends a trial early by the metric of its epochs: worse than the median of the others there, or by halving."""
    space: Annotated[dict[str, Dimension], Reader(read_space, "sweep_space")]
    """By path, as `--set` takes it, the values: a list, `{log: [a, b]}`, `{float: [a, b]}`, `{int: [a, b]}`, these two also with
    `step`. `when: {PATH: value}` searches it only where another path has that value; a list is `choices` then."""

    @field_validator("goal", mode="before")
    @classmethod
    def check_goal(cls, value: Any) -> Any:
        written = value if isinstance(value, list) else [value]
        mistakes = [
            Mistake(
                f"'goal' must be max or min and a name, such as 'max val_accuracy', found {describe(each)}",
                (number,) if isinstance(value, list) else (),
                kind="not_a_goal",
            )
            for number, each in enumerate(written)
            if not (isinstance(each, str) and GOAL.fullmatch(each))
        ]
        if not mistakes and len(names := [each.split()[1] for each in written]) > len({*names}):
            mistakes = [Mistake(f"'{names[1]}' stands twice", (1,), kind="goal_twice")]
        if mistakes:
            fail(*mistakes)
        return value

    @model_validator(mode="after")
    def check_together(self) -> Sweep:
        mistakes = []
        if self.prune != "none" and (len(self.goals) > 1 or self.goals[0].name in MEASURED_ONCE):
            why = "two goals" if len(self.goals) > 1 else f"'{self.goals[0].name}', which no epoch measures"
            message = f"'prune' ends trials by the metric of their epochs, and here are {why}"
            mistakes.append(Mistake(message, ("prune",), "write prune: none", kind="prune_without_metric"))
        for path, each in self.space.items() if self.search == "grid" else ():
            if each.points is None:
                message = f"a grid cannot try every value of '{path}'"
                step = "" if each.kind == "log" else " or a larger step" if each.step else " or a step"
                hint = f"write a list{step}, or search: random"
                mistakes.append(Mistake(message, ("space", path), hint, kind="range_in_grid"))
        if mistakes:
            fail(*mistakes)
        return self

    @property
    def goals(self) -> list[Goal]:
        """What is searched for."""
        written = [self.goal] if isinstance(self.goal, str) else self.goal
        found = [GOAL.fullmatch(each) for each in written]
        return [Goal(each[2], each[1] == "max") for each in found if each is not None]
