"""The train block: how long to train, in what batches, when to stop."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from dlcli.config.devices import Distribute, devices_mistake
from dlcli.config.trackers import Tracker
from dlcli.spec import KerasObject, Mistake, Reader, Spec, describe, fail, keras_thing

LARGEST_BATCH = 1_000_000
MOST_EPOCHS = 10_000_000
MOST_STEPS = 1_000_000_000
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)")
CONDITION = re.compile(r"(\w+)\s*(<=|>=|<|>)\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)")
SECONDS = {"s": 1, "m": 60, "h": 3600}
EVERY = re.compile(r"([1-9]\d{0,9})\s*(epoch|step|minute)s?")

Mode = Literal["auto", "min", "max"]


def read_class_weight(value: Any, information: ValidationInfo) -> Any:
    """`balanced`, or numbers by class; for several targets such a one by target. Raises `pydantic.ValidationError`."""
    if value is None or value == "balanced":
        return value
    if not isinstance(value, dict):
        fail(Mistake(f"'class_weight' must be 'balanced' or a mapping, found {describe(value)}", kind="wrong_type"))
    mistakes = [mistake for name, each in value.items() for mistake in weight_mistakes(each, (name,))]
    if mistakes:
        fail(*mistakes)
    return value


def weight_mistakes(value: Any, path: tuple[str, ...]) -> Iterator[Mistake]:
    """What is wrong with the weight of a class, or with those of a target."""
    if isinstance(value, dict) and len(path) == 1:
        for name, each in value.items():
            yield from weight_mistakes(each, (*path, name))
    elif isinstance(value, bool) or not isinstance(value, int | float):
        if not (value == "balanced" and len(path) == 1):
            yield Mistake(f"'{path[-1]}' must be a number, found {describe(value)}", path, kind="wrong_type")
    elif not 0 <= value < math.inf:
        yield Mistake(f"'{path[-1]}' must be at least 0, found {describe(value)}", path, kind="out_of_range")


ClassWeight = Annotated[Any, Reader(read_class_weight, "class_weight")]


class EarlyStopping(Spec):
    """Stops when the monitored value no longer gets better, and restores the weights of the best epoch."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "monitor": (
            "train.early_stopping.monitor=loss",
            "train.early_stopping={}",
        ),
        "patience": (
            "train.early_stopping.patience=2",
            "train.early_stopping={patience: 1, min_delta: 10}",
        ),
        "min_delta": (
            "train.early_stopping.min_delta=10",
            "train.early_stopping={patience: 1}",
        ),
        "mode": (
            "train.early_stopping.mode=max",
            "train.early_stopping={patience: 1}",
        ),
    }

    monitor: str = "val_loss"
    """`loss` or a metric; `val_` before it means the validation split."""
    patience: Annotated[int, Field(ge=0)] = 5
    """Epochs without improvement after which training stops."""
    min_delta: Annotated[float, Field(ge=0)] = 0.0
    """The least change that counts as improvement."""
    mode: Mode = "auto"
    """Whether less (`min`) or more (`max`) is better; `auto` knows it for losses, the metrics of Keras, and metrics of
    plugins that say it (`dlcli_direction = "up"` in the class)."""


