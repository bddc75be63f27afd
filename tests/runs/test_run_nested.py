"""A committed folder may hold folders: all files below it are listed, and damage to any of them is told by its way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dlcli.runs.atomic import MANIFEST, committed_folder, damage

FILES = {
    "model.keras": b"one",
    "variables/variables.index": b"two",
    "variables/deep/data": b"three",
    "assets/words.txt": b"",
}


def fill(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A committed folder with folders in it."""
    with committed_folder(tmp_path / "model") as folder:
        fill(folder)
        (folder / "empty").mkdir()
    return tmp_path / "model"


def test_every_file_at_any_depth_is_listed(model: Path) -> None:
    manifest = json.loads((model / MANIFEST).read_bytes())
    assert {name: entry["bytes"] for name, entry in manifest.items()} == {name: len(FILES[name]) for name in FILES}
    assert damage(model) == []


def replaced_by_a_link(path: Path) -> None:
    outside = path.parents[3] / "outside"
    path.rename(outside)
    path.symlink_to(outside)


WAYS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a changed byte": (lambda path: (path.write_bytes(b"thref"), None)[1], "variables/deep/data has other content"),
    "a byte more": (lambda path: (path.write_bytes(b"threes"), None)[1], "variables/deep/data has another size"),
    "removed": (lambda path: path.unlink(), "variables/deep/data is missing"),
    "a folder in its place": (lambda path: (path.unlink(), path.mkdir(), None)[2], "variables/deep/data is no file"),
    "a link in its place": (replaced_by_a_link, "variables/deep/data is no file"),
    "one beside it": (
        lambda path: (path.with_name("more").touch(), None)[1],
        "variables/deep/more is not listed in MANIFEST.json",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_damage_in_a_folder_below_is_told(way: str, model: Path) -> None:
    action, told = WAYS[way]
    action(model / "variables/deep/data")
    assert damage(model) == [told]
    assert len(WAYS) == 6


def test_a_second_commit_replaces_the_folders_too(model: Path) -> None:
    with committed_folder(model) as folder:
        (folder / "other").mkdir()
        (folder / "other" / "file").write_bytes(b"x")
    assert sorted(path.name for path in model.iterdir()) == [MANIFEST, "other"]
    assert damage(model) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from dlcli.runs.atomic import committed_folder
with committed_folder(Path(sys.argv[1])) as folder:
    (folder / "variables").mkdir()
    (folder / "variables" / "data").write_bytes(b"new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of Unix")
def test_a_kill_leaves_the_old_folder_whole(model: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(model)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert damage(model) == []
    assert (model / "variables/deep/data").read_bytes() == b"three"
