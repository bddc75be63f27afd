"""The data set: for each split the tensors of inputs and target, as they are before any preparation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.fields import Fields
from dlcli.data.schema import Schema

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Samples:
    """One split: `inputs` by name (samples, *shape), `target` (samples, …), and `rows`, where each stood in the source."""

    inputs: Mapping[str, np.ndarray[Any, Any]]
    target: np.ndarray[Any, Any]
    rows: np.ndarray[Any, Any]

    def __len__(self) -> int:
        return len(self.target)


@dataclass(frozen=True)
class Dataset:
    """All splits with the schema they share; `fields` is what the source read, all rows of it.

    `notes` are what a person should know about how it was read.
    """

    splits: Mapping[str, Samples]
    schema: Schema
    fields: Fields
    notes: tuple[str, ...] = ()
    prepared: bool = False
    """Whether the configuration prepares the inputs further."""

    @property
    def classes(self) -> list[str] | None:
        """The names of the classes, or None for a target of numbers."""
        return self.schema.target.classes

    def facts(self, batch_size: int) -> dict[str, int]:
        """What a configuration may refer to as `${data.…}`."""
        return self.schema.facts(steps_per_epoch=math.ceil(len(self.splits["train"]) / batch_size))

    def class_counts(self, split: str) -> dict[str, int] | None:
        """How many samples each class has in a split, or None for a target of numbers."""
        import numpy as np

        indices = class_indices(self.splits[split].target, self.classes)
        if self.classes is None or indices is None:
            return None
        counts = np.bincount(indices, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}


def class_indices(encoded: np.ndarray[Any, Any], classes: list[str] | None) -> np.ndarray[Any, Any] | None:
    """The class index (samples,) of each target, or None where there are no classes."""
    if classes is None:
        return None
    indices: np.ndarray[Any, Any] = encoded if encoded.ndim == 1 else encoded.argmax(axis=1)
    return indices
