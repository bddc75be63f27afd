"""The devices that steps run on: those that a configuration asks for, those that are there, and a GPU that is of no use."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.config.train import Train
from dlcli.errors import BlockError

DRIVER = "libcuda.so.1"
LIBRARIES = (
    "libcudart.so.12",
    "libcublas.so.12",
    "libcublasLt.so.12",
    "libcudnn.so.9",
    "libcufft.so.11",
    "libcusolver.so.11",
    "libcusparse.so.12",
)
"""What TensorFlow opens for a GPU, by the names that its CUDA build of today has."""
INSTALL = 'pip install "tensorflow[and-cuda]"'
NVIDIA, DISPLAY = "0x10de", "0x03"
"""How the system numbers the maker of a device, and how the class of a graphics card begins."""
HIDDEN = ("", "-1")
"""What CUDA_VISIBLE_DEVICES says where a person wants no GPU to be seen."""
QUICK_HALVES = {"mixed_float16": (7, 0), "mixed_bfloat16": (8, 0)}
"""The compute capability from which on a GPU has units for numbers of 16 bits."""


@dataclass(frozen=True)
class IdleGpu:
    """A GPU of this machine that TensorFlow cannot use: what the system calls it, and why."""

    name: str
    reason: str
    advice: str

    @property
    def words(self) -> str:
        """What was found, in a sentence."""
        return f"{self.name} is in this machine, and TensorFlow cannot use it: {self.reason}"


def take_devices(asked: str | Sequence[str]) -> None:
    """Lets TensorFlow see the devices that are asked for alone, and take the memory of a GPU as it needs it.

    Raises `BlockError` for a device that is not there, with what is there.
    """
    import tensorflow as tf

    there = {kind: tf.config.list_physical_devices(kind) for kind in ("CPU", "GPU")}
    gpus = [] if asked == "cpu" else there["GPU"]
    if asked == "gpu" and not gpus:
        raise missing_device("gpu", there)
    parts = 1
    if not isinstance(asked, str):
        named = [(place, int(each.partition(":")[2])) for place, each in enumerate(asked) if each.startswith("gpu")]
        for place, number in named:
            if number >= len(there["GPU"]):
                raise missing_device(asked[place], there, place)
        gpus, parts = [there["GPU"][number] for _, number in named], len(asked) - len(named)
    try:
        tf.config.set_visible_devices(gpus, "GPU")
        if parts > 1:
            part = tf.config.LogicalDeviceConfiguration()
            tf.config.set_logical_device_configuration(there["CPU"][0], [part] * parts)
    except RuntimeError as error:
        raise BlockError(
            ("train", "devices"),
            "TensorFlow has started with other devices",
            hint="train in a process of its own",
            kind="devices_taken",
        ) from error
    for each in gpus:
        with contextlib.suppress(RuntimeError, ValueError):  # where somebody has set a limit it keeps that
            tf.config.experimental.set_memory_growth(each, True)


def missing_device(name: str, there: dict[str, Sequence[Any]], place: int | None = None) -> BlockError:
    """The error of a device that is not there, with what is there."""
    names = [f"{kind.lower()}:{number}" for kind in ("CPU", "GPU") for number in range(len(there[kind]))]
    idle = idle_gpu() if name.startswith("gpu") and not there["GPU"] else None
    why = "" if idle is None else f"; {idle.words}"
    message = f"there is no {name}; there {'are' if len(names) > 1 else 'is'} {', '.join(names)}{why}"
    hint = "write devices: auto, or leave it out" if idle is None else idle.advice
    path = ("train", "devices") if place is None else ("train", "devices", place)
    return BlockError(path, message, hint=hint, kind="no_such_device")


def idle_gpu(root: Path = Path("/")) -> IdleGpu | None:
    """A GPU of this machine that TensorFlow has not found, and what it lacks; None where it has one, or is to have none."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU") or os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in HIDDEN:
        return None
    name = gpu_name(root)
    if name is None:
        return None
    if not tf.sysconfig.get_build_info().get("is_cuda_build"):
        return IdleGpu(name, "this TensorFlow is built for processors alone", INSTALL)
    if not (root / "dev" / "nvidia0").exists() or not is_loadable(DRIVER):
        lacking = "/dev/nvidia0 is missing" if not (root / "dev" / "nvidia0").exists() else f"{DRIVER} is missing"
        return IdleGpu(
            name, f"its driver is not reached ({lacking})", "install the driver of NVIDIA; a container needs --gpus all"
        )
    missing = [each for each in LIBRARIES if not is_loadable(each)]
    if missing:
        return IdleGpu(name, f"{', '.join(missing)} cannot be loaded", INSTALL)
    return IdleGpu(
        name, "all libraries are there", "nvidia-smi says whether the driver works, the log of a run what CUDA said"
    )


def gpu_name(root: Path) -> str | None:
    """What a GPU of NVIDIA is called by its driver, or by the system where no driver is loaded; None without one."""
    for file in sorted((root / "proc" / "driver" / "nvidia" / "gpus").glob("*/information")):
        with contextlib.suppress(OSError):
            model = re.search(r"^Model:\s*(.+?)\s*$", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
            return f"{model[1]} (NVIDIA)" if model else "a GPU of NVIDIA"
    if (root / "dev" / "nvidia0").exists() or (root / "proc" / "driver" / "nvidia").exists():
        return "a GPU of NVIDIA"
    for folder in (root / "sys" / "bus" / "pci" / "devices").glob("*"):
        with contextlib.suppress(OSError):
            maker, kind = ((folder / part).read_text(encoding="utf-8").strip() for part in ("vendor", "class"))
            if maker == NVIDIA and kind.startswith(DISPLAY):
                return "a GPU of NVIDIA"
    return None


def is_loadable(library: str) -> bool:
    """Whether a shared library can be opened: one of the system, or of a package of NVIDIA."""
    if any(
        (Path(path) / "nvidia").is_dir() and next((Path(path) / "nvidia").glob(f"*/lib/{library}"), None)
        for path in sys.path
    ):
        return True
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def notes_on_devices(train: Train) -> list[str]:
    """What is worth a word: a GPU that lies idle, and numbers of 16 bits where nothing is made for them."""
    import tensorflow as tf

    notes = []
    idle = idle_gpu() if train.devices == "auto" else None
    if idle is not None:
        notes.append(f"{idle.words}; {idle.advice} (devices: cpu says that none is wanted)")
    gpus = tf.config.get_visible_devices("GPU")
    least = QUICK_HALVES.get(train.precision, (0, 0))
    for gpu in gpus:
        has = tf.config.experimental.get_device_details(gpu).get("compute_capability", least)
        if tuple(has) < least:
            wanted, found = (".".join(map(str, each)) for each in (least, has))
            notes.append(f"{train.precision} is quick from compute capability {wanted} on, and {gpu.name} has {found}")
    if train.precision == "mixed_float16" and not gpus:
        notes.append("mixed_float16 is made for GPUs: a processor is slower with it than with float32")
    return notes
