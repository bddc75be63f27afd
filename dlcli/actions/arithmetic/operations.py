"""Functions of keras.ops: signs where there are such, else the function with its arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dlcli.actions.arithmetic.merges import spread
from dlcli.actions.arithmetic.writing import Writing, number, step
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.catalogue.live import written_class
from dlcli.keras_internals import producer
from dlcli.view.arithmetic import Step

SIGNS: Mapping[str, str] = {
    "ops.add": "+",
    "ops.subtract": "−",
    "ops.multiply": "⊙",
    "ops.divide": "/",
    "ops.true_divide": "/",
}
"""The operations of two tensors that have a sign."""
PREFIX = "ops."


def operation(writing: Writing, arguments: Sequence[Any]) -> Iterator[Step]:
    """A function of tensors, and of numbers that are written out; `arguments` are those of the call in their order."""
    word = written_class(type(writing.layer))
    entry = keras_catalogue().kinds["operations"].get(word)
    shapes = writing.shapes | {"y": writing.outputs[0]}
    names = iter(writing.shapes)
    if len(arguments) == 2 and is_index(arguments[1]):
        yield step("y", f"{next(names)}[{index_words(arguments[1])}]", shapes=shapes)
        return
    parts = [part for each in arguments for part in parts_of(each, names)]
    if None in parts:
        return
    whole = [str(each) for each in parts]
    if word in SIGNS and len(whole) == 2:
        tensors = [each for each in whole if each in shapes]
        alike = all(len(shapes[each]) == len(shapes["y"]) for each in tensors)
        about = spread(tensors, shapes) if alike else []
        yield step("y", f" {SIGNS[word]} ".join(whole), *about, shapes=shapes)
        return
    if entry is None or len(writing.outputs) > 1:
        return
    whole += [f"{key}={value}" for key, value in own_arguments(writing.layer, entry).items()]
    yield step("y", f"{word.removeprefix(PREFIX)}({', '.join(whole)})", shapes=shapes)


def is_index(argument: Any) -> bool:
    """Whether an argument says which places of a tensor are taken, as Python writes it: `x[:, 0]`."""
    parts = argument if isinstance(argument, list | tuple) else (argument,)
    return any(isinstance(each, slice) or each is ... for each in parts)


def index_words(argument: Any) -> str:
    """An index as Python writes it."""
    parts = argument if isinstance(argument, list | tuple) else (argument,)
    return ", ".join(index_part_words(each) for each in parts)


def index_part_words(part: Any) -> str:
    """What is taken of one axis as Python writes it."""
    if not isinstance(part, slice):
        return "..." if part is ... else str(part)
    ends = ":".join("" if each is None else str(each) for each in (part.start, part.stop))
    return ends if part.step is None else f"{ends}:{part.step}"


def parts_of(argument: Any, names: Iterator[str]) -> list[str | None]:
    """What an argument of a call is in a formula: the names of its tensors, or a number; None for what is neither."""
    if isinstance(argument, list | tuple):
        return [part for each in argument for part in parts_of(each, names)]
    if producer(argument) is not None:
        return [next(names, None)]
    return [number(argument)] if isinstance(argument, int | float) and not isinstance(argument, bool) else [None]


def own_arguments(layer: Any, entry: Mapping[str, Any]) -> dict[str, str]:
    """The arguments of an operation beside its tensors that are not left as they are."""
    shown = {}
    for key, argument in entry["arguments"].items():
        value = getattr(layer, key, argument.get("default"))
        plain = [*value] if isinstance(value, tuple) else value
        if key not in entry["traits"]["call"] and plain != argument.get("default") and is_plain(plain):
            shown[key] = json.dumps(plain)
    return shown


def is_plain(value: Any) -> bool:
    """Whether a value can be written in a formula."""
    return isinstance(value, int | float | str) or (isinstance(value, list) and all(map(is_plain, value)))
