"""The meaning of each field of a block: the docstring beneath it, read from the source only when it is asked for."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel


def field_meanings(block: type[BaseModel]) -> dict[str, str]:
    """By field, its meaning in one line; fields that a base class has are among them."""
    found: dict[str, str] = {}
    for each in reversed(block.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= meanings_in(each.__module__).get(each.__name__, {})
    return {name: meaning for name, meaning in found.items() if name in block.model_fields}


def summary_of(block: type) -> str:
    """The first paragraph of a class's docstring in one line."""
    return " ".join((block.__doc__ or "").strip().split("\n\n")[0].split())


@cache
def meanings_in(module: str) -> Mapping[str, Mapping[str, str]]:
    """By class and field of a module, the docstrings beneath the fields."""
    statements = ast.parse(inspect.getsource(importlib.import_module(module))).body
    return {each.name: dict(documented_fields(each)) for each in statements if isinstance(each, ast.ClassDef)}


def documented_fields(statement: ast.ClassDef) -> list[tuple[str, str]]:
    """Each annotated name of a class that has a docstring beneath it."""
    return [
        (before.target.id, " ".join(after.value.value.split()))
        for before, after in itertools.pairwise(statement.body)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    ]
