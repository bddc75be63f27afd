"""Schedules of the learning rate: does one reach zero before the training ends?"""

from __future__ import annotations

from dataclasses import dataclass

from dlcli.spec import Epochs, KerasObject, Mistake


@dataclass(frozen=True)
class Ending:
    """A schedule that leaves a rate of zero for whole epochs; `decay` and `warmup` are counted in epochs."""

    schedule: KerasObject
    decay: float
    warmup: float


def early_ending(optimizer: KerasObject, *, epochs: int, steps_per_epoch: int | None = None) -> Ending | None:
    """The schedule of an optimizer, where it ends so before a training of so many epochs does.

    Without `steps_per_epoch` only what is written in epochs can be judged.
    """
    schedule = optimizer.arguments.get("learning_rate")
    if not isinstance(schedule, KerasObject) or "remains" not in schedule.traits or schedule.arguments.get("cycle"):
        return None
    remains = schedule.traits["remains"]
    if schedule.arguments.get(remains["argument"], remains["default"]) != 0:
        return None
    decay = in_epochs(schedule.arguments.get("decay_steps"), steps_per_epoch)
    warms = schedule.arguments.get("warmup_target") is not None
    warmup = in_epochs(schedule.arguments.get("warmup_steps", 0) if warms else 0, steps_per_epoch)
    if decay is None or warmup is None or decay + warmup > epochs - 1:
        return None
    return Ending(schedule, decay, warmup)


def early_end(optimizer: KerasObject, *, epochs: int, steps_per_epoch: int | None = None) -> Mistake | None:
    """The mistake of such a schedule."""
    seen = early_ending(optimizer, epochs=epochs, steps_per_epoch=steps_per_epoch)
    if seen is None:
        return None
    word, key = seen.schedule.written, seen.schedule.traits["remains"]["argument"]
    path = ("optimizer", optimizer.written, "learning_rate", word, "decay_steps")
    message = (
        f"{word} is at a learning rate of 0 after epoch {seen.decay + seen.warmup:g}, but the training has {epochs}"
    )
    hint = f"write decay_steps: {epochs - seen.warmup:g} epochs, or {key}: 0.01 to keep a part of the rate"
    return Mistake(message, path, hint, kind="schedule_ends_early")


def in_epochs(steps: object, steps_per_epoch: int | None) -> float | None:
    """A count of steps in epochs, or None where it cannot be told."""
    if isinstance(steps, Epochs):
        return steps.count
    if steps == 0:
        return 0.0
    return steps / steps_per_epoch if steps_per_epoch and isinstance(steps, int | float) else None
