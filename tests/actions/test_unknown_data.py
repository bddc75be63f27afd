"""What is said where data cannot be told, and where names are many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.first_line import some_names

Run = Callable[..., Any]


@pytest.mark.parametrize("command", ["inspect-data", "init"])
def test_a_folder_of_unknown_files_is_told_by_what_it_holds(command: str, tmp_path: Path, run_dlcli: Run) -> None:
    for name in ("a/1.oga", "a/2.oga", "b/3.OGA", "b/notes.xyz", "b/LICENCE"):
        (tmp_path / "ogd" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ogd" / name).write_bytes(b"x")
    done = (
        run_dlcli(command, "ogd", "--json", cwd=tmp_path)
        if command == "inspect-data"
        else run_dlcli(command, "ogd", cwd=tmp_path)
    )
    assert done.code == 2
    said = done.out + done.err
    assert "the folder holds no file that dlcli reads; found: 3 .oga" in " ".join(said.split())
    assert "1 without ending" in " ".join(said.split())


def test_a_name_that_is_no_folder_is_told_as_before(tmp_path: Path, run_dlcli: Run) -> None:
    assert (
        run_dlcli("inspect-data", "nothing", "--json", cwd=tmp_path).error["message"] == "cannot tell what 'nothing' is"
    )


@pytest.mark.parametrize(("count", "words"), [(0, ""), (5, "r0, r1, r2, r3, r4"), (6, "r0, r1, r2, r3, r4 and 1 more")])
def test_a_list_that_is_cut_says_so(count: int, words: str) -> None:
    assert some_names([f"r{number}" for number in range(count)]) == words


def test_runs_and_configurations_that_are_there_are_counted(tmp_path: Path, run_dlcli: Run) -> None:
    for number in range(7):
        (tmp_path / f"c{number}.yaml").write_text("")
        (tmp_path / "runs" / f"run{number}").mkdir(parents=True)
        (tmp_path / "runs" / f"run{number}" / "run.json").write_text("{}")
    assert run_dlcli("evaluate", "xyz", "--json", cwd=tmp_path).error["hint"].endswith("run4 and 2 more")
    problem = run_dlcli("validate", "none.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"][0]
    assert problem["suggestion"].endswith("c4.yaml and 2 more")


@pytest.mark.parametrize(
    ("what", "advised"),
    [
        (["t.csv", "--target", "y"], {"missing_values", "imbalanced_classes"}),
        (["t.yaml"], {"imbalanced_classes"}),
        (["t.yaml", "--set", "train.class_weight=balanced"], set()),
    ],
)
def test_what_the_configuration_does_already_is_not_advised(
    what: list[str], advised: set[str], tmp_path: Path, run_dlcli: Run
) -> None:
    rows = [
        f"{row * 7 % 13 if row % 9 else ''},{row * 5 % 11},{'rare' if row % 20 == 0 else 'usual'}" for row in range(300)
    ]
    (tmp_path / "t.csv").write_text("a,b,y\n" + "\n".join(rows) + "\n")
    (tmp_path / "t.yaml").write_text(
        "data: {source: t.csv, target: y, missing: mean}\nlayers: [Dense: {units: 1, activation: sigmoid}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n"
    )
    found = run_dlcli("inspect-data", *what, "--json", cwd=tmp_path).value["findings"]
    seen = {each["code"]: each for each in found if each["code"] in {"missing_values", "imbalanced_classes"}}
    assert seen.keys() == {"missing_values", "imbalanced_classes"}
    assert {code for code, each in seen.items() if each["advice"]} == advised
    assert {code for code, each in seen.items() if each["severity"] == "warning"} == advised - {"missing_values"}
