"""A search survives kills of its workers, its parent and its server: the program beside, with few trials and with 200."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "sweep_kills.py"


@pytest.mark.nightly
@pytest.mark.parametrize(("trials", "kills", "workers"), [(24, 6, 2), (200, 20, 4)])
def test_each_trial_is_told_once(trials: int, kills: int, workers: int) -> None:
    options = ["--trials", str(trials), "--kills", str(kills), "--workers", str(workers)]
    done = subprocess.run([sys.executable, PROGRAM, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{trials} trials" in done.stdout
    assert all(f"'{kind}'" in done.stdout for kind in ("worker", "parent", "server"))
