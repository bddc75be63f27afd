"""Calling a layer of Keras: with one tensor, several, or each argument of its call by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dlcli.errors import BlockError, TreePath
from dlcli.layers.build_errors import LayerFault
from dlcli.layers.from_key import wrong_call


def called(layer: Any, taken: Any, path: TreePath) -> Any:
    """The output of a layer.

    Attention takes query, value and key one by one; what takes one tensor attends to itself. A mapping gives the arguments
    of the call by their names.
    """
    output = by_argument(layer, taken, path) if isinstance(taken, dict) else by_position(layer, taken)
    for weight in getattr(layer, "weights", ()):
        # An initializer gives what it likes, and Keras does not look at it.
        if weight.value is not None and tuple(weight.value.shape) != tuple(weight.shape):
            given, wanted = tuple(weight.value.shape), tuple(weight.shape)
            raise LayerFault(f"the first values of {weight.name} have the shape {given}, and {wanted} is needed")
    return output


def by_position(layer: Any, taken: Any) -> Any:
    """The output of a layer that takes its tensors one behind the other."""
    second = list(inspect.signature(layer.call).parameters.values())[1:2]
    if not second or second[0].name != "value" or second[0].default is not inspect.Parameter.empty:
        return layer(taken)
    return layer(*taken) if isinstance(taken, list) else layer(taken, taken)


def by_argument(layer: Any, taken: Mapping[str, Any], path: TreePath) -> Any:
    """The output of a layer whose `from` names the arguments of its call.

    Raises `BlockError` for arguments that the call does not take.
    """
    parameters = inspect.signature(layer.call).parameters
    names = [name for name, each in parameters.items() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    for mistake in wrong_call(str(path[-1]), taken, names):
        raise BlockError((*path, "from"), mistake.message, hint=mistake.suggestion, kind=mistake.kind)
    first = names[0]
    return layer(taken[first], **{name: value for name, value in taken.items() if name != first})
