"""The command that watches over a worker: signals are passed on once, and one that hears nothing is ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.errors import ResourceError, UsageError
from dlcli.training.workers import supervised

HEARS = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("heard", flush=True), sys.exit(143)))
open("ready", "w").close()
signal.pause()
"""
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("ready", "w").close()
while True: signal.pause()
"""
LOST = """
import os, signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
socket.socket(fileno=int(os.environ["DLCLI_PARENT"])).sendall(b"worker 1 (b:2) is gone\\n")
while True: signal.pause()
"""

CONNECTS = """
import os, signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
line = socket.socket(fileno=int(os.environ["DLCLI_PARENT"]))
line.sendall(b"connecting\\n")
time.sleep(0.5)
open("ready", "w").close()
LATER
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the child be another program."""

    python = sys.executable

    def made(text: str) -> None:
        (tmp_path / "program.py").write_text(text)
        (tmp_path / "python").write_text(f'#!/bin/sh\nexec {python} "{tmp_path}/program.py"\n')
        (tmp_path / "python").chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
        monkeypatch.chdir(tmp_path)

    return made


def signal_when_ready(folder: Path) -> None:
    """Sends SIGTERM to this process once its child is ready."""

    def send() -> None:
        while not (folder / "ready").exists():
            os.sched_yield()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=send, daemon=True).start()


def test_the_exit_code_is_that_of_the_child(child: Any, tmp_path: Path) -> None:
    child("import sys; sys.exit(6)")
    assert supervised.watched([], None) == 6
    child("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert supervised.watched([], None) == 139


def test_what_was_read_from_standard_input_is_given_to_the_child(child: Any, tmp_path: Path) -> None:
    child("import sys; sys.exit(len(sys.stdin.read()))")
    assert supervised.watched([], b"twelve bytes") == 12


def test_a_signal_is_passed_on(child: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    child(HEARS)
    signal_when_ready(tmp_path)
    assert supervised.watched([], None) == 143
    assert capfd.readouterr().out == "heard\n"


def test_a_child_that_does_not_end_is_ended(child: Any, tmp_path: Path) -> None:
    child(DEAF)
    signal_when_ready(tmp_path)
    assert supervised.watched([], None, grace=0.2) == 137


def test_a_child_that_waits_for_a_lost_worker_is_ended_with_its_name(child: Any) -> None:
    child(LOST)
    with pytest.raises(
        ResourceError, match=r"worker 1 \(b:2\) is gone, and this worker heard nothing any more"
    ) as caught:
        supervised.watched([], None)
    assert (caught.value.code, caught.value.kind) == (7, "worker_lost")


def test_a_child_that_does_not_connect_is_ended_in_time(child: Any, tmp_path: Path) -> None:
    child(CONNECTS.replace("LATER", "while True: signal.pause()"))
    with pytest.raises(ResourceError, match="TensorFlow has not connected the workers within 1 s: one of them is gone"):
        supervised.watched([], None, connects=0.6)
    (tmp_path / "ready").unlink()
    child(CONNECTS.replace("LATER", "line.sendall(b'connected\\n'); time.sleep(1.5); sys.exit(5)"))
    assert supervised.watched([], None, connects=0.6) == 5


def test_a_signal_while_it_connects_is_kept_for_python(child: Any, tmp_path: Path) -> None:
    child(CONNECTS.replace("LATER", "sys.exit(line.recv(1)[0])"))
    signal_when_ready(tmp_path)
    assert supervised.watched([], None) == signal.SIGTERM


def test_what_took_the_place_of_a_handler_has_it_no_more_when_the_workers_are_connected() -> None:
    heard, said = list[int](), list[str]()
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with supervised.connecting(said.append):
            ctypes.CDLL(None).signal(signal.SIGTERM, ctypes.c_void_p(1))  # SIG_IGN, past Python
            os.kill(os.getpid(), signal.SIGTERM)
            assert heard == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
    assert said == ["connecting", "connected"]


def test_nobody_is_a_child_but_of_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(supervised.LINE, raising=False)
    assert not supervised.is_child()
    monkeypatch.setenv(supervised.LINE, "7")
    assert supervised.is_child()


def test_a_system_on_which_nothing_can_be_watched_over_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "setsid")
    with pytest.raises(UsageError, match="multi_worker is for Linux and macOS"):
        supervised.watched([], None)
