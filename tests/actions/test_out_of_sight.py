"""What came without a name of its own is never called by the path of the folder that it was read from."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.actions.answered.out_of_sight import out_of_sight
from dlcli.actions.serve.loaded import LoadedRun
from dlcli.errors import DataError
from dlcli.runs import Run

Invoke = Callable[..., Any]
CONFIG = """
data: {source: {series: {path: waves.csv, window: 8, horizon: 1}}, target: v}
layers: [Flatten, Dense: 1]
loss: mse
optimizer: Adam
train: {epochs: 1}
"""


def raised_within(folders: list[Path]) -> None:
    with out_of_sight({"0.png": "a.png", "1.png": "b.png"}, whole="them") as folder:
        folders.append(folder)
        (folder / "0.png").touch()
        message = f"{folder}/1.png differs from 0.png of {folder}"
        raise DataError(message, file=folder / "0.png", hint=f"leave out {folder / '1.png'}", kind="several_shapes")


def test_files_are_called_by_the_names_they_came_by() -> None:
    folders = list[Path]()
    with pytest.raises(DataError) as raised:
        raised_within(folders)
    error = raised.value
    assert (error.message, error.hint, error.file) == ("b.png differs from a.png of them", "leave out b.png", "a.png")
    [folder] = folders
    assert not folder.exists()


def test_a_series_by_standard_input_or_by_request_is_called_so(tmp_path: Path, run_dlcli: Invoke) -> None:
    lines = [f"{step},{math.sin(step / 9):.4f}\n" for step in range(120)]
    (tmp_path / "waves.csv").write_text("t,v\n" + "".join(lines), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    assert run_dlcli("train", "c.yaml", "--name", "s", "-q", cwd=tmp_path).code == 0
    rows = [{"t": step, "v": math.sin(step / 9)} for step in range(12)]
    wrong = [*rows, {"t": 12, "v": "x"}]
    text = "".join(f"{json.dumps(row)}\n" for row in wrong)
    error = run_dlcli("predict", "s", "-", "--json", cwd=tmp_path, stdin=text.encode()).error
    assert (error["file"], error["line"]) == ("standard input", 13)
    loaded = LoadedRun(Run(tmp_path / "runs" / "s"), allow_code=False)
    refused, answer = loaded.of_requests([wrong, rows])
    assert isinstance(refused, DataError)
    assert (refused.file, refused.line) == ("the request", 13)
    assert not isinstance(answer, DataError)
    assert len(answer.predictions) > 0
