"""Kills writers of checkpoints at random and at all points: what was acknowledged is there, nothing is half there."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dlcli.runs import Run
from dlcli.runs.atomic import damage, sweep
from dlcli.runs.checkpoint import folders, newest

SEED = 20
WRITER = Path(__file__).with_name("crash_writer.py")
ENDLESS = 100_000


class Writer:
    """The process of crash_writer.py."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.stdin, self.output = process.stdin, process.stdout.fileno()

    def start(self, mode: str, at: int, rounds: int, folder: Path) -> None:
        self.stdin.write(f"{json.dumps([mode, at, rounds, str(folder)])}\n".encode())
        self.stdin.flush()

    def read(self, text: str, *, until: str, more: int = 0) -> str:
        """The output up to a pattern at its end, and a number of bytes after that."""
        while not re.search(f"(?:{until})$", text):
            text += self.byte()
        for _ in range(more):
            text += self.byte()
        return text

    def byte(self) -> str:
        byte = os.read(self.output, 1).decode()
        assert byte, "the writer ended"
        return byte


@pytest.fixture(scope="module")
def writer() -> Iterator[Writer]:
    # OpenBLAS starts threads, and a process with threads had better not fork.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(WRITER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        yield Writer(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0


def end(writer: Writer, text: str) -> tuple[int, int]:
    """The last acknowledged round (0 for none) and the signal that ended the worker."""
    text = writer.read(text, until=r"END \d+\n")
    acknowledged = [int(number) for number in re.findall(r"=(\d+)\n", text)]
    return max(acknowledged, default=0), int(text.split()[-1])


def kill_at_random(writer: Writer, mode: str, folder: Path, more: int) -> int:
    """Kills a worker a number of bytes of its output after its first commit; the last acknowledged round."""
    writer.start(mode, 0, ENDLESS, folder)
    text = writer.read("", until=r"PID \d+\n")
    process = int(text.split()[-1])
    text = writer.read(text, until=r"=1\n", more=more)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    acknowledged, ended_by = end(writer, text)
    assert ended_by == signal.SIGKILL
    return acknowledged


def violations(run: Run, acknowledged: int) -> list[str]:
    """What contradicts: each checkpoint is whole, and one of them is at least as new as the last acknowledged."""
    found = [f"{path.name}: {problem}" for path in folders(run) for problem in damage(path)]
    checkpoint = newest(run)
    if checkpoint is None:
        return [*found, f"round {acknowledged} is lost"] if acknowledged else found
    number = checkpoint.state["round"]
    if number < acknowledged:
        found.append(f"round {acknowledged} is lost, there is {number}")
    weights, bias = checkpoint.arrays["weights"], checkpoint.arrays["층/bias"]
    if not (weights == np.full((64, 64), number, "float32")).all() or bias.tolist() != list(range(number)):
        found.append(f"round {number} has other content")
    return found


def after_sweep(run: Run, acknowledged: int) -> list[str]:
    """The same once the next holder of the lock has swept, which leaves checkpoints only."""
    sweep(run.checkpoints)
    left = {path.name for path in run.checkpoints.iterdir()} if run.checkpoints.exists() else set()
    rubbish = left - {path.name for path in folders(run)}
    return violations(run, acknowledged) + [f"{name} is left" for name in sorted(rubbish)]


def test_a_kill_at_a_random_moment_loses_no_acknowledged_checkpoint(writer: Writer, root: Path) -> None:
    dice = random.Random(SEED)
    seen, rounds, half_done = 0, 0, 0
    for number in range(40):
        run = Run.claim(root, f"kill-{number}")
        acknowledged = kill_at_random(writer, "forward", run.path, dice.randrange(150))
        assert acknowledged >= 1
        assert violations(run, acknowledged) == []
        half_done += any(path.name.startswith(".") for path in run.checkpoints.iterdir())
        assert after_sweep(run, acknowledged) == []
        assert len(folders(run)) <= 3
        seen, rounds = seen + 1, rounds + acknowledged
    assert seen == 40
    assert rounds > 40
    assert half_done >= 5, "kills that hit nothing show nothing"


def test_a_kill_while_a_step_is_saved_again_loses_no_acknowledged_content(writer: Writer, root: Path) -> None:
    dice = random.Random(SEED)
    seen = 0
    for number in range(15):
        run = Run.claim(root, f"kill-{number}")
        acknowledged = kill_at_random(writer, "again", run.path, dice.randrange(150))
        assert after_sweep(run, acknowledged) == []
        assert [path.name for path in folders(run)] == ["step-0000000007"]
        seen += 1
    assert seen == 15


def test_the_random_kills_catch_a_writer_in_place(writer: Writer, root: Path) -> None:
    dice = random.Random(SEED)
    caught = []
    for number in range(10):
        run = Run.claim(root, f"kill-{number}")
        acknowledged = kill_at_random(writer, "in place", run.path, dice.randrange(60))
        caught += violations(run, acknowledged)
    assert any(re.fullmatch(r"step-\d{10}: .*", each) for each in caught)


def kill_at_every_call(writer: Writer, mode: str, rounds: int, root: Path) -> tuple[int, int, list[str], list[str]]:
    """Kills a worker before its first, second, … call that changes the disk until one survives.

    Returns how often, the highest acknowledged round among the killed, and the violations before and after the sweep.
    """
    killed, highest = 0, 0
    before: list[str] = []
    after: list[str] = []
    while True:
        run = Run.claim(root, "kill")
        writer.start(mode, killed + 1, rounds, run.path)
        acknowledged, ended_by = end(writer, "")
        if ended_by == 0:
            assert acknowledged == rounds
            return killed, highest, before, after
        assert ended_by == signal.SIGKILL
        killed, highest = killed + 1, max(highest, acknowledged)
        before += [f"call {killed}: {each}" for each in violations(run, acknowledged)]
        after += [f"call {killed}: {each}" for each in after_sweep(run, acknowledged)]


def test_a_kill_at_every_call_loses_no_acknowledged_checkpoint(writer: Writer, root: Path) -> None:
    killed, highest, before, after = kill_at_every_call(writer, "forward", 4, root)
    assert killed >= 60
    assert highest == 3, "the last kills fall into the pruning after the fourth commit, before it is acknowledged"
    assert before == []
    assert after == []


def test_a_kill_at_every_call_of_saving_a_step_again_loses_no_acknowledged_content(writer: Writer, root: Path) -> None:
    killed, highest, before, after = kill_at_every_call(writer, "again", 2, root)
    assert killed >= 30
    assert highest == 1
    assert [each.partition(": ")[2] for each in before] == ["round 1 is lost"], "between the two renames"
    assert after == [], "the sweep brings it back"


@pytest.mark.parametrize(("mode", "rounds"), [("in place", 2), ("deleting first", 2)])
def test_the_kills_at_every_call_catch_wrong_writers(writer: Writer, root: Path, mode: str, rounds: int) -> None:
    _, highest, _, after = kill_at_every_call(writer, mode, rounds, root)
    assert highest == 1
    assert len(after) >= 3
