"""How long the board takes to answer: many runs that are done, and some that train and write an epoch a second.

    python tests/benchmarks/board.py [--runs 1000] [--training 20] [--seconds 20] [--serve]

Measures the answers of a board of its own over HTTP, as a browser asks for them every two seconds: the table, and the curves of
eight runs that train. With `--serve` it prints the address and goes on until Ctrl-C, to be looked at in a browser meanwhile.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from many_runs import make_run

from dlcli.runs import Run, history, read_state
from dlcli.runs.lock import Lock

PAUSE, DRAWN = 2.0, 8


def grow(runs: list[Run], ended: threading.Event) -> None:
    """Adds an epoch a second to each run."""
    epoch = 31
    while not ended.wait(1.0):
        for number, run in enumerate(runs):
            values = {"loss": 1 / (epoch + number), "accuracy": 1 - 1 / (epoch + number)}
            history.append(run, {"epoch": epoch, "step": epoch, "train": values, "validation": values})
        epoch += 1


def measured(opener: Any, address: str, asked: dict[str, str], seconds: float) -> dict[str, list[float]]:
    """The seconds that each answer takes, asked for again and again."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, target in asked.items():
            begun = time.monotonic()
            with opener.open(f"{address}{target}") as answer:
                assert json.load(answer)["version"]
            times[name].append(time.monotonic() - begun)
        time.sleep(PAUSE)
    return times


def main() -> None:
    """Makes the runs, serves them, and asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--training", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--serve", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as locks:
        for number in range(chosen.runs):
            make_run(Path(folder) / f"run-{number:05d}", number + 1)
        training = [Run(Path(folder) / f"run-{number:05d}") for number in range(chosen.runs)][-chosen.training :]
        for run in training:
            locks.enter_context(Lock(run.path))
            dataclasses.replace(read_state(run), status="running", verdict=[], metrics={}).write(run)
        ended = threading.Event()
        threading.Thread(target=grow, args=(training, ended), daemon=True).start()
        command = [sys.executable, "-m", "dlcli", "board", folder, "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                told = json.loads(process.stdout.readline())
                if chosen.serve:
                    print(told["address"], flush=True)
                    process.wait()
                opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
                with opener.open(told["address"]) as page:
                    print(f"page: {len(page.read()):,} bytes")
                curves = "&".join(f"run={run.name}" for run in training[:DRAWN])
                asked = {"table": "runs.json", "curves": f"curves.json?{curves}"}
                times = measured(opener, told["address"].partition("?")[0], asked, chosen.seconds)
                for name, values in times.items():
                    first, *rest = values
                    print(
                        f"{name}: first {first:.3f} s, then median {statistics.median(rest):.3f}, most {max(rest):.3f} s"
                    )
            finally:
                ended.set()
                process.terminate()


if __name__ == "__main__":
    main()
