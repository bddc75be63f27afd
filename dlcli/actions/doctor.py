"""Whether dlcli works here: versions, devices, extras, where runs go, and one tiny training from data to a loaded model."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlcli import __version__
from dlcli.actions.evaluate import evaluate
from dlcli.config import config_of
from dlcli.errors import DlcliError
from dlcli.extras import installing
from dlcli.first_line import named_line
from dlcli.processors import processors
from dlcli.training.setup.backend import chatter_to, environment, start_keras
from dlcli.training.setup.devices import idle_gpu
from dlcli.training.train import Request, train
from dlcli.view.doctor import Checked, Extra, Health
from dlcli.view.training.listeners import Listeners

EXPERIMENT = b"""
data: {source: iris, split: {validation: 0.2, test: 0.2}}
layers: [Dense: {units: 8, activation: relu}, Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train: {epochs: 3}
"""
FOR_OTHERS = frozenset({"test"})
"""Extras that only who works on dlcli needs."""
REQUIREMENT = re.compile(r"""\s*([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*['"]([^'"]+)['"]""")
LEAST_FREE = 500_000_000
"""Bytes that should be free where runs go."""

ELSEWHERE = "choose another folder: --runs DIR, or DLCLI_RUNS"


def examined(runs: Path) -> Health:
    """Looks at everything, in the order in which one thing needs the other."""
    checks = [python_checked(), folder_checked(runs)]
    with chatter_to(None):
        started = keras_checked()
        checks.append(started)
        if started.ok:
            idle = idle_gpu()
            checks += [Checked("gpu", False, idle.words, idle.advice)] if idle is not None else []
            checks.append(training_checked())
        around: dict[str, Any] = environment() if started.ok else {"versions": {"dlcli": __version__}}
    return Health(
        versions=around["versions"] | {"python": platform.python_version()},
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        devices=[each.removeprefix("/physical_device:") for each in around.get("devices", [])],
        processors=processors(),
        threads=around.get("threads", {}),
        extras=list(extras()),
        checks=checks,
    )


def python_checked() -> Checked:
    """Whether this Python is one that dlcli is made for."""
    wanted = importlib.metadata.metadata("dlcli")["Requires-Python"]
    least, below = (int(re.findall(rf"{sign}3\.(\d+)", wanted)[0]) for sign in (">=", "<"))
    ok = least <= sys.version_info.minor < below
    advice = None if ok else f"make an environment with a Python {wanted}: python3.{below - 1} -m venv .venv"
    return Checked("python", ok, f"{platform.python_version()} in {sys.prefix}", advice)


def folder_checked(runs: Path) -> Checked:
    """Whether runs can be written where they go, and whether there is room."""
    folder = next(each for each in (runs.absolute(), *runs.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".doctor-") as made:
            (Path(made) / "file").write_bytes(b"x")
    except OSError as error:
        return Checked("runs", False, f"{folder} cannot be written: {error.strerror}", ELSEWHERE)
    free = shutil.disk_usage(folder).free
    enough, room = free >= LEAST_FREE, f"{free / 1e9:,.1f} GB free"
    advice = None if enough else f"free some space, or {ELSEWHERE}"
    return Checked("runs", enough, f"{runs} can be written, {room}" if enough else f"{folder} has {room}", advice)


def keras_checked() -> Checked:
    """Whether Keras starts on TensorFlow."""
    began = time.monotonic()
    try:
        start_keras(seed=0)
    except DlcliError as error:
        return Checked("keras", False, error.message, error.hint)
    except Exception as error:
        return Checked("keras", False, named_line(error), "pip install --force-reinstall dlcli")
    return Checked("keras", True, f"starts on TensorFlow in {time.monotonic() - began:.1f} s", None)


def training_checked() -> Checked:
    """One tiny training: data is read, a model trained, saved, loaded again and measured."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dlcli-doctor-") as folder:
        request = Request(config_of(EXPERIMENT, file="doctor.yaml"), EXPERIMENT, "doctor.yaml", Path(folder))
        try:
            run, state = train(request, Listeners([]))
            measured = evaluate(run, split="test", data=None, worst=0, allow_code=False)
        except DlcliError as error:
            return Checked("training", False, error.message, error.hint)
        except Exception as error:
            return Checked("training", False, named_line(error), "please report it with the output of dlcli doctor")
    words = f"{state.epochs} epochs of iris, loss {measured.metrics['loss']:.3f} on {measured.samples} samples"
    return Checked("training", True, f"{words}, in {time.monotonic() - began:.1f} s", None)


def extras() -> Iterator[Extra]:
    """Each extra with its packages, and the command that installs it where one is missing."""
    packages: dict[str, list[str]] = {}
    for requirement in importlib.metadata.requires("dlcli") or []:
        found = REQUIREMENT.fullmatch(requirement)
        if found is not None and found[2] not in FOR_OTHERS:
            packages.setdefault(found[2], []).append(found[1])
    for extra, names in sorted(packages.items()):
        versions = {name: version_of(name) for name in names}
        missing = [name for name, version in versions.items() if version is None]
        yield Extra(extra, versions, installing(extra) if missing else None)


def version_of(package: str) -> str | None:
    """The installed version of a package, or None."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(package)
    return None
