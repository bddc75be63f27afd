"""Whether an error is told as JSON is known from the options as they were parsed, and nothing below the door ends the process."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dlcli

Run = Callable[..., Any]
PACKAGE = Path(dlcli.__file__).parent


@pytest.mark.parametrize("option", ["--json", "--json-lines"])
def test_an_error_is_json_where_the_option_asks_for_it(option: str, tmp_path: Path, run_dlcli: Run) -> None:
    done = run_dlcli("train", "missing.yaml", option, cwd=tmp_path)
    assert (done.code, done.error["name"]) == (3, "config")


def test_a_value_that_looks_like_the_option_is_none(tmp_path: Path, run_dlcli: Run) -> None:
    done = run_dlcli("train", "missing.yaml", "--name", "--json", cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: cannot read the configuration")


def test_an_earlier_command_leaves_nothing_behind(tmp_path: Path, run_dlcli: Run) -> None:
    assert run_dlcli("evaluate", "x", "--json", cwd=tmp_path).error["code"] == 5
    assert run_dlcli("evaluate", "x", cwd=tmp_path).out == ""


@pytest.mark.parametrize("arguments", [["evaluate", "--nope", "--json"], ["evaluate", "--worst", "x", "--json"]])
def test_a_command_line_that_cannot_be_read_is_told_as_json_too(
    arguments: list[str], tmp_path: Path, run_dlcli: Run
) -> None:
    assert run_dlcli(*arguments, cwd=tmp_path).error["name"] == "usage"


def test_what_stands_behind_two_dashes_is_no_option(tmp_path: Path, run_dlcli: Run) -> None:
    done = run_dlcli("evaluate", "--nope", "--", "--json", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")


def test_debug_gives_the_traceback(tmp_path: Path, run_dlcli: Run) -> None:
    plain, debugged = (run_dlcli(*before, "evaluate", "x", cwd=tmp_path) for before in ([], ["--debug"]))
    assert "Traceback" not in plain.err
    assert "Traceback" in debugged.err


def names_in(path: Path) -> set[str]:
    """What a file takes of the modules `os` and `sys` by a dotted name, and whether it sets it: `os._exit`, `sys.stdout =`."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            stored = " =" if isinstance(node.ctx, ast.Store) else ""
            names.add(f"{node.value.id}.{node.attr}{stored}")
    return names


def test_only_the_door_ends_the_process_and_reads_the_command_line() -> None:
    door, many = PACKAGE / "cli" / "__init__.py", PACKAGE / "training" / "many"
    processes = {many / "__main__.py", many / "processes.py"}  # that of the fork server, and those that it forks
    files = {path: names_in(path) for path in PACKAGE.rglob("*.py")}
    assert "os._exit" in files[door]
    assert {path for path, names in files.items() if "os._exit" in names and path != door} == processes
    assert [path for path, names in files.items() if {"sys.stdout =", "sys.stderr ="} & names] == []
    readers = [path.relative_to(PACKAGE).as_posix() for path, names in files.items() if "sys.argv" in names]
    # Each runs in a process of its own.
    programs = ["actions/export/calibrated.py", "actions/export/outside.py", "actions/many/one_training.py"]
    assert sorted(readers) == [*programs, "cli/asked.py", "training/setup/backend.py"]
    assert len(files) > 200


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_second_signal_ends_a_training_where_it_is(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    write_experiment(tmp_path, {"train.epochs": 5_000_000})
    command = [sys.executable, "-m", "dlcli", "train", "experiment.yaml", "--name", "a"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(b"epoch"):
                break
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
    assert process.returncode in {130, 143}
    assert json.loads((tmp_path / "runs" / "a" / "run.json").read_bytes())["status"] in {"running", "interrupted"}
