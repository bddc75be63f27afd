"""A function of keras.ops as a layer: `ops.sqrt`, `ops.sum: {axis: -1}`, `ops.matmul: {from: [queries, keys]}`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from dlcli.errors import BlockError, TreePath
from dlcli.keras_internals import has_mask, pass_mask
from dlcli.layers.build_errors import building
from dlcli.layers.from_key import Takes, names_in, read_takes, unknown_call_arguments
from dlcli.layers.masks import mask_dropped
from dlcli.layers.memory import check_sample_fits
from dlcli.layers.samples_apart import Apply, axis_mistakes, check_samples_apart, flat_tensors, passage_of_places
from dlcli.layers.stack import Graph
from dlcli.layers.written_tensors import laid_along, written_mistakes
from dlcli.spec import Facts, KerasObject, Language, Mistake, details_of, fail, plain, split_idiom

PREFIX = "ops."
KIND = "operations"
OWN = ("name", "from")
"""The arguments that are dlcli's own."""


@dataclass(frozen=True)
class Operation:
    """`keras` holds the arguments that are written out; `takes` says the tensors, None standing for what is above."""

    keras: KerasObject
    name: str | None = None
    takes: Takes | None = None

    def idiom(self) -> Any:
        """The entry as a configuration holds it."""
        own = {"name": self.name, "from": self.takes}
        arguments = {**plain(self.keras.arguments), **{key: each for key, each in own.items() if each is not None}}
        return {self.keras.written: arguments} if arguments else self.keras.written

    @property
    def parts(self) -> tuple[()]:
        return ()

    @property
    def ends_inside(self) -> bool:
        return False

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        """Applies the function; several outputs come as a list. Raises `BlockError` for what mixes samples."""
        thing = self.keras
        if isinstance(taken, list) and not isinstance(self.takes, list) and not thing.traits.get("sequence"):
            message = f"{thing.written} takes one tensor, and what it is given has {len(taken)}"
            hint = "name the layer above, and write from: NAME.0"
            raise BlockError((*path, thing.written), message, hint=hint, kind="several_outputs")
        tensors = tensors_by_name(thing, taken)

        def attempt(other: KerasObject) -> Any:
            return operation_output(other, tensors, graph.facts)

        with building(thing.written, taken, path, traits=thing.traits, thing=thing, attempt=attempt):
            output = attempt(thing)
        several = isinstance(output, list | tuple)
        outputs = list(output) if several else [output]
        check_sample_fits(thing.written, outputs, path, memory=graph.memory)
        apply = partial(operation_output, thing, facts=graph.facts)
        check_samples_apart(thing, partial(operation_output, facts=graph.facts), tensors, outputs, path)
        graph.keep(outputs[0], path, name=self.name, thing=thing)
        self.hand_on_mask(apply, tensors, outputs, graph=graph, path=path)
        return outputs if several else output

    def hand_on_mask(
        self, apply: Apply, tensors: Mapping[str, Any], outputs: Sequence[Any], *, graph: Graph, path: TreePath
    ) -> None:
        """Gives outputs the mask of what is taken where each place is answered by itself, and notes a mask that is lost."""
        taken = next(filter(has_mask, flat_tensors(tensors)), None)
        if taken is None:
            return
        passages = [passage_of_places(apply, tensors, taken, output, at=at) for at, output in enumerate(outputs)]
        for output, passage in zip(outputs, passages, strict=True):
            if passage == "apart":
                pass_mask(taken, output)
        if "mixed" in passages:
            graph.note(mask_dropped(self.keras.written, path))


def tensors_by_name(thing: KerasObject, taken: Any) -> dict[str, Any]:
    """What is taken, by the argument that it is: in the order of those that are not written out."""
    if isinstance(taken, dict):
        return dict(taken)
    tensors = taken if isinstance(taken, list) else [taken]
    free = free_arguments(thing.traits, thing.arguments)
    if thing.traits.get("sequence"):
        return {free[0]: list(tensors)}
    return dict(zip(free, tensors, strict=False))


def free_arguments(traits: Mapping[str, Any], written: Mapping[str, Any]) -> list[str]:
    """The arguments that are tensors and are not written out, in the order of the function."""
    return [each for each in traits["call"] if each not in written]


