"""Inputs of a model under any name: Keras takes none with a slash, as the arrays of an HDF5 file have."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def named_input(name: str, shape: Sequence[int | None], dtype: str) -> Any:
    """An input of samples of a shape, which `model_of` takes under its name."""
    import keras

    return keras.Input(shape, name=name.replace("/", ".u2f."), dtype=dtype)


def model_of(inputs: Any, outputs: Any, *, name: str | None = None) -> Any:
    """The model of inputs, by their names or a single one."""
    import keras

    with names_may_differ():
        return keras.Model(inputs, outputs, name=name)


@contextmanager
def names_may_differ() -> Iterator[None]:
    """While it is open, Keras does not warn of an input that a model takes under another name than its own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="When providing `inputs` as a dict")
        yield
