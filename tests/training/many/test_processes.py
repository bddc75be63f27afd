"""Processes that start warm: what they find, in which order they begin, and what a kill or a signal does to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import many_work
import psutil
import pytest

from dlcli.training.many.processes import LONGEST_FOLDER, Ended, Stopping, handed_on, worked_through

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes do not start warm")


def worked(items: Any, work: Any, *, side_by_side: int = 1) -> list[Ended[Any]]:
    return list(worked_through(items, work, side_by_side=side_by_side, stopping=Stopping()))


def test_each_piece_has_a_process_of_its_own_and_answers() -> None:
    ended = worked([1, 2, 3], many_work.squared)
    assert [(each.item, each.code, each.answer["square"]) for each in ended] == [(1, 1, 1), (2, 0, 4), (3, 1, 9)]
    assert len({each.answer["process"] for each in ended} | {os.getpid()}) == 4
    assert all(each.seconds > 0 and each.killed_by is None for each in ended)


def test_a_process_starts_with_keras_and_without_the_runtime_of_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [ended] = worked([None], many_work.surroundings)
    assert ended.answer == {
        "imported": ["keras", "tensorflow"],
        "runtime": False,
        "folder": str(tmp_path.resolve()),
        "own_group": True,
    }


@pytest.mark.parametrize("side_by_side", [1, 2])
def test_a_kill_of_one_touches_no_other(side_by_side: int) -> None:
    ended = sorted(worked(range(4), many_work.killed, side_by_side=side_by_side), key=lambda each: each.item)
    assert [(each.item, each.code, each.answer, each.killed_by) for each in ended] == [
        (0, 0, 0, None),
        (1, 137, None, "SIGKILL"),
        (2, 0, 2, None),
        (3, 137, None, "SIGKILL"),
    ]


def test_an_end_without_an_answer_is_told_by_its_code() -> None:
    [ended] = worked([None], many_work.never_answers)
    assert (ended.code, ended.answer, ended.killed_by) == (5, None, None)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_outlives_the_fork_server_is_waited_for_and_the_rest_has_a_new_one(
    tmp_path: Path, number: signal.Signals
) -> None:
    file = str(tmp_path / "there")
    stopping = Stopping()

    def lose_the_server() -> None:
        while not (Path(file).exists() and Path(file).read_text(encoding="utf-8")):
            threading.Event().wait(0.01)
        os.kill(forkserver._forkserver._forkserver_pid, number)  # type: ignore[attr-defined]
        threading.Event().wait(0.3)
        os.kill(int(Path(file).read_text(encoding="utf-8")), signal.SIGTERM)

    watcher = threading.Thread(target=lose_the_server)
    watcher.start()
    ended = list(worked_through([file, ""], many_work.first_then_wait, side_by_side=1, stopping=stopping))
    watcher.join()
    assert [(each.code, each.answer, each.killed_by) for each in ended] == [
        (143, [signal.SIGTERM], None),  # its own code and answer, which no server has told
        (0, "first", None),
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_to_all_that_work_and_nothing_is_begun_after_it(tmp_path: Path, number: signal.Signals) -> None:
    files = [str(tmp_path / str(each)) for each in range(3)]
    before, begun = signal.getsignal(number), list[str]()

    def given() -> Iterator[str]:
        for each in files:
            begun.append(each)
            yield each

    def send_when_both_wait() -> None:
        for each in files[:2]:
            while not (Path(each).exists() and Path(each).read_text(encoding="utf-8")):
                threading.Event().wait(0.01)
        os.kill(os.getpid(), number)

    watcher = threading.Thread(target=send_when_both_wait)
    with handed_on() as stopping:
        watcher.start()
        ended = list(worked_through(given(), many_work.until_asked, side_by_side=2, stopping=stopping))
    watcher.join()
    assert stopping.signal is number
    assert sorted(each.item for each in ended) == begun == files[:2]
    assert [(each.code, each.answer) for each in ended] == [(128 + number, [number])] * 2
    assert signal.getsignal(number) is before


PARENT = """
import many_work, sys
from dlcli.training.many.processes import Stopping, worked_through
list(worked_through(sys.argv[1:], many_work.until_asked, side_by_side=1, stopping=Stopping()))
"""


def test_where_the_parent_is_killed_its_process_is_asked_to_stop(tmp_path: Path) -> None:
    file, around = (
        tmp_path / "there",
        {**os.environ, "PYTHONPATH": str(Path(many_work.__file__).parent), "TMPDIR": str(tmp_path)},
    )
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(file)], env=around, start_new_session=True)
    while not (file.exists() and file.read_text(encoding="utf-8")):
        assert parent.poll() is None
        threading.Event().wait(0.02)
    parent.kill()
    parent.wait()
    tried, process = 0, int(file.read_text(encoding="utf-8"))
    while psutil.pid_exists(process) and tried < 1500:
        threading.Event().wait(0.02)
        tried += 1
    assert not psutil.pid_exists(process)
    tried = 0
    while [*tmp_path.glob("pymp-*")] and tried < 500:
        threading.Event().wait(0.02)
        tried += 1
    assert [*tmp_path.glob("pymp-*")] == []  # the server takes the folder of its socket with it


def test_a_signal_that_was_ignored_before_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with handed_on() as stopping:
            os.kill(os.getpid(), signal.SIGHUP)
        assert stopping.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_still_works_is_stopped_where_nobody_waits_any_more(tmp_path: Path) -> None:
    file = tmp_path / "there"
    stopping = Stopping()
    pieces = worked_through(["", str(file)], many_work.first_then_wait, side_by_side=2, stopping=stopping)
    assert next(pieces).answer == "first"
    [other] = stopping.living
    pieces.close()
    assert other.process.exitcode != 0
    assert stopping.living == []


@pytest.mark.skipif(sys.platform != "linux", reason="nowhere else is anything forked")
@pytest.mark.parametrize(("length", "there"), [(LONGEST_FOLDER, True), (LONGEST_FOLDER + 1, False)])
def test_a_socket_finds_a_folder_whatever_the_name_of_that_of_temporary_files(length: int, there: bool) -> None:
    folder = Path("/tmp") / ("d" * (length - 5))
    folder.mkdir()
    code = (
        "from dlcli.training.many.processes import make_socket_folder\n"
        "from multiprocessing.connection import Listener\nfrom multiprocessing.util import get_temp_dir\n"
        "make_socket_folder(); Listener(family='AF_UNIX').close(); print(get_temp_dir())\n"
    )
    try:
        environment = {**os.environ, "TMPDIR": str(folder)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
    finally:
        left = list(folder.iterdir())
        folder.rmdir()
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()).parent == folder) is there
    assert (left, Path(done.stdout.strip()).exists()) == ([], False)