def operation_output(thing: KerasObject, tensors: Mapping[str, Any], facts: Facts) -> Any:
    """What the function makes of tensors by argument, symbolic ones or values."""
    function = thing.made_by()
    values = {
        key: written_list(each, is_tensor=key in thing.traits["call"]) if isinstance(each, list) else each
        for key, each in thing.values(facts).items()
    }
    for key, axis in thing.traits.get("along", {}).items():
        if key in values and axis in values:
            values[key] = laid_along(values[key], next(iter(tensors.values())), values[axis])
    behind = [key for key, each in inspect.signature(function).parameters.items() if each.kind is each.VAR_POSITIONAL]
    if not behind:
        return function(**values, **tensors)
    return function(*values.values(), *tensors[behind[0]])


def written_list(values: list[Any], *, is_tensor: bool) -> Any:
    """A list of a configuration as a function takes it: a tensor that is the same for all samples, or sizes and axes."""
    import numpy as np

    if not is_tensor:
        return tuple(values)  # of sizes Keras adds one tuple to another
    array = np.array(values)
    return array if array.dtype.kind == "b" else array.astype(np.int32 if array.dtype.kind in "iu" else np.float32)


def tensors_of_call(thing: KerasObject, arguments: Sequence[Any]) -> dict[str, Any]:
    """What an operation is called with in a model, by the arguments of its function that are not written out."""
    if inspect.Parameter.VAR_POSITIONAL in {
        each.kind for each in inspect.signature(thing.made_by()).parameters.values()
    }:
        return {thing.traits["call"][0]: list(arguments)}
    given = zip(thing.traits["call"], arguments, strict=False)
    return {key: each for key, each in given if key not in thing.arguments}


def is_operation(word: str) -> bool:
    """Whether a word names a function of keras.ops."""
    return word.startswith(PREFIX)


def read_operation(value: Any, language: Language) -> Operation:
    """A function of keras.ops in the idiom, whose `name` and `from` are dlcli's own.

    Raises `pydantic.ValidationError` with every mistake in it.
    """
    word, behind = split_idiom(value, expected="a layer")
    own = {key: behind[key] for key in OWN if key in behind} if isinstance(behind, dict) else {}
    details: list[Any] = []
    takes, name = own.get("from"), own.get("name")
    for key, read in (("from", read_takes), ("name", read_name)):
        try:
            read(own.get(key))
        except ValidationError as error:
            details += details_of(error, word, key)
    try:
        rest = {key: each for key, each in behind.items() if key not in OWN} if own else behind
        thing = language.keras(KIND, {word: rest} if rest not in (None, {}) else word)
    except ValidationError as error:
        details += details_of(error)
    if details:
        raise ValidationError.from_exception_data("dlcli", details)
    mistakes = [*tensor_mistakes(thing, takes), *written_mistakes(thing), *axis_mistakes(thing)]
    if mistakes:
        fail(*(replace(each, path=(word, *each.path)) for each in mistakes))
    return Operation(thing, name, takes)


def read_name(value: Any) -> None:
    """Refuses what is no name of an entry. Raises `pydantic.ValidationError` for what is no text."""
    if value is not None and not (isinstance(value, str) and value):
        fail(Mistake("'name' must be text", kind="wrong_type"))


def tensor_mistakes(thing: KerasObject, takes: Takes | None) -> list[Mistake]:
    """What is wrong with the tensors that `from` gives a function."""
    free = free_arguments(thing.traits, thing.arguments)
    if isinstance(takes, dict):
        unknown = unknown_call_arguments(thing.written, takes, free)
        return unknown or missing_tensors(thing, [each for each in free if each not in takes])
    count = 1 if takes is None else len(list(names_in(takes)))
    if thing.traits.get("sequence") and free:
        return []
    if count > len(free):
        names = ", ".join(free)
        found = f"{count} tensors" if takes is not None else "what stands above"
        wanted = f"takes {len(free)}: {names}" if free else "takes none where all its arguments are written out"
        message = f"{thing.written} is given {found}, and {wanted}"
        path = ("from",) if takes is not None else ()
        return [Mistake(message, path, at="key", kind="too_many_tensors")]
    return missing_tensors(thing, free[count:])


def missing_tensors(thing: KerasObject, free: list[str]) -> list[Mistake]:
    """The mistake of tensors that have to come and do not."""
    lacking = [each for each in free if each in thing.traits["needed"]]
    if not lacking:
        return []
    names = ", ".join(thing.traits["needed"])
    quoted = ", ".join(f"'{each}'" for each in lacking)
    hint = f"write from: [ONE, OTHER] for {names}" if len(thing.traits["needed"]) == 2 else f"'from' gives {names}"
    return [
        Mistake(
            f"{thing.written} needs {quoted} too",
            (),
            f"{hint}; a number may be written out: {lacking[-1]}: 2",
            at="key",
            kind="missing_argument",
        )
    ]
