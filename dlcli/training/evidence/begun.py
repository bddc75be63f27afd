"""A model as it began or ended: what its layers did before the first step, and what rate it could have begun with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dlcli.training.evidence.restore import restored

if TYPE_CHECKING:
    import numpy as np

LARGEST = 1 << 26  # unseen: memory alone
"""Bytes of first weights that are kept for a look behind."""


def first_values(model: Any) -> Sequence[np.ndarray[Any, Any]] | None:
    """The values of all variables of a model before its first step; None of one too large to keep them."""
    import numpy as np

    sizes = [int(np.prod(each.shape)) * 4 for each in model.variables]
    return [each.numpy() for each in model.variables] if sum(sizes) <= LARGEST else None


def moved(model: Any, values: Sequence[np.ndarray[Any, Any]]) -> float:
    """How far all weights that learn have moved from their first values, beside how large these were, or beside 1 where all were
    zero."""
    import numpy as np

    learning = {id(each) for each in model.trainable_variables}
    pairs = [(one.numpy(), two) for one, two in zip(model.variables, values, strict=True) if id(one) in learning]
    way = sum(float(np.square(now - begun, dtype=np.float64).sum()) for now, begun in pairs)
    return float(np.sqrt(way / (sum(float(np.square(begun, dtype=np.float64).sum()) for _, begun in pairs) or 1.0)))


@contextmanager
def as_begun(model: Any, values: Sequence[np.ndarray[Any, Any]]) -> Iterator[None]:
    """While it is open, a model has its first values, and its optimizer has seen nothing."""
    with restored(model):
        for variable, value in zip(model.variables, values, strict=True):
            variable.assign(value)
        begin = getattr(model.optimizer, "initial_accumulator_value", 0.0)
        for variable in model.optimizer.variables:
            if "learning_rate" not in variable.path and "float" in str(variable.dtype):
                variable.assign(variable * 0 + begin)
            elif "iteration" in variable.path:
                variable.assign(variable * 0)
        yield


@contextmanager
def with_values(model: Any, values: Sequence[np.ndarray[Any, Any]] | None) -> Iterator[None]:
    """While it is open, a model has these values, those before its first step or those with which its training ended; its own
    where they are not known."""
    if values is None:
        yield
        return
    with restored(model):
        for variable, value in zip(model.variables, values, strict=True):
            variable.assign(value)
        yield
