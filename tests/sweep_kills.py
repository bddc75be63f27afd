"""A search whose workers, parents and storage server are killed at random: each trial is told once, and none is lost.

    python tests/sweep_kills.py --trials 200 --kills 20

Trials of a few epochs of digits, four at a time, over a server of gRPC; every kill is SIGKILL. A parent or a server that was
killed is started again, as a person would with the same command.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

CONFIG = """\
name: digits
data: {source: digits, prepare: [Rescaling: {scale: 0.0625}]}
layers: [Flatten, Dense: {units: 16, activation: relu, name: hidden}, Dense: {units: 10, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train: {epochs: 3, batch_size: 64}
sweep:
  search: random
  goal: max val_accuracy
  space:
    optimizer.learning_rate: {log: [1e-4, 1e-1]}
    layers.hidden.units: {int: [8, 64], step: 8}
"""
PORT = 13991
KINDS = ("worker", "parent", "server")


@dataclass
class Search:
    """The processes of a search in a folder, and what was killed of them."""

    folder: Path
    trials: int
    workers: int
    generator: random.Random
    server: subprocess.Popen[bytes] | None = None
    parent: subprocess.Popen[bytes] | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def command(self, *options: str) -> list[str]:
        """The command line of the search."""
        program = str(Path(sys.executable).with_name("dlcli"))
        return [program, "sweep", "digits.yaml", "--storage", f"grpc://127.0.0.1:{PORT}", *options]

    def started(self, name: str, *options: str) -> subprocess.Popen[bytes]:
        """A process of the search, whose words go into a file."""
        environment = {**os.environ, "COLUMNS": "200"}
        with (self.folder / f"{name}.err").open("ab") as err, (self.folder / f"{name}.json").open("wb") as out:
            return subprocess.Popen(
                self.command(*options),
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def start(self) -> None:
        """Starts what is not there."""
        if self.server is None or self.server.poll() is not None:
            self.server = self.started("server", "--serve")
        if self.parent is None or self.parent.poll() is not None:
            options = ("--trials", str(self.trials), "--workers", str(self.workers), "--threads", "1", "--json")
            self.parent = self.started("parent", *options)

    def workers_there(self) -> list[psutil.Process]:
        """The processes that train: children of the fork server."""
        assert self.parent is not None
        try:
            children = psutil.Process(self.parent.pid).children(recursive=True)
            return [each for each in children if each.ppid() != self.parent.pid]
        except psutil.Error:
            return []

    def kill(self, kind: str) -> bool:
        """Kills a process of a kind; whether there was one."""
        assert self.server is not None
        assert self.parent is not None
        if kind == "worker":
            there = self.workers_there()
            if not there:
                return False
            victim = self.generator.choice(there)
            with_pid = victim.pid
        else:
            with_pid = (self.parent if kind == "parent" else self.server).pid
        try:
            os.kill(with_pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        if kind == "parent":
            self.parent.wait()
        if kind == "server":
            self.server.wait()
        self.killed[kind] += 1
        return True

    def done(self) -> int:
        """How many runs are done."""
        states = self.folder.glob("runs/digits-sweep/trial-*/run.json")
        return sum(b'"status": "done"' in path.read_bytes() for path in states)


def searched(search: Search, kills: int, *, most_seconds: float) -> dict[str, Any]:
    """The search to its end, with so many kills spread over its trials."""
    until = time.monotonic() + most_seconds
    search.start()
    places = sorted(search.generator.uniform(0, search.trials * 0.92) for _ in range(kills))
    kinds = [KINDS[number % len(KINDS)] for number in range(kills)]
    search.generator.shuffle(kinds)
    while time.monotonic() < until:
        assert search.parent is not None
        if places and search.done() >= places[0]:
            time.sleep(search.generator.uniform(0, 0.6))
            if search.kill(kinds[0]):
                del places[0], kinds[0]
                time.sleep(search.generator.uniform(0, 1.0))
                search.start()
        elif search.parent.poll() is not None:
            if places:
                search.start()
                continue
            break
        time.sleep(0.1)
    else:
        raise TimeoutError(f"{search.done()} of {search.trials} are done")
    result: dict[str, Any] = json.loads((search.folder / "parent.json").read_text())
    return result


def faults(search: Search, result: dict[str, Any]) -> list[str]:
    """What is wrong with a result: a trial that is lost, told twice, or of another value than its run."""
    numbers = [each["number"] for each in result["trials"]]
    found = [f"number {number} is told {count} times" for number, count in Counter(numbers).items() if count != 1]
    found += [f"number {number} is missing" for number in range(1, search.trials + 1) if number not in numbers]
    found += [f"number {number} was not asked for" for number in numbers if not 1 <= number <= search.trials]
    for each in result["trials"]:
        run = search.folder / "runs" / each["run"]
        if each["state"] != "done":
            found.append(f"{each['run']} is {each['state']}: {each['reason']}")
            continue
        state = json.loads((run / "run.json").read_text())
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        if state["metrics"]["validation"]["accuracy"] != each["value"]:
            found.append(f"{each['run']} has another value than was told")
        if state["set"] != each["set"]:
            found.append(f"{each['run']} has other settings than were told")
        if [line["epoch"] for line in lines] != [1, 2, 3]:
            found.append(f"{each['run']} has the epochs {[line['epoch'] for line in lines]}")
    runs = {path.name for path in (search.folder / "runs" / "digits-sweep").glob("trial-*")}
    found += [f"{name} belongs to no trial" for name in sorted(runs - {f"trial-{number}" for number in numbers})]
    return found


def main() -> int:
    """Runs a search with kills, and says what it has come to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=7200.0)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dlcli-kills-"))
    (folder / "digits.yaml").write_text(CONFIG, encoding="utf-8")
    search = Search(folder, asked.trials, asked.workers, random.Random(asked.seed))
    began = time.monotonic()
    try:
        found = faults(search, searched(search, asked.kills, most_seconds=asked.seconds))
    finally:
        for process in (search.parent, search.server):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait()
    print(f"{asked.trials} trials, kills {dict(search.killed)}, {time.monotonic() - began:.0f} s, faults {len(found)}")
    print("\n".join(found))
    if not found:
        shutil.rmtree(folder)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
