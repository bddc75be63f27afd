"""What showing the progress of a training costs: the share of the training loop that the view takes, on a terminal and in a pipe.

    python tests/benchmarks/progress.py [--rounds 5] [--epochs 400]

Epochs of configs/digits.yaml take some ten milliseconds, so this is the worst case. The median of the rounds is printed.
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
TRAIN = """
import sys, time
from dlcli.view.training.live import LineView
from dlcli.view.training.terminal import TerminalView
spent = 0.0
def timed(function):
    def call(*arguments):
        global spent
        started = time.perf_counter()
        function(*arguments)
        spent += time.perf_counter() - started
    return call
for view in (LineView, TerminalView):
    view.step, view.epoch = timed(view.step), timed(view.epoch)
sys.argv = ["dlcli", "train", "digits.yaml", "--set", "train.early_stopping=null", "--epochs", sys.argv[1], "--json"]
from dlcli.cli import main
try:
    main()
finally:
    print(spent)
"""
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


def share(way: str, folder: Path, epochs: int) -> float:
    """Seconds in the view over seconds in the training loop."""
    command = [sys.executable, "-c", TRAIN, str(epochs)]
    if way in SIZES:
        said = on_a_terminal(command, folder, *SIZES[way])
    else:
        said = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    result, spent = said.decode().splitlines()
    return float(spent) / float(json.loads(result)["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=400)
    given = parser.parse_args()
    print("| progress | share of the time |")
    print("|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "digits.yaml").write_bytes(CONFIG.read_bytes())
        for way in ("lines in a pipe", *SIZES):
            shares = [share(way, folder, given.epochs) for _ in range(given.rounds)]
            print(f"| {way} | {100 * statistics.median(shares):.1f} % |", flush=True)


if __name__ == "__main__":
    main()
