"""What showing the progress of a training costs: the live view on a terminal and lines in a pipe, over saying nothing.

    python tests/benchmarks/progress.py [--rounds 5]

The seconds are those of the training loop, as the run records them; each figure is the median of ratios over the same round.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

CONFIG = Path(__file__).parents[2] / "configs" / "digits.yaml"
TRAIN = [sys.executable, "-m", "dlcli", "train", "digits.yaml", "--set", "train.early_stopping=null", "--json"]
SIZES = {"live view, 80 x 24": (80, 24), "live view, 120 x 40": (120, 40)}


def on_a_terminal(command: list[str], folder: Path, columns: int, rows: int) -> bytes:
    """Runs a command whose standard error is a terminal; gives its standard output."""
    reading, writing = pty.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=writing)
    os.close(writing)
    drawn = 0
    while True:
        try:
            part = os.read(reading, 65536)
        except OSError:  # how a terminal tells that nobody writes to it any more
            break
        drawn += len(part)
    assert drawn > 10_000, "nothing was drawn"
    assert process.stdout is not None
    return process.stdout.read()


def seconds(way: str, folder: Path, epochs: int) -> float:
    """The time in the training loop."""
    command = [*TRAIN, "--epochs", str(epochs)]
    if way in SIZES:
        said = on_a_terminal(command, folder, *SIZES[way])
    else:
        command += ["-q"] * (way == "nothing")
        said = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    return float(json.loads(said)["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=400)
    given = parser.parse_args()
    ways = ["nothing", "lines in a pipe", *SIZES]
    times: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "digits.yaml").write_bytes(CONFIG.read_bytes())
        for _ in range(given.rounds):
            for way in ways:
                times[way].append(seconds(way, folder, given.epochs))
    print("| progress | seconds | over saying nothing |")
    print("|---|---|---|")
    for way in ways:
        ratio = statistics.median(one / quiet for one, quiet in zip(times[way], times["nothing"], strict=True))
        print(f"| {way} | {statistics.median(times[way]):.2f} | {ratio:.3f} |", flush=True)


if __name__ == "__main__":
    main()
