"""`--quiet` says nothing but the result, `--strict` makes a finding an error: each with a run that shows the other way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
CONFIG = """\
data: {source: t.csv, target: y}
layers: [Dense: {units: 2, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""
NOTE = "note: column 'x': 1 value was not in the training split ('green'); it counts as none of its names\n"


@pytest.fixture
def trained(tmp_path: Path, run_dlcli: Run) -> Path:
    rows = "".join(f"{('red', 'blue')[row * row % 3 % 2]},{'uv'[row % 2]}\n" for row in range(60))
    (tmp_path / "t.csv").write_text("x,y\n" + rows, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "-q", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    (tmp_path / "new.csv").write_text("x,y\n" + rows + "green,u\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", [["evaluate", "last", "--data", "new.csv"], ["predict", "last", "new.csv"]])
def test_quiet_leaves_the_notes_out_and_the_result_in(command: list[str], trained: Path, run_dlcli: Run) -> None:
    loud = run_dlcli(*command, "--json", cwd=trained)
    quiet = run_dlcli(*command, "--json", "--quiet", cwd=trained)
    assert (loud.code, quiet.code) == (0, 0)
    assert NOTE in loud.err
    assert quiet.err == ""
    assert quiet.out == loud.out != ""


def test_a_name_that_training_never_saw_is_an_error_where_it_is_asked_for(trained: Path, run_dlcli: Run) -> None:
    strict = run_dlcli("predict", "last", "new.csv", "--strict", "--json", cwd=trained)
    assert (strict.code, strict.error["line"], strict.error["kind"]) == (4, 62, "unknown_name")
    message = "names that were not in the training split: 'x' 1; the first is 'green' in row 61"
    assert strict.error["message"] == message
    assert run_dlcli("predict", "last", "t.csv", "--strict", "-q", cwd=trained).code == 0


def test_training_quietly_says_nothing_of_its_epochs(trained: Path, run_dlcli: Run) -> None:
    loud = run_dlcli("train", "c.yaml", "--json", cwd=trained)
    quiet = run_dlcli("train", "c.yaml", "--json", "--quiet", cwd=trained)
    assert "epoch 1/1  loss " in loud.err
    assert quiet.err == ""
    assert (quiet.code, quiet.value["metrics"]) == (0, loud.value["metrics"])


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_finding_is_an_error_where_it_is_asked_for(json: list[str], tmp_path: Path, run_dlcli: Run) -> None:
    lines = [f"{row * 37 % 101},7,{'uv'[row * row % 3 % 2]}" for row in range(200)]
    (tmp_path / "t.csv").write_text("\n".join(["x,c,y", *lines]) + "\n", encoding="utf-8")
    loose = run_dlcli("inspect-data", "t.csv", "--target", "y", *json, cwd=tmp_path)
    strict = run_dlcli("inspect-data", "t.csv", "--target", "y", "--strict", *json, cwd=tmp_path)
    assert (loose.code, strict.code) == (0, 4)
    assert "constant columns" in loose.out
    assert "constant columns" in (strict.out + strict.err)


def test_notes_and_sound_data_are_no_error_of_a_strict_look(tmp_path: Path, run_dlcli: Run) -> None:
    done = run_dlcli("inspect-data", "digits", "--strict", "--json", cwd=tmp_path)
    assert done.code == 0
    assert [each["severity"] for each in done.value["findings"] if each["severity"] != "note"] == []
