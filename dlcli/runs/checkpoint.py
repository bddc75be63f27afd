"""Checkpoints: a folder of all variables and the state of training, committed by one rename."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from dlcli.errors import ArtifactError
from dlcli.runs.atomic import UNREADABLE, committed_folder, damage, encoded, plain, remove_folder, write_json
from dlcli.runs.folder import Run

if TYPE_CHECKING:
    import numpy as np

FOLDER = re.compile(r"step-(\d{10})")


@dataclass(frozen=True)
class Checkpoint:
    """What was saved after `step` steps: variables by name, and the state of everything else."""

    step: int
    arrays: Mapping[str, np.ndarray[Any, Any]]
    state: Mapping[str, Any]


def save(
    run: Run, *, step: int, arrays: Mapping[str, np.ndarray[Any, Any]], state: Mapping[str, Any], keep: int = 2
) -> Path:
    """Commits a checkpoint and removes those older than the newest `keep`, but never the best."""
    import numpy as np

    target = run.checkpoints / f"step-{step:010d}"
    names = list(arrays)
    stored = {f"a{number}": arrays[name] for number, name in enumerate(names)}
    with committed_folder(target) as folder:
        buffer = io.BytesIO()
        np.savez(buffer, **{key: raw(array) for key, array in stored.items()})  # type: ignore[arg-type]
        (folder / "vars.npz").write_bytes(buffer.getvalue())
        described = [{"name": name, "dtype": str(arrays[name].dtype)} for name in names]
        content = json.dumps({"step": step, "arrays": described, "state": plain(state)}, ensure_ascii=False)
        (folder / "state.json").write_bytes(encoded(content))
    prune(run, keep=keep, step=step)
    return target


def raw(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array in a type that NumPy's files know; bfloat16 is stored as its bits."""
    return array.view("uint16") if str(array.dtype) == "bfloat16" else array


def load(path: Path) -> Checkpoint:
    """A checkpoint whose files are what its manifest says. Raises `ArtifactError`."""
    import numpy as np

    problems = damage(path)
    if problems:
        raise ArtifactError(f"the checkpoint {path.name} is damaged: {problems[0]}", file=path)
    try:
        content = json.loads((path / "state.json").read_bytes())
        described = enumerate(content["arrays"])
        with (path / "vars.npz").open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {each["name"]: typed(file[f"a{number}"], each["dtype"]) for number, each in described}
        return Checkpoint(content["step"], arrays, content["state"])
    except (*UNREADABLE, BadZipFile) as error:
        raise ArtifactError(f"the checkpoint {path.name} cannot be read: {error}", file=path) from None


def typed(array: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    """The array in the type it had."""
    if dtype != "bfloat16":
        return array
    import ml_dtypes

    return array.view(ml_dtypes.bfloat16)


def newest(run: Run) -> Checkpoint | None:
    """The valid checkpoint of the highest step, or None. Damaged ones are passed over."""
    for path in reversed(folders(run)):
        with contextlib.suppress(ArtifactError):
            return load(path)
    return None


def folders(run: Run) -> list[Path]:
    """All checkpoints by step."""
    if not run.checkpoints.is_dir():
        return []
    return sorted(path for path in run.checkpoints.iterdir() if FOLDER.fullmatch(path.name))


def mark_best(run: Run, *, step: int) -> None:
    """Names the checkpoint of the best epoch, which is then kept."""
    write_json(run.path / "best.json", {"step": step, "folder": f"step-{step:010d}"})


def best(run: Run) -> str | None:
    """The name of the best checkpoint's folder."""
    try:
        return str(json.loads((run.path / "best.json").read_bytes())["folder"])
    except UNREADABLE:
        return None


def prune(run: Run, *, keep: int, step: int) -> None:
    """Removes all but the newest up to `step` and the best.

    Those after `step` do not count: they are the damaged ones that training went back behind.
    """
    kept = best(run)
    older = [path for path in folders(run) if path.name <= f"step-{step:010d}"]
    for path in older[: -max(keep, 1)]:
        if path.name != kept:
            remove_folder(path)
