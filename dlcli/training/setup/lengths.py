"""Targets at each place stand where an input has places: as many values as places, in each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data import Fields, Samples
from dlcli.data.place_counts import place_counts
from dlcli.data.schema import InputSchema, Schema, TargetSchema
from dlcli.errors import DataError, TreePath
from dlcli.keras_internals import has_mask
from dlcli.loss.target_loss import Head
from dlcli.spec import Mistake

if TYPE_CHECKING:
    import numpy as np

PLACES_AND_VALUES = 2
"""The axes of an answer at each place."""
Counts = dict[str, "np.ndarray[Any, Any]"]


def check_lengths(heads: Sequence[Head], schema: Schema, model: Any, fields: Fields, splits: Sequence[Samples]) -> None:
    """Refuses a target at each place that is not as long as an input in each of some samples of `fields`, with the first row.

    A loss that finds out itself which places belong together takes any. Rows of a series have a value each.
    """
    import numpy as np

    rows = np.sort(np.concatenate([each.rows for each in splits]))
    for head, target in zip(heads, schema.targets, strict=True):
        if schema.windows is not None or head.loss.traits.get("shapes") == "sequences":
            continue
        output = model.output if head.name is None else model.output[head.name]
        counts = target_counts(target, fields)
        inputs = inputs_beside(target, schema.inputs, output)
        if counts is None or (not any(each.padding is not None for each in inputs) and not target.padded):
            continue
        found: Counts = {}
        for each in inputs:
            name = each.array if each.array in fields.arrays else each.name
            own = place_counts(str(name), fields) if name in fields.arrays else None
            found |= {} if own is None else {each.name: own}
        odd = {name: counts[rows] != own[rows] for name, own in found.items()}
        if not odd or not all(each.any() for each in odd.values()):
            continue
        name = min(odd, key=lambda each: int(odd[each].sum()))
        first = int(rows[int(np.argmax(odd[name]))])
        file, line, words = fields.where(first, target.names[0])
        hint = "make them equally long; under CTC a target may be shorter"
        raise DataError(
            f"'{target.name}' has {in_places(int(counts[first]))} in {words}, and '{name}' has {int(found[name][first])}: "
            "each value needs a place of its own",
            file=file,
            line=line,
            hint=hint if target.classes is None else f"a label that is not known is written too, as void; {hint}",
            kind="lengths_differ",
        )


def target_counts(target: TargetSchema, fields: Fields) -> np.ndarray[Any, Any] | None:
    """How many places each sample (samples,) of a target has; None of one without, and of what is made of an input."""
    if not target.shape or target.following is not None or target.text or target.columns or target.labels:
        return None
    return place_counts(target.names[0], fields)


def inputs_beside(target: TargetSchema, inputs: Sequence[InputSchema], output: Any) -> list[InputSchema]:
    """The inputs with places of which an output has one answer each.

    Where the layers have changed their number, those that numbers of unequal length could stand beside: padding among them is
    told by an input alone, that among classes by themselves.
    """
    arrays = [each for each in inputs if each.columns is None and not each.text and each.shape]
    alike = [each for each in arrays if len(output.shape) > 1 and output.shape[1] == each.shape[0]]
    if target.padded or has_mask(output):
        unknown = target.padded and target.classes is None
        return alike or [each for each in arrays if unknown and each.padding is not None]
    return []


def in_places(count: int) -> str:
    """`1 place`, `2 places`."""
    return "1 place" if count == 1 else f"{count} places"


def lacks_places(target: TargetSchema, shape: Sequence[int | None]) -> bool:
    """Whether a target has a value at each place, and a model that puts out this shape a sample no answer there."""
    return target.padded and len(shape) < max(PLACES_AND_VALUES, len(target.shape))


def no_answer_each_place(target: TargetSchema, shape: Sequence[int | None], path: TreePath) -> Mistake:
    """The mistake of a model without an axis of places, so that no mask could say which of them count."""
    return Mistake(
        f"'{target.name}' has a value at each place of samples of unequal length, and the model puts out {tuple(shape)} a sample",
        path,
        "end with a layer that answers each place: LSTM: {units: 32, return_sequences: true}, and Dense behind it",
        kind="no_answer_each_place",
    )
