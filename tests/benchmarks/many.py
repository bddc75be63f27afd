"""How much faster `dlcli many` trains many lines than a shell loop over `dlcli train` does.

    python tests/benchmarks/many.py [--lines 20] [--rounds 3] [--epochs 1] [--jobs 1] [--files]

Each round trains the same lines of digits both ways, one after the other; a figure is the median of the ratios of the rounds:
of the time, and of the time of the processors, which says more where others work on them. The files of both ways are compared
as well: every epoch of every line has to be the same. What a line takes beyond its steps is its share of the time less what
its run says its epochs took. With `--files` the lines are trained once more, one after the other with
the threads of `dlcli train`, and every file of every run has to be the same, but for times and numbers of processes.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT / "tests")  # this folder has a training of its own

from training.many.test_same_files import files_of  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36
PROGRAM = [sys.executable, "-m", "dlcli"]


def adopt_orphans() -> None:
    """Makes this process the parent of those whose own has ended, as that of the fork server: their time is counted, too."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)


def processor_seconds() -> float:
    """The time of the processors that all processes have taken that this one has seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(folder: Path, command: str) -> tuple[float, float]:
    """The time of a shell command, and that of the processors."""
    started, before = time.monotonic(), processor_seconds()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, shell=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    taken = time.monotonic() - started
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    return taken, processor_seconds() - before


def epochs_of(folder: Path) -> dict[str, bytes]:
    """By run what metrics.jsonl holds."""
    return {path.parent.name: path.read_bytes() for path in sorted(folder.glob("runs/*/metrics.jsonl"))}


def beyond_steps(folder: Path, taken: float, jobs: int) -> float:
    """The seconds of a line beyond its epochs, where so many were trained side by side in so many seconds."""
    epochs = [json.loads(path.read_text(encoding="utf-8"))["seconds"] for path in folder.glob("runs/*/run.json")]
    return taken * jobs / len(epochs) - statistics.mean(epochs)


def compared(lines: Path, alone: Path, command: str) -> str:
    """In words how many files of the runs differ where the same lines are trained one after the other."""
    shutil.rmtree(lines / "runs")
    seconds(lines, command)
    many, single = files_of(lines), files_of(alone)
    differ = [name for name in {*many, *single} if many.get(name) != single.get(name)]
    runs = len({name.partition("/")[0] for name in single})
    return f"{len(single)} files of {runs} runs, {len(differ)} of them differ {sorted(differ)[:5] or ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--files", action="store_true")
    asked = parser.parse_args()
    config, program = shlex.quote(str(ROOT / "configs" / "digits.yaml")), shlex.join(PROGRAM)
    lines = [f"{config} --epochs {asked.epochs} --set seed={number} -q" for number in range(asked.lines)]
    adopt_orphans()
    loops, manies, beyond = list[tuple[float, float]](), list[tuple[float, float]](), list[float]()
    for number in range(asked.rounds):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            (Path(one) / "lines.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            loop = f"while read -r words; do {program} train $words </dev/null; done <{one}/lines.txt"
            ways = [
                (manies, one, f"{program} many lines.txt -q -j {asked.jobs}"),
                (loops, other, loop),
            ]
            for times, folder, command in ways[:: 1 if number % 2 else -1]:
                times.append(seconds(Path(folder), command))
            beyond.append(beyond_steps(Path(one), manies[-1][0], asked.jobs))
            same = epochs_of(Path(one)) == epochs_of(Path(other))
            if asked.files:
                print(compared(Path(one), Path(other), f"{program} many lines.txt -q"))
        print(f"round {number + 1}: loop {words(loops[-1])}, many {words(manies[-1])}, same epochs: {same}")
    for at, what in enumerate(("time", "time of processors")):
        ratio = statistics.median(loop[at] / many[at] for loop, many in zip(loops, manies, strict=True))
        each = [statistics.median(way[at] for way in ways) / asked.lines for ways in (manies, loops)]
        print(f"{what}: {ratio:.2f} times as fast; a line {each[0]:.2f} s, alone {each[1]:.2f} s")
    print(f"a line takes {statistics.median(beyond):.2f} s beyond its epochs")
    print(f"{asked.lines} lines, median of {asked.rounds} rounds, load {os.getloadavg()[0]:.1f}")


def words(taken: tuple[float, float]) -> str:
    """Both times in words."""
    return f"{taken[0]:.1f} s ({taken[1]:.1f} s of processors)"


if __name__ == "__main__":
    main()
