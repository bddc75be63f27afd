"""Lets every write of a run fail at every call: the old content stays, nothing is left over, the error says where."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.errors import ResourceError
from dlcli.runs import Run, atomic, history
from dlcli.runs.atomic import append_line, committed_folder, damage, sweep, write_bytes, write_json
from dlcli.runs.checkpoint import folders, load_checkpoint, newest, save

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EIO: "Input/output error",
    errno.EROFS: "Read-only file system",
}
OWNERS: dict[str, Any] = {
    "write": os,
    "fsync": os,
    "replace": os,
    "rename": os,
    "mkdir": os,
    "write_bytes": Path,
}


def failing(monkeypatch: pytest.MonkeyPatch, name: str, at: int, reason: int, *, forever: bool) -> list[int]:
    """Lets a call of the system fail at its n-th time, or from then on. The list holds one entry a failure."""
    real = getattr(OWNERS[name], name)
    passed, failures = 0, []

    def call(*arguments: Any, **options: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == at or (forever and passed > at):
            failures.append(passed)
            raise OSError(reason, os.strerror(reason))
        return real(*arguments, **options)

    monkeypatch.setattr(OWNERS[name], name, call)
    return failures


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with its content."""
    return {
        str(path.relative_to(folder)): path.read_bytes().hex() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }


def replace_file(folder: Path) -> Path:
    write_bytes(folder / "run.json", b"new")
    return folder / "run.json"


def replace_json(folder: Path) -> Path:
    write_json(folder / "run.json", {"a": [1, 2]})
    return folder / "run.json"


def new_file(folder: Path) -> Path:
    write_bytes(folder / "best.json", b"new")
    return folder / "best.json"


def longer_history(folder: Path) -> Path:
    append_line(folder / "metrics.jsonl", '{"epoch": 2}')
    return folder / "metrics.jsonl"


def new_folder(folder: Path) -> Path:
    with committed_folder(folder / "other") as made:
        (made / "a").write_bytes(b"new")
    return folder / "other"


def replace_folder(folder: Path) -> Path:
    with committed_folder(folder / "model") as made:
        (made / "b").write_bytes(b"new")
    return folder / "model"


ACTIONS: dict[str, tuple[Callable[[Path], Path], dict[str, int]]] = {
    "replace a file": (replace_file, {"write": 1, "fsync": 2, "replace": 1}),
    "replace a JSON file": (replace_json, {"write": 1, "fsync": 2, "replace": 1}),
    "write a new file": (new_file, {"write": 1, "fsync": 2, "replace": 1}),
    "add to the history": (longer_history, {"write": 1}),
    "commit a new folder": (new_folder, {"write": 1, "fsync": 4, "rename": 1, "mkdir": 1, "write_bytes": 1}),
    "replace a folder": (replace_folder, {"write": 1, "fsync": 4, "rename": 2, "mkdir": 1, "write_bytes": 1}),
}
CASES = [(action, name) for action, (_, calls) in ACTIONS.items() for name in calls]


