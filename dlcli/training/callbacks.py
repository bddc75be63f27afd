"""Callbacks of Keras in the training loop; what they write stays inside the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlcli.errors import BlockError
from dlcli.spec import KerasObject

PATHS = ("filename", "filepath", "log_dir")
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class Callbacks:
    """The callbacks of a training; what one of them raises is a problem of `train.callbacks`.

    `by_batch` says whether any wants to hear of every batch, so that steps must run one by one.
    """

    def __init__(self, callbacks: Sequence[KerasObject], model: Any, *, folder: Path, epochs: int, steps: int) -> None:
        """Builds them for a model. Paths are relative to the run's folder and may not leave it: `BlockError`."""
        import keras

        built = [build_callback(each, position, folder=folder) for position, each in enumerate(callbacks)]
        self.by_batch = any(hears_batches(each) for each in built)
        self.list = keras.callbacks.CallbackList(
            built, model=model, add_history=False, add_progbar=False, epochs=epochs, steps=steps, verbose=0
        )

    def tell(self, hook: str, *arguments: Any) -> None:
        """Calls one hook (`on_epoch_end`) of all callbacks. Raises `BlockError` where one of them objects."""
        try:
            getattr(self.list, hook)(*arguments)
        except (ValueError, TypeError, ImportError) as error:
            raise BlockError(("train", "callbacks"), str(error).splitlines()[0]) from error


def build_callback(callback: KerasObject, position: int, *, folder: Path) -> Any:
    """One callback of Keras."""

    arguments = callback.values({})
    place = ("train", "callbacks", position, callback.written)
    for key in PATHS:
        if key in arguments:
            path = (folder / str(arguments[key])).resolve()
            if not path.is_relative_to(folder.resolve()):
                message = f"'{key}' leads out of the run's folder"
                raise BlockError((*place, key), message, hint="write a relative path without '..'")
            arguments[key] = str(path)
    try:
        return callback.made_by()(**arguments)
    except Exception as error:
        raise BlockError(place, f"{callback.written}: {str(error).splitlines()[0]}") from error


def hears_batches(callback: Any) -> bool:
    """Whether a callback does something at a batch."""
    import keras

    plain = keras.callbacks.Callback
    return any(getattr(type(callback), hook) is not getattr(plain, hook) for hook in BATCH_HOOKS)
