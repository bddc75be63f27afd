"""A run that left rows with empty cells out does so with other data: their answers are empty, and nothing is measured there."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
WAVE = np.sin(np.arange(120) / 5).round(4)


def trained(folder: Path, run: Command, data: str, layers: str, loss: str) -> None:
    (folder / "c.yaml").write_text(
        f"data: {data}\nlayers: {layers}\nloss: {loss}\noptimizer: Adam\ntrain: {{epochs: 1}}\n", encoding="utf-8"
    )
    done = run("train", "c.yaml", "--name", "r", "-q", cwd=folder)
    assert done.code == 0, done.err


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command) -> Path:
    folder = tmp_path_factory.mktemp("left_out")
    rows = "".join(f"{row % 7},{row % 5},{['no', 'yes'][row % 3 == 0]}\n" for row in range(60))
    (folder / "t.csv").write_text("a,b,y\n" + rows)
    layers = "[Dense: {units: 1, activation: sigmoid}]"
    trained(folder, run_dlcli, "{source: t.csv, target: y, missing: drop}", layers, "binary_crossentropy")
    (folder / "whole.csv").write_text("a,b,y,id\n1,2,yes,p\n3,4,no,r\n5,6,no,s\n")
    (folder / "gaps.csv").write_text("a,b,y,id\n1,2,yes,p\n,2,no,q\n3,4,,r\n5,6,no,s\n")
    return folder


def test_a_row_with_an_empty_cell_keeps_its_place_without_an_answer(folder: Path, run_dlcli: Command) -> None:
    whole = table(run_dlcli("predict", "r", "whole.csv", cwd=folder).out)
    done = run_dlcli("predict", "r", "gaps.csv", "--keep", "id", cwd=folder)
    assert "note: 1 row with empty cells was left out, as in training: row 2" in " ".join(done.err.split())
    rows = table(done.out)
    assert [row["id"] for row in rows] == ["p", "q", "r", "s"]
    assert rows[1] == {"id": "q", "y": "", "probability no": "", "probability yes": ""}
    answered = [{name: row[name] for name in whole[0]} for row in (rows[0], *rows[2:])]
    assert answered == whole
    shown = run_dlcli("predict", "r", "gaps.csv", "--json", cwd=folder).value["predictions"]
    assert shown[1] == {"y": None, "probability no": None, "probability yes": None}


@pytest.mark.parametrize("form", ["npz", "parquet", "jsonl"])
def test_what_is_empty_is_so_in_every_form(form: str, folder: Path, run_dlcli: Command) -> None:
    import json

    import pyarrow.parquet

    done = run_dlcli("predict", "r", "gaps.csv", "-o", f"p.{form}", cwd=folder)
    assert done.code == 0, done.err
    assert "3 predictions written" in " ".join((done.out + done.err).split())
    path = folder / f"p.{form}"
    if form == "npz":
        kept = np.load(path)
        assert kept["y"].tolist()[1] == ""
        assert [math.isnan(each) for each in kept["probability yes"]] == [False, True, False, False]
        return
    rows = (
        pyarrow.parquet.read_table(path).to_pylist()
        if form == "parquet"
        else [json.loads(line) for line in path.read_text().splitlines()]
    )
    assert [row["y"] is None for row in rows] == [False, True, False, False]
    empty = rows[1]["probability yes"]
    assert empty is None or math.isnan(empty)


def test_rows_with_an_empty_target_are_not_measured(folder: Path, run_dlcli: Command) -> None:
    done = run_dlcli("evaluate", "r", "--data", "gaps.csv", "--worst", "2", "--json", cwd=folder)
    assert done.code == 0, done.err
    assert done.value["samples"] == 2
    assert sorted(each["row"] for each in done.value["worst"]) == [1, 4]
    whole = (folder / "gaps.csv").read_text().splitlines()
    (folder / "rest.csv").write_text("\n".join([whole[0], whole[1], whole[4]]) + "\n")
    rest = run_dlcli("evaluate", "r", "--data", "rest.csv", "--json", cwd=folder).value
    assert rest["metrics"] == done.value["metrics"]


def test_data_of_which_no_row_is_whole_is_told(folder: Path, run_dlcli: Command) -> None:
    (folder / "none.csv").write_text("a,b,y\n,2,yes\n1,,no\n")
    error = run_dlcli("predict", "r", "none.csv", "--json", cwd=folder).error
    assert (error["code"], error["kind"], error["line"]) == (4, "no_rows_left", 2)


def series(path: Path, gaps: set[int], rows: int) -> None:
    path.write_text("t,v\n" + "".join(f"{row},{'' if row in gaps else WAVE[row]}\n" for row in range(rows)))


@pytest.mark.parametrize("missing", ["drop", "median"])
def test_windows_over_gaps_are_left_out_and_those_without_a_target_are_not_learnt(
    missing: str, tmp_path: Path, run_dlcli: Command
) -> None:
    series(tmp_path / "d.csv", {50, 51, 80}, 120)
    series(tmp_path / "e.csv", {7}, 15)
    data = f"{{source: {{series: {{path: d.csv, window: 5}}}}, inputs: [v], target: v, missing: {missing}, split: {{by: time}}}}"
    trained(tmp_path, run_dlcli, data, "[Flatten, Dense: 1]", "mse")
    judged = run_dlcli("evaluate", "r", "--data", "e.csv", "--json", cwd=tmp_path)
    assert judged.code == 0, judged.err
    targets = [*range(5, 15)]
    over = [row for row in targets if 7 in range(row - 5, row + 1)]
    left = [row for row in targets if row not in over] if missing == "drop" else [row for row in targets if row != 7]
    assert judged.value["samples"] == len(left)
    said = run_dlcli("predict", "r", "e.csv", "--keep", "v", cwd=tmp_path)
    rows = [int(row["row"]) - 1 for row in table(said.out)]
    ends = [row for row in range(5, 16) if missing == "median" or 7 not in range(row - 5, row)]
    assert rows == ends
    for row in table(said.out):
        at = int(row["row"]) - 1
        assert row["v (data)"] == ("" if at in {7, 15} else f"{WAVE[at]:g}")
    plain = table(run_dlcli("predict", "r", "e.csv", cwd=tmp_path).out)
    assert ("row" in plain[0]) == (missing == "drop")


def test_a_series_whose_targets_are_all_empty_at_windows_is_told(tmp_path: Path, run_dlcli: Command) -> None:
    (tmp_path / "d.csv").write_text("t,u,v\n" + "".join(f"{row},{row},{row if row < 5 else ''}\n" for row in range(40)))
    (tmp_path / "c.yaml").write_text(
        "data: {source: {series: {path: d.csv, window: 5}}, inputs: [u], target: v, missing: median}\n"
        "layers: [Flatten, Dense: 1]\nloss: mse\noptimizer: Adam\ntrain: {epochs: 1}\n"
    )
    error = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path).error
    assert (error["code"], error["kind"]) == (4, "no_rows_left")
