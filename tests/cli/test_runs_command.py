"""dlcli runs: what is listed of runs that differ, its forms, and a run shown again."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import RECORDED_TREE, merged

from dlcli.cli import runs as command

pytestmark = pytest.mark.looks

Command = Callable[..., Any]
HISTORY = [
    {
        "epoch": epoch,
        "step": 40 * epoch,
        "learning_rate": 0.001,
        "train": {"loss": 2.0 / epoch, "accuracy": epoch / 50},
        "validation": {"loss": 1.0 / epoch if epoch < 45 else 9.0, "accuracy": None if epoch == 3 else epoch / 60},
    }
    for epoch in range(1, 51)
]
JUDGED = {"finding": "overfits", "since_epoch": 44, "evidence": "it rises", "advice": [], "code": "overfits"}
DONE: dict[str, Any] = {
    "reason": "all epochs are done",
    "stop": "all_epochs",
    "epochs": 50,
    "seconds": 61.5,
    "samples_per_second": 1234.0,
    "engine": "resident",
    "best": {"epoch": 44, "monitor": "val_loss", "value": 1 / 44, "weights": "restored"},
    "metrics": {"train": {"loss": 0.04, "accuracy": 0.88}, "validation": {"loss": 1 / 44, "accuracy": 0.7}},
    "baseline": {"method": "majority class", "split": "validation", "metrics": {"loss": 2.3, "accuracy": 0.1}},
    "verdict": [{**JUDGED, "severity": "warning", "where": None, "facts": {}}],
    "samples": {"train": 1257, "validation": 270, "test": 270},
    "parameters": 4810,
    "device": "CPU",
    "set": {"optimizer.learning_rate": 0.01},
}


@pytest.fixture
def folder(tmp_path: Path, record_run: Command) -> Path:
    """Three runs: two that differ in rate and one that was stopped."""
    root = tmp_path / "runs"
    other = merged(RECORDED_TREE, {"optimizer": {"Adam": {"learning_rate": 0.01}}, "seed": 7})
    worse = {**DONE, "metrics": {"train": {"loss": 0.4}, "validation": {"loss": 0.5, "accuracy": 0.6}}}
    record_run(root, "a", number=1, history=HISTORY, **DONE)
    record_run(root, "b", number=2, tree=other, history=HISTORY, **worse)
    record_run(root, "살아", number=3, status="interrupted", resumable=True, epochs=2, history=HISTORY[:3])
    return tmp_path


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line and not line.startswith("─")]


def test_the_keys_that_differ_between_the_shown_runs_are_columns(folder: Path, run_dlcli: Command) -> None:
    shown = run_dlcli("runs", cwd=folder)
    head, *lines = rows(shown.out)
    assert head == [
        "run",
        "status",
        "epochs",
        "val_loss",
        "seed",
        "learning_rate",
        "val_accuracy",
        "verdict",
        "seconds",
        "config",
    ]
    time = ["1", "min", "02", "s", "digits.yaml"]
    assert lines[0] == ["a", "done", "50", "0.02273", "0", "0.001", "0.7000", JUDGED["code"], *time]
    assert lines[1] == ["b", "done", "50", "0.5000", "7", "0.01", "0.6000", JUDGED["code"], *time]
    assert lines[2] == ["살아", "interrupted", "3", "0.3333", "0", "0.001", "–", "–", "–", "digits.yaml"]
    alone = run_dlcli("runs", "--filter", "optimizer.learning_rate=0.001", cwd=folder)
    assert rows(alone.out)[0] == [*head[:4], "val_accuracy", "verdict", "seconds", "config"]


def test_every_form_of_the_list(folder: Path, run_dlcli: Command) -> None:
    chosen = ["--sort=-val_accuracy", "--filter", "status=done"]
    assert run_dlcli("runs", *chosen, "--names", cwd=folder).out == "a\nb\n"
    assert run_dlcli("runs", "--names", cwd=folder).out == "a\nb\n살아\n"
    table = list(csv.reader(io.StringIO(run_dlcli("runs", *chosen, "--csv", cwd=folder).out)))
    names = ["run", "status", "val_loss", "seed", "optimizer.learning_rate", "val_accuracy", "epochs", "verdict"]
    assert table[0] == [*names, "seconds", "config"]  # epochs that are the same stand behind
    assert table[2][2:7] == ["0.5", "7", "0.01", "0.6", "50"]
    text = run_dlcli("runs", *chosen, "--md", cwd=folder).out
    assert text.splitlines()[2].startswith("| a | done | 0.02273 | 0 | 0.001 | 0.7000 | 50 |")
    refused = run_dlcli("runs", "--md", "--csv", cwd=folder)
    assert (refused.code, refused.err) == (
        2,
        "error: the list has one form\n   = one of --names, --csv, --md, --json\n",
    )


def test_columns_are_those_asked_for(folder: Path, run_dlcli: Command) -> None:
    names = "run,layers.1.units, layers.dense.activation,data.prepare.rescaling.scale,train.accuracy"
    shown = run_dlcli("runs", "--columns", names, "--columns", "seconds", "--csv", cwd=folder)
    assert shown.out.splitlines()[1] == "a,64,relu,0.0625,0.88,61.5"
    twice = run_dlcli("runs", "--columns", "run,status,run", "--columns", "status", "--csv", cwd=folder)
    assert twice.out.splitlines()[0] == "run,status"
    refused = run_dlcli("runs", "--columns", "run,val_acc", cwd=folder)
    assert (refused.code, refused.out) == (2, "")
    assert "no run has a value 'val_acc'" in refused.err
    assert "near it: val_accuracy" in refused.err


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--limit", "2"], ["b", "살아"]),
        (["--limit", "9"], ["a", "b", "살아"]),
        (["--limit", "2", "--sort", "val_loss"], ["a", "살아"]),
        (["--limit", "1", "--filter", "status=done"], ["b"]),
    ],
)
def test_a_limit_keeps_the_newest_or_the_first_by_a_value(
    arguments: list[str], left: list[str], folder: Path, run_dlcli: Command
) -> None:
    assert run_dlcli("runs", "--names", *arguments, cwd=folder).out.split() == left
    assert [row["run"] for row in run_dlcli("runs", "--json", *arguments, cwd=folder).value] == left


@pytest.mark.parametrize(("most", "shown"), [(2, ["b", "살아"]), (3, ["a", "b", "살아"])])
def test_so_many_runs_that_nobody_reads_them_are_not_all_drawn(
    most: int, shown: list[str], folder: Path, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MOST_DRAWN", most)
    drawn = run_dlcli("runs", cwd=folder)
    assert [row[0] for row in rows(drawn.out)[1:]] == shown
    assert drawn.err == ("note: 2 of 3 runs; --limit 3 shows all\n" if most == 2 else "")
    assert len(run_dlcli("runs", "--csv", cwd=folder).out.splitlines()) == 4
    assert len(rows(run_dlcli("runs", "--limit", "3", cwd=folder).out)) == 4


def test_a_script_is_told_all_of_a_run(folder: Path, run_dlcli: Command) -> None:
    first, second, stopped = run_dlcli("runs", "--json", cwd=folder).value
    keys = "run path status reason started epochs seconds best metrics verdict file seed set config"
    assert list(first) == keys.split()
    assert (first["path"], first["started"], first["reason"]) == (
        "runs/a",
        "2026-01-01T00:00:00+00:00",
        "all epochs are done",
    )
    assert (first["best"], first["verdict"][0]["code"], first["seed"], second["seed"]) == (
        DONE["best"],
        "overfits",
        0,
        7,
    )
    assert (first["set"], first["file"], first["config"]) == (DONE["set"], "digits.yaml", RECORDED_TREE)
    assert second["config"]["optimizer"] == {"Adam": {"learning_rate": 0.01}}
    assert (stopped["epochs"], stopped["metrics"]["train"]) == (3, HISTORY[2]["train"])
    assert [each["run"] for each in run_dlcli("runs", "--json", "--limit", "1", cwd=folder).value] == ["살아"]


def test_an_unreadable_run_is_told_to_a_script(folder: Path, run_dlcli: Command) -> None:
    (folder / "runs" / "b" / "run.json").write_text("{")
    row = next(each for each in run_dlcli("runs", "--json", cwd=folder).value if each["run"] == "b")
    assert (row["status"], row["config"], row["seed"], row["set"], row["best"]) == ("unreadable", {}, None, {}, {})


def test_a_run_by_name_is_shown_as_it_ended(folder: Path, run_dlcli: Command) -> None:
    shown = run_dlcli("runs", "a", cwd=folder)
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[0] == "trained   4,810 parameters on 1,257 train, 270 validation, 270 test samples on CPU"
    table = [line.split() for line in lines if re.match(r" *(\* )?\d+ +\d\.", line)]
    assert [row[0] for row in table if row[0] != "*"] == [str(epoch) for epoch in range(11, 51) if epoch != 44]
    assert ["*", "44", "0.04545", "0.02273", "0.8800", "0.7333"] in table
    assert any("train loss" in line and "validation loss" in line and "▲ best epoch 44" in line for line in lines)
    tail = "\n".join(lines[-12:])
    assert "best      epoch 44 of 50 by val_loss 0.02273" in tail
    assert "of the best epoch, 44; its weights are kept" in tail
    assert "verdict   overfits since epoch 44: it rises" in tail
    assert lines[-1] == "next      dlcli evaluate a"


def test_a_run_that_was_stopped_is_shown_as_far_as_it_has_come(folder: Path, run_dlcli: Command) -> None:
    shown = run_dlcli("runs", "살아", "a", cwd=folder).out
    assert shown.count("trained ") == 2
    assert shown.startswith("trained   nothing is known of its data\n")
    assert "run       runs/살아  (interrupted: '살아' was stopped in epoch 3)" in shown
    assert ["*", "3", "0.6667", "0.3333", "0.06000", "–"] in rows(shown)
    assert "next      dlcli resume '살아'\n\ntrained " in shown


def test_a_run_by_name_is_for_a_script_what_train_gave(folder: Path, run_dlcli: Command) -> None:
    (value,) = run_dlcli("runs", "a", "--json", cwd=folder).value
    recorded = json.loads((folder / "runs" / "a" / "run.json").read_bytes())
    same = ["metrics", "best", "baseline", "verdict", "seconds", "samples_per_second", "set", "reason", "epochs"]
    assert {key: value[key] for key in same} == {key: recorded[key] for key in same}
    assert value["config"] == RECORDED_TREE


def test_a_name_that_is_not_there_is_an_error(folder: Path, run_dlcli: Command) -> None:
    refused = run_dlcli("runs", "absent", cwd=folder)
    assert (refused.code, refused.out) == (5, "")


def test_runs_are_sorted_and_filtered_by_what_their_verdict_begins_with(folder: Path, run_dlcli: Command) -> None:
    assert run_dlcli("runs", "--filter", "verdict=overfits", "--names", cwd=folder).out == "a\nb\n"
    assert run_dlcli("runs", "--filter", "verdict=", "--names", cwd=folder).out == "살아\n"
    assert run_dlcli("runs", "--sort", "verdict", "--names", cwd=folder).out == "a\nb\n살아\n"
    assert run_dlcli("runs", "--columns", "run,verdict", "--csv", cwd=folder).out.splitlines()[1] == "a,overfits"


@pytest.mark.parametrize(
    ("severity", "following"), [("note", "dlcli resume a"), ("warning", "dlcli train digits.yaml --set train.epochs=3")]
)
def test_a_stopped_run_is_shown_with_its_verdict(
    severity: str, following: str, tmp_path: Path, record_run: Any, run_dlcli: Any
) -> None:
    advice = [{"set": "train.epochs", "from": 9, "to": 3, "why": "it rose"}]
    found = {"finding": "overfits", "since_epoch": 2, "evidence": "it rose", "code": "overfits", "severity": severity}
    epochs = [{"epoch": 1, "step": 3, "learning_rate": 0.1, "train": {"loss": 1.0}, "validation": {"loss": 2.0}}]
    record_run(
        tmp_path / "runs",
        "a",
        status="interrupted",
        epochs=1,
        seconds=1.0,
        history=epochs,
        metrics={"train": {"loss": 1.0}},
        best={"epoch": 1, "monitor": "loss", "value": 1.0, "weights": "last"},
        verdict=[{**found, "where": None, "facts": {}, "advice": advice}],
    )
    lines = run_dlcli("runs", "a", cwd=tmp_path).out.splitlines()
    assert "verdict   overfits since epoch 2: it rose" in lines
    assert lines[-1] == f"next      {following}"


@pytest.fixture
def towers(tmp_path: Path, record_run: Command) -> Path:
    """Runs of two layers of a kind, of which one differs, and one with another key of the same end."""
    dense = {"Dense": {"units": 8, "activation": "relu"}}
    for number, units in enumerate((16, 32)):
        layers = [dense, {"Dense": {"units": units, "activation": "relu"}}]
        tree = merged(RECORDED_TREE, {"optimizer": {"Adam": {"learning_rate": 10.0 ** -(number + 1)}}})
        record_run(tmp_path / "runs", "ab"[number], number=number, tree={**tree, "layers": layers}, **DONE)
    return tmp_path


@pytest.mark.parametrize("place", ["folder", "towers"])
def test_every_head_is_accepted_back_and_means_the_same(
    place: str, request: pytest.FixtureRequest, run_dlcli: Command
) -> None:
    at = request.getfixturevalue(place)
    heads = re.split(" {2,}", run_dlcli("runs", cwd=at).out.splitlines()[0].strip())
    whole = next(csv.reader(io.StringIO(run_dlcli("runs", "--csv", cwd=at).out)))
    assert len(heads) == len(whole) >= 8
    assert "seconds" in heads
    assert "learning_rate" in heads
    for head, name in zip(heads, whole, strict=True):
        short, long = (run_dlcli("runs", "--csv", "--columns", f"run,{each}", cwd=at) for each in (head, name))
        assert short.code == 0, head
        assert short.out.splitlines()[1:] == long.out.splitlines()[1:], head
        assert run_dlcli("runs", f"--sort=-{head}", "--filter", f"{head}~", cwd=at).code == 0, head
    assert run_dlcli("runs", "--sort", "time", cwd=at).code == 2


def test_a_head_says_no_less_than_which_key_it_is(towers: Path, run_dlcli: Command) -> None:
    head = run_dlcli("runs", cwd=towers).out.splitlines()[0].split()
    assert "dense_1.units" in head
    assert "units" not in head
    assert run_dlcli("runs", "--sort", "units", cwd=towers).code == 2
