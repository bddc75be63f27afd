"""Turns what pydantic found into problems with a place in the file and words a newcomer understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.colons import WIDE_COLON
from dlcli.config.tree import Mark, Node
from dlcli.data.sources import SOURCES
from dlcli.errors import Problem, TreePath
from dlcli.layers import GROUPS
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import AMBIGUOUS, describe, did_you_mean, near, unquoted

MOST_PROBLEMS = 1000
MISSING = {
    "data": "write data: {source: digits}, or the path of your file",
    "layers": "write layers: [Flatten, Dense: {units: 10, activation: softmax}]",
    "loss": "write loss: sparse_categorical_crossentropy for classes, loss: mse for numbers",
    "optimizer": "write optimizer: Adam",
    "train": "write train: {epochs: 20}",
}
"""What to write where a step is missing from the file."""
KINDS_OF_BLOCKS = {"optimizer": "optimizers", "layers": "layers", "loss": "losses", "metrics": "metrics"}
"""The kind of Keras's things that each step names."""
TYPE_TRIED = re.compile(r"str|int|float|bool|constrained-[a-z]+|[a-z-]+\[.*\]")
BLOCK_TRIED = re.compile(r"[A-Z]\w*")
"""What pydantic calls the types of a union: `str`, `list[str]`, `literal['error']`; `Target` for a block."""
EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "nothing",
}
LENGTHS = {"string_too_short": "at least", "string_too_long": "at most", "too_short": "at least", "too_long": "at most"}
BOUNDS = {
    "greater_than": "greater than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
KINDS = {
    **dict.fromkeys(EXPECTED, "wrong_type"),
    "finite_number": "not_finite",
    "extra_forbidden": "unknown_key",
    "missing": "missing_key",
    "literal_error": "not_a_choice",
    **dict.fromkeys(BOUNDS, "out_of_range"),
    **dict.fromkeys(LENGTHS, "wrong_length"),
}
"""The kind of a mistake by what pydantic calls it; of any other it is `bad_value`."""


def problems_of(error: ValidationError, *, root: Node, model: type[BaseModel]) -> list[Problem]:
    """Every problem of a validation, in the order of the file."""
    found: dict[tuple[Any, ...], Problem] = {}
    errors = of_unions([located_error(each, root) for each in error.errors(include_url=False)[:MOST_PROBLEMS]])
    # A misspelt key is one mistake: the one it meant is not reported as missing too.
    meant = {(*each["loc"][:-1], near_key(each["loc"], model)) for each in errors if each["type"] == "extra_forbidden"}
    for each in errors:
        if each["type"] == "missing" and each["loc"] in meant:
            continue
        problem = located(root, each["loc"], *value_wording(each, model), at=caret_place(each), kind=kind_of(each))
        missing = each["loc"] if each["type"] == "missing" else ()
        # Two validators may say the same of one value; the first says enough.
        found.setdefault((problem.file, problem.line, problem.column, missing), problem)
    return sorted(found.values(), key=lambda problem: (problem.file, problem.line, problem.column))


def located_error(error: Any, root: Node) -> dict[str, Any]:
    """An error whose `loc` leads through the file alone.

    Where a value may be of several types, pydantic puts the type it tried into the way; `unions` are the ways to such
    values, the outermost first.
    """
    path: list[str | int] = []
    unions: list[TreePath] = []
    node: Node | None = root
    for part in error["loc"]:
        below = node.child(part) if node is not None else None
        if below is None and isinstance(part, str) and is_type(part, error["type"]):
            unions.append(tuple(path))
            continue
        # What the file leaves out has no node, and what is below it has none either.
        node = below
        path.append(part)
    return {**error, "loc": tuple(path), "unions": unions}


def is_type(part: str, kind: str) -> bool:
    """Whether a part of a way is the name of a type; where a mistake is ours, a capital begins a thing of Keras."""
    return bool(TYPE_TRIED.fullmatch(part) or (kind != "mistake" and BLOCK_TRIED.fullmatch(part)))


def of_unions(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The errors, those of one value that may be of several types put together.

    Where the value is of one of the types but wrong inside, only that is told; otherwise all types are named.
    """
    inside = {union for each in errors for union in each["unions"] if not is_of_other_type(each, union)}
    result: list[dict[str, Any]] = []
    tried: dict[TreePath, list[str]] = {}
    for each in errors:
        union = each["unions"][-1] if each["unions"] else None
        if union is None or not is_of_other_type(each, union):
            result.append(each)
        elif union in tried:
            tried[union].append(type_words(each))
        elif union not in inside:
            tried[union] = [type_words(each)]
            result.append({**each, "types": tried[union]})
    return result


def is_of_other_type(error: Mapping[str, Any], union: TreePath) -> bool:
    """Whether the error says that the value is not of the type that was tried."""
    return len(error["loc"]) == len(union) and (error["type"] in EXPECTED or error["type"] == "literal_error")


def type_words(error: Mapping[str, Any]) -> str:
    """What one of several types would have taken."""
    if error["type"] == "literal_error":
        return str(error["ctx"]["expected"])
    return EXPECTED.get(error["type"]) or str(error["msg"])


def located(
    root: Node,
    path: TreePath,
    message: str,
    suggestion: str | None = None,
    see: str | None = None,
    *,
    kind: str,
    at: str = "value",
) -> Problem:
    """A problem at the value (or the key) of `path`, or at the nearest thing above that the file holds."""
    node, depth = root.nearest(path)
    mark = node.mark
    if at == "name":
        mark = name_mark(node)
    elif (at == "key" or depth < len(path)) and node.key is not None:
        mark = node.key
    elif depth == 0:
        mark = Mark(mark.file, 0, 0, 1, "", mark.folder) if path else mark
    problem = mark.problem(message, suggestion=suggestion, see=see, kind=kind)
    return Problem(**{**vars(problem), "path": path})


def name_mark(node: Node) -> Mark:
    """Where the name of a thing stands: a scalar, or the one key of a mapping."""
    if isinstance(node.value, dict) and len(node.value) == 1:
        return next(iter(node.value.values())).key or node.mark
    return node.mark


def near_key(path: TreePath, model: type[BaseModel]) -> str | None:
    """The key of its block that a misspelt one means."""
    return near(str(path[-1]), keys_at(model, path[:-1]))


def caret_place(error: Mapping[str, Any]) -> str:
    """Whether the caret of an error stands under the key or the value."""
    if error["type"] == "mistake":
        return str(error["ctx"]["at"])
    return "key" if error["type"] in {"extra_forbidden", "missing"} else "value"


def kind_of(error: Mapping[str, Any]) -> str:
    """The kind of a mistake: ours say it themselves, pydantic's types are told in the words of dlcli."""
    if error["type"] == "mistake":
        return str(error["ctx"]["kind"])
    return "wrong_type" if "types" in error else KINDS.get(error["type"], "bad_value")


def value_wording(error: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, str | None, str | None]:
    """Message, suggestion and where to read on for one error of pydantic."""
    kind, path, value, said = error["type"], error["loc"], error["input"], error.get("ctx", {})
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "the file")
    be = "hold" if path and isinstance(path[-1], int) else "be"
    if kind == "mistake":
        return said["message"], said["suggestion"], said["see"]
    if kind == "extra_forbidden":
        known = keys_at(model, path[:-1])
        where = f" in '{'.'.join(map(str, path[:-1]))}'" if path[:-1] else ""
        suggestion = (
            elsewhere(key, path[:-1], model)
            or did_you_mean(key, known)
            or (f"there are: {', '.join(known)}" if known else None)
        )
        return f"unknown key '{key}'{where}", suggestion, None
    if kind == "missing":
        where = f"'{'.'.join(map(str, path[:-1]))}'" if path[:-1] else "the file"
        return f"'{key}' is missing from {where}", None if path[:-1] else MISSING.get(key), None
    if "types" in error:
        wanted = " or ".join(dict.fromkeys(error["types"]))
        return f"'{key}' must {be} {wanted}, found {describe(value)}", typing_suggestion(kind, value), None
    if kind in EXPECTED:
        hint = typing_suggestion(kind, value) or short_form(value, path, model, kind)
        return f"'{key}' must {be} {EXPECTED[kind]}, found {describe(value)}", hint, None
    if kind == "literal_error":
        return (
            f"'{key}' must {be} {said['expected']}, found {describe(value)}",
            did_you_mean(str(value), said["expected"].split("'")),
            None,
        )
    if kind in BOUNDS:
        bound = said[next(iter(said))]
        bound = int(bound) if bound == int(bound) else bound
        return f"'{key}' must {be} {BOUNDS[kind]} {bound}, found {describe(value)}", None, None
    if kind in LENGTHS:
        least = said.get("min_length", said.get("max_length"))
        items = ("character" if kind.startswith("string") else "item") + "s" * (least != 1)
        found = f"{len(value)}" if isinstance(value, str | list | dict) else "none"
        return f"'{key}' must have {LENGTHS[kind]} {least} {items}, found {found}", None, None
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"'{key}': {message[:1].lower()}{message[1:]}", None, None


def typing_suggestion(kind: str, value: Any) -> str | None:
    """What to write instead of a value of the wrong type, where that is plain."""
    if kind == "bool_type" and str(value).lower() in AMBIGUOUS:
        return "write true or false"
    if isinstance(value, str) and kind in {"int_type", "float_type"}:
        return unquoted(value)
    if isinstance(value, str) and kind == "list_type":
        return f"write [{value}]"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'write "{str(value).lower()}" in quotes'
    return None


def elsewhere(key: str, path: TreePath, model: type[BaseModel]) -> str | None:
    """Where a key belongs that stands one level too high or too deep, where one place has it."""
    if key in keys_at(model, path):
        return None
    blocks = [name for name in keys_at(model, path) if key in keys_at(model, (*path, name))]
    if len(blocks) == 1:
        return f"it belongs under {blocks[0]}: indent it below"
    if not path and any(key in names for names in keras_catalogue().spellings.values()):
        block = next((name for name, kind in KINDS_OF_BLOCKS.items() if key in keras_catalogue().spellings[kind]), None)
        return None if block is None else f"it belongs under {block}: indent it below"
    if path and key in keys_at(model, path[:-1]):
        where = f"'{path[-2]}'" if len(path) > 1 else "the file"
        return f"it belongs one level higher, to {where}"
    return None


def short_form(value: Any, path: TreePath, model: type[BaseModel], kind: str) -> str | None:
    """The mapping that a single value in the place of a block means: a key whose colon has no space behind it, or the one key
    that the block needs."""
    if kind not in {"model_type", "model_attributes_type"} or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and {":", WIDE_COLON} & {*value} and (meant := did_you_mean(value, keys_at(model, path))):
        return meant
    block = block_at(model, path)
    fields = getattr(block, "model_fields", {})
    needed = [field.alias or name for name, field in fields.items() if field.is_required()]
    return f"write {path[-1]}: {{{needed[0]}: {value}}}" if len(needed) == 1 else None


def keys_at(model: type[BaseModel], path: TreePath) -> list[str]:
    """The keys that the block at `path` has, where the way to it is plain."""
    fields = getattr(block_at(model, path), "model_fields", {})
    keys = [field.alias or name for name, field in fields.items()]
    return keys if path else [*keys, "blocks", "extends"]


def block_at(model: type[BaseModel], path: TreePath) -> Any:
    """The block at `path`, where the way to it is plain."""
    current: Any = model
    named = False
    for part in path:
        fields = getattr(current, "model_fields", {})
        if isinstance(part, int) or named:
            # The name that a person gave to an entry of a mapping leads to its block.
            named = False
        elif part in fields:
            current = model_in(fields[part].annotation)
            named = "dict[" in str(fields[part].annotation)
        else:
            current = next((each for each in named_classes() if each.word == part), None)
    return current


def model_in(annotation: Any) -> Any:
    """The first block among the types of a field."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = model_in(part)
        if found is not None:
            return found
    return None


def named_classes() -> list[Any]:
    """dlcli's own things, whose word stands in the path in place of a field."""
    return [*SOURCES.values(), *GROUPS, OneCycle]
