"""The feed: the samples of a split as the model takes them, in memory or prepared as they are asked for."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data import Samples
from dlcli.data.dataset import spread_samples
from dlcli.data.fields.lazy import Column, is_lazy
from dlcli.data.fields.padded import PADDING
from dlcli.data.preparation.prepare import prepare, target_key
from dlcli.data.schema import TargetSchema
from dlcli.data.target_labels import VOID
from dlcli.data.target_scale import as_learnt

if TYPE_CHECKING:
    import numpy as np

Arrays = dict[str, "np.ndarray[Any, Any]"]


LOOKED_AT = 256
"""Samples of a target that are looked at where it is read anew each time."""


Guard: TypeAlias = "Callable[[Arrays, Arrays, np.ndarray[Any, Any]], None]"
"""Refuses inputs and targets (samples, …), with the rows of the source (samples,) that they stand in."""


class Feed:
    """Prepared inputs and targets of a split, by name.

    `wide` names the targets of one number that the model puts out with an axis of its own, (samples, 1). Samples that are in
    memory are prepared once; others each time they are asked for, and `guards` may refuse them then, by what is in their rows.
    `raw` are the inputs before they are prepared, where somebody keeps them; `weights` (samples, …) say how much each counts
    in the loss, where not all count the same.
    """

    def __init__(
        self, samples: Samples, preparation: Any, schemas: list[TargetSchema], *, wide: frozenset[str] = frozenset()
    ) -> None:
        self.schemas, self.wide, self.rows = schemas, wide, samples.rows
        self.guards: list[Guard] = []
        self.streams = samples.streams
        self.raw: Mapping[str, Column] = {}
        self.weights: np.ndarray[Any, Any] | None = None
        self.preparation = preparation if self.streams else None
        self.inputs: Mapping[str, Column] = samples.inputs
        self.targets: Mapping[str, Column] = samples.targets
        self.whole: Mapping[str, Column] = {}
        """The masks of which training draws parts, and everything else takes the centre."""
        if not self.streams:
            self.inputs, self.targets = self.prepared(preparation, samples.inputs, samples.targets)

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, samples: int) -> Feed:
        """The first samples alone, in memory."""
        return self.part(slice(0, samples))

    @property
    def numbers(self) -> int:
        """Of how many numbers the inputs of a sample are made."""
        inputs, _ = self.take(slice(0, 1))
        return sum(math.prod(each.shape) for each in inputs.values())

    def spread(self, most: int) -> Feed:
        """About so many samples from all over it, in memory: the first of sorted ones are of one kind."""
        return self.part(spread_samples(len(self), most))

    def part(self, at: Any) -> Feed:
        """Some samples alone, in memory."""
        part = copy.copy(self)
        part.inputs, part.targets = self.take(at)
        part.rows, part.streams, part.preparation = self.rows[at], False, None
        part.whole = {name: column[at] for name, column in self.whole.items()}
        part.weights = None if self.weights is None else self.weights[at]
        return part

    def uncropped(self) -> Feed:
        """The same samples with whole masks, of which a training draws parts."""
        if not self.whole:
            return self
        part = copy.copy(self)
        schemas = [each for each in self.schemas if each.name in self.whole]
        whole = {each.name: self.whole[each.name] for each in schemas}
        if not self.streams:
            whole = {each.name: self.aligned(each, whole[each.name][:]) for each in schemas}
        part.targets, part.whole = {**self.targets, **whole}, {}
        return part

    def unweighed(self) -> Feed:
        """The same samples, each of which counts as much as the others."""
        part = copy.copy(self)
        part.weights = None
        return part

    def take(self, rows: Any) -> tuple[Arrays, Arrays]:
        """Inputs and targets of a slice of the samples, or of an array of their numbers."""
        inputs = {name: column[rows] for name, column in self.inputs.items()}
        if not self.streams:
            return inputs, {name: column[rows] for name, column in self.targets.items()}
        targets = {each.name: self.targets[each.name][rows] for each in self.schemas}
        inputs, targets = self.prepared(self.preparation, inputs, targets)
        for guard in self.guards:
            guard(inputs, targets, self.rows[rows])
        return inputs, targets

    def prepared(
        self, preparation: Any, inputs: Mapping[str, Column], targets: Mapping[str, Column]
    ) -> tuple[Arrays, Arrays]:
        """Raw inputs and targets (samples, …) as the model takes them."""
        texts = {target_key(each.name): targets[each.name] for each in self.schemas if each.names and each.text}
        made = prepare(preparation, {**inputs, **{key: each for key, each in texts.items() if each.dtype == object}})
        found = {each.name: made.get(target_key(each.name), targets[each.name])[:] for each in self.schemas}
        return {name: made[name] for name in inputs}, {
            each.name: self.aligned(each, found[each.name]) for each in self.schemas
        }

    def target(self, name: str) -> np.ndarray[Any, Any]:
        """A whole target (samples, …) in memory."""
        schema = next(each for each in self.schemas if each.name == name)
        if schema.text and self.streams:
            return self.take(slice(None))[1][name]
        column = self.targets[name]
        return self.aligned(schema, column[:]) if is_lazy(column) or self.streams else column[:]

    def looked_at(self, name: str) -> np.ndarray[Any, Any]:
        """A target (samples, …) as far as it is looked at before training: the first samples of what is read anew each time."""
        schema = next(each for each in self.schemas if each.name == name)
        if schema.text and self.streams:
            return self.take(slice(0, LOOKED_AT))[1][name]
        return self.aligned(schema, self.targets[name][:LOOKED_AT]) if self.streams else self.target(name)

    def aligned(self, schema: TargetSchema, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A target (samples, …) as losses take it: int64 for class indices, float32 for numbers."""
        import numpy as np

        is_index = schema.classes is not None and not schema.is_one_hot
        if schema.text and schema.void:
            values = np.where(values == 0, VOID, values)  # padding
        if schema.padded and not is_index:
            values = np.where(
                values == PADDING, 0, values
            )  # it counts nowhere, but many a loss has a value of it all the same
        values = values.astype(np.int64 if is_index else np.float32, copy=False)
        values = as_learnt(schema, values)
        axes = 1 + len(schema.shape)
        if values.ndim == axes + 1 and values.shape[-1] == 1:
            values = values[..., 0]
        return values[..., None] if schema.name in self.wide and values.ndim == axes else values
