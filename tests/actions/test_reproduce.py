"""A run trained again: equal numbers are said to be equal, and of others what differs and whether that matters."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import history_of

from dlcli.runs import Run as KeptRun
from dlcli.runs import read_state
from dlcli.runs.state import StopReason
from dlcli.view.reproduced import Difference, EpochDifference, Matters, Reproduced, draw_reproduced

Run = Callable[..., Any]
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Write) -> Path:
    """Three runs that differ in their seeds alone; the data is split the same way in all of them."""
    folder = tmp_path_factory.mktemp("reproduce")
    write_experiment(folder, {"train.epochs": 2})
    for seed in (3, 4, 5):
        done = run_dlcli("train", "experiment.yaml", "--set", f"seed={seed}", "--name", f"s{seed}", "-q", cwd=folder)
        assert done.code == 0, done.err
    return folder


def test_the_same_numbers_are_equal_and_nothing_is_left_behind(
    folder: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("dlcli.training.setup.backend.take_threads", asked.append)
    done = run_dlcli("reproduce", "s3", "--json", cwd=folder)
    assert (done.code, done.err) == (0, ""), done.err
    found = done.value
    assert (found["equal"], found["epochs"], found["epochs_again"], found["compared"]) == (True, 2, 2, 2)
    assert (found["differs"], found["first_difference"], found["matters"]) == ([], None, None)
    assert all(each["was"] == each["now"] for each in found["metrics"])
    assert {each["split"] for each in found["metrics"]} == {"train", "validation"}
    assert asked == [{"inter": 0, "intra": 0}], "as recorded"
    assert sorted(path.name for path in (folder / "runs").iterdir() if path.is_dir()) == ["s3", "s4", "s5"]


def test_of_a_run_that_was_stopped_as_many_epochs_are_trained_as_it_had(folder: Path, run_dlcli: Run) -> None:
    cut = folder / "runs" / "cut"
    shutil.copytree(folder / "runs" / "s5", cut)
    try:
        lines = (cut / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (cut / "metrics.jsonl").write_text(lines[0], encoding="utf-8")
        state = read_state(KeptRun(cut))
        dataclasses.replace(state, status="interrupted", stop=StopReason.SIGNAL).write(KeptRun(cut))
        found = run_dlcli("reproduce", "cut", "--json", cwd=folder).value
    finally:
        shutil.rmtree(cut)
    assert (found["equal"], found["epochs"], found["epochs_again"], found["metrics"]) == (True, 1, 1, [])


def test_other_versions_are_named_also_where_the_numbers_are_the_same(
    folder: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.training.kept import record

    real = record.environment

    def other() -> dict[str, Any]:
        around = real()
        return {**around, "versions": {**around["versions"], "keras": "9.9.9"}}

    monkeypatch.setattr(record, "environment", other)
    done = run_dlcli("reproduce", "s4", "--json", cwd=folder)
    assert (done.code, done.value["equal"]) == (0, True)
    [difference] = done.value["differs"]
    assert (difference["what"], difference["name"], difference["now"]) == ("versions", "keras", '"9.9.9"')


def test_what_cannot_be_compared_is_refused(folder: Path, run_dlcli: Run) -> None:
    refused = run_dlcli("reproduce", "s9", "--json", cwd=folder)
    assert (refused.code, refused.error["kind"]) == (5, "no_such_run")
    history = folder / "runs" / "s5" / "metrics.jsonl"
    content = history.read_bytes()
    history.write_bytes(content.replace(b'"epoch": 1', b'"epoch": 7', 1))
    refused = run_dlcli("reproduce", "s5", "--json", cwd=folder)
    history.write_bytes(content)
    assert (refused.code, refused.error["kind"]) == (5, "damaged_history")


@pytest.fixture(scope="module")
def changed(folder: Path, run_dlcli: Run) -> Any:
    """What is said when every input has been moved far, and the data is put back."""
    path = folder / "classes.npz"
    content, before = path.read_bytes(), hashlib.sha256(path.read_bytes()).hexdigest()
    with np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    np.savez(path, **{**arrays, "x": -3 * arrays["x"]})
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        yield run_dlcli("reproduce", "s3", "--json", cwd=folder), before, after
    finally:
        path.write_bytes(content)


def test_other_data_is_named_by_file_and_digest_and_measured_against_seeds(changed: Any, folder: Path) -> None:
    done, before, after = changed
    assert done.code == 9
    found = done.value
    assert (found["equal"], found["first_difference"]) == (False, 1)
    assert found["differs"] == [
        {"what": "data", "name": str(folder / "classes.npz"), "was": before, "now": after},
    ]
    worst = found["largest"][0]
    entry = history_of(folder, "s3")[worst["epoch"] - 1]
    assert entry[worst["split"]][worst["metric"]] == worst["was"]
    assert worst["now"] != worst["was"]
    matters = found["matters"]
    assert (matters["beside"], matters["count"]) == ("seeds", 3)
    split, metric = matters["metric"].split(".")
    values = [history_of(folder, f"s{seed}")[-1][split][metric] for seed in (3, 4, 5)]
    student = 4.302652729911275  # of two degrees of freedom, 97.5 %
    assert matters["high"] == pytest.approx(student * statistics.stdev(values) * math.sqrt(2), rel=1e-6)
    reached = {(each["split"], each["metric"]): each for each in found["metrics"]}[split, metric]
    assert matters["difference"] == pytest.approx(reached["now"] - reached["was"])
    assert matters["more_than_chance"] == (abs(matters["difference"]) > matters["high"])


def test_without_seeds_the_samples_tell_whether_it_matters(
    changed: Any, folder: Path, tmp_path: Path, run_dlcli: Run
) -> None:
    shutil.copytree(folder / "runs" / "s3", tmp_path / "s3")  # a run without others beside it
    done = run_dlcli("reproduce", "s3", "--runs", tmp_path, "--json", cwd=folder)
    assert done.code == 9, done.err
    matters = done.value["matters"]
    assert (matters["beside"], matters["count"], matters["metric"].split(".")[0]) == ("samples", 30, "test")
    assert matters["low"] <= matters["difference"] <= matters["high"]
    assert matters["more_than_chance"] == (matters["low"] > 0 or matters["high"] < 0)


def told(found: Reproduced, width: int) -> str:
    from rich.console import Console

    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as drawn:
        draw_reproduced(console, found)
    return drawn.get()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_person_reads_what_differs_and_whether_it_matters(width: int) -> None:
    found = Reproduced(
        run="a",
        equal=False,
        epochs=4,
        epochs_again=4,
        compared=4,
        first_difference=2,
        largest=[EpochDifference(3, "validation", "loss", 0.5, 0.75)],
        differs=[
            Difference("data", "/d/classes.npz", "0123456789abcdef", "fedcba9876543210"),
            Difference("versions", "keras", '"3.15.1"', '"3.15.2"'),
        ],
        metrics=[],
        matters=Matters("seeds", "validation.loss", 0.25, -0.1, 0.1, True, 3),
        broken_off=None,
        seconds=1.0,
        exact=True,
        inexact=[],
    )
    text = told(found, width)
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    assert (
        "they differ from epoch 2 of 4 on; most in the validation loss of epoch 3: 0.5000, now 0.7500 (0.5 of it)"
        in words
    )
    assert "0123456789ab, now fedcba987654" in words
    assert 'versions keras: "3.15.1", now "3.15.2"' in words


def test_fewer_processors_than_before_are_named(folder: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.training.setup import backend

    now = backend.processors()
    monkeypatch.setattr(backend, "processors", lambda: now + 6)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    found = run_dlcli("reproduce", "s3", "--json", cwd=folder).value
    told = {(each["what"], each["name"]): (each["was"], each["now"]) for each in found["differs"]}
    assert told[("processors", "")] == (str(now), str(now + 6))
    assert told[("threads", "intra")] == ("0", "3")
