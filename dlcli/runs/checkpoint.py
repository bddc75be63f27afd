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
from dlcli.first_line import first_line
from dlcli.runs.atomic import UNREADABLE, committed_folder, damage, json_bytes, json_plain, remove_folder, write_json
from dlcli.runs.folder import Run

if TYPE_CHECKING:
    import numpy as np

FOLDER = re.compile(r"step-(\d{10})")
VARIABLES, BEST, STATE = "vars.npz", "best.npz", "state.json"
HOLLOW = "hollow"

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class Checkpoint:
    """What was saved after `step` steps: variables by name, and the state of everything else.

    `best` are the weights of the best epoch by name, where they are kept and no longer those of the variables. Of a `hollow` one
    the state is there alone: it says where a run has ended, and nothing can go on from it.
    """

    step: int
    arrays: Arrays
    state: Mapping[str, Any]
    best: Arrays | None = None
    hollow: bool = False


def save(
    run: Run, *, step: int, arrays: Arrays, state: Mapping[str, Any], keep: int, best: Arrays | None = None
) -> Path:
    """Commits a checkpoint and removes those older than the newest `keep`, but never the best."""
    target = run.checkpoints / folder_name(step)
    with committed_folder(target) as folder:
        content = {"step": step, "arrays": write_arrays(folder / VARIABLES, arrays), "state": json_plain(state)}
        if best is not None:
            content["best"] = write_arrays(folder / BEST, best)
        (folder / STATE).write_bytes(json_bytes(json.dumps(content, ensure_ascii=False)))  # unseen: read alike
    prune(run, keep=keep, step=step)
    return target


def write_arrays(path: Path, arrays: Arrays) -> list[dict[str, str]]:
    """Writes arrays as `a0`, `a1`, …, because a name may be any text; gives their names and types."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **{f"a{number}": storable(array) for number, array in enumerate(arrays.values())})  # type: ignore[arg-type]
    path.write_bytes(buffer.getvalue())
    return [{"name": name, "dtype": str(array.dtype)} for name, array in arrays.items()]


def read_arrays(path: Path, described: list[dict[str, str]]) -> Arrays:
    """What `write_arrays` has written."""
    import numpy as np

    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        return {each["name"]: typed(file[f"a{number}"], each["dtype"]) for number, each in enumerate(described)}


def storable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array, of any axes, in a type that NumPy's files know; bfloat16 is stored as its bits."""
    return array.view("uint16") if str(array.dtype) == "bfloat16" else array


def load_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint whose files are what its manifest says. Raises `ArtifactError`."""
    problems = damage(path)
    if problems:
        raise ArtifactError(
            f"the checkpoint {path.name} is damaged: {problems[0]}", file=path, kind="damaged_checkpoint"
        )
    try:
        content = json.loads((path / STATE).read_bytes())
        if HOLLOW in content:
            return Checkpoint(content["step"], {}, content["state"], hollow=True)
        arrays = read_arrays(path / VARIABLES, content["arrays"])
        best = read_arrays(path / BEST, content["best"]) if "best" in content else None
        step = content["step"]
        if path.name != folder_name(step):
            raise ValueError(f"it says that it is of step {step}")
        check_numbers(arrays)
        return Checkpoint(step, arrays, content["state"], best)
    except (*UNREADABLE, BadZipFile) as error:
        raise ArtifactError(
            f"the checkpoint {path.name} cannot be read: {first_line(error)}", file=path, kind="damaged_checkpoint"
        ) from None


def folder_name(step: int) -> str:
    """The name of the folder of a checkpoint. Raises `ValueError` for what is no number of steps."""
    if not isinstance(step, int) or step < 0:
        raise ValueError(f"it says that it is of step {step}")
    return f"step-{step:010d}"


def check_numbers(arrays: Arrays) -> None:
    """Raises `ValueError` for a variable that is not finite: nothing can be trained on from there."""
    import numpy as np

    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")


def typed(array: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    """The array in the type it had."""
    if dtype != "bfloat16":
        return array
    import ml_dtypes

    return array.view(ml_dtypes.bfloat16)


def thin_out(run: Run, *, keep: int) -> None:
    """Removes all but the newest `keep` checkpoints of a run that is done; without one its state stays, of a few kB."""
    paths = folders(run)
    if keep > 0 or not paths:
        for path in paths[: -keep or None]:
            remove_folder(path)
        return
    last = load_checkpoint(paths[-1])
    if last.hollow:
        return
    # What random generators stood at fills most of the state, and nobody goes on from here.
    state = {key: value for key, value in last.state.items() if key != "random"}
    with committed_folder(paths[-1]) as folder:
        content = {"step": last.step, "state": json_plain(state), HOLLOW: True}
        (folder / STATE).write_bytes(json_bytes(json.dumps(content, ensure_ascii=False)))  # unseen: read alike
    for path in paths[:-1]:
        remove_folder(path)
    (run.path / "best.json").unlink(missing_ok=True)


def remove_all(run: Run) -> None:
    """Removes every checkpoint of a run, which is then to be trained from the beginning."""
    for path in folders(run):
        remove_folder(path)
    (run.path / "best.json").unlink(missing_ok=True)


def newest(run: Run) -> Checkpoint | None:
    """The valid checkpoint of the highest step, or None. Damaged ones are passed over."""
    for path in reversed(folders(run)):
        with contextlib.suppress(ArtifactError):
            return load_checkpoint(path)
    return None


def folders(run: Run) -> list[Path]:
    """All checkpoints by step."""
    if not run.checkpoints.is_dir():
        return []
    return sorted(path for path in run.checkpoints.iterdir() if FOLDER.fullmatch(path.name))


def mark_best(run: Run, *, step: int) -> None:
    """Names the checkpoint of the best epoch, which is then kept."""
    write_json(run.path / "best.json", {"step": step, "folder": folder_name(step)})


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
    # Checkpoints newer than `step` are damaged ones that a resumed training went back behind: counted among the newest they
    # would push out the good ones, and a kill would leave nothing to go on from. They are overwritten when their step comes.
    # The best stays whatever its age.
    kept = best(run)
    older = [path for path in folders(run) if path.name <= f"step-{step:010d}"]
    for path in older[: -max(keep, 1)]:
        if path.name != kept:
            remove_folder(path)
