"""What is added to, removed and left alone beside the files of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dlcli.runs import Run
from dlcli.runs.atomic import append_line, json_text, remove, sweep_file


def test_one_who_follows_the_history_sees_every_line(run: Run) -> None:
    append_line(run.metrics, "1")
    with run.metrics.open("rb") as follower:
        assert follower.read() == b"1\n"
        append_line(run.metrics, "2")
        assert follower.read() == b"2\n"


def test_what_killed_writers_of_a_file_left_goes_and_what_others_write_stays(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    kept = [f".tmp-{path.name}-{os.getpid()}", f".tmp-{path.name}-notes", ".tmp-other.csv-999999999"]
    for name in (*kept, f".tmp-{path.name}-999999999"):
        (tmp_path / name).write_bytes(b"x")
    sweep_file(path)
    assert {each.name for each in tmp_path.iterdir()} == set(kept)


def test_a_folder_is_removed_as_far_as_the_system_lets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "file").write_bytes(b"x")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", refuse)
        remove(folder)
    assert list(folder.iterdir()) == []
    remove(folder)
    assert not folder.exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_file_never_holds_what_is_no_json(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"loss": value})
