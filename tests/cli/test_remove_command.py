"""dlcli remove: which runs go, what that frees, and which stay whatever is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.errors import ConflictError
from dlcli.runs import Run, removal
from dlcli.runs.groups import Group, GroupKind
from dlcli.runs.lock import Lock

Command = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, record_run: Command) -> Path:
    """Four runs with an accuracy, and one that failed."""
    for number, (name, value) in enumerate({"a": 0.5, "b": 0.9, "c": 0.9, "d": 0.7}.items()):
        metrics = {"train": {"loss": value}, "validation": {"accuracy": value, "loss": value}}
        run = record_run(tmp_path / "runs", name, number=number, metrics=metrics)
        (run.path / "model").mkdir()
        (run.path / "model" / "model.keras").write_bytes(b"\0" * 1_000_000 * (number + 1))
    record_run(tmp_path / "runs", "e", number=9, status="failed")
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "runs").iterdir())


def bytes_of(path: Path) -> int:
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def test_named_runs_go_and_what_they_took_is_said(folder: Path, run_dlcli: Command) -> None:
    sizes = [bytes_of(folder / "runs" / name) for name in ("a", "d")]
    value = run_dlcli("remove", "a", "runs/d", "a", "--json", cwd=folder).value
    assert [(each["run"], each["bytes"]) for each in value["removed"]] == [("a", sizes[0]), ("d", sizes[1])]
    assert (value["bytes"], value["best"], value["training"], value["dry_run"]) == (sum(sizes), None, [], False)
    assert left(folder) == ["b", "c", "e"]


def test_a_dry_run_says_the_same_and_removes_nothing(folder: Path, run_dlcli: Command) -> None:
    dry = run_dlcli("remove", "a", "d", "--dry-run", cwd=folder)
    assert dry.out.splitlines() == [
        "run     size",
        "────────────",
        "a     1.0 MB",
        "d     4.0 MB",
        "",
        "2 runs would be removed, which frees 5.0 MB",
    ]
    assert left(folder) == ["a", "b", "c", "d", "e"]
    wet = run_dlcli("remove", "a", "d", cwd=folder)
    assert wet.out == dry.out.replace("would be removed", "removed")


@pytest.mark.parametrize(
    ("arguments", "gone", "best"),
    [
        (["--filter", "val_accuracy<0.9"], ["a", "d"], None),
        (["--filter", "status=done", "--keep-best", "val_accuracy"], ["a", "c", "d"], "b"),
        (["--filter", "status=done", "--keep-best", "val_loss"], ["b", "c", "d"], "a"),
        (["--filter", "status=done", "--keep-best", "validation.accuracy"], ["a", "c", "d"], "b"),
        (["--filter", "status=done", "--keep-best", "train.loss"], ["b", "c", "d"], "a"),
        (["--filter", "status!=done", "--keep-best", "val_accuracy"], None, None),
        (["--filter", "val_accuracy>=0.7", "--filter", "run!=b", "--keep-best", "val_accuracy"], ["d"], "c"),
        (["a", "b", "--keep-best", "val_accuracy"], ["a"], "b"),
        (["--filter", "val_accuracy>0.95"], [], None),
    ],
)
def test_filters_choose_and_the_best_stays(
    arguments: list[str], gone: list[str] | None, best: str | None, folder: Path, run_dlcli: Command
) -> None:
    done = run_dlcli("remove", *arguments, "--json", cwd=folder)
    if gone is None:  # among them nobody has the metric
        assert (done.code, done.error["kind"]) == (2, "no_such_value")
        assert len(left(folder)) == 5
        return
    assert [each["run"] for each in done.value["removed"]] == gone
    assert done.value["best"] == best
    assert left(folder) == [name for name in "abcde" if name not in gone]


def test_a_run_that_trains_stays(folder: Path, run_dlcli: Command) -> None:
    with Lock(folder / "runs" / "b"):
        refused = run_dlcli("remove", "a", "b", cwd=folder)
        assert refused.code == ConflictError.code
        assert refused.err.startswith("error: 'b' is training (process ")
        assert len(left(folder)) == 5
        filtered = run_dlcli("remove", "--filter", "status=done", cwd=folder)
        assert "left alone, because they train: b" in filtered.out
        with pytest.raises(ConflictError):
            removal.remove_run(Run(folder / "runs" / "b"))
    assert left(folder) == ["b", "e"]
    assert (folder / "runs" / "b" / "run.json").exists()


@pytest.mark.parametrize(
    ("arguments", "kind", "code"),
    [
        ([], "nothing_chosen", 2),
        (["a", "--filter", "status=done"], "nothing_chosen", 2),
        (["--keep-best", "val_loss"], "nothing_chosen", 2),
        (["absent"], "no_such_run", 5),
        (["a", "absent"], "no_such_run", 5),
        (["--filter", "statu=done"], "no_such_value", 2),
        (["--filter", "status=done", "--keep-best", "val_los"], "no_such_value", 2),
        (["--filter", "status=done", "--keep-best", "optimizer.learning_rate"], "no_direction", 2),
    ],
)
def test_a_mistake_removes_nothing(
    arguments: list[str], kind: str, code: int, folder: Path, run_dlcli: Command
) -> None:
    refused = run_dlcli("remove", *arguments, "--json", cwd=folder)
    assert (refused.code, refused.error["kind"]) == (code, kind)
    assert len(left(folder)) == 5


def test_a_removal_that_is_killed_leaves_no_run_and_the_next_sweeps(
    folder: Path, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(path: Path) -> None:
        if path.exists():
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("dlcli.runs.atomic.remove", dies)
        with pytest.raises(Killed):
            removal.remove_run(Run(folder / "runs" / "a"))
    [remains] = [path for path in (folder / "runs").iterdir() if path.name.startswith(".del-a-")]
    assert (remains / "run.json").exists()
    assert [row["run"] for row in run_dlcli("runs", "--json", cwd=folder).value] == ["b", "c", "d", "e"]
    run_dlcli("remove", "b", cwd=folder)
    assert left(folder) == ["c", "d", "e"]


def test_what_a_link_in_a_run_leads_to_stays(folder: Path, run_dlcli: Command) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "x").write_bytes(b"1234567")
    (folder / "runs" / "a" / "link").symlink_to(folder / "data")
    run_dlcli("remove", "a", cwd=folder)
    assert (folder / "data" / "x").read_bytes() == b"1234567"
    assert "a" not in left(folder)


def test_of_a_link_nothing_but_the_link_goes(folder: Path, run_dlcli: Command) -> None:
    (folder / "runs" / "a").rename(folder / "elsewhere")
    (folder / "runs" / "a").symlink_to(folder / "elsewhere")
    size = bytes_of(folder / "runs" / "d")
    dry = run_dlcli("remove", "a", "d", "--dry-run", "--json", cwd=folder).value
    assert [(each["bytes"], each["leads_to"]) for each in dry["removed"]] == [
        (0, str(folder / "elsewhere")),
        (size, None),
    ]
    assert dry["bytes"] == size
    said = run_dlcli("remove", "a", cwd=folder).out.splitlines()
    assert said[-2:] == [
        "1 run removed, which frees 0 B",
        f"a is a link: what it leads to stays, {folder / 'elsewhere'}",
    ]
    assert left(folder) == ["b", "c", "d", "e"]
    assert (folder / "elsewhere" / "model" / "model.keras").stat().st_size == 1_000_000


@pytest.fixture
def grouped(tmp_path: Path, record_run: Command) -> Path:
    """A run, and a group of three."""
    group = Group.claim(tmp_path / "runs", "g", GroupKind.SEEDS, words=[], config="c.yaml", content=b"{}\n")
    record_run(tmp_path / "runs", "a", number=1)
    for number, value in enumerate((0.5, 0.9, 0.7), start=2):
        record_run(group.path, f"seed-{number}", number=number, metrics={"validation": {"accuracy": value}})
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "gone", "stays"),
    [
        (["g"], [("g", 3)], ["a"]),
        (["g", "g/seed-3", "a"], [("g", 3), ("a", 1)], []),
        (["g/seed-3"], [("g/seed-3", 1)], ["a", "g/seed-2", "g/seed-4"]),
        (["g", "--keep-best", "val_accuracy"], [("g/seed-2", 1), ("g/seed-4", 1)], ["a", "g/seed-3"]),
        (["--filter", "run~g/"], [("g", 3)], ["a"]),
        (["--filter", "val_accuracy<0.8"], [("g/seed-2", 1), ("g/seed-4", 1)], ["a", "g/seed-3"]),
    ],
)
def test_groups_go_whole_and_members_alone(
    arguments: list[str], gone: list[tuple[str, int]], stays: list[str], grouped: Path, run_dlcli: Command
) -> None:
    dry = run_dlcli("remove", *arguments, "--json", "--dry-run", cwd=grouped).value
    value = run_dlcli("remove", *arguments, "--json", cwd=grouped).value
    assert dry == value | {"dry_run": True}
    assert [(each["run"], each["runs"]) for each in value["removed"]] == gone
    assert run_dlcli("runs", "--names", cwd=grouped).out.split() == stays
    assert (grouped / "runs" / "g").exists() == any(name.startswith("g/") for name in stays)


def test_a_group_of_which_a_run_trains_stays(grouped: Path, run_dlcli: Command) -> None:
    for place in ("g/seed-3", "g"):  # a member, and the command that trains them
        with Lock(grouped / "runs" / place):
            done = run_dlcli("remove", "g", "--json", cwd=grouped)
            assert (done.code, done.error["kind"]) == (8, "run_in_use")
    assert len(left(grouped)) == 2
    with Lock(grouped / "runs" / "g" / "seed-3"):
        value = run_dlcli("remove", "--filter", "run~g/", "--json", cwd=grouped).value
    assert ([each["run"] for each in value["removed"]], value["training"]) == (["g/seed-2", "g/seed-4"], ["g/seed-3"])


def test_of_a_group_by_a_link_nothing_but_the_link_goes(grouped: Path, run_dlcli: Command) -> None:
    (grouped / "runs" / "link").symlink_to(grouped / "runs" / "g")
    done = run_dlcli("remove", "link", cwd=grouped)
    assert "link is a link: what it leads to stays" in done.out
    assert left(grouped) == ["a", "g"]
    assert len(list((grouped / "runs" / "g").glob("*/run.json"))) == 3
