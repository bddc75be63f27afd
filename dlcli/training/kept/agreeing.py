"""Do the files of a model agree? A schema that a person has changed would name answers and columns wrongly, in silence."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dlcli.data import Schema
from dlcli.data.preparation.prepare import target_key
from dlcli.errors import ArtifactError


def check_agrees(schema: Schema, model: Any, preparation: Any, path: Path) -> None:
    """Raises `ArtifactError` where a schema contradicts itself, or what the model takes; `path` is its file."""
    faults = [*own_faults(schema), *input_faults(schema, preparation or model)]
    if faults:
        raise disagreeing(faults[0], path)


def check_same_data(schema: Schema, data: Schema, path: Path) -> None:
    """Raises `ArtifactError` where the schema that is kept with a model is not that of the data it was trained on."""
    kept, read = facts(schema), facts(data)
    other = next((name for name in {**kept, **read} if kept.get(name) != read.get(name)), None)
    if other is not None:
        raise disagreeing(f"it knows '{other[1]}' otherwise than the data that it was trained on", path)


def check_same_schema(schema: Schema, recorded: str | None, path: Path) -> None:
    """Raises `ArtifactError` where the schema that is kept with a model is not what the run has recorded of it, if it has."""
    if recorded is not None and schema_print(schema) != recorded:
        raise disagreeing("its names or shapes are not those that the run was trained with", path)


def schema_print(schema: Schema) -> str:
    """What tells whether a schema still has the names and shapes, in the order, that it had."""
    content = json.dumps(sorted((*name, value) for name, value in facts(schema).items()))
    return hashlib.sha256(content.encode()).hexdigest()


def disagreeing(fault: str, path: Path) -> ArtifactError:
    """The error of a schema that cannot be that of its model."""
    return ArtifactError(
        f"the schema of the model is damaged: {fault}", file=path, hint="train it again", kind="damaged_model"
    )


def facts(schema: Schema) -> dict[tuple[str, str], Any]:
    """Of each input and target by kind and name its shape and the names in it; words of a text are learnt after it is read."""
    inputs = {
        ("input", each.name): (each.shape, [(one.name, one.kind, one.categories) for one in each.columns or []])
        for each in schema.inputs
        if not each.text
    }
    targets = {
        ("target", each.name): (each.shape, each.encode, each.classes, each.labels, each.columns)
        for each in schema.targets
        if not each.text
    }
    return {**inputs, **targets}


def own_faults(schema: Schema) -> Iterator[str]:
    """Names that stand twice, and sizes that are not those of the names."""
    for what, names in named_lists(schema):
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            yield f"{what} has '{twice}' twice"
    forms = [(each.name, each.axes, each.shape) for each in schema.inputs]
    for name, axes, shape in [*forms, *((each.name, each.axes, each.shape) for each in schema.targets)]:
        if len(axes) != len(shape) + 1:
            yield f"'{name}' has {len(axes)} axes, and the shape {tuple(shape)} a sample"
    for one in schema.inputs:
        width = sum(column.width for column in one.columns or [])
        if one.columns is not None and [width] != one.shape[-1:]:
            yield f"the columns of '{one.name}' are {width} numbers wide, and its shape is {tuple(one.shape)}"
    for target in schema.targets:
        known = target.classes if target.is_one_hot else target.each
        if known is not None and [len(known)] != target.shape[-1:]:
            yield f"'{target.name}' has {len(known)} names, and the shape {tuple(target.shape)}"


def named_lists(schema: Schema) -> Iterator[tuple[str, Sequence[str]]]:
    """All lists of names in a schema, none of which may hold one twice."""
    yield "the list of inputs", [each.name for each in schema.inputs]
    yield "the list of targets", [each.name for each in schema.targets]
    for one in schema.inputs:
        yield f"input '{one.name}'", [column.name for column in one.columns or []]
        for column in one.columns or []:
            yield f"column '{column.name}'", column.categories
    for target in schema.targets:
        for given in (target.classes, target.labels, target.columns):
            yield f"target '{target.name}'", given or []


def input_faults(schema: Schema, taking: Any) -> Iterator[str]:
    """Inputs of other names or shapes than the first model that takes them."""
    texts = {target_key(each.name) for each in schema.targets}  # which the preparation takes too
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in taking.input.items() if name not in texts}
    names = [each.name for each in schema.inputs]
    if sorted(names) != sorted(shapes):
        yield f"its inputs are {', '.join(names)}, and the model takes {', '.join(shapes)}"
        return
    for each in schema.inputs:
        taken = shapes[each.name]
        unlike = [a != b for a, b in zip(each.shape, taken, strict=False) if b is not None]
        if schema.windows is None and (len(taken) != len(each.shape) or any(unlike)):
            yield f"'{each.name}' has the shape {tuple(each.shape)}, and the model takes {taken}"
