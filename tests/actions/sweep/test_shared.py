"""A search that several clients share over a server of gRPC and over a real PostgreSQL; its trials are no trainings here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import Database, database, free_port, programs

CONFIG = """\
data: {source: digits}
layers: [Flatten, Dense: {units: 8, name: hidden}, Dense: {units: 10, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 9}
sweep:
  space: {optimizer.learning_rate: {log: [1e-4, 1e-1]}, layers.hidden.units: {int: [8, 64]}}
"""
CLIENT = """
import json, random, sys, time
from dataclasses import replace
from pathlib import Path
from dlcli.actions.sweep.holder import this_process
from dlcli.actions.sweep.space import Space
from dlcli.actions.sweep.storage import place_of
from dlcli.actions.sweep.study import Study
from dlcli.config import config_of
from dlcli.config.sweep_space import checked_space

storage, name, total, host = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
content = Path("a.yaml").read_bytes()
config = config_of(content, file="a.yaml")
space = Space(config.sweep, checked_space(content, config, file="a.yaml"))
folder = Path(name)
folder.mkdir(exist_ok=True)
study = Study(name="s", place=place_of(storage, folder), space=space, seed=0, epochs=9,
              holder=replace(this_process(folder), host=host), plan="{}", lost_after=3.0,
              told=lambda text: print(text, file=sys.stderr, flush=True))
study.open()
print("opened", flush=True)
beaten = 0.0
while True:
    held = study.next(total, can_go_on=lambda number: True)
    if held is None:
        if all(each.state.is_finished() for each in study.trials()):
            break
        time.sleep(0.2)
        continue
    for epoch in (1, 2):
        study.report(held, epoch, 1.0 / epoch)
        study.beat()
        time.sleep(random.uniform(0, 0.02))
    if study.tell(held, "COMPLETE", [held.point["optimizer.learning_rate"]], {"epochs": 9}):
        print(json.dumps({"number": held.number, "point": held.point}), flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "client.py").write_text(textwrap.dedent(CLIENT), encoding="utf-8")
    return tmp_path


class Clients:
    """Clients of a search, each a process that says which trials it has told."""

    def __init__(self, folder: Path, storage: str, total: int) -> None:
        self.folder, self.storage, self.total = folder, storage, total
        self.processes: dict[str, subprocess.Popen[str]] = {}

    def start(self, name: str, *, host: str | None = None) -> None:
        command = [sys.executable, "client.py", self.storage, name, str(self.total), host or name]
        with (self.folder / f"{name}.out").open("a") as out, (self.folder / f"{name}.err").open("a") as err:
            self.processes[name] = subprocess.Popen(command, cwd=self.folder, stdout=out, stderr=err)

    def words(self, name: str) -> str:
        return (self.folder / f"{name}.out").read_text() + (self.folder / f"{name}.err").read_text()

    def until(self, there: Callable[[], bool], *, seconds: float = 120.0) -> None:
        until = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < until, {name: self.words(name)[-800:] for name in self.processes}
            time.sleep(0.05)

    def ended(self) -> list[dict[str, Any]]:
        """What all have told, once they have ended."""
        self.until(lambda: all(each.poll() is not None for each in self.processes.values()))
        files = self.folder.glob("*.out")
        return [json.loads(line) for file in files for line in file.read_text().splitlines() if line.startswith("{")]

    def close(self) -> None:
        for each in self.processes.values():
            if each.poll() is None:
                each.kill()
            each.wait()


@pytest.fixture
def clients(folder: Path) -> Iterator[Callable[[str, int], Clients]]:
    made = list[Clients]()

    def begin(storage: str, total: int) -> Clients:
        made.append(Clients(folder, storage, total))
        return made[-1]

    yield begin
    for each in made:
        each.close()


@pytest.fixture
def served(folder: Path) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Starts the server of a search at a port."""
    made = list[subprocess.Popen[bytes]]()

    def begin(port: int) -> subprocess.Popen[bytes]:
        program = [str(Path(sys.executable).with_name("dlcli")), "sweep", "a.yaml", "--serve", "--name", "s"]
        with (folder / "server.err").open("ab") as err:
            made.append(subprocess.Popen([*program, "--storage", f"grpc://127.0.0.1:{port}"], cwd=folder, stderr=err))
        return made[-1]

    yield begin
    for each in made:
        if each.poll() is None:
            each.kill()
        each.wait()


def check_told(told: list[dict[str, Any]], total: int) -> None:
    assert Counter(each["number"] for each in told) == Counter(range(1, total + 1))
    assert len({json.dumps(each["point"]) for each in told}) == total


@pytest.mark.nightly
def test_four_clients_of_a_server_that_is_killed(
    folder: Path, clients: Callable[[str, int], Clients], served: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    port = free_port()
    server, four = served(port), clients(f"grpc://127.0.0.1:{port}", 120)
    for name in "abcd":
        four.start(name)
    four.until(lambda: four.words("a").count("number") >= 8)
    server.kill()
    server.wait()
    four.until(lambda: all("is away" in four.words(name) for name in "abcd"))
    served(port)
    four.until(lambda: all("is back" in four.words(name) for name in "abcd"))
    check_told(four.ended(), 120)


@pytest.mark.nightly
def test_a_client_that_is_killed_elsewhere_is_taken_over(
    clients: Callable[[str, int], Clients], served: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    port = free_port()
    served(port)
    three = clients(f"grpc://127.0.0.1:{port}", 60)
    for name in "abc":
        three.start(name)
    three.until(lambda: three.words("a").count("number") >= 4)
    three.processes["a"].send_signal(signal.SIGKILL)
    told = three.ended()
    check_told(told, 60)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Database]:
    if programs() is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with database() as made:
        yield made


@pytest.mark.nightly
def test_a_database_shares_a_search_and_may_be_away(
    folder: Path, clients: Callable[[str, int], Clients], postgres: Database
) -> None:
    three = clients(postgres.url, 40)
    for name in "abc":  # all at once: each would make the tables
        three.start(name)
    three.until(lambda: sum(three.words(name).count("number") for name in "abc") >= 6)
    postgres.stop()
    three.until(lambda: all("is away" in three.words(name) for name in "abc"))
    postgres.start()
    check_told(three.ended(), 40)
    assert "tester" in three.words("a")


@pytest.mark.nightly
def test_a_command_takes_a_database(folder: Path, postgres: Database) -> None:
    program = str(Path(sys.executable).with_name("dlcli"))
    options = ["--storage", postgres.url, "--name", "real", "--trials", "2", "--set", "train.epochs=1", "--json"]
    done = subprocess.run(
        [program, "sweep", "a.yaml", *options], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert [each["state"] for each in shown["trials"]] == ["done", "done"]
    assert not (folder / "runs" / "real" / "journal.log").exists()
