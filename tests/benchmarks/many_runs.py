"""How long it takes to list many runs: makes folders of runs without training any, and lists them.

    python tests/benchmarks/many_runs.py [--runs 10000] [--groups 200] [--folder FOLDER]

With groups the runs are spread over so many of them evenly.
The runs differ in seed and learning rate and have the files that a training of digits leaves. The first list is cold (there is
no index), the others have the index that it has written; the time is that of whole processes, the median of five.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dlcli.runs.groups import Group, GroupKind

TREE: dict[str, Any] = {
    "name": "digits",
    "seed": 0,
    "data": {"source": {"digits": {}}, "prepare": [{"Rescaling": {"scale": 0.0625}}], "split": {"test": 0.15}},
    "layers": [
        {"Flatten": {}},
        {"Dense": {"units": 64, "activation": "relu"}},
        {"Dropout": {"rate": 0.2}},
        {"Dense": {"units": 10, "activation": "softmax"}},
    ],
    "loss": {"sparse_categorical_crossentropy": {}},
    "optimizer": {"Adam": {"learning_rate": 0.001}},
    "metrics": [{"accuracy": {}}],
    "train": {"epochs": 30, "batch_size": 32, "early_stopping": {"monitor": "val_loss", "patience": 5}},
    "schema": 1,
}
COMMANDS = {
    "runs": ["runs"],
    "runs --names": ["runs", "--names"],
    "runs --sort --filter --limit 20": [
        "runs", "--sort=-val_accuracy", "--filter", "optimizer.learning_rate<0.01", "--limit", "20",
    ],
    "runs --json --limit 100": ["runs", "--json", "--limit", "100"],
    "runs --csv": ["runs", "--csv"],
}  # fmt: skip
ROUNDS = 5


def make_run(folder: Path, number: int) -> None:
    """The folder of one run that is done."""
    folder.mkdir()
    accuracy = number * 7919 % 10_000 / 10_000
    metrics = {"train": {"loss": 0.15, "accuracy": 0.95}, "validation": {"loss": 1 - accuracy, "accuracy": accuracy}}
    judged = {
        "code": "still_improving",
        "finding": "stopped while still improving",
        "evidence": "it fell",
        "advice": [],
    }
    state = {
        "run": folder.name, "number": number, "status": "done", "config": "digits.yaml",
        "started": "2026-01-01T00:00:00+00:00", "reason": "all epochs are done", "stop": "all_epochs", "exit_code": 0,
        "resumable": False, "exact": True, "inexact": [], "epochs": 30, "seconds": 2.4, "samples_per_second": 16_000.0,
        "best": {"epoch": 30, "monitor": "val_loss", "value": 0.1, "weights": "last"}, "metrics": metrics,
        "baseline": {}, "verdict": [judged], "engine": "resident", "way": "in memory", "schema": 1,
    }  # fmt: skip
    tree = {**TREE, "seed": number % 7, "optimizer": {"Adam": {"learning_rate": 10.0 ** -(1 + number % 5)}}}
    manifest = {}
    for name, value in (("run.json", state), ("config.resolved.json", tree)):
        content = f"{json.dumps(value, indent=2)}\n".encode()
        (folder / name).write_bytes(content)
        manifest[name] = [{"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}]
    (folder / "MANIFEST.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    lines = [
        json.dumps({"epoch": epoch, "step": 40 * epoch, "learning_rate": 0.001, **metrics}) for epoch in range(1, 31)
    ]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def seconds_of(arguments: list[str], root: Path) -> float:
    """The time of a command from start to finish."""
    started = time.monotonic()
    program = [sys.executable, "-m", "dlcli", *arguments, "--runs", str(root)]
    subprocess.run(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--groups", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        root = options.folder or Path(made) / "runs"
        root.mkdir(parents=True, exist_ok=True)
        for number in range(1, options.groups + 1):
            if not (root / f"group-{number}").exists():
                words = ["train", "digits.yaml", "--seeds", "9"]
                Group.claim(root, f"group-{number}", GroupKind.SEEDS, words=words, config="digits.yaml", content=b"{}")
        for number in range(1, options.runs + 1):
            folder = root / f"group-{1 + number % options.groups}" if options.groups else root
            if not (folder / f"digits-{number}").exists():
                make_run(folder / f"digits-{number}", number)
        time.sleep(3)  # a file that has only just been written is not believed to stay as it is
        index = root / ".index.json"
        index.unlink(missing_ok=True)
        groups = f" in {options.groups:,} groups" if options.groups else ""
        print(f"| {options.runs:,} runs{groups} | seconds |\n|---|---|")
        print(f"| runs, cold | {seconds_of(['runs'], root):.2f} |")
        for name, arguments in COMMANDS.items():
            print(
                f"| {name} | {statistics.median(seconds_of(arguments, root) for _ in range(ROUNDS)):.2f} |", flush=True
            )


if __name__ == "__main__":
    main()