class ReduceOnPlateau(Spec):
    """Multiplies the learning rate by `factor` when the monitored value stands still."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "monitor": (
            "train.reduce_on_plateau.monitor=val_auc",
            "train.reduce_on_plateau={patience: 1, mode: min}",
        ),
        "factor": (
            "train.reduce_on_plateau.factor=0.5",
            "train.reduce_on_plateau={patience: 1, min_delta: 10}",
        ),
        "patience": (
            "train.reduce_on_plateau.patience=2",
            "train.reduce_on_plateau={patience: 1, min_delta: 10}",
        ),
        "min_delta": (
            "train.reduce_on_plateau.min_delta=10",
            "train.reduce_on_plateau={patience: 1}",
        ),
        "cooldown": (
            "train.reduce_on_plateau.cooldown=2",
            "train.reduce_on_plateau={patience: 1, min_delta: 10}",
        ),
        "min_lr": (
            "train.reduce_on_plateau.min_lr=0.009",
            "train.reduce_on_plateau={patience: 1, min_delta: 10}",
        ),
        "mode": (
            "train.reduce_on_plateau.mode=max",
            "train.reduce_on_plateau={patience: 1}",
        ),
    }

    monitor: str = "val_loss"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    patience: Annotated[int, Field(ge=0)] = 10
    min_delta: Annotated[float, Field(ge=0)] = 1e-4
    cooldown: Annotated[int, Field(ge=0)] = 0
    min_lr: Annotated[float, Field(ge=0)] = 0.0
    mode: Mode = "auto"


class Checkpoint(Spec):
    """When the state of training is saved, so that `dlcli resume` goes on from there."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "every": (
            "train.checkpoint.every=1 step",
            "train.checkpoint={keep: 9, keep_after: 9}",
        ),
        "keep": ("train.checkpoint.keep=9", "train.checkpoint={every: 1 step, keep_after: 9}"),
        "keep_after": ("train.checkpoint.keep_after=1", "train.checkpoint={}"),
        "monitor": (
            "train.checkpoint.monitor=loss",
            "train.checkpoint={}",
        ),
        "mode": ("train.checkpoint.mode=max", "train.checkpoint={monitor: val_loss}"),
    }

    every: str = "1 epoch"
    """`1 epoch`, `500 steps` or `10 minutes`. Whatever it says, the state is also saved at a signal and at the end."""
    keep: Annotated[int, Field(ge=1)] = 2
    """How many checkpoints are kept while it trains."""
    keep_after: Annotated[int, Field(ge=0)] = 0
    """How many of them a run keeps when it is done: with one it is extended from its end, without it is trained once more."""
    monitor: str | None = None
    """The value by which the best epoch is kept beside them; by default that of `early_stopping`, else `val_loss`."""
    mode: Mode = "auto"
    """Whether less (`min`) or more (`max`) of `monitor` is better, as in `early_stopping`, which decides where it is given."""
    on_save_error: Literal["stop", "warn"] = "stop"
    """What follows when the disk refuses a checkpoint: training stops, or goes on and tries again when the next is due."""

    @field_validator("every", mode="before")
    @classmethod
    def check_every(cls, value: Any) -> Any:
        if not (isinstance(value, str) and EVERY.fullmatch(value)):
            example = "a number of epochs, steps or minutes such as 1 epoch, 500 steps or 10 minutes"
            fail(Mistake(f"'every' must be {example}, found {describe(value)}", kind="wrong_type"))
        return value

    def interval(self) -> tuple[int, str]:
        """`every` as a count of what: epoch, step or minute."""
        found = EVERY.fullmatch(self.every)
        assert found is not None
        return int(found[1]), found[2]


