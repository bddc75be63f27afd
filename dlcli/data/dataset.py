"""The data set: for each split the tensors of inputs and targets, as they are before any preparation."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, is_lazy, nbytes
from dlcli.data.fields.order import Layout
from dlcli.data.schema import Schema, TargetSchema

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Samples:
    """One split: `inputs` and `targets` by name (samples, …), and `rows`, where each sample stood in the source.

    `inside` are the rows that its samples are made of, where one is made of several.
    """

    inputs: Mapping[str, Column]
    targets: Mapping[str, Column]
    rows: np.ndarray[Any, Any]
    inside: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def source_rows(self) -> np.ndarray[Any, Any]:
        """The rows of the source (rows,) that its samples are made of, ascending."""
        return self.rows if self.inside is None else self.inside

    @property
    def target(self) -> Column:
        """The target (samples, …), where there is only one."""
        (only,) = self.targets.values()
        return only

    @property
    def nbytes(self) -> int:
        """Bytes that all of it takes in memory."""
        return sum(nbytes(each) for each in [*self.inputs.values(), *self.targets.values()])

    @property
    def streams(self) -> bool:
        """Whether any of it is read when it is asked for."""
        return any(is_lazy(each) for each in [*self.inputs.values(), *self.targets.values()])


@dataclass(frozen=True)
class Dataset:
    """All splits with the schema they share; `fields` is what the source read, all rows of it.

    `notes` are what a person should know about how it was read. `chunks` is how the training samples lie in chunks, where
    reading them in any order would be slow.
    """

    splits: Mapping[str, Samples]
    schema: Schema
    fields: Fields
    notes: tuple[str, ...] = ()
    prepared: bool = False
    """Whether the configuration prepares the inputs further."""
    chunks: Layout | None = None
    whole: Dataset | None = None
    """What this is a part of, if it is one."""

    @property
    def streams(self) -> bool:
        """Whether samples are read when they are asked for."""
        return any(each.streams for each in self.splits.values())  # unseen: either all stream or none

    @property
    def classes(self) -> list[str] | None:
        """The names of the classes of the only target, or None for numbers or several targets."""
        return self.schema.targets[0].classes if len(self.schema.targets) == 1 else None

    def facts(self, batch_size: int) -> dict[str, int]:
        """What a configuration may refer to as `${data.…}`."""
        return self.schema.facts(steps_per_epoch=math.ceil(len(self.splits["train"]) / batch_size))

    def sample(self, most: int) -> Dataset:
        """A part of it in memory: all of a small split, else about `most` samples in runs that are spread evenly."""
        if not self.streams and all(len(each) <= most for each in self.splits.values()):
            return self
        import numpy as np

        chosen = {name: spread_samples(len(each), most) for name, each in self.splits.items()}
        splits = {
            name: Samples(
                {key: column[chosen[name]] for key, column in each.inputs.items()},
                {key: column[chosen[name]] for key, column in each.targets.items()},
                each.rows[chosen[name]],
                each.inside if each.inside is None else each.inside[spread_samples(len(each.inside), most)],
            )
            for name, each in self.splits.items()
        }
        rows = np.unique(np.concatenate([rows for each in splits.values() for rows in (each.rows, each.source_rows)]))
        return replace(self, splits=splits, fields=self.fields.holding(rows), whole=self)

    def without_inputs(self, columns: Collection[str | None]) -> Dataset:
        """What is asked for beside the steps of a training: its targets and some columns of the source, but no inputs.

        The inputs are in the feeds by then, and would stand in memory once more as columns and once more as tensors.
        """
        fields = {name: values for name, values in self.fields.arrays.items() if name in columns}
        splits = {name: replace(each, inputs={}) for name, each in self.splits.items()}
        return replace(self, splits=splits, fields=replace(self.fields, arrays=fields))

    def with_present_targets(self) -> Dataset:
        """What the data itself holds: without the targets of losses that compare with nothing, and those made of inputs."""
        kept = [each for each in self.schema.targets if each.names]
        names = {each.name for each in kept}
        splits = {
            split: replace(each, targets={name: values for name, values in each.targets.items() if name in names})
            for split, each in self.splits.items()
        }
        return replace(self, splits=splits, schema=self.schema.model_copy(update={"targets": kept}))

    def column(self, name: str, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The values (rows, …) that a column of the source has in some of its rows."""
        return self.fields.arrays[name][rows]

    @property
    def rows(self) -> np.ndarray[Any, Any]:
        """The rows of all splits (samples,), ascending."""
        import numpy as np

        return np.sort(np.concatenate([each.rows for each in self.splits.values()]))

    def class_counts(
        self, split: str, target: TargetSchema, *, counted: np.ndarray[Any, Any] | None = None
    ) -> dict[str, int] | None:
        """How many samples (or pixels) each class has in a split, or None for a target of numbers.

        Those with a void label are none of them, nor are those that `counted` (samples, …) leaves out.
        """
        import numpy as np

        if target.classes is None:
            return None
        if self.whole is not None:
            return self.whole.class_counts(split, target)
        counts = np.zeros(len(target.classes), np.int64)
        encoded = self.splits[split].targets[target.name]
        for start in range(0, len(encoded), COUNTED):
            indices = class_indices(encoded[start : start + COUNTED], target)
            assert indices is not None
            kept = indices >= 0 if counted is None else (indices >= 0) & counted[start : start + COUNTED]
            counts += np.bincount(indices[kept], minlength=len(counts))
        return {name: int(count) for name, count in zip(target.classes, counts, strict=True)}


def spread_samples(samples: int, most: int) -> np.ndarray[Any, Any]:
    """The numbers (about `most`,) of samples in RUNS runs of neighbours, all of them if there are no more."""
    import numpy as np

    if samples <= most:
        return np.arange(samples)
    length = max(1, most // RUNS)
    starts = np.linspace(0, samples - length, RUNS).astype(np.int64)
    return np.unique((starts[:, None] + np.arange(length)).ravel())


RUNS = 32
COUNTED = 65536  # unseen: memory alone
"""Samples whose classes are counted at a time."""


def class_indices(encoded: np.ndarray[Any, Any], target: TargetSchema) -> np.ndarray[Any, Any] | None:
    """The class index of each target (samples, …), -1 of a void label, or None where there are no classes."""
    import numpy as np

    if target.classes is None:
        return None
    if not target.is_one_hot:
        return encoded
    indices: np.ndarray[Any, Any] = np.where(encoded.any(axis=-1), encoded.argmax(axis=-1), -1)
    return indices
