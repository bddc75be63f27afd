"""Calls of layers and operations that go through a function of ours, each once, while a context is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def calls_through(seen: Callable[..., Any]) -> Iterator[None]:
    """While it is open, a call is what `seen(original, layer, *arguments, **named)` makes of it.

    `original` is what Keras would have called with the layer, or the operation, and its arguments.
    """
    import keras

    of_layers, of_operations = keras.Layer.__call__, keras.Operation.__call__

    def of_layer(layer: Any, *arguments: Any, **named: Any) -> Any:
        return seen(of_layers, layer, *arguments, **named)

    def of_operation(operation: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(operation, keras.Layer):  # which asks here once more
            return of_operations(operation, *arguments, **named)
        return seen(of_operations, operation, *arguments, **named)

    keras.Layer.__call__, keras.Operation.__call__ = of_layer, of_operation
    try:
        yield
    finally:
        keras.Layer.__call__, keras.Operation.__call__ = of_layers, of_operations
