"""Tensors that are written out in an operation: numbers, the same for all samples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dlcli.spec import KerasObject, Mistake

LARGEST = 3.4e38
"""What 32 bits hold."""


def written_mistakes(thing: KerasObject) -> list[Mistake]:
    """What is wrong with the tensors that are written out among the arguments of an operation, told at each."""
    found = []
    for key in thing.traits["call"]:
        told = wrong_in(thing.arguments.get(key)) if isinstance(thing.arguments.get(key), list | float | int) else None
        if told is not None:
            message = f"'{key}' of {thing.written} {told}"
            hint = "write a number, a list of numbers, or lists of them that are equally long: [[1, 2], [3, 4]]"
            found.append(Mistake(message, (key,), hint, kind="not_a_tensor"))
    return found


def wrong_in(value: Any) -> str | None:
    """What is wrong with numbers, or lists in lists of them; None of what is a tensor."""
    forms = set[tuple[int, ...]]()
    for shape, each in leaves(value):
        if each is EMPTY:
            return "holds an empty list"
        if not isinstance(each, int | float):
            return f"holds {each!r}, which is no number"
        if not math.isfinite(each) or abs(each) > LARGEST:
            return f"holds {each:g}, which is more than 32 bits hold"
        forms.add(shape)
    return "holds lists of several lengths" if len(forms) > 1 else None


EMPTY = object()


def leaves(value: Any, shape: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The values in lists in lists, each with the lengths of the lists around it."""
    if not isinstance(value, list):
        yield shape, value
        return
    if not value:
        yield shape, EMPTY
    for each in value:
        yield from leaves(each, (*shape, len(value)))
