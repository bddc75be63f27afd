"""The values of a target, before anything trains: those that its loss and its metrics mean something for."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data import Dataset, Fields
from dlcli.data.schema import TargetSchema
from dlcli.data.shares import NOISE
from dlcli.data.target_scale import in_own_units
from dlcli.errors import BlockError, DataError, TreePath
from dlcli.loss import needs, reads_scores
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.target_shares import Seen, check_shares, check_signs, note_on_sums

if TYPE_CHECKING:
    import numpy as np

UNIT = (0.0, 1.0)
"""The least and the most that reads as no and yes, or as how likely a yes is."""
SIGNS = (-1.0, 1.0)
"""The same where the sign decides."""
CORRECT = "correct such rows, or leave them out"
FEW = 0.1
"""Up to this share of wrong values the data is at fault, beyond it the loss."""


def check_targets(
    heads: list[Head], schemas: Sequence[TargetSchema], fields: Fields, feeds: Collection[Feed], *, new: bool = False
) -> None:
    """Refuses values of a target that its loss, or one of its metrics, cannot read, with the first row that holds one.

    `new` says that it is other data of a trained run, all of which is looked at then; of what streams it is else the first
    samples. Raises `DataError`, and `BlockError` at a metric of a training, which does not fit then.
    """
    for head, schema in zip(heads, schemas, strict=True):
        if schema.absent:
            continue
        seen = [(feed.target(schema.name) if new else feed.looked_at(schema.name), feed.rows) for feed in feeds]
        check_target_values(head, schema, fields, seen, new=new)


def check_target_values(
    head: Head, schema: TargetSchema, fields: Fields, seen: Sequence[Seen], *, new: bool = False
) -> None:
    """Refuses values of one target, as far as it is seen, that its loss or a metric cannot read."""
    check_range_read(head, schema, fields, seen, new=new)
    check_shares(head, schema, fields, seen)
    check_signs(head, schema, fields, seen)


def check_range_read(
    head: Head, schema: TargetSchema, fields: Fields, seen: Sequence[Seen], *, new: bool = False
) -> None:
    """Refuses values below the least, or above the most, that the loss or a metric reads."""
    import numpy as np

    if schema.classes is not None and schema.is_one_hot:
        return
    readers: list[tuple[TreePath, KerasObject]] = [(head.loss_path, head.loss)]
    if needs(head.loss) == "numbers":
        readers += [((*head.metrics_path, number), metric) for number, metric in enumerate(head.metrics)]
    for path, reader in readers:
        least, most = range_of(reader)
        if least is None and most is None:
            continue
        for values, rows in seen:
            target = read_values(reader, schema, values)
            beyond_it = beyond_range(np.maximum(target, 0) if schema.has_void else target, least, most)
            if beyond_it.any():
                refusal = Beyond(reader, target, rows, beyond_it, schema.each)
                if reader.kind == "losses" or new:
                    raise refusal.error(fields, CORRECT if new else refusal.hint())
                raise BlockError(path, refusal.message(fields), hint=refusal.hint(), kind="metric_does_not_fit_target")


def check_classes_in_splits(dataset: Dataset) -> None:
    """Raises `DataError` where the training split of a target of classes holds one class alone, as a split by time may.

    So it does where all labels of a split are void: a loss of nothing would be 0.
    """
    for schema in dataset.schema.targets:
        for split in dataset.splits if schema.has_void else ():
            if not any((dataset.class_counts(split, schema) or {"": 1}).values()):
                raise DataError(
                    f"the {split} split holds no label of '{schema.name}' that counts: all are void",
                    file=dataset.fields.places[0].file if len(dataset.fields.places) else None,
                    hint="write another data.split, or leave such rows out",
                    kind="only_void",
                )
        counts = dataset.class_counts("train", schema) or {}
        present = [name for name, count in counts.items() if count]
        if len(counts) > 1 and len(present) == 1:
            raise DataError(
                f"the training split holds one class of '{schema.name}' alone, '{present[0]}': there is nothing to tell apart",
                file=dataset.fields.places[0].file if len(dataset.fields.places) else None,
                hint="write data.split: {by: stratified}, or other shares",
                kind="single_class",
            )


def has_soft_labels(feed: Feed, schema: TargetSchema) -> bool:
    """Whether a target that names no classes holds shares between 0 and 1; what streams is not gone through for it."""
    if schema.classes is not None or feed.streams:
        return False
    values = feed.target(schema.name)
    return bool(((values > 0) & (values < 1)).any())


def notes_on_zeros(heads: list[Head], schemas: list[TargetSchema], feed: Feed) -> list[str]:
    """A note where a loss or metric divides by a target that is 0 in some samples; what streams is not gone through for it."""
    notes = []
    for head, schema in zip(heads, schemas, strict=True):
        readers = [each for each in (head.loss, *head.metrics) if each.traits.get("divides")]
        if not readers or feed.streams:
            continue
        dividing, values = (
            [each.written for each in readers],
            read_values(readers[-1], schema, feed.target(schema.name)),
        )
        zeros = int((values == 0).reshape(len(values), -1).any(axis=1).sum())
        if zeros:
            samples = "1 sample" if zeros == 1 else f"{zeros:,} samples"
            words = ", ".join(dict.fromkeys(dividing))
            notes.append(
                f"'{schema.name}' is 0 in {samples} of {len(values):,}, and {words} divides by it: "
                "the value is huge and tells nothing of the others; mae does not divide"
            )
    return notes


def notes_on_sums(heads: list[Head], schemas: Sequence[TargetSchema], feed: Feed) -> list[str]:
    """A note for each target of which a loss of distributions reads vectors of another sum than 1; not of what streams."""
    pairs = [] if feed.streams else [*zip(heads, schemas, strict=True)]
    notes = [note_on_sums(head, schema, feed.target(schema.name)) for head, schema in pairs]
    return [note for note in notes if note is not None]


def read_values(reader: KerasObject, schema: TargetSchema, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A target (samples, …) that is learnt, as a loss or a metric reads it: a metric in its own units."""
    return values if reader.kind == "losses" else in_own_units(schema, values)


