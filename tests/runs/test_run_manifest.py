"""The manifest of a run, links and FIFOs in it, and file systems that know neither fsync nor locks."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import filelock
import pytest

from dlcli.errors import ArtifactError, ConflictError, UnsafeError
from dlcli.runs import Run, RunState, history, manifest, read_state
from dlcli.runs.atomic import append_line, read_plain, write_bytes
from dlcli.runs.listing import run_summary
from dlcli.runs.lock import Lock, is_locked, weak_points
from dlcli.runs.manifest import read_recorded, write_recorded
from dlcli.runs.places import FILES, FOLDERS, check_places

STATE = RunState(run="trial", number=1, status="done", config="a.yaml", started="2026-01-01T00:00:00+00:00")
EPOCH = {"epoch": 1, "train": {"loss": 0.5}, "validation": {}}


@pytest.mark.parametrize("name", ["config.resolved.json", "env.json", "splits.npz"])
def test_a_file_of_the_record_is_what_was_written_or_damaged(run: Run, name: str) -> None:
    path = run.path / name
    for content in (b"one", b"two", b"three"):
        write_recorded(run, path, content)
        assert read_recorded(run, path) == content
    for other in (b"", b"null", b"thre", b"three ", b"one"):
        path.write_bytes(other)
        with pytest.raises(ArtifactError, match="is damaged: it is not what was written"):
            read_recorded(run, path)


def test_a_kill_between_manifest_and_file_leaves_a_run_that_is_whole(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_recorded(run, run.environment, b"old")

    def killed(path: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            write_recorded(run, run.environment, b"new")
    assert read_recorded(run, run.environment) == b"old"
    run.environment.write_bytes(b"new")
    assert read_recorded(run, run.environment) == b"new"


def test_a_run_without_a_manifest_is_taken_as_it_is_and_a_damaged_one_is_said(run: Run) -> None:
    run.environment.write_bytes(b"{}")
    assert read_recorded(run, run.environment) == b"{}"
    for content in (b"", b"null", b"[1]", b"[" * 100_000, b'{"env.json": 3}'):
        (run.path / "MANIFEST.json").write_bytes(content)
        with pytest.raises(ArtifactError, match=r"MANIFEST\.json of 'trial' cannot be read"):
            read_recorded(run, run.environment)


def test_one_flipped_bit_of_the_state_is_seen(run: Run) -> None:
    STATE.write(run)
    assert read_state(run).number == 1
    run.state.write_bytes(run.state.read_bytes().replace(b'"number": 1', b'"number": 3'))
    with pytest.raises(ArtifactError, match=r"run\.json of 'trial' is damaged"):
        read_state(run)
    assert run_summary(run).status == "unreadable"


def test_the_history_is_what_its_checkpoint_knows(run: Run) -> None:
    history.append(run, EPOCH)
    saved = history.print_of_history(run)
    history.append(run, EPOCH | {"epoch": 2})
    assert [entry["epoch"] for entry in history.read(run)] == [1, 2]
    whole = run.metrics.read_bytes()
    for content in (b'{"a": 1}\n' + whole, whole.replace(b"loss", b"l0ss"), whole.replace(b"0.5", b"0.4")):
        run.metrics.write_bytes(content)
        for look in (lambda: history.cut_history(run, saved), lambda: history.read(run)):
            with pytest.raises(ArtifactError, match="the history of 'trial' is not what was"):
                look()
    run.metrics.write_bytes(whole)
    history.cut_history(run, saved)
    assert [entry["epoch"] for entry in history.read(run)] == [1]
    history.cut_history(run, 0)
    assert history.read(run) == []


@pytest.mark.parametrize("name", sorted(FOLDERS | FILES))
def test_no_name_of_a_run_may_be_a_link_or_a_fifo(run: Run, tmp_path: Path, name: str) -> None:
    check_places(run)
    victim = tmp_path / "victim"
    victim.mkdir()
    path = run.path / name
    if name == "logs":
        path.rmdir()
    path.symlink_to(victim)
    with pytest.raises(UnsafeError, match=f"'{name}' of 'trial' is a link"):
        check_places(run)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ArtifactError, match=f"'{name}' of 'trial' is no (folder|plain file)"):
        check_places(run)


def test_reading_a_fifo_or_through_a_link_does_not_wait_and_does_not_follow(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"x")
    os.mkfifo(run.state)
    with pytest.raises(OSError, match="it is no plain file"):
        read_plain(run.state)
    assert run_summary(run).status == "unreadable"
    (run.path / ".lock").unlink(missing_ok=True)
    os.mkfifo(run.path / ".lock")
    assert not is_locked(run.path)
    run.environment.symlink_to(secret)
    with pytest.raises(OSError, match="it is a link"):
        read_plain(run.environment)
    assert read_plain(secret) == b"x"


def test_a_file_with_a_second_name_is_parted_from_it_before_it_is_written(run: Run, tmp_path: Path) -> None:
    backup, lock = tmp_path / "backup.jsonl", tmp_path / "lock"
    append_line(run.metrics, "1")
    os.link(run.metrics, backup)
    append_line(run.metrics, "2")
    assert (run.metrics.read_bytes(), backup.read_bytes()) == (b"1\n2\n", b"1\n")
    lock.write_bytes(b"mine, and longer than what a lock says of its process, its host and the time" * 2)
    before = lock.read_bytes()
    os.link(lock, run.path / ".lock")
    with Lock(run.path):
        assert is_locked(run.path)
    assert lock.read_bytes() == before


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_fsync_is_a_warning(run: Run, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def unsupported(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with Lock(run.path) as lock:
        assert weak_points(lock) == []
        monkeypatch.setattr(os, "fsync", unsupported)
        (words,) = weak_points(lock)
    assert "cannot make files last" in words
    write_bytes(run.environment, b"new")
    assert run.environment.read_bytes() == b"new"


def test_a_file_system_without_locks_is_a_warning_and_the_process_in_the_file_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(descriptor: int, *, blocking: bool = True) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(filelock, "lock_descriptor", unsupported)
    with Lock(run.path) as lock:
        (words,) = weak_points(lock)
        assert "has no locks" in words
    text = (run.path / ".lock").read_text()
    named = f"process {os.getpid()} on"
    assert named in text
    (run.path / ".lock").write_text(text.replace(named, f"process {os.getppid()} on"))
    assert is_locked(run.path)
    with pytest.raises(ConflictError, match=f"in use by process {os.getppid()} on"), Lock(run.path):
        pass
    (run.path / ".lock").write_text(text.replace(named, "process 999999999 on"))
    assert not is_locked(run.path)


def test_a_refusal_of_the_disk_is_no_missing_support(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(Exception, match="Input/output error"):
        write_bytes(run.environment, b"new")
    assert not run.environment.exists()


def test_the_names_of_a_run_are_those_that_no_callback_may_write() -> None:
    from dlcli.config.callback_files import OWN

    tops = {name.partition("/")[0].casefold() for name in FOLDERS | FILES}
    assert {name for name in tops if not name.startswith(".")} == OWN