@contextmanager
def without_fsync() -> Iterator[None]:
    """Spares the disk what only prepares a test."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        yield


def prepared(folder: Path) -> None:
    folder.mkdir()
    (folder / "run.json").write_bytes(b"old content")
    (folder / "metrics.jsonl").write_bytes(b'{"epoch": 1}\n')
    with without_fsync(), committed_folder(folder / "model") as made:
        (made / "a").write_bytes(b"old")
        (made / "b").write_bytes(b"old")


def test_the_table_of_actions_is_complete() -> None:
    assert len(CASES) == 20
    assert sum(sum(calls.values()) for _, calls in ACTIONS.values()) == 30


@pytest.mark.parametrize(("reason", "forever"), [(errno.ENOSPC, True), (errno.EIO, False)])
@pytest.mark.parametrize(("action", "name"), CASES)
def test_a_refused_call_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, action: str, name: str, reason: int, forever: bool
) -> None:
    act, calls = ACTIONS[action]
    failed = 0
    while True:
        folder = tmp_path / str(failed)
        prepared(folder)
        old = tree(folder)
        with pytest.MonkeyPatch.context() as monkeypatch:
            failures = failing(monkeypatch, name, failed + 1, reason, forever=forever)
            try:
                act(folder)
            except ResourceError as error:
                caught = error
            else:
                break
        failed += 1
        assert failures
        target = Path(str(caught.file))
        assert caught.message == f"cannot write {target}: {REASONS[reason]}"
        assert caught.code == 7
        full = "free some space, or choose another folder with --runs"
        other = "choose another folder with --runs, or make this one writable"
        assert caught.hint == (full if REASONS[reason] == "the disk is full" else other)
        sweep(folder)
        if name == "fsync" and failed == calls[name]:
            other = tmp_path / f"{failed}-done"
            prepared(other)
            assert target == folder / act(other).name
            assert tree(folder) == tree(other), "the last fsync is the one of the folder: all is in place by then"
        else:
            assert tree(folder) == old
            assert not list(folder.glob(".*"))
    assert failed == calls[name]
    assert failures == []
    assert tree(folder) != old


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    failing(monkeypatch, "write", 1, reason, forever=False)
    with pytest.raises(ResourceError) as caught:
        write_bytes(tmp_path / "run.json", b"new")
    assert caught.value.message == f"cannot write {tmp_path}/run.json: {REASONS[reason]}"


@pytest.mark.parametrize("name", ["write", "fsync", "rename", "mkdir", "write_bytes"])
def test_one_failure_leaves_nothing_for_the_sweep(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    prepared(folder)
    old = tree(folder)
    for at in range(1, ACTIONS["replace a folder"][1][name] + (name != "fsync")):
        with pytest.MonkeyPatch.context() as monkeypatch:
            failing(monkeypatch, name, at, errno.EIO, forever=False)
            with pytest.raises(ResourceError):
                replace_folder(folder)
        assert tree(folder) == old


def test_a_line_that_is_written_half_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"epoch": 1}\n')
    real, passed = os.write, 0

    def half(descriptor: int, content: Any) -> int:
        nonlocal passed
        passed += 1
        if passed == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, content[:5])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(ResourceError, match="the disk is full"):
        append_line(path, '{"epoch": 2}')
    assert passed == 2
    assert path.read_bytes() == b'{"epoch": 1}\n'


def test_a_system_that_takes_three_bytes_at_a_time_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: real(descriptor, content[:3]))
    write_bytes(tmp_path / "a", b"0123456789")
    append_line(tmp_path / "b", "0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"
    assert (tmp_path / "b").read_bytes() == b"0123456789\n"


def store(run: Run, step: int, value: float) -> None:
    save(run, step=step, arrays={"w": np.full(10, value)}, state={"value": value}, keep=2)


@pytest.mark.parametrize(("reason", "forever"), [(errno.ENOSPC, True), (errno.EIO, False)])
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("mkdir", [[1, 2]]),
        ("write_bytes", [[1, 2], [1, 2]]),
        ("write", [[1, 2]]),
        ("fsync", [[1, 2], [1, 2], [1, 2], [1, 2], [1, 2, 3]]),
        ("rename", [[1, 2], [1, 2, 3]]),
    ],
)
def test_a_refused_call_in_a_checkpoint_keeps_the_older_ones(
    run: Run, name: str, kept: list[list[int]], reason: int, forever: bool
) -> None:
    left: list[list[int]] = []
    while True:
        for path in folders(run):
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        with without_fsync():
            store(run, 1, 1.0)
            store(run, 2, 2.0)
        with pytest.MonkeyPatch.context() as monkeypatch:
            failing(monkeypatch, name, len(left) + 1, reason, forever=forever)
            try:
                store(run, 3, 3.0)
            except ResourceError as error:
                caught = error
            else:
                break
        pruning = name == "rename" and len(left) == 1
        target = run.checkpoints / f"step-000000000{1 if pruning else 3}"
        assert caught.message == f"cannot write {target}: {REASONS[reason]}"
        assert caught.file == str(target)
        left.append([load_checkpoint(path).step for path in folders(run)])
        assert [path.name for path in run.checkpoints.iterdir() if path.name.startswith(".")] == []
    assert left == kept
    assert [load_checkpoint(path).step for path in folders(run)] == [2, 3]


@pytest.mark.parametrize("forever", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_a_refused_rename_while_a_step_is_saved_again_keeps_what_was_saved(run: Run, at: int, forever: bool) -> None:
    store(run, 1, 1.0)
    with pytest.MonkeyPatch.context() as monkeypatch:
        failing(monkeypatch, "rename", at, errno.EIO, forever=forever)
        with pytest.raises(ResourceError, match="step-0000000001: Input/output error"):
            store(run, 1, 5.0)
    sweep(run.checkpoints)
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-0000000001"]
    assert load_checkpoint(run.checkpoints / "step-0000000001").state == {"value": 1.0}


def test_an_error_of_the_one_who_fills_a_folder_leaves_nothing(tmp_path: Path) -> None:
    def fill() -> None:
        with committed_folder(tmp_path / "model") as made:
            (made / "a").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill()
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import json, resource, sys
from pathlib import Path
import numpy as np
from dlcli.errors import ResourceError
from dlcli.runs import Run, atomic, history
from dlcli.runs.atomic import write_bytes
from dlcli.runs.checkpoint import save

run = Run(Path(sys.argv[1]))
save(run, step=1, arrays={"w": np.zeros(10)}, state={}, keep=2)
history.append(run, {"epoch": 1})
write_bytes(run.state, b"{}")
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for act in (
    lambda: save(run, step=2, arrays={"w": np.zeros(10_000)}, state={}, keep=2),
    lambda: history.append(run, {"epoch": 2, "text": "x" * 50_000}),
    lambda: write_bytes(run.state, bytes(50_000)),
):
    try:
        act()
    except ResourceError as error:
        print(json.dumps([error.code, error.message]))
"""


