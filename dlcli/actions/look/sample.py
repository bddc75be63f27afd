"""The sample that is looked at: where it stands in the data, what it is, and what the model says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcli.actions.evaluate import named_rows
from dlcli.actions.samples import as_shown, channel_names, drawing_of
from dlcli.data import Dataset, class_indices
from dlcli.data.fields.fields import CHANNELS_FIRST
from dlcli.data.fields.padded import real_values
from dlcli.data.schema import InputSchema, TargetSchema
from dlcli.data.target_scale import in_own_units
from dlcli.spec import KerasObject
from dlcli.training.counted import counted_target
from dlcli.training.kept.predictions import Answers, joined_words, joins_steps, texts_of, unit_names
from dlcli.view.look import InputShown, SampleLooked

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class LookedHead:
    """A target with its loss."""

    schema: TargetSchema
    loss: KerasObject

    @property
    def is_text(self) -> bool:
        """Whether it is a text, of words or of letters that the loss finds."""
        return self.schema.text or joins_steps(self.loss)


def sample_looked(
    dataset: Dataset,
    split: str,
    number: int,
    head: LookedHead,
    target: Array | None,
    said: Array,
    answers: Answers | None,
    mask: Array | None = None,
) -> SampleLooked:
    """The sample of a number, counted from 1, with its target (1, …) and what the model puts out of it (1, …), as far as a
    mask (1, …) and the target say that something is there."""
    samples = dataset.splits[split]
    row = int(named_rows(dataset.schema.windows, samples.rows)[number - 1])
    file, line, _ = dataset.fields.where(row)
    counted = mask
    if target is not None and not joins_steps(head.loss):
        counted = counted_target(head.schema, target, mask)
    truth = None if target is None else true_words(target, head, counted)
    predicted, probability = answered(said, head, answers, counted)
    inputs = [input_shown(each, samples.inputs[each.name][number - 1 : number]) for each in dataset.schema.inputs]
    several = len(inputs) > 1
    named = [replace(each, caption=each.caption if several else "") for each in inputs]
    return SampleLooked(
        sample=number,
        row=row + 1,
        file=file or None,
        line=line,
        target=truth,
        predicted=predicted,
        probability=probability,
        inputs=named,
    )


def true_words(target: Array, head: LookedHead, counted: Array | None = None) -> Any:
    """What a sample is: its class, its text, its numbers, or how many places it has."""
    schema = head.schema
    if head.is_text:
        return joined_words(target, schema)[0]
    index = class_indices(target, schema)
    if index is not None and schema.classes is not None:
        if index.size > 1:
            return places_shown(index.size, counted)
        return "void" if int(index.item()) < 0 else schema.classes[int(index.item())]
    return numbers_shown(in_own_units(schema, target)[0], counted)


def places_shown(places: int, counted: Array | None) -> str:
    """How many places have a class of their own, of those that count."""
    return f"{places if counted is None else int(counted.sum())} places"


def numbers_shown(values: Array, counted: Array | None) -> Any:
    """The numbers (places, …) of a sample at the places (1, places) that count, or the only number."""
    if counted is not None and counted.ndim > 1 and values.shape[: counted.ndim - 1] == counted.shape[1:]:
        values = values[counted[0].astype(bool)]
    return float(values.item()) if values.size == 1 else values.ravel().tolist()


def answered(said: Array, head: LookedHead, answers: Answers | None, counted: Array | None) -> tuple[Any, float | None]:
    """What the model says of a sample, and how likely it finds that, where it says so."""
    import numpy as np

    schema = head.schema
    if head.is_text:
        return texts_of(said, head.loss, schema, None if counted is None else np.asarray(counted, bool))[0], None
    if answers is not None and schema.classes is not None:
        classes = answers.classes[0]
        if classes.size > 1:
            return places_shown(classes.size, counted), None
        number = int(classes.item())
        chances = None if answers.probabilities is None else answers.probabilities[0].ravel()
        return unit_names(schema.classes, number + 1)[number], None if chances is None else float(chances[number])
    return numbers_shown(in_own_units(schema, said)[0], counted), None


def input_shown(schema: InputSchema, values: Any) -> InputShown:
    """One input of a sample (1, …) as a person looks at it."""
    value, kind = values[0], drawing_of(schema)
    if kind is None:
        return InputShown("columns", schema.name, columns_shown(schema, value))
    if schema.padding is not None:
        value = real_values(value[None], schema.padding)
    if tuple(schema.axes) == CHANNELS_FIRST:
        value = value.transpose(1, 2, 0)
    return InputShown(kind, schema.name, as_shown(kind, value), channel_names(schema) if kind == "series" else ())


def columns_shown(schema: InputSchema, value: Any) -> list[tuple[str, Any]]:
    """The columns of a sample with their values; of a category its name."""
    if schema.columns is None:
        flat = value.ravel().tolist() if hasattr(value, "ravel") else [value]
        return [(f"value {number}", each) for number, each in enumerate(flat)]
    shown: list[tuple[str, Any]] = []
    for column, own in zip(schema.columns, column_slices(schema), strict=True):
        part = value[own]
        if column.kind == "category":
            shown.append((column.name, column.categories[int(part.argmax())] if part.any() else "another"))
        else:
            shown.append((column.name, float(part[0])))
    return shown


def column_slices(schema: InputSchema) -> list[slice]:
    """The numbers of a vector that each column became."""
    slices, start = [], 0
    for column in schema.columns or ():
        slices.append(slice(start, start + column.width))
        start += column.width
    return slices


def words_by_id(vocabulary: list[str] | None, ids: Array) -> Mapping[int, str]:
    """The ids of some samples (samples, …) with their words, or as `id 7`; the most frequent first, padding left out."""
    import numpy as np

    known, counts = np.unique(ids.astype(np.int64), return_counts=True)
    order = known[counts.argsort(kind="stable")[::-1]].tolist()
    if vocabulary is None:
        return {each: f"id {each}" for each in order}
    return {each: vocabulary[each] for each in order if 0 <= each < len(vocabulary) and vocabulary[each] not in UNNAMED}


UNNAMED = ("", "[UNK]", "[PAD]")
"""What Keras calls padding and words that it does not know."""
