"""The list of runs, and finding one of them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from dlcli.errors import ArtifactError, UsageError
from dlcli.runs import Run, RunState
from dlcli.runs.listing import filter_runs, list_runs, sort_runs
from dlcli.runs.lock import Lock
from dlcli.runs.summary import NO_CONFIGURATION, RunSummary

STATE = RunState(run="", number=0, status="done", config="digits.yaml", started="2026-01-01T00:00:00+00:00")
EXAMPLE = "for example status=done, val_accuracy>=0.9, run~digits"


def add(root: Path, name: str, state: RunState) -> Run:
    run = Run.claim(root, name)
    dataclasses.replace(state, run=run.name).write(run)
    return run


@pytest.fixture
def five(root: Path) -> Path:
    """Runs in an order of names that is not the order of their numbers."""
    accuracy = [("d", 1, 0.9, 40.0), ("b", 2, 0.75, 10.0), ("e", 3, None, 25.5), ("a", 4, 0.9, 8.0)]
    for name, number, value, seconds in accuracy:
        metrics = {"train": {"accuracy": 0.99, "loss": number / 10}, "validation": {"accuracy": value}}
        state = dataclasses.replace(STATE, number=number, epochs=number * 5, seconds=seconds, metrics=metrics)
        add(root, name, state)
    add(root, "손글씨", dataclasses.replace(STATE, number=5, status="failed", config="mnist.yaml"))
    return root


def names(rows: list[RunSummary]) -> list[str]:
    return [row.run for row in rows]


def test_runs_are_listed_in_the_order_they_were_started(five: Path) -> None:
    rows = list_runs(five)
    assert names(rows) == ["d", "b", "e", "a", "손글씨"]
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    row = rows[1]
    assert (row.run, row.number, row.status, row.epochs) == ("b", 2, "done", 10)
    assert row.metrics == {"train": {"accuracy": 0.99, "loss": 0.2}, "validation": {"accuracy": 0.75}}
    assert (row.value("seconds"), row.value("config")) == (10.0, "digits.yaml")


def test_no_runs_are_an_empty_list(root: Path) -> None:
    assert list_runs(root) == []
    root.mkdir()
    assert list_runs(root) == []
    (root / "file").write_bytes(b"")
    assert list_runs(root / "file") == []


def test_only_folders_with_a_state_are_runs(five: Path, tmp_path: Path) -> None:
    (five / "empty").mkdir()
    (five / "file").write_bytes(b"")
    (five / "link").symlink_to(five / "a")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "run.json").write_text("{}")
    (five / "out").symlink_to(tmp_path / "elsewhere")
    assert names(list_runs(five)) == ["d", "b", "e", "a", "손글씨"]


def test_an_unreadable_run_has_a_row(five: Path) -> None:
    (five / "b" / "run.json").write_bytes(b'{"run": "b", "num')
    rows = list_runs(five)
    assert names(rows) == ["b", "d", "e", "a", "손글씨"]
    assert rows[0] == RunSummary(five / "b", "unreadable", 0, {}, {}, NO_CONFIGURATION)
    assert names(filter_runs(rows, ["status=unreadable"])) == ["b"]
    assert names(sort_runs(rows, "seconds")) == ["a", "e", "d", "b", "손글씨"]


def test_the_list_takes_no_lock_and_believes_running_only_with_one(five: Path) -> None:
    run = add(five, "now", dataclasses.replace(STATE, number=6, status="running"))
    with Lock(run.path):
        text = (run.path / ".lock").read_bytes()
        assert list_runs(five)[-1].status == "running"
        assert (run.path / ".lock").read_bytes() == text
    assert list_runs(five)[-1].status == "crashed"
    assert not (five / "a" / ".lock").exists()


SORTED = [
    ("val_accuracy", ["b", "d", "a", "e", "손글씨"]),
    ("-val_accuracy", ["d", "a", "b", "e", "손글씨"]),
    ("validation.accuracy", ["b", "d", "a", "e", "손글씨"]),
    ("loss", ["d", "b", "e", "a", "손글씨"]),
    ("-train.loss", ["a", "e", "b", "d", "손글씨"]),
    ("seconds", ["a", "b", "e", "d", "손글씨"]),
    ("-seconds", ["d", "e", "b", "a", "손글씨"]),
    ("run", ["a", "b", "d", "e", "손글씨"]),
    ("-run", ["손글씨", "e", "d", "b", "a"]),
    ("-number", ["손글씨", "a", "e", "b", "d"]),
    ("epochs", ["손글씨", "d", "b", "e", "a"]),
    ("status", ["d", "b", "e", "a", "손글씨"]),
    ("config", ["d", "b", "e", "a", "손글씨"]),
]


@pytest.mark.parametrize(("by", "order"), SORTED)
def test_runs_are_sorted_by_a_value_with_the_missing_last(five: Path, by: str, order: list[str]) -> None:
    assert names(sort_runs(list_runs(five), by)) == order


@pytest.mark.parametrize("by", ["val_loss", "-val_loss", "nothing", "test.accuracy", "", "-", "--seconds", "plain"])
def test_a_value_that_no_run_has_cannot_be_sorted_by(five: Path, by: str) -> None:
    with pytest.raises(UsageError) as caught:
        sort_runs(list_runs(five), by)
    assert caught.value.message == f"no run has a value '{by.removeprefix('-')}'"
    assert sort_runs([], by) == []


FILTERED = [
    (["status=done"], ["d", "b", "e", "a"]),
    (["status==done"], ["d", "b", "e", "a"]),
    (["status!=done"], ["손글씨"]),
    ([" status = done "], ["d", "b", "e", "a"]),
    (["val_accuracy>=0.9"], ["d", "a"]),
    (["val_accuracy>0.9"], []),
    (["val_accuracy<0.9"], ["b"]),
    (["val_accuracy<=0.9"], ["d", "b", "a"]),
    (["val_accuracy=0.90"], ["d", "a"]),
    (["val_accuracy!=0.9"], ["b"]),
    (["val_accuracy="], ["e", "손글씨"]),
    (["val_accuracy!="], ["d", "b", "a"]),
    (["val_accuracy~None"], []),
    (["seconds=10"], ["b"]),
    (["seconds>1e1"], ["d", "e"]),
    (["epochs>=10", "epochs<20"], ["b", "e"]),
    (["loss<=.2"], ["d", "b"]),
    (["train.loss>0.2", "seconds<10"], ["a"]),
    (["run~글"], ["손글씨"]),
    ([unicodedata.normalize("NFD", "run~글씨")], ["손글씨"]),
    (["run=a"], ["a"]),
    (["config~mnist"], ["손글씨"]),
    (["config~.yaml"], ["d", "b", "e", "a", "손글씨"]),
    (["run>5"], []),
    ([], ["d", "b", "e", "a", "손글씨"]),
]


@pytest.mark.parametrize(("expressions", "left"), FILTERED)
def test_filters_leave_the_rows_that_fulfil_all(five: Path, expressions: list[str], left: list[str]) -> None:
    assert names(filter_runs(list_runs(five), expressions)) == left


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("nothing>5", "no run has a value 'nothing'", "for example val_accuracy, seconds, optimizer.learning_rate"),
        (
            "val_acuracy>=0.9",
            "no run has a value 'val_acuracy'",
            "near it: val_accuracy, accuracy, validation.accuracy",
        ),
        ("test.accuracy=1", "no run has a value 'test.accuracy'", "near it: accuracy, train.accuracy, val_accuracy"),
        ("status=doen", "no run can have the status 'doen'", "did you mean 'done'?"),
        ("status!=x", "no run can have the status 'x'", "it is one of created, running, interrupted, failed, done"),
        ("stop=al_epochs", "no run can have the stop 'al_epochs'", "did you mean 'all_epochs'?"),
    ],
)
def test_a_filter_by_what_no_run_has_is_a_usage_error(five: Path, expression: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        filter_runs(list_runs(five), ["run=a", expression])
    assert (caught.value.message, caught.value.code) == (message, 2)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_a_filter_by_a_value_that_is_there_may_leave_none(five: Path) -> None:
    rows = list_runs(five)
    assert filter_runs(rows, ["status=crashed"]) == filter_runs(rows, ["status~doen"]) == []
    assert names(filter_runs(rows, ["reason="])) == names(rows)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "status",
        "=done",
        "status done",
        "val accuracy>1",
        "epochs=>5",
        "a=<5",
        "a===b",
        "run~=x",
        "a<>b",
        "a\n=b\nc",
    ],
)
def test_a_filter_that_cannot_be_read_is_a_usage_error(five: Path, expression: str) -> None:
    for rows in (list_runs(five), []):
        with pytest.raises(UsageError) as caught:
            filter_runs(rows, ["status=done", expression])
        assert caught.value.message == f"cannot read the filter '{expression}'"
        assert caught.value.hint == EXAMPLE
        assert caught.value.code == 2


@pytest.mark.parametrize("sign", [">", ">=", "<", "<="])
@pytest.mark.parametrize("wanted", ["high", "", "1,5", "0x10"])
def test_an_order_needs_a_number(five: Path, sign: str, wanted: str) -> None:
    with pytest.raises(UsageError) as caught:
        filter_runs(list_runs(five), ["status=done", f"val_accuracy{sign}{wanted}"])
    assert caught.value.message == f"'{wanted}' in the filter 'val_accuracy{sign}{wanted}' is no number"


def test_a_run_is_found_by_its_name_and_by_its_path(
    five: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Run.find(five, "a") == Run(five / "a")
    assert Run.find(five, unicodedata.normalize("NFD", "손글씨")) == Run(five / "손글씨")
    assert Run.find(five, str(five / "b")) == Run(five / "b")
    assert Run.find(tmp_path / "nowhere", str(five / "b")) == Run(five / "b")
    monkeypatch.chdir(five)
    assert Run.find(tmp_path / "nowhere", "d") == Run(Path("d"))
    assert Run.find(tmp_path / "nowhere", "./d/") == Run(Path("d"))
    monkeypatch.chdir(five / "e")
    assert Run.find(tmp_path / "nowhere", ".").name == "e"
    monkeypatch.chdir(five / "e" / "logs")
    assert Run.find(tmp_path / "nowhere", "..").name == "e"


def test_a_name_in_the_root_goes_before_a_folder_beside(five: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = add(five.parent / "other", "a", STATE)
    monkeypatch.chdir(other.path.parent)
    assert Run.find(five, "a") == Run(five / "a")


def test_the_last_is_the_one_with_the_highest_number_whatever_the_clock_says(five: Path) -> None:
    early = dataclasses.replace(STATE, number=6, started="1999-01-01T00:00:00+00:00")
    run = add(five, "0", early)
    os.utime(run.path, (1, 1))
    os.utime(run.state, (1, 1))
    assert Run.find(five, "last") == run
    run.state.write_bytes(b"{")
    assert Run.find(five, "last") == Run(five / "손글씨")


def test_of_runs_that_share_a_number_the_last_is_the_last_by_name(five: Path) -> None:
    add(five, "x", dataclasses.replace(STATE, number=9))
    add(five, "w", dataclasses.replace(STATE, number=9))
    assert Run.find(five, "last") == Run(five / "x")


def test_the_last_of_no_runs_is_an_artifact_error(root: Path) -> None:
    with pytest.raises(ArtifactError) as caught:
        Run.find(root, "last")
    assert caught.value.message == f"there is no run in {root}"
    assert caught.value.hint == "dlcli train CONFIG makes one"
    assert caught.value.code == 5


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("digit", "near it: digits, digits-2"),
        ("손글시", "near it: 손글씨"),
        ("zzz", "there are: a, b, digits, digits-2, e and 1 more"),
        ("", "there are: a, b, digits, digits-2, e and 1 more"),
        ("../nowhere", "there are: a, b, digits, digits-2, e and 1 more"),
        ("a\0b", "there are: a, b, digits, digits-2, e and 1 more"),
        ("q" * 300, "there are: a, b, digits, digits-2, e and 1 more"),
        ("q/" * 3000, "there are: a, b, digits, digits-2, e and 1 more"),
        ("empty", "there are: a, b, digits, digits-2, e and 1 more"),
    ],
)
def test_a_run_that_is_not_there_brings_near_names(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, hint: str
) -> None:
    for name in ("a", "b", "e", "digits", "digits", "손글씨"):
        add(root, name, STATE)
    (root / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArtifactError) as caught:
        Run.find(root, text)
    assert caught.value.message == f"there is no run '{text}' in {root}"
    assert caught.value.hint == hint
    assert caught.value.file == str(root)


def test_no_runs_at_all_are_told_as_none(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArtifactError) as caught:
        Run.find(root, "a")
    assert caught.value.hint == "there are: none"


HEAVY = ["tensorflow", "keras", "numpy", "pandas", "pyarrow", "sklearn", "matplotlib"]
LIST = f"""
import sys
from pathlib import Path
from dlcli.runs import checkpoint, history
from dlcli.runs.listing import list_runs, sort_runs
rows = sort_runs(list_runs(Path(sys.argv[1])), "seconds")
print(len(rows), [name for name in {HEAVY} if name in sys.modules])
"""


def test_the_list_loads_nothing_heavy(five: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", LIST, str(five)], capture_output=True, text=True, check=True, timeout=60
    )
    assert child.stdout == "5 []\n"
