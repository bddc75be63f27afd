"""What counted for the answer of a model about one sample, by input, as it can be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.actions.look.grad_cam import Answer, class_map, gradient_times
from dlcli.actions.look.model_parts import PLACES, ModelParts
from dlcli.actions.look.sample import column_slices, input_shown
from dlcli.data.schema import InputSchema, TargetSchema
from dlcli.errors import UsageError
from dlcli.spec import near
from dlcli.training.kept.predictions import Answers
from dlcli.view.look import Attribution, Counted

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Asked:
    """The sample with what the model takes of it, and the words that ids of its inputs stand for."""

    raw: Mapping[str, Any]
    prepared: Mapping[str, Array]
    words: Mapping[str, list[str] | None]


def answer_asked(target: TargetSchema, answers: Answers | None, named: str | None, *, units: int) -> tuple[Answer, str]:
    """The unit of an output that is asked about, and its name: that of a class, or else what the model says.

    Raises `UsageError` for a name that the target does not have.
    """
    names = target.each or (target.classes if answers is not None else None)
    if names is None:
        if named is not None:
            raise no_such_class(target, named, [])
        return Answer(target.name, 0), ""
    if named is not None and named not in names:
        raise no_such_class(target, named, names)
    if target.each is not None:
        unit = names.index(named) if named is not None else 0
        return Answer(target.name, unit), names[unit]
    unit = names.index(named) if named is not None else most_said(answers)
    name = names[unit] if unit < len(names) else f"unit {unit}"
    return (Answer(target.name, 0, against=unit == 0) if units == 1 else Answer(target.name, unit)), name


def most_said(answers: Answers | None) -> int:
    """The class that the model says of a sample, or of most of its places."""
    import numpy as np

    assert answers is not None
    return int(np.bincount(answers.classes[0].ravel()).argmax())


def no_such_class(target: TargetSchema, named: str, names: list[str]) -> UsageError:
    """The error of a class that a target does not have."""
    if not names:
        return UsageError(f"'{target.name}' has no classes", hint="leave out --class", kind="no_such_class")
    likely = near(named, names) or names[0]
    return UsageError(
        f"'{target.name}' has no class '{named}'; it has: {', '.join(names[:20])}",
        hint=f"write --class {likely}",
        kind="no_such_class",
    )


def counted_by_class_map(parts: ModelParts, asked: Asked, answer: Answer, name: str, place: int) -> Counted:
    """Grad-CAM at a call. Raises `UsageError` for a layer whose output has no places, or that no single input leads to."""
    layer, call = parts.named_calls[place]
    axes = len(call.outputs[0])
    inputs = [
        parts.schema.inputs[at] for at, each in enumerate(parts.schema.inputs) if each.name in parts.leading(place)
    ]
    if axes not in PLACES:
        raise no_places(parts, layer)
    heat = class_map(parts.model, asked.prepared, answer, parts.calls, place)
    fitting = [each for each in inputs if (axes == 3) == (input_kind(each) == "image")] or inputs
    drawn = [attribution(each, asked, heat, of_ids=parts.embedding_of(each.name) is not None) for each in fitting[:1]]
    return Counted(method="grad_cam", target=answer.target, answer=name, layer=layer, inputs=drawn)


def no_places(parts: ModelParts, layer: str) -> UsageError:
    """The error of a layer that Grad-CAM cannot be made at."""
    shape = tuple(parts.calls[parts.place(layer)].outputs[0])
    others = [each for each, call in parts.named_calls if len(call.outputs[0]) in PLACES]
    hint = f"write --layer {others[-1]}" if others else "leave out --layer: gradient × input needs no places"
    message = f"Grad-CAM needs a layer that keeps places, and '{layer}' puts out {shape}"
    return UsageError(message, hint=hint, kind="layer_without_places")


def input_kind(schema: InputSchema) -> str:
    """How an input is looked at."""
    from_text = schema.text or schema.pieces is not None
    if from_text:
        return "text"
    if schema.columns is not None:
        return "columns"
    if schema.axes[1:3] == ["height", "width"]:
        return "image"
    return "series" if "time" in schema.axes[1:] else "columns"


def attribution(schema: InputSchema, asked: Asked, values: Array, *, of_ids: bool) -> Attribution:
    """What counted in an input: a map over a picture, or a number for each place, word or column.

    `of_ids` says that its numbers are ids; of a vector with a number for each word of a vocabulary those that are 0 are left out.
    """
    taken, kind, words = asked.prepared[schema.name][0], input_kind(schema), asked.words.get(schema.name)
    if values.ndim == 2 and kind == "image":
        shown = input_shown(schema, asked.raw[schema.name])
        return Attribution(input=schema.name, kind="image", names=[], values=values.tolist(), picture=shown.values)
    flat = values.reshape(len(values), -1).sum(axis=1) if values.ndim > 1 else values
    taken = taken.reshape(-1) if of_ids else taken
    if taken.ndim == 1 and len(taken) == len(flat) and (of_ids or (words is not None and len(words) == len(flat))):
        numbers = taken.astype(int).tolist() if of_ids else [*range(len(taken))]
        kept = [at for at in range(len(taken)) if taken[at] != 0 or (of_ids and (words is None or len(taken) == 1))]
        names = [id_word(numbers[at], words) for at in kept]
        return Attribution(input=schema.name, kind="text", names=names, values=[float(flat[at]) for at in kept])
    if kind == "columns":
        columns, sums = by_columns(schema, flat)
        return Attribution(input=schema.name, kind="columns", names=columns, values=sums)
    picture = input_shown(schema, asked.raw[schema.name]).values if kind == "series" else None
    places = [str(at) for at in range(len(flat))]
    return Attribution(input=schema.name, kind="series", names=places, values=flat.tolist(), picture=picture)


def id_word(number: int, words: list[str] | None) -> str:
    """The word that an id stands for, or the id."""
    return words[number] if words is not None and 0 <= number < len(words) else f"id {number}"


def by_columns(schema: InputSchema, values: Array) -> tuple[list[str], list[float]]:
    """What counted column by column; of names what all of them did together."""
    slices = column_slices(schema)
    if schema.columns is None or not slices or slices[-1].stop != len(values):
        return [f"value {at}" for at in range(len(values))], values.tolist()
    return [each.name for each in schema.columns], [float(values[own].sum()) for own in slices]


def counted_by_gradients(parts: ModelParts, asked: Asked, answer: Answer, name: str) -> Counted:
    """The gradient times each input of numbers, or times the vectors that an Embedding makes of ids."""
    drawn = []
    for schema in parts.schema.inputs:
        prepared = asked.prepared[schema.name]
        place = parts.embedding_of(schema.name)
        if place is not None:
            vectors = gradient_times(parts.model, asked.prepared, answer, parts.calls, [place])[0][0]
            values = vectors.sum(axis=-1).reshape(-1)  # one number for each id
        elif prepared.dtype.kind == "f":
            values = gradient_times_input(parts, asked, answer, schema.name)
        else:
            continue
        if input_kind(schema) == "image":
            values = abs(values).sum(axis=-1) if values.ndim == 3 else abs(values)
        drawn.append(attribution(schema, asked, values, of_ids=place is not None))
    return Counted(method="gradient_x_input", target=answer.target, answer=name, layer=None, inputs=drawn)


def gradient_times_input(parts: ModelParts, asked: Asked, answer: Answer, name: str) -> Array:
    """The gradient of the answer by an input of numbers, times that input: (…)."""
    found: Array = gradient_times(parts.model, asked.prepared, answer, parts.calls, [], by_inputs=[name])[0][0]
    return found
