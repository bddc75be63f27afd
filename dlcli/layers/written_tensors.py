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


def laid_along(values: Any, tensor: Any, axis: Any) -> Any:
    """A vector as an array with as many axes as a tensor (samples, …), the same at all places but those of an axis.

    Functions of Keras that take the vector itself forget in a graph what shape they put out. What is no such vector is left
    as it is: Keras says what is wrong with it.
    """
    import numpy as np

    sizes = [1 if size is None else size for size in tensor.shape]
    fits = (
        isinstance(values, np.ndarray)
        and values.ndim == 1
        and isinstance(axis, int)
        and -len(sizes) <= axis < len(sizes)
    )
    if not fits or len(values) != tensor.shape[axis] or len(sizes) == 1:
        return values
    form = [1] * len(sizes)
    form[axis] = len(values)
    return np.broadcast_to(values.reshape(form), [1, *sizes[1:]]).copy()
