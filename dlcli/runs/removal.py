"""Removes runs and groups of them; one that trains is never touched."""

from __future__ import annotations

import os
from pathlib import Path

from dlcli.errors import ConflictError
from dlcli.runs.atomic import DELETED, refusals, remove, remove_folder
from dlcli.runs.folder import Run, group_folders
from dlcli.runs.groups import Group
from dlcli.runs.lock import Lock, writer_of


def check_idle(run: Run) -> None:
    """Raises `ConflictError` where a process trains a run."""
    writer = writer_of(run.path)
    if writer is not None:
        hint = "wait until that process has ended, or stop it"
        raise ConflictError(f"'{run.name}' is training ({writer})", file=run.path, hint=hint, kind="run_in_use")


def remove_run(run: Run) -> None:
    """Removes the folder of a run while its lock is held, so that no process begins to train it meanwhile.

    Raises `ConflictError` where one trains it, and `ResourceError` where the system refuses.
    """
    with Lock(run.path), refusals(run.path):
        remove_folder(run.path)


def remove_group(group: Group) -> None:
    """Removes a group with its runs, while its lock is held; of one that is reached by a link nothing but the link goes.

    Raises `ConflictError` where a process trains one of them, before anything is removed.
    """
    if group.path.is_symlink():
        remove_folder(group.path)
        return
    with Lock(group.path), refusals(group.path):
        for run in group.members():
            check_idle(run)
        for run in group.members():
            remove_run(run)
        remove_folder(group.path)


def sweep_removed(root: Path) -> None:
    """Removes what a removal that was killed has left of runs; they have lost their names by then."""
    for folder in (root, *group_folders(root)):
        for path in folder.glob(f"{DELETED}*"):
            remove(path)


def size_of(path: Path) -> int:
    """The bytes of all files of a folder; no link is followed, and one in the place of the folder holds none of them."""
    total = 0
    if path.is_symlink():
        return total
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
            except OSError:  # a file that has just gone
                continue
    return total
