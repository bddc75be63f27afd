"""Schedules of the learning rate: does one reach zero before the training ends?"""

from __future__ import annotations

from dlcli.spec import Epochs, KerasObject, Mistake


def early_end(optimizer: KerasObject, *, epochs: int, steps_per_epoch: int | None = None) -> Mistake | None:
    """The mistake of a schedule that leaves a rate of zero for whole epochs.

    Without `steps_per_epoch` only what is written in epochs can be judged.
    """
    schedule = optimizer.arguments.get("learning_rate")
    if not isinstance(schedule, KerasObject) or "remains" not in schedule.traits or schedule.arguments.get("cycle"):
        return None
    remains = schedule.traits["remains"]
    key = remains["argument"]
    if schedule.arguments.get(key, remains["default"]) != 0:
        return None
    decay = in_epochs(schedule.arguments.get("decay_steps"), steps_per_epoch)
    warms = schedule.arguments.get("warmup_target") is not None
    warmup = in_epochs(schedule.arguments.get("warmup_steps", 0) if warms else 0, steps_per_epoch)
    if decay is None or warmup is None or decay + warmup > epochs - 1:
        return None
    path = ("optimizer", optimizer.written, "learning_rate", schedule.written, "decay_steps")
    message = (
        f"{schedule.written} is at a learning rate of 0 after epoch {decay + warmup:g}, but the training has {epochs}"
    )
    return Mistake(
        message,
        path,
        f"write decay_steps: {epochs - warmup:g} epochs, or {key}: 0.01 to keep a part of the rate",
        kind="schedule_ends_early",
    )


def in_epochs(steps: object, steps_per_epoch: int | None) -> float | None:
    """A count of steps in epochs, or None where it cannot be told."""
    if isinstance(steps, Epochs):
        return steps.count
    if steps == 0:
        return 0.0
    return steps / steps_per_epoch if steps_per_epoch and isinstance(steps, int | float) else None
