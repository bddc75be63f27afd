"""The lock of a run, and the status that is believed only with it."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import lock_descriptor, unlock_descriptor

from dlcli.errors import ConflictError, ResourceError
from dlcli.runs import Run, RunState, lock, read_state, status_of
from dlcli.runs.lock import Lock, is_locked, writer_of

HOLD = """
import sys
from pathlib import Path
from dlcli.runs.lock import Lock
with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
sys.stdin.readline()
"""

STATE = RunState(run="trial", number=1, status="running", config="a.yaml", started="2026-01-01T00:00:00+00:00")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def holder(run: Run) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until it reads a line."""
    command = [sys.executable, "-c", HOLD, str(run.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PAUSE", 0.0)


def test_a_second_process_is_told_who_holds_the_run(run: Run) -> None:
    with holder(run) as process:
        with pytest.raises(ConflictError) as caught, Lock(run.path):
            pass
        time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
        who = f"process {process.pid} on {re.escape(socket.gethostname())} since {time}"
        assert re.fullmatch(f"the run is in use by {who}", caught.value.message)
        assert caught.value.hint == "wait until that process has ended; a new run can have another --name"
        assert caught.value.file == str(run.path)
        assert caught.value.code == 8
        assert is_locked(run.path)


def test_a_killed_holder_lets_go(run: Run) -> None:
    with holder(run) as process:
        assert is_locked(run.path)
        process.kill()
        process.wait()
        assert not is_locked(run.path)
        with Lock(run.path):
            assert (run.path / ".lock").read_text().startswith(f" process {os.getpid()} on ")
            assert (run.path / ".lock").read_text().count("\n") == 1


def test_nothing_of_an_earlier_holder_stays_in_the_text(run: Run) -> None:
    (run.path / ".lock").write_text("x" * 300)
    with Lock(run.path):
        text = (run.path / ".lock").read_text()
    assert text.startswith(f" process {os.getpid()} on {socket.gethostname()} since ")
    assert text.endswith("+00:00\n")


def test_a_holder_that_ends_lets_go(run: Run) -> None:
    with holder(run) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "released\n"
        assert not is_locked(run.path)
        with Lock(run.path):
            assert is_locked(run.path)


def test_an_error_under_the_lock_lets_go(run: Run) -> None:
    with pytest.raises(KeyboardInterrupt), Lock(run.path):
        raise KeyboardInterrupt
    assert not is_locked(run.path)


def test_asking_takes_nothing_from_the_holder(run: Run) -> None:
    with holder(run):
        text = (run.path / ".lock").read_bytes()
        assert [is_locked(run.path) for _ in range(100)] == [True] * 100
        assert (run.path / ".lock").read_bytes() == text
        with pytest.raises(ConflictError), Lock(run.path):
            pass


def test_asking_makes_no_file(run: Run, root: Path) -> None:
    assert not is_locked(run.path)
    assert not is_locked(root / "nowhere")
    assert names_in(run.path) == ["logs"]


def test_one_who_asks_does_not_keep_a_writer_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with Lock(run.path):
        pass
    asking = os.open(run.path / ".lock", os.O_RDONLY)
    assert lock_descriptor(asking, blocking=False)
    pauses: list[float] = []

    def answered(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            unlock_descriptor(asking)

    monkeypatch.setattr(lock.time, "sleep", answered)
    with Lock(run.path):
        assert len(pauses) == 3
        assert is_locked(run.path)
    os.close(asking)


@pytest.mark.parametrize(("askers", "locked"), [(1, False), (2, False), (3, True)])
def test_one_who_asks_is_not_taken_for_a_writer(
    run: Run, monkeypatch: pytest.MonkeyPatch, askers: int, locked: bool
) -> None:
    with Lock(run.path):
        pass
    answers = [False] * askers + [True]
    monkeypatch.setattr(lock, "lock_taken", lambda descriptor: answers.pop(0))
    assert is_locked(run.path) is locked


def test_a_child_that_was_forked_holds_the_lock_no_longer_than_its_parent_wants(run: Run) -> None:
    with Lock(run.path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not is_locked(run.path)
    finally:
        child.communicate(b"\n")


def test_a_holder_of_whom_nothing_can_be_read_is_unnamed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, length: int) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with holder(run) as process:
        assert (writer_of(run.path) or "").startswith(f"process {process.pid} on ")
        monkeypatch.setattr(os, "read", refuse)
        assert writer_of(run.path) == "another process"
        with pytest.raises(ConflictError, match=r"^the run is in use by another process$"), Lock(run.path):
            pass


def test_a_writer_gives_up_after_twenty_tries(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(lock.time, "sleep", pauses.append)
    with holder(run), pytest.raises(ConflictError), Lock(run.path):
        pass
    assert len(pauses) == 20


def test_a_full_disk_does_not_keep_the_lock_from_being_taken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with Lock(run.path):
        assert is_locked(run.path)
        with pytest.raises(ConflictError, match=r"^the run is in use by another process$"), Lock(run.path):
            pass
    assert not is_locked(run.path)


def test_a_system_that_refuses_the_lock_is_a_resource_error_and_leaves_nothing_open(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", refuse)
    held = Lock(run.path)
    with pytest.raises(ResourceError) as caught, held:
        pass
    assert caught.value.message == f"cannot write {run.path}/.lock: Input/output error"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held.descriptor)
    assert not is_locked(run.path)


def test_a_lock_that_is_no_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"untouched")
    (run.path / ".lock").symlink_to(tmp_path / "outside")
    with pytest.raises(ResourceError, match="Too many levels of symbolic links"), Lock(run.path):
        pass
    assert (tmp_path / "outside").read_bytes() == b"untouched"
    (run.path / ".lock").unlink()
    (run.path / ".lock").mkdir()
    with pytest.raises(ResourceError, match="Is a directory"), Lock(run.path):
        pass
    with pytest.raises(ResourceError, match="there is no such folder"), Lock(run.path / "nowhere"):
        pass


@pytest.mark.parametrize(
    ("status", "held", "shown"),
    [
        ("created", False, "crashed"),
        ("running", False, "crashed"),
        ("interrupted", False, "interrupted"),
        ("failed", False, "failed"),
        ("done", False, "done"),
        ("created", True, "created"),
        ("running", True, "running"),
        ("done", True, "done"),
    ],
)
def test_running_is_believed_only_with_a_holder(run: Run, status: str, held: bool, shown: str) -> None:
    state = dataclasses.replace(STATE, status=status).write(run)
    if not held:
        assert status_of(run, state) == shown
        return
    with Lock(run.path):
        assert status_of(run, state) == shown


def test_a_run_whose_writer_was_killed_shows_crashed(run: Run) -> None:
    state = STATE.write(run)
    with holder(run) as process:
        assert status_of(run, state) == "running"
        process.kill()
        process.wait()
        assert status_of(run, state) == "crashed"


def test_a_run_that_ended_since_it_was_read_has_not_crashed(run: Run) -> None:
    with Lock(run.path):
        state = STATE.write(run)
        assert read_state(run) == state
        dataclasses.replace(STATE, status="done").write(run)
    assert status_of(run, state) == "done"


def test_a_run_whose_state_vanished_since_it_was_read_has_crashed(run: Run) -> None:
    assert status_of(run, STATE) == "crashed"
