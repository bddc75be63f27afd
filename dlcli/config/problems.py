"""Turns what pydantic found into problems with a place in the file and words a newcomer understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from dlcli.config.nodes import Mark, Node
from dlcli.errors import Problem, TreePath
from dlcli.spec import describe, near

ROOT = "/"
"""In the path of a mistake: what follows leads from the root of the file."""
AMBIGUOUS = {"yes", "no", "on", "off", "y", "n"}
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


def problems_of(error: ValidationError, *, root: Node, model: type[BaseModel]) -> list[Problem]:
    """Every problem of a validation, in the order of the file."""
    found: dict[tuple[Any, ...], Problem] = {}
    errors = error.errors(include_url=False)
    # A misspelt key is one mistake: the one it meant is not reported as missing too.
    meant = {(*each["loc"][:-1], near_key(each["loc"], model)) for each in errors if each["type"] == "extra_forbidden"}
    for each in errors:
        if each["type"] == "missing" and each["loc"] in meant:
            continue
        problem = located(root, each["loc"], *wording(each, model), at=place(each))
        # The branches of a union report one value several times; the first says enough.
        found.setdefault((problem.file, problem.line, problem.column), problem)
    return sorted(found.values(), key=lambda problem: (problem.file, problem.line, problem.column))


def located(
    root: Node,
    path: TreePath,
    message: str,
    suggestion: str | None = None,
    see: str | None = None,
    *,
    at: str = "value",
) -> Problem:
    """A problem at the value (or the key) of `path`, or at the nearest thing above that the file holds."""
    if ROOT in path:
        path = path[path.index(ROOT) + 1 :]
    node, depth = root.nearest(path)
    mark = node.mark
    if at == "name":
        mark = name_mark(node)
    elif (at == "key" or depth < len(path)) and node.key is not None:
        mark = node.key
    elif depth == 0:
        mark = Mark(mark.file, 0, 0, 1, "", mark.folder) if path else mark
    problem = mark.problem(message, suggestion=suggestion, see=see)
    return Problem(**{**vars(problem), "path": path})


def name_mark(node: Node) -> Mark:
    """Where the name of a thing stands: a scalar, or the one key of a mapping."""
    if isinstance(node.value, dict) and len(node.value) == 1:
        return next(iter(node.value.values())).key or node.mark
    return node.mark


def near_key(path: TreePath, model: type[BaseModel]) -> str | None:
    """The key of its block that a misspelt one means."""
    found = near(str(path[-1]), keys_at(model, path[:-1]))
    return found.split("'")[1] if found else None


def place(error: Mapping[str, Any]) -> str:
    """Whether the caret of an error stands under the key or the value."""
    if error["type"] == "mistake":
        return str(error["ctx"]["at"])
    return "key" if error["type"] in {"extra_forbidden", "missing"} else "value"


def wording(error: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, str | None, str | None]:
    """Message, suggestion and where to read on for one error of pydantic."""
    kind, path, value, said = error["type"], error["loc"], error["input"], error.get("ctx", {})
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "the file")
    if kind == "mistake":
        return said["message"], said["suggestion"], said["see"]
    if kind == "extra_forbidden":
        known = keys_at(model, path[:-1])
        where = f" in '{'.'.join(map(str, path[:-1]))}'" if path[:-1] else ""
        suggestion = near(key, known) or (f"there are: {', '.join(known)}" if known else None)
        return f"unknown key '{key}'{where}", suggestion, None
    if kind == "missing":
        where = f"'{'.'.join(map(str, path[:-1]))}'" if path[:-1] else "the file"
        return f"'{key}' is missing from {where}", None, None
    if kind in EXPECTED:
        return f"'{key}' must be {EXPECTED[kind]}, found {describe(value)}", typing_suggestion(kind, value), None
    if kind == "literal_error":
        return (
            f"'{key}' must be {said['expected']}, found {describe(value)}",
            near(str(value), said["expected"].split("'")),
            None,
        )
    if kind in BOUNDS:
        return f"'{key}' must be {BOUNDS[kind]} {said[next(iter(said))]:g}, found {describe(value)}", None, None
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"'{key}': {message[:1].lower()}{message[1:]}", None, None


BOUNDS = {
    "greater_than": "greater than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


def typing_suggestion(kind: str, value: Any) -> str | None:
    """What to write instead of a value of the wrong type, where that is plain."""
    if kind == "bool_type" and str(value).lower() in AMBIGUOUS:
        return "write true or false"
    if isinstance(value, str) and kind in {"int_type", "float_type"}:
        try:
            float(value)
        except ValueError:
            return None
        return f"write {value} without quotes"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'write "{str(value).lower()}" in quotes'
    return None


def keys_at(model: type[BaseModel], path: TreePath) -> list[str]:
    """The keys that the block at `path` has, where the way to it is plain."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        fields = getattr(current, "model_fields", {})
        if part not in fields:
            current = next((each for each in named_classes() if each.word == part), None)
        else:
            current = model_in(fields[part].annotation)
        if current is None:
            return []
    return [field.alias or name for name, field in getattr(current, "model_fields", {}).items()]


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
    from dlcli.data.sources import SOURCES

    return list(SOURCES)
