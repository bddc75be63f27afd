"""The devices that share a training: TensorFlow's strategy over them, and which part of a batch falls to each."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config.devices import check_begun_here
from dlcli.config.train import Train
from dlcli.errors import BlockError


@dataclass(frozen=True)
class Replicas:
    """The devices of one process, `first` of which counts among those of all processes that train together."""

    strategy: Any
    devices: Sequence[str]
    count: int
    first: int = 0
    inexact: str | None = None
    """Why a training is not exact on them, if it is not."""

    @property
    def words(self) -> str:
        """Who shares a batch."""
        return f"each batch is shared by {', '.join(self.devices)}"

    @property
    def stopped_by(self) -> signal.Signals | None:
        """The signal by which another process asks all to end."""
        return None

    def own_part(self, samples: int) -> slice:
        """The samples of a batch of so many that fall to this process: those of its devices, one behind the other."""
        return slice(
            share(samples, self.count, self.first).start,
            share(samples, self.count, self.first + len(self.devices) - 1).stop,
        )

    def part_of(self, number: int, samples: int) -> slice:
        """Which of the samples that fall to this process are those of a device, by its number among all."""
        part, start = share(samples, self.count, number), self.own_part(samples).start
        return slice(part.start - start, part.stop - start)


def share(samples: int, count: int, number: int) -> slice:
    """The samples of a batch that fall to one of so many devices: as even as can be, the first ones have one more."""
    least, more = divmod(samples, count)
    start = number * least + min(number, more)
    return slice(start, start + least + (number < more))


def mirrored(train: Train) -> Replicas:
    """All devices of this process that a configuration lets be seen."""
    import tensorflow as tf

    check_begun_here(train.distribute)
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    names = [each.name.removeprefix("/device:") for each in tf.config.list_logical_devices(kind)]
    check_batch(train.batch_size, len(names))
    # On processors TensorFlow's collective operations remember the shapes of an earlier model of the process.
    sums = tf.distribute.ReductionToOneDevice() if kind == "CPU" else None
    return Replicas(tf.distribute.MirroredStrategy(names, cross_device_ops=sums), names, len(names))


def check_batch(batch_size: int, count: int) -> None:
    """Raises `BlockError` where a batch has fewer samples than there are devices."""
    if batch_size < count:
        message = f"a batch of {batch_size} cannot be shared by {count} devices"
        hint = f"write batch_size: {count} or more: it is what all of them take together"
        raise BlockError(("train", "batch_size"), message, hint=hint, kind="batch_smaller_than_devices")
