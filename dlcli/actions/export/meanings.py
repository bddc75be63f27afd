"""What the inputs and outputs of an artefact mean, in words and lists of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.actions.export.described import Given, Says
from dlcli.data.schema import ColumnSchema, InputSchema, TargetSchema
from dlcli.loss import needs
from dlcli.loss.reading import output_form
from dlcli.loss.target_loss import Head
from dlcli.runs.atomic import json_plain
from dlcli.training.kept.predictions import unit_names
from dlcli.training.kept.threshold import USUAL

UNTOLD = frozenset({"name", "dtype", "trainable", "invert", "layers", "input_layers", "output_layers", "build_config"})
"""Arguments of a layer that say nothing of what it computes here."""
MOST_TOLD = 10_000
"""So many numbers that a layer has learnt may stand in schema.json."""
TIME = "whole seconds since 1970-01-01 00:00 UTC"


def meaning_of_column(column: ColumnSchema, kind: str) -> str:
    """What the cells of a column are."""
    if kind == "time":
        return f"a time in {TIME}"
    if kind == "name":
        return "one of the names; another one counts as none of them"
    if kind == "code":
        return "which of the names it is, the first being 0; -1 is none of them"
    return "a number in the unit of the column"


def meaning_of_input(schema: InputSchema) -> str:
    """What an input that is no column is."""
    if schema.texts is not None:
        return "a text, of those that are crossed"
    if schema.text:
        cut = {"character": "characters", "whitespace": "words", None: ""}[schema.pieces]
        return f"a running text of {schema.length} {cut}" if cut else "a text"
    if schema.columns is not None:
        return "columns side by side, names as one-hot vectors: " + ", ".join(
            column_words(each) for each in schema.columns
        )
    return f"numbers as they are stored ({schema.stored})" if schema.stored else "numbers as the data holds them"


def column_words(column: ColumnSchema) -> str:
    """A column with the names that it becomes."""
    if column.kind == "category":
        return f"{column.name} ({', '.join(column.categories)})"
    return f"{column.name} ({TIME})" if column.kind == "time" and not column.parts else column.name


def preparation_words(schema: InputSchema, layers: Sequence[Any]) -> str:
    """What a prepared input is."""
    steps = ", ".join(type(each).__name__ for each in layers) or "nothing but their form"
    return f"{meaning_of_input(schema)}; then prepared by {steps}"


def learnt_by(layer: Any) -> Mapping[str, Any]:
    """A layer of a preparation with its arguments, and with what it has learnt where that is not very much."""
    arguments = {name: value for name, value in layer.get_config().items() if name not in UNTOLD and value is not None}
    told: dict[str, Any] = {"layer": type(layer).__name__, **arguments}
    if hasattr(layer, "get_vocabulary"):
        told["vocabulary"] = [str(each) for each in layer.get_vocabulary()]
    elif sum(weight.numpy().size for weight in layer.weights) <= MOST_TOLD:
        told |= {weight.name: weight.numpy().tolist() for weight in layer.weights if weight.name != "count"}
    plain: Mapping[str, Any] = json_plain(told)
    return plain


def prepares_with(preparation: Any, name: str) -> list[Any]:
    """The layers that prepare an input, in their order."""
    import keras

    part = keras.Model(preparation.input[name], preparation.output[name])
    return [each for each in part.layers if not isinstance(each, keras.layers.InputLayer)]


def given_of(head: Head, target: TargetSchema, shape: Sequence[Any], tensor: str, *, threshold: float | None) -> Given:
    """What the output of a target is, of a shape a sample; a `threshold` may have been chosen for it."""
    above = USUAL if threshold is None else threshold
    says, meaning, classes = said_by(head, target, shape, above=above)
    sizes = [-1 if size is None else int(size) for size in shape]
    return Given(
        name=target.name,
        tensor=tensor,
        shape=sizes,
        dtype="float32",
        says=says,
        meaning=meaning,
        classes=classes,
        threshold=above if says == "yes_or_no" else None,
    )


def said_by(
    head: Head, target: TargetSchema, shape: Sequence[Any], *, above: float
) -> tuple[Says, str, list[str] | None]:
    """How an output is to be read, in a word and in a sentence, and what its last axis stands for."""
    form, two = output_form(head.loss), needs(head.loss) == "binary"
    at = " at each place" if len(shape) > 1 else ""
    if target.absent:
        return "numbers", "the loss of the sample itself", None
    if target.each is not None and two and list(shape) == list(target.shape):
        if form == "signs":
            return "sign", "a score of each label: above 0 it holds", target.each
        return "labels", "how likely each label holds, from 0 to 1: above 0.5 it does", target.each
    if target.classes is None or needs(head.loss) in {"numbers", None}:
        return "numbers", numbers_words(target), target.each or target.classes
    count = len(target.classes)
    if two and shape[-1:] == (1,) and count == 2:
        first, second = target.classes
        if form == "signs":
            return "sign", f"a score{at}: above 0 it is '{second}', otherwise '{first}'", target.classes
        return (
            "yes_or_no",
            f"how likely it is '{second}'{at}, from 0 to 1; at most {above:g} is '{first}'",
            target.classes,
        )
    if shape[-1] is None or shape[-1] < count:
        return "numbers", "as the model puts it out", None
    names = unit_names(target.classes, int(shape[-1]))
    if form == "scores":
        return "scores", f"a score of each class{at}: the largest decides", names
    return "classes", f"how likely each class is{at}; the largest decides", names


def numbers_words(target: TargetSchema) -> str:
    """What numbers are, with the units in which they are."""
    if target.ahead is not None:
        return f"'{target.column or target.name}' {', '.join(map(str, target.ahead))} steps ahead, in its own unit"
    return (
        f"'{target.name}' in its own unit" if target.scale is None else f"'{target.name}' in its own unit, not scaled"
    )
