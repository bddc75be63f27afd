"""How long dlcli takes to the first step of training and to its end, and what each measure for a quick start brings.

    python tests/benchmarks/start_up.py [--rounds 5]

Every way is a process of its own, the ways in turn. A figure is the median of its ratios over the same round: to the first
step over a bare `import keras`; of a way without one of the measures over the way with all of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRAIN = """
import sys, time
import dlcli.training.setup.backend as backend
{change}
import dlcli.training.session as session
between = session.Session.between
def first(self, step, loss):
    print("first", time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)
    session.Session.between = between
    return between(self, step, loss)
session.Session.between = first
sys.argv = ["dlcli", "train", "digits.yaml", "--epochs", "20", "-q"]
from dlcli.cli import {program}
{program}()
"""
CHANGES = {
    "all measures": "",
    "public modules of TensorFlow at once": "backend.defer_public_modules = lambda: None",
    "Matplotlib, pandas, scikit-learn loaded": "backend.PROBED = ()",
    "garbage collected during the import": "backend.gc.disable = lambda: None",
    "the interpreter taken down": "",
}


def timed(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds from the start to the first step, if there is one, and to the end of a process."""
    started = time.clock_gettime(time.CLOCK_MONOTONIC)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    ended = time.clock_gettime(time.CLOCK_MONOTONIC)
    first = [float(line.split()[1]) - started for line in done.stdout.splitlines() if line.startswith("first ")]
    return first[0] if first else float("nan"), ended - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    ways = {
        name: ["-c", TRAIN.format(change=change, program="main" if "taken down" in name else "program")]
        for name, change in CHANGES.items()
    }
    ways["bare import keras"] = ["-c", "import keras"]
    ways["dlcli --help"] = ["-m", "dlcli", "--help"]
    ways["dlcli validate"] = ["-m", "dlcli", "validate", "digits.yaml"]
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "digits.yaml").write_bytes((ROOT / "configs" / "digits.yaml").read_bytes())
        for command in ways.values():
            timed(folder, *command)  # once, so that bytecode and files are in their caches
        for _ in range(rounds):
            for name, command in ways.items():
                seen[name].append(timed(folder, *command))
    print("| way | seconds | over all measures | first step over `import keras` |")
    print("|---|---|---|---|")
    for name, times in seen.items():
        whole = statistics.median(end for _, end in times)
        ratio = statistics.median(end / best for (_, end), (_, best) in zip(times, seen["all measures"], strict=True))
        pairs = zip(times, seen["bare import keras"], strict=True)
        first = statistics.median(step / bare for (step, _), (_, bare) in pairs)
        cells = [f"{whole:.2f}", f"{ratio:.2f}" if name in CHANGES else "", f"{first:.2f}" if name in CHANGES else ""]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
