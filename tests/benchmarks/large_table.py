"""How long two epochs over a csv of a million rows take from Enter to the last line, beside pandas and Keras by hand.

    python tests/benchmarks/large_table.py [--rows 1000000] [--pairs 5] [--python PYTHON]

The two run in turn, each in a process of its own. `PYTHON` is one with pandas and Keras; by default this one. Printed are the
ratios of each pair, and the medians: how many times as fast dlcli is, and its peak of memory over that of the script.
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

COLUMNS = 10
CONFIG = """\
data: {source: t.csv, target: y}
layers: [{Dense: {units: 64, activation: relu}}, {Dense: {units: 1, activation: sigmoid}}]
loss: BinaryCrossentropy
metrics: [accuracy]
optimizer: Adam
train: {epochs: 2, batch_size: 256}
"""
SCRIPT = """\
import pandas, numpy, keras
table = pandas.read_csv("t.csv")
y = table.pop("y").to_numpy("float32")
x = table.to_numpy("float32")
order = numpy.random.default_rng(0).permutation(len(x))
train, validation, test = numpy.split(order, [int(0.7 * len(x)), int(0.85 * len(x))])
layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential([keras.Input((x.shape[1],)), *layers])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x[train], y[train], validation_data=(x[validation], y[validation]), epochs=2, batch_size=256, verbose=0)
model.save("model.keras")
"""


def write_table(folder: Path, rows: int) -> None:
    """A table of ten columns of numbers and a class that follows from three of them."""
    import numpy as np
    import pyarrow
    import pyarrow.csv

    generator = np.random.default_rng(0)
    columns = {f"x{index}": generator.normal(size=rows).round(7) for index in range(COLUMNS)}
    score = columns["x0"] + columns["x1"] * columns["x2"] + 0.3 * generator.normal(size=rows)
    pyarrow.csv.write_csv(pyarrow.table({**columns, "y": (score > 0).astype(int)}), folder / "t.csv")


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and the peak of memory in MB of a process."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--python", default=sys.executable)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_table(folder, given.rows)
        (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
        (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
        ours = [sys.executable, "-c", "from dlcli.cli import program; program()", "train", "c.yaml", "-q"]
        hand = [given.python, "script.py"]
        size = (folder / "t.csv").stat().st_size / 1e6
        for command in (ours, hand):
            measured(command, folder)  # once, so that files and bytecode are in their caches
        pairs = [(measured(ours, folder), measured(hand, folder)) for _ in range(given.pairs)]
    print(f"a csv of {given.rows:,} x {COLUMNS + 1}, {size:.0f} MB, two epochs")
    for own, other in pairs:
        print(f"{own[0]:.1f} s and {own[1]:.0f} MB, by hand {other[0]:.1f} s and {other[1]:.0f} MB")
    faster = statistics.median(other[0] / own[0] for own, other in pairs)
    memory = statistics.median(own[1] / other[1] for own, other in pairs)
    print(f"{faster:.2f} times as fast, {memory:.2f} of the memory")


if __name__ == "__main__":
    main()