def test_a_limit_on_the_size_of_files_loses_nothing(run: Run) -> None:
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, str(run.path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert child.stderr == ""
    targets = [run.checkpoints / "step-0000000002", run.metrics, run.state]
    expected = [[7, f"cannot write {target}: the disk is full"] for target in targets]
    assert [json.loads(line) for line in child.stdout.splitlines()] == expected
    checkpoint = newest(run)
    assert checkpoint is not None
    assert checkpoint.step == 1
    assert history.read(run) == [{"epoch": 1}]
    assert run.state.read_bytes() == b"{}"
    names = sorted(str(path.relative_to(run.path)) for path in run.path.rglob("*"))
    step = "checkpoints/step-0000000001"
    files = [f"{step}/MANIFEST.json", f"{step}/state.json", f"{step}/vars.npz"]
    assert names == ["checkpoints", step, *files, "logs", "metrics.jsonl", "run.json"]


@pytest.mark.parametrize("act", [replace_file, longer_history, replace_folder])
def test_a_folder_that_cannot_exist_is_refused(tmp_path: Path, act: Callable[[Path], Path]) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ResourceError, match="Not a directory"):
        act(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b""


def test_a_planted_link_is_replaced_or_refused_but_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"untouched\n")
    for name in ("run.json", "metrics.jsonl"):
        (tmp_path / name).symlink_to(outside)
    write_bytes(tmp_path / "run.json", b"new")
    assert (tmp_path / "run.json").read_bytes() == b"new"
    assert not (tmp_path / "run.json").is_symlink()
    with pytest.raises(ResourceError, match="Too many levels of symbolic links"):
        append_line(tmp_path / "metrics.jsonl", "{}")
    temporary = tmp_path / f".tmp-best.json-{os.getpid()}"
    temporary.symlink_to(outside)
    write_bytes(tmp_path / "best.json", b"new")
    assert outside.read_bytes() == b"untouched\n"


def test_the_sweep_removes_what_a_kill_left_and_follows_no_link(tmp_path: Path) -> None:
    folder, outside = tmp_path / "run", tmp_path / "outside"
    prepared(folder)
    old = tree(folder)
    outside.mkdir()
    (outside / "a").write_bytes(b"untouched")
    (folder / ".tmp-run.json-1").write_bytes(b"half")
    (folder / ".del-step-0000000001-1").mkdir()
    (folder / ".del-step-0000000001-1" / "vars.npz").write_bytes(b"half")
    (folder / ".tmp-link-1").symlink_to(outside)
    (folder / ".del-nowhere-1").symlink_to(tmp_path / "nowhere")
    (folder / ".old-model-1").mkdir()
    (folder / ".lock").write_bytes(b"")
    sweep(folder)
    assert tree(folder) == {".lock": "", **old}
    assert (outside / "a").read_bytes() == b"untouched"
    sweep(tmp_path / "nowhere")


def test_the_sweep_gives_a_folder_that_was_put_aside_its_name_back(tmp_path: Path) -> None:
    prepared(tmp_path / "run")
    old = tree(tmp_path / "run")
    (tmp_path / "run" / "model").rename(tmp_path / "run" / ".old-model-123")
    sweep(tmp_path / "run")
    assert tree(tmp_path / "run") == old
    assert damage(tmp_path / "run" / "model") == []


@pytest.mark.parametrize(("readers", "written"), [(0, True), (1, True), (50, True), (51, False)])
def test_a_file_that_is_being_read_on_windows_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readers: int, written: bool
) -> None:
    real, refused, pauses = os.replace, [], []

    def replace(source: Path, target: Path) -> None:
        if len(refused) < readers:
            refused.append(source)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(atomic, "BUSY", (PermissionError,))
    monkeypatch.setattr(atomic.time, "sleep", pauses.append)
    if written:
        write_bytes(tmp_path / "a", b"new")
        assert (tmp_path / "a").read_bytes() == b"new"
    else:
        with pytest.raises(ResourceError, match="Permission denied"):
            write_bytes(tmp_path / "a", b"new")
    assert pauses == [0.02] * min(readers, 50)
    assert list(tmp_path.iterdir()) == [tmp_path / "a"] * written