class Phase(Spec):
    """A part of a training: the file with some settings, for so many epochs; weights go on, the optimizer begins anew."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "epochs": ("train.phases.0.epochs=2", "train={phases: [{epochs: 1}]}"),
        "set": ("train.phases.0.set={optimizer.learning_rate: 0.5}", "train={phases: [{epochs: 1}]}"),
    }

    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)]
    """How many epochs the phase has."""
    set: dict[str, Any] = {}
    """Settings by path: what is trainable, the optimizer, loss weights, early stopping, plateau and batch size."""


class Train(Spec):
    """How long to train, in what batches, when to stop."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "epochs": ("train.epochs=2",),
        "phases": ("train={batch_size: 16, phases: [{epochs: 2}, {epochs: 1}]}",),
        "batch_size": ("train.batch_size=8",),
        "steps_per_epoch": ("train.steps_per_epoch=2",),
        "early_stopping": ("train.early_stopping={patience: 1, min_delta: 10}",),
        "reduce_on_plateau": ("train.reduce_on_plateau={patience: 1, min_delta: 10}",),
        "checkpoint": ("train.checkpoint={every: 1 step, keep: 9, keep_after: 9}",),
        "class_weight": ("train.class_weight={u: 3}",),
        "sample_weight": ("train.sample_weight=w",),
        "precision": ("train.precision=mixed_bfloat16",),
        "time_limit": ("train.time_limit=0.001s",),
        "until": ("train.until=loss < 1000",),
        "callbacks": ("train.callbacks=[CSVLogger: {filename: epochs.csv}]",),
        "trackers": ("train.trackers=[tensorboard]",),
        "deterministic": ("train.deterministic=false",),
        "xla": ("train.xla=true",),
        "engine": ("train.engine=keras",),
        "devices": ("train.devices=gpu",),
        "distribute": ("train.distribute=mirrored",),
    }

    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)]
    """How many times the training split is gone through; with phases after how many epochs of them training ends."""
    phases: list[Phase] = []
    """Parts of the training one behind the other, each with settings of its own, in place of `epochs`."""
    batch_size: Annotated[int, Field(ge=1, le=LARGEST_BATCH)] = 32
    """Samples in one step of the optimizer."""
    steps_per_epoch: Annotated[int, Field(ge=1, le=MOST_STEPS)] | None = None
    """How many steps an epoch has, where that is no single pass: the next epoch goes on with the samples behind them."""
    early_stopping: EarlyStopping | None = None
    reduce_on_plateau: ReduceOnPlateau | None = None
    checkpoint: Checkpoint | None = None
    """When the state is saved; by default at the end of every epoch, or of every few where an epoch takes no time."""
    class_weight: ClassWeight | None = None
    """`balanced`, or a weight by class name; classes that are left out weigh 1. For several targets a mapping by target."""
    sample_weight: str | None = None
    """A column that says how much each sample counts in the loss of training and validation, or an array with a weight for each
    place of the target; it is no input."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    time_limit: str | None = None
    """Stops after the epoch in which this time is over: `90s`, `30m`, `2h`."""
    until: str | None = None
    """Stops after the epoch that fulfils it: `val_accuracy >= 0.98`."""
    callbacks: list[Annotated[KerasObject, keras_thing("callbacks")]] = []
    """Callbacks of Keras by name."""
    trackers: list[Tracker] = []
    """Programs that are told of every epoch: `mlflow`, `tensorboard`, `wandb`; each is an extra of its own."""
    deterministic: Literal["auto"] | bool = "auto"
    """Whether every operation gives the same bits each time: `auto` does it on a CPU; without it no run is exact."""
    xla: Literal["auto"] | bool = "auto"
    """Whether XLA compiles the steps: `auto` does it where it pays, `true` from the first step on."""
    engine: Literal["auto", "resident", "keras"] = "auto"
    """Which way training runs: `keras` is Keras's own `fit`, `resident` the loop over data placed in memory once."""
    devices: Literal["auto", "cpu", "gpu"] | list[str] = "auto"
    """What steps run on: `auto` is a GPU where TensorFlow has one; `[gpu:1]` names one of several, `[cpu:0, cpu:1]` divides
    the processor into two."""
    distribute: Distribute = "none"
    """How several devices share the work: with `mirrored` each takes its part of every batch, and the weights are the same
    on all; `multi_worker` does so with the devices of several machines."""

    @field_validator("devices", mode="before")
    @classmethod
    def check_devices(cls, value: Any) -> Any:
        mistake = devices_mistake(value)
        if mistake is not None:
            fail(mistake)
        return value

    @field_validator("time_limit", mode="before")
    @classmethod
    def check_time_limit(cls, value: Any) -> Any:
        if value is not None and not (isinstance(value, str) and DURATION.fullmatch(value)):
            fail(
                Mistake(
                    f"'time_limit' must be a time such as 90s, 30m or 2h, found {describe(value)}", kind="not_a_time"
                )
            )
        found = DURATION.fullmatch(value or "")
        if found and not float(found[1]):
            fail(Mistake("'time_limit' must be more than 0", kind="out_of_range"))
        return value

    @field_validator("until", mode="before")
    @classmethod
    def check_until(cls, value: Any) -> Any:
        if value is not None and not (isinstance(value, str) and CONDITION.fullmatch(value)):
            fail(
                Mistake(
                    f"'until' must be a condition such as 'val_accuracy >= 0.98', found {describe(value)}",
                    kind="not_a_condition",
                )
            )
        return value

    @property
    def planned(self) -> int:
        """The epochs of all phases together, of which a command may have asked for fewer."""
        return sum(phase.epochs for phase in self.phases) or self.epochs

    @property
    def is_cut(self) -> bool:
        """Whether training ends before the last of its phases does."""
        return self.epochs < self.planned

    @property
    def is_distributed(self) -> bool:
        """Whether several devices share the work."""
        return self.distribute != "none"

    @property
    def is_begun_together(self) -> bool:
        """Whether the same command on every machine begins it, and goes on with it."""
        return self.distribute == "multi_worker"

    def seconds(self) -> float | None:
        """The time limit in seconds."""
        return seconds_of_limit(self.time_limit)

    def condition(self) -> tuple[str, str, float] | None:
        """`until` as monitor, comparison and value."""
        found = CONDITION.fullmatch(self.until or "")
        return (found[1], found[2], float(found[3])) if found else None


def seconds_of_limit(written: str | None) -> float | None:
    """`90s`, `30m` or `2h` in seconds; None of no limit, and of what is none."""
    found = DURATION.fullmatch(written or "")
    return float(found[1]) * SECONDS[found[2]] if found else None
