"""Starts Keras and TensorFlow: their chatter goes to a log, their randomness and arithmetic are fixed."""

from __future__ import annotations

import contextlib
import gc
import os
import stat
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dlcli.data.sources.source import SourceBlock
from dlcli.errors import ArtifactError
from dlcli.keras_internals import is_deterministic, leave_determinism
from dlcli.processors import processors
from dlcli.progress import stage
from dlcli.runs.atomic import NO_LINK, NO_WAIT
from dlcli.training.setup.devices import take_devices
from dlcli.training.setup.lazy_tensorflow import defer_public_modules

STANDARD_ERROR = 2
LONG_READING = 1 << 25  # unseen: time alone
"""Bytes of data from which on reading lasts long enough for Keras to be loaded meanwhile."""
PROBED = ("matplotlib", "pandas", "scipy", "sklearn")
"""Packages of which Keras uses only what dlcli does not."""


@contextlib.contextmanager
def chatter_to(log: Path | None) -> Iterator[None]:
    """Sends what libraries write to standard error, also from C++, to a log file (or nowhere) while it is open.

    What dlcli itself says goes to a copy of standard error (`dlcli.view.console.console.standard_error`), so it is not touched.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    try:
        kept = os.dup(STANDARD_ERROR)
    except OSError:  # There is no standard error to keep quiet.
        yield
        return
    target = opened_log(log)
    os.dup2(target, STANDARD_ERROR)
    os.close(target)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)


def opened_log(log: Path | None) -> int:
    """The descriptor of a log, or of nothing where there is none, where it is no file of its own, or cannot be written."""
    # A link in a run that somebody has sent leads to a file of the reader's; a FIFO would be waited for.
    if log is not None:
        with contextlib.suppress(OSError):
            target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_LINK | NO_WAIT, 0o644)
            opened = os.fstat(target)
            if stat.S_ISREG(opened.st_mode) and opened.st_nlink == 1:
                return target
            os.close(target)
    return os.open(os.devnull, os.O_WRONLY)


@contextlib.contextmanager
def quick_import() -> Iterator[None]:
    """Makes importing Keras quicker: no garbage is collected, and nothing is loaded that training does not need.

    Keras looks whether Matplotlib, pandas and scikit-learn are there and would load them, which takes longer than it does
    itself. `python tests/benchmarks/start_up.py` measures what each of these measures brings.
    """
    if "keras" in sys.modules:
        yield
        return
    hidden = Hidden(threading.get_ident())
    defer_public_modules()
    collects = gc.isenabled()
    gc.disable()
    sys.meta_path.insert(0, hidden)
    try:
        yield
    finally:
        sys.meta_path.remove(hidden)
        if collects:
            gc.enable()
        gc.freeze()


class Hidden(MetaPathFinder):
    """Tells a thread that the packages that Keras only probes are not there; Arrow, which reads in another, may have them.

    A `None` in `sys.modules` would be for all threads, and is taken for a package by what Cython has compiled.
    """

    def __init__(self, thread: int) -> None:
        self.thread = thread

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raises `ModuleNotFoundError` for a package that is hidden."""
        if name in PROBED and threading.get_ident() == self.thread:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


@contextlib.contextmanager
def keras_loading(source: SourceBlock) -> Iterator[None]:
    """Loads Keras in a thread while a source is read that takes long and leaves a processor free; waits for it at the end.

    Where the source cannot be read nobody waits here, but an interpreter that ends on its own does: taking TensorFlow down
    while it is being loaded would abort the process.
    """
    if ("keras" in sys.modules and not said_before) or not source.beside or source.memory() < LONG_READING:
        yield
        return
    with chatter_to(None):
        thread = threading.Thread(target=load_keras)
        thread.start()
        yield
        thread.join()


def load_keras() -> None:
    """Imports Keras on TensorFlow. What this raises is raised again where Keras starts."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with quick_import(), contextlib.suppress(Exception):
        import keras  # noqa: F401
    say_again()


said_before: list[bytes] = []
"""What libraries wrote to standard error while Keras was imported by the process that this one was forked from."""


def say_again() -> None:
    """Writes what they wrote then once more, where Keras would be imported: so the log of a run has it as any other."""
    for words in said_before:
        with contextlib.suppress(OSError):
            os.write(STANDARD_ERROR, words)
    said_before.clear()


def start_keras(
    *,
    seed: int,
    precision: str = "float32",
    deterministic: str | bool = "auto",
    threads: Mapping[str, int] = MappingProxyType({}),
    devices: str | Sequence[str] | None = None,
) -> Any:
    """Imports Keras on TensorFlow with everything random seeded and, where that is wanted, every operation deterministic.

    `auto` wants it on a CPU, where a run can then be exact. `threads` as in `take_threads`, `devices` as in `take_devices`;
    where none are asked for they stay as they are.
    Raises `ArtifactError` where Keras runs on something else, and `BlockError` where a device is missing.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    used_before = "keras" in sys.modules
    with stage("starting TensorFlow"), quick_import():
        import keras
        import tensorflow as tf
    say_again()
    take_threads(threads)

    if keras.backend.backend() != "tensorflow":
        raise ArtifactError(
            f"Keras runs on {keras.backend.backend()}, dlcli needs TensorFlow",
            hint="unset KERAS_BACKEND",
            kind="wrong_backend",
        )
    if used_before:
        keras.utils.clear_session(free_memory=False)
    if devices is not None:
        take_devices(devices)
    keras.utils.set_random_seed(seed)
    if deterministic is True or (deterministic == "auto" and not tf.config.get_visible_devices("GPU")):
        tf.config.experimental.enable_op_determinism()
    elif is_deterministic():
        leave_determinism()
    keras.config.set_dtype_policy(precision)
    # What Keras says of a model as a layer is not true of the layers in it; a mask that is lost is told at its line.
    warnings.filterwarnings("ignore", message=r"Layer '.*' \(of type .*\) was passed an input with a mask")
    return keras


def take_threads(threads: Mapping[str, int]) -> None:
    """Lets operations have so many threads, by `inter` and `intra`, each 0 for as many as there are processors.

    Once the runtime of TensorFlow has started they stay as they are, which who compares environments tells.
    """
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):
        if "inter" in threads:
            tf.config.threading.set_inter_op_parallelism_threads(threads["inter"])
        if "intra" in threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads["intra"])


def device_name() -> str:
    """What steps run on: `GPU` where there is one, with their number if several, else `CPU`."""
    import tensorflow as tf

    count = len(tf.config.get_visible_devices("GPU"))
    return "CPU" if not count else "GPU" if count == 1 else f"{count} GPUs"


def asked_of_environment(kind: str) -> int:
    """The threads that TensorFlow is asked for by its own variable; 0 where it is not."""
    written = os.environ.get(f"TF_NUM_{kind}OP_THREADS", "")
    return int(written) if written.isdecimal() else 0


def environment() -> dict[str, Any]:
    """What the numbers of a run depend on besides configuration and data."""
    import platform

    import keras
    import numpy
    import tensorflow as tf

    import dlcli

    return {
        "versions": {
            "dlcli": dlcli.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": numpy.__version__,
            "python": platform.python_version(),
        },
        "machine": platform.machine(),
        "processors": processors(),
        "threads": {
            "inter": tf.config.threading.get_inter_op_parallelism_threads() or asked_of_environment("INTER"),
            "intra": tf.config.threading.get_intra_op_parallelism_threads() or asked_of_environment("INTRA"),
        },
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "deterministic": is_deterministic(),
        "devices": [device.name for device in tf.config.get_visible_devices()],
        "command": sys.argv,
    }
