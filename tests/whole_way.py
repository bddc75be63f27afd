"""Every file of the gallery goes its whole way on few rows: check, train, evaluate, predict, inspect, resume.

    pytest tests/whole_way.py

It is part of `tests/check.py --nightly`; a draw of it, and every layer that wraps others, is in `training/test_whole_way.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
GALLERY = {path.relative_to(ROOT / "configs").as_posix(): path for path in sorted((ROOT / "configs").rglob("*.yaml"))}
OFFLINE = {"images/transfer.yaml": ("--set", "layers.backbone.weights=null")}
"""What stands in for a download."""

Command = Callable[..., Any]


def whole_way(config: Path, *settings: str, folder: Path, run_dlcli: Command, data: str | None = None) -> None:
    """Asserts that a configuration can be checked and trained, and that every command after a training knows its run."""
    few = (*settings, "--set", "train.epochs=1")
    commands: list[tuple[str | Path, ...]] = [
        ("validate", "--build", config, *few),
        ("inspect", config, *few),
        ("check", config, *few),
        ("train", config, *few, "--name", "way", "-q"),
        ("evaluate", "way"),
        ("inspect", "way"),
        ("resume", "way", "--epochs", "2", "-q"),
        ("evaluate", "way"),
    ]
    if data is not None:
        commands += [("predict", "way", data, "-o", f"answers{end}") for end in (".npz", ".csv")]
    for command in commands:
        done = run_dlcli(*command, "--json", cwd=folder)
        assert done.code == 0, (command, done.out[-2000:], done.err[-2000:])


@pytest.mark.parametrize("name", GALLERY)
def test_a_configuration_of_the_gallery_goes_its_whole_way(name: str, tmp_path: Path, run_dlcli: Command) -> None:
    whole_way(GALLERY[name], *OFFLINE.get(name, ()), folder=tmp_path, run_dlcli=run_dlcli)
