"""Callbacks of Keras in the training loop; what they write stays inside the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlcli.errors import BlockError
from dlcli.spec import KerasObject

PATHS = ("filename", "filepath", "log_dir")
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


def build_callbacks(callbacks: Sequence[KerasObject], model: Any, *, folder: Path, epochs: int, steps: int) -> Any:
    """A `keras.callbacks.CallbackList` for the model. Paths are relative to the run's folder and may not leave it."""
    import keras

    built = []
    for position, callback in enumerate(callbacks):
        arguments = callback.values({})
        place = ("train", "callbacks", position, callback.written)
        for key in PATHS:
            if key in arguments:
                path = (folder / str(arguments[key])).resolve()
                if not path.is_relative_to(folder.resolve()):
                    raise BlockError(
                        (*place, key),
                        f"'{key}' leads out of the run's folder",
                        hint="write a relative path without '..'",
                    )
                arguments[key] = str(path)
        try:
            built.append(getattr(keras.callbacks, callback.name)(**arguments))
        except Exception as error:
            raise BlockError(place, f"{callback.written}: {str(error).splitlines()[0]}") from error
    return keras.callbacks.CallbackList(
        built, model=model, add_history=False, add_progbar=False, epochs=epochs, steps=steps, verbose=0
    )


def watches_batches(callbacks: Any) -> bool:
    """Whether any callback wants to hear of every batch, so that steps must run one by one."""
    import keras

    plain = keras.callbacks.Callback
    return any(
        getattr(type(each), hook) is not getattr(plain, hook) for each in callbacks.callbacks for hook in BATCH_HOOKS
    )
