"""How predict does on large tables: its time beside that of a loop over model.predict by hand, and its memory as rows grow.

    python tests/benchmarks/predicting.py [--rows 1000000 10000000] [--rounds 3]

Trains a small network on a table of ten columns, writes tables of as many rows as csv, and predicts for each: with dlcli, and by
hand as one would write it (pandas reads a piece of rows at a time, `model.predict` on batches of 8,192, `to_csv`). Time and peak
memory are of the whole process; a ratio above 1 says that dlcli is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS, PIECE = 10, 1_000_000
BY_HAND = """
import sys, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import keras, numpy as np, pandas as pd
model = keras.saving.load_model("runs/m/model/model.keras", compile=False)
prepare = keras.saving.load_model("runs/m/model/prepare.keras", compile=False)
whole = keras.Model(prepare.input, model(prepare.output))
names = [f"c{each}" for each in range(10)]
for number, piece in enumerate(pd.read_csv(sys.argv[1], usecols=names, chunksize=65536)):
    said = whole.predict({"features": piece[names].to_numpy()}, batch_size=8192, verbose=0)
    frame = pd.DataFrame({"y": np.array(["a", "b"])[said.argmax(axis=1)]})
    frame["probability a"], frame["probability b"] = said[:, 0], said[:, 1]
    frame.to_csv("by_hand.csv", mode="a" if number else "w", header=not number, index=False)
"""
"""Keras and pandas as a person would write it."""


def write_table(path: Path, rows: int, *, target: bool) -> None:
    """Writes a table, a piece at a time."""
    import numpy as np
    import pyarrow
    import pyarrow.csv

    generator = np.random.default_rng(1)
    with path.open("wb") as file:
        for start in range(0, rows, PIECE):
            count = min(PIECE, rows - start)
            values = generator.normal(size=(count, COLUMNS)).astype(np.float32).round(3)
            columns = {f"c{each}": values[:, each] for each in range(COLUMNS)}
            if target:
                columns["y"] = np.where(values.sum(axis=1) > 0, "a", "b")
            options = pyarrow.csv.WriteOptions(include_header=start == 0)
            pyarrow.csv.write_csv(pyarrow.table(columns), file, options)


def measured(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds, the peak memory in MB, and the seconds of the processor, of a process."""
    begun = time.monotonic()
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, (folder / "log.txt").read_text()
    return time.monotonic() - begun, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Trains, writes and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only-dlcli", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        write_table(folder / "train.csv", 5000, target=True)
        layers = [{"Dense": {"units": 32, "activation": "relu"}}, {"Dense": {"units": 2, "activation": "softmax"}}]
        config = {
            "data": {"source": "train.csv", "target": "y", "prepare": ["Normalization"]},
            "layers": layers, "loss": "sparse_categorical_crossentropy", "optimizer": "Adam", "train": {"epochs": 2},
        }  # fmt: skip
        (folder / "m.yaml").write_text(json.dumps(config))
        measured(["dlcli", "train", "m.yaml", "--name", "m", "-q"], folder)
        (folder / "by_hand.py").write_text(BY_HAND)
        print("| rows | file | dlcli | by hand | ratio | of the processor | peak memory: dlcli | by hand |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for rows in arguments.rows:
            write_table(folder / "new.csv", rows, target=False)
            size = (folder / "new.csv").stat().st_size / 1e6
            own, other = [], []
            for _ in range(arguments.rounds):
                own.append(measured(["dlcli", "predict", "m", "new.csv", "-o", "said.csv", "-q"], folder))
                if not arguments.only_dlcli:
                    other.append(measured([sys.executable, "by_hand.py", "new.csv"], folder))
            pairs = [*zip(own, other, strict=True)] if other else []
            ratios = [statistics.median(b[place] / a[place] for a, b in pairs) if pairs else 0 for place in (0, 2)]
            cells = [f"{rows:,}", f"{size:.0f} MB", f"{statistics.median(each[0] for each in own):.1f} s"]
            cells += [
                f"{statistics.median(each[0] for each in other):.1f} s" if other else "",
                *(f"{each:.2f}" for each in ratios),
            ]
            cells += [f"{max(each[1] for each in own):.0f} MB", f"{max((each[1] for each in other), default=0):.0f} MB"]
            print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
