"""The learning rate as a configuration says it: the key that sets it, and numbers as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcli.config.catalogue import keras_catalogue
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import KerasObject

LARGEST = ("warmup_target", "initial_learning_rate", "maximum")
"""The arguments of schedules that say their largest rate, the first that is there."""


FAR = 10.0
"""So many times as high a rate is another one for sure."""
ADAPTIVE = frozenset({"adam", "adamw", "adamax", "nadam", "rmsprop"})
"""Optimizers whose steps are about as long as their rate, whatever the gradient is."""
LONGEST = 0.03
"""The longest step of these that is proposed: first steps may learn by longer ones what later ones lose again."""


def steps_by_rate(name: str) -> bool:
    """Whether each step of an optimizer moves every weight by about its rate."""
    return name.lower() in ADAPTIVE


def rate_key(optimizer: KerasObject) -> str:
    """The key that sets the rate: the optimizer's own, or that of its schedule's largest one."""
    word = largest_of(optimizer.arguments.get("learning_rate"))
    return f"optimizer.learning_rate.{word}" if word else "optimizer.learning_rate"


def largest_of(schedule: Any) -> str | None:
    """The argument of a schedule that says its largest rate; None of a number, and where none alone does."""
    arguments = schedule_arguments(schedule)
    return next((word for word in LARGEST if isinstance(arguments.get(word), int | float)), None)


def schedule_arguments(schedule: Any) -> Mapping[str, Any]:
    """The arguments of a schedule as they are written; of a number there are none."""
    if isinstance(schedule, KerasObject):
        return schedule.arguments
    return schedule.model_dump() if isinstance(schedule, OneCycle) else {}


def written_rate(optimizer: KerasObject) -> float | None:
    """The rate as it is written, or the largest one of its schedule; None where the optimizer's own default holds."""
    rate = optimizer.arguments.get("learning_rate")
    word = largest_of(rate)
    value = schedule_arguments(rate)[word] if word else rate
    return float(value) if isinstance(value, int | float) else None


def shortest(rate: float) -> float:
    """A learning rate as a person would write it: float32 has seven digits."""
    return float(f"{rate:.6g}")


def default_rate(optimizer: KerasObject) -> float | None:
    """The rate that Keras gives an optimizer by itself; None where it gives none."""
    arguments = keras_catalogue().kinds["optimizers"][optimizer.name]["arguments"]
    rate = arguments.get("learning_rate", {}).get("default")
    return rate if isinstance(rate, float) else None


def usual_rates(optimizer: KerasObject) -> list[float]:
    """The rate that is written and, where it is far higher, the one that Keras gives by itself, with ten times that where steps
    are as long as a gradient makes them."""
    written, default = written_rate(optimizer), default_rate(optimizer)
    if written is None or default is None:
        return []
    if default < FAR * written:
        return [written]
    return [written, default] if steps_by_rate(optimizer.name) else [written, default, 10 * default]