def range_of(reader: KerasObject) -> tuple[float | None, float | None]:
    """The least and the most of a target that a loss or metric reads; None where there is no such end."""
    if reader.traits.get("target") == "binary":
        return SIGNS if reader.kind == "losses" and reads_scores(reader) else UNIT
    return reader.traits.get("least"), reader.traits.get("most")


def beyond_range(target: np.ndarray[Any, Any], least: float | None, most: float | None) -> np.ndarray[Any, Any]:
    """Which samples (samples,) of a target (samples, …) hold a value below the least or above the most.

    What rounding puts beside 0 or 1 is none.
    """
    import numpy as np

    values = target.reshape(len(target), -1)
    beyond = np.zeros(len(values), bool)
    noise = 0.0 if most is None else NOISE
    if least is not None:
        beyond |= (values < least - noise).any(axis=1)
    if most is not None:
        beyond |= (values > most + noise).any(axis=1)
    return beyond


@dataclass(frozen=True)
class Beyond:
    """Values of a target (samples, …) that a loss or metric cannot read: `samples` (samples,) says which hold one."""

    reader: KerasObject
    target: np.ndarray[Any, Any]
    rows: np.ndarray[Any, Any]
    samples: np.ndarray[Any, Any]
    names: list[str] | None = None
    """What the values of a sample are called, if anything."""

    def message(self, fields: Fields) -> str:
        """What is read, and the first value that is not."""
        import numpy as np

        least, most = range_of(self.reader)
        first = int(np.argmax(self.samples))
        value = self.target[first]
        wanted = f"{least:g} to {most:g}" if least is not None and most is not None else f"{least:g} or more"
        words, place = fields.where(int(self.rows[first]))[2], self.place(value)
        at = f" at {place}" if len(place) > 1 else ""
        if self.names is not None and len(place) == 1 and len(self.names) == value.size:
            at = f" in '{self.names[place[0]]}'"
        count = int(self.samples.sum())
        others = f", the first of {count:,} such rows" if count > 1 else ""
        return (
            f"{self.reader.written} reads targets of {wanted}, and this one is {value[place]:g} in {words}{at}{others}"
        )

    def place(self, value: np.ndarray[Any, Any]) -> tuple[int, ...]:
        """Where in the target (…) of a sample such a value stands."""
        import numpy as np

        least, most = range_of(self.reader)
        low, high = -math.inf if least is None else least, math.inf if most is None else most
        return next(place for place, each in np.ndenumerate(value) if each < low or each > high)

    def hint(self) -> str:
        """What helps: few wrong values are of the data, many of another loss."""
        import numpy as np

        if self.reader.kind != "losses":
            return "write metrics: [mae] or [r2_score]"
        most = range_of(self.reader)[1]
        value = self.target[int(np.argmax(self.samples))]
        odd = float(value[self.place(value)])
        if most is not None and value.ndim > 1:
            whole = bool((self.target == np.floor(self.target)).all())
            if whole and self.names is None:
                return f"write data.target: {{column: …, void: {odd:g}}} if it stands for no label"
            if self.names is not None:
                return CORRECT
            return "leave such samples out, or give them the weight 0: train.sample_weight"
        if most is not None:
            return CORRECT if self.samples.mean() <= FEW else "write 0 and 1, or shares between them"
        if self.samples.mean() <= FEW:
            return f"{CORRECT}; a loss such as mse reads any number"
        return "write loss: mse"

    def error(self, fields: Fields, hint: str) -> DataError:
        """The error of data, at its row."""
        import numpy as np

        file, line, _ = fields.where(int(self.rows[int(np.argmax(self.samples))]))
        return DataError(self.message(fields), file=file, line=line, hint=hint, kind="metric_does_not_fit_target")
