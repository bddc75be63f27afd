"""A second process that goes on with the lines of a file is kept away while the first trains them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.actions.many.held_lines import held_lines
from dlcli.errors import ConflictError, ResourceError
from dlcli.training.many import processes
from dlcli.training.many.processes import STARTS, Stopping, Workers


def test_lines_that_are_trained_are_not_gone_on_with(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    (tmp_path / "lines.txt").write_text("a.yaml\n", encoding="utf-8")
    (tmp_path / "a.yaml").write_text(
        "data: {source: digits}\nlayers: [Flatten, Dense: 10]\nloss: mse\noptimizer: Adam\ntrain: {epochs: 1}\n"
    )
    runs = tmp_path / "runs"
    with held_lines(str(tmp_path / "lines.txt"), runs, resume=False):
        refused = run_dlcli("many", "lines.txt", "--resume", "--json", cwd=tmp_path)
        assert (refused.code, refused.error["kind"]) == (8, "lines_in_use")
        with held_lines(str(tmp_path / "lines.txt"), runs, resume=False):  # trained once more on purpose
            pass
        with pytest.raises(ConflictError), held_lines(str(tmp_path / "lines.txt"), runs, resume=True):
            pass
        for other, folder in (("others.txt", runs), ("lines.txt", tmp_path / "elsewhere")):
            with held_lines(str(tmp_path / other), folder, resume=True):
                pass
        with held_lines("-", runs, resume=True):
            pass
    with held_lines(str(tmp_path / "lines.txt"), runs, resume=True):
        pass
    assert os.listdir(runs) == []


@pytest.mark.parametrize(("lost", "begins"), [(STARTS - 1, True), (STARTS, False)])
def test_a_fork_server_that_is_lost_is_begun_anew(lost: int, begins: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    class Process:
        def __init__(self, **given: Any) -> None:
            return

        def start(self) -> None:
            tries.append(1)
            if len(tries) <= lost:
                raise ConnectionRefusedError

    context = SimpleNamespace(Pipe=multiprocessing.Pipe, Process=Process)
    monkeypatch.setattr(processes, "PAUSE", 0.0)
    working: Workers[int] = Workers(lambda item: (0, None), Stopping(), context=context)
    if begins:
        working.begin(1)
        assert len(working.living) == 1
    else:
        with pytest.raises(ResourceError, match="killed again and again"):
            working.begin(1)
    assert len(tries) == min(lost + 1, STARTS)
