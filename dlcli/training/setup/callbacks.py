"""Callbacks of Keras in the training loop; what they write stays inside the run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.config.callback_files import PATHS
from dlcli.config.catalogue import keras_catalogue
from dlcli.errors import BlockError, ResourceError
from dlcli.first_line import first_line
from dlcli.foreign_error import is_foreign
from dlcli.spec import KerasObject

LOG_FOLDER = "tensorboard"
"""Where a callback that writes logs does so if nothing is said; Keras would write outside the run."""
FILES = ("append", "append_header")
"""What a callback knows of its file, which is another thing once it is gone on with."""
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class Callbacks:
    """The callbacks of a training; what one of them raises is a problem of `train.callbacks`.

    `by_batch` says whether any wants to hear of every batch, so that steps must run one by one.
    """

    def __init__(
        self,
        callbacks: Sequence[KerasObject],
        model: Any,
        *,
        folder: Path,
        epochs: int,
        steps: int,
    ) -> None:
        """Builds them for a model. Paths are relative to the run's folder and may not leave it: `BlockError`."""
        import keras

        built = [build_callback(each, position, folder=folder) for position, each in enumerate(callbacks)]
        self.by_batch = any(hears_batches(each) for each in built)
        self.built = built
        self.list = keras.callbacks.CallbackList(
            built, model=model, add_history=False, add_progbar=False, epochs=epochs, steps=steps, verbose=0
        )

    def state(self) -> list[dict[str, Any]]:
        """What each has noted of itself in plain values, and how long the file that it writes is."""
        return [{"values": noted(each), "bytes": file_size(each)} for each in self.built]

    def begin(self, state: Sequence[Mapping[str, Any]] | None) -> None:
        """The begin of training; with the `state` of an earlier one each callback goes on from there.

        What a callback had noted is put back after its own begin, which resets it. A file is gone on with where it was.
        """
        pairs = list(zip(self.built, state or (), strict=False))
        for callback, own in pairs:
            if own["bytes"] is not None:
                os.truncate(callback.filename, own["bytes"])
                callback.append = True
        self.tell("on_train_begin")
        for callback, own in pairs:
            for name, value in own["values"].items():
                setattr(callback, name, float.fromhex(value["float"]) if isinstance(value, dict) else value)

    def tell(self, hook: str, *arguments: Any) -> None:
        """Calls one hook (`on_epoch_end`) of all callbacks. Raises `BlockError` where one of them objects."""
        try:
            getattr(self.list, hook)(*arguments)
        except (ValueError, TypeError, ImportError) as error:
            raise BlockError(("train", "callbacks"), first_line(error), kind="callback_refuses") from error
        except OSError as error:
            raise ResourceError(
                f"a callback cannot write: {error.strerror or first_line(error)}",
                file=error.filename,
                hint="give it another file, or leave it out of train.callbacks",
                kind="not_writable",
            ) from error


def build_callback(callback: KerasObject, position: int, *, folder: Path) -> Any:
    """One callback of Keras. Raises `BlockError` for a file outside the run, and where Keras refuses."""
    arguments = callback.values({})
    if "log_dir" in keras_catalogue().kinds["callbacks"].get(callback.written, {}).get("arguments", {}):
        arguments.setdefault("log_dir", LOG_FOLDER)
    place = ("train", "callbacks", position, callback.written)
    for key in PATHS:
        if key in arguments:
            path = (folder / str(arguments[key])).resolve()
            if not path.is_relative_to(folder.resolve()):
                message = f"'{key}' leads out of the run's folder"
                raise BlockError(
                    (*place, key), message, hint="write a relative path without '..'", kind="leads_out_of_run"
                )
            arguments[key] = str(path)
            make_folder(path.parent)
    try:
        return replace(callback, arguments=arguments).build({})
    except Exception as error:
        if not is_foreign(error):
            raise
        raise BlockError(place, f"{callback.written}: {first_line(error)}", kind="callback_refuses") from error


def make_folder(path: Path) -> None:
    """Makes the folder that a callback writes into. Raises `ResourceError` where the system does not let it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            f"cannot make the folder {path}: {error.strerror}", file=path, kind="not_writable"
        ) from None


def noted(callback: Any) -> dict[str, Any]:
    """The plain values among the attributes of a callback; numbers to the last bit, also infinite ones."""
    plain = {name: value for name, value in vars(callback).items() if isinstance(value, bool | int | float | str)}
    return {
        name: {"float": value.hex()} if isinstance(value, float) else value
        for name, value in plain.items()
        if name not in {*PATHS, *FILES}
    }


def file_size(callback: Any) -> int | None:
    """The bytes of the file that a callback writes on and on."""
    filename = getattr(callback, "filename", None)
    return Path(filename).stat().st_size if filename and Path(filename).is_file() else None


def hears_batches(callback: Any) -> bool:
    """Whether a callback does something at a batch."""
    import keras

    plain = keras.callbacks.Callback
    return any(getattr(type(callback), hook) is not getattr(plain, hook) for hook in BATCH_HOOKS)
