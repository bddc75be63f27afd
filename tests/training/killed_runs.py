"""Kills trainings at random instants, resumes them, and compares every byte with one that was never stopped.

    python tests/training/killed_runs.py [--kills 200] [--seed 0] [--workers 2] [--kinds dropout,plateau]

Each training is killed once or twice (also while it is being resumed), then resumed to its end. One process that has
imported TensorFlow, but not started it, forks all others, so that a kill costs a second instead of four.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import CLASSES_TREE, merged, write_classes

CLASSES = merged(
    CLASSES_TREE, {"train": {"epochs": 40, "batch_size": 16, "checkpoint": {"every": "4 steps", "keep_after": 1}}}
)
WIDE = [{"Dense": {"units": 12, "activation": "relu"}}]
LAST = [{"Dense": {"units": 3, "activation": "softmax"}}]
IMAGE = [{"Reshape": {"target_shape": [4, 4, 1]}}]
TWO_INPUTS = {
    "data.source.npz.inputs": ["x", "z"],
    "layers": [
        {"Dense": {"units": 6, "from": "x", "name": "left"}},
        {"Dense": {"units": 6, "from": "z", "name": "right"}},
        {"Concatenate": {"from": ["left", "right"]}},
        *LAST,
    ],
}
KINDS: dict[str, dict[str, Any]] = {
    "dropout, noise, batch normalization": {
        "layers": [*WIDE, {"Dropout": 0.3}, "BatchNormalization", {"GaussianNoise": 0.1}, *LAST],
    },
    "early stopping, plateau": {
        "optimizer": {"Adam": {"learning_rate": 0.05}},
        "train.epochs": 200,
        "train.early_stopping": {"monitor": "val_loss", "patience": 12},
        "train.reduce_on_plateau": {"monitor": "val_loss", "patience": 3, "factor": 0.5, "cooldown": 1},
        "train.checkpoint": {"every": "1 epoch", "keep_after": 1},
    },
    "moving average, decay, schedule, class weights": {
        "optimizer": {
            "AdamW": {
                "learning_rate": {"CosineDecay": {"initial_learning_rate": 0.02, "decay_steps": "40 epochs"}},
                "weight_decay": 0.01,
                "use_ema": True,
            }
        },
        "train.class_weight": "balanced",
        "train.checkpoint": None,
    },
    "compiled by XLA": {"layers": [*WIDE, {"Dropout": 0.3}, *LAST], "train.xla": True},
    "from a graph over to XLA": {
        "layers": [*WIDE, {"Dropout": 0.3}, *LAST],
        "train.batch_size": 2,
        "train.epochs": 100,
        "train.checkpoint": {"every": "300 steps", "keep_after": 1},
    },
    "half precision": {"layers": [*WIDE, {"Dropout": 0.2}, *LAST], "train.precision": "mixed_float16"},
    "several inputs": TWO_INPUTS,
    "augmented convolution, streamed": {
        "layers": [*IMAGE, {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}}, "Flatten", *LAST],
        "data.augment": [{"GaussianNoise": 0.05}],
        "data.stream": True,
    },
    "recurrent, a callback": {
        "layers": [{"Reshape": {"target_shape": [4, 4]}}, {"LSTM": {"units": 6, "recurrent_dropout": 0.1}}, *LAST],
        "train.epochs": 25,
        "train.callbacks": [{"CSVLogger": {"filename": "epochs.csv"}}],
    },
    "phases": {
        "layers": [
            {"Dense": {"units": 12, "name": "base", "trainable": False}},
            "BatchNormalization",
            {"Dropout": 0.2},
            *LAST,
        ],
        "train.epochs": None,
        "train.phases": [
            {"epochs": 8},
            {"epochs": 20, "set": {"train.early_stopping": {"patience": 3}, "layers.base.trainable": True}},
            {"epochs": 12, "set": {"layers.base.trainable": True, "optimizer": {"Adam": {"learning_rate": 1e-3}}}},
            {"epochs": 6, "set": {"train.batch_size": 8}},
        ],
        "optimizer": {"Adam": {"learning_rate": {"one_cycle": {"maximum": 0.05}}}},
    },
    "epochs of so many steps, streamed": {
        "layers": [*WIDE, {"Dropout": 0.2}, *LAST],
        "data.stream": True,
        "train.steps_per_epoch": 9,
        "train.phases": [{"epochs": 12}, {"epochs": 10, "set": {"train.batch_size": 8}}],
        "train.epochs": None,
    },
    "fit of Keras": {
        "layers": [*WIDE, {"Dropout": 0.3}, *LAST],
        "train.engine": "keras",
        "train.epochs": 20,
        "train.checkpoint": {"every": "3 steps", "keep_after": 1},
    },
}


def write(folder: Path, kind: str) -> None:
    """The data and the configuration of a kind."""
    write_classes(folder)
    with np.load(folder / "classes.npz") as file:
        x, y = file["x"], file["y"]
    np.savez(folder / "classes.npz", x=x, y=y, z=x[:, ::-1] ** 2)
    (folder / "experiment.yaml").write_text(json.dumps(merged(CLASSES, KINDS[kind])), encoding="utf-8")


def start(folder: Path, *arguments: str) -> int:
    """A process that runs `dlcli ARGUMENTS` in a folder; its output goes to `said.txt` there."""
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        said = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.argv = ["dlcli", *arguments]
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        from dlcli.cli import main

        code = 99
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
        os._exit(code)
    return pid


def run(folder: Path, *arguments: str) -> float:
    """Runs a command to its end, which has to be a good one; gives the seconds."""
    started = time.monotonic()
    _, status = os.waitpid(start(folder, *arguments), 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise RuntimeError(f"{arguments} ended with {code}: {(folder / 'said.txt').read_text()[-800:]}")
    return time.monotonic() - started


def killed(folder: Path, seconds: float, *arguments: str) -> bool:
    """Starts a command and kills it after some time; whether it was still running."""
    pid = start(folder, *arguments)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done:
            return False
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def content(run_folder: Path) -> dict[str, bytes]:
    """Everything that has to be equal: history, final model, newest checkpoint with its best weights, a callback's file."""
    from dlcli.runs import Run
    from dlcli.runs.checkpoint import newest

    found = {"metrics.jsonl": (run_folder / "metrics.jsonl").read_bytes()}
    for path in run_folder.glob("*.csv"):
        found[path.name] = path.read_bytes()
    with zipfile.ZipFile(run_folder / "model" / "model.keras") as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as file:
        names: list[str] = []
        file.visit(names.append)
        arrays = {f"model {name}": file[name] for name in names if isinstance(file[name], h5py.Dataset)}
        found |= {name: np.asarray(array).tobytes() for name, array in arrays.items()}
    checkpoint = newest(Run(run_folder))
    assert checkpoint is not None
    found |= {f"variable {name}": array.tobytes() for name, array in checkpoint.arrays.items()}
    found |= {f"best {name}": array.tobytes() for name, array in (checkpoint.best or {}).items()}
    kept = {key: checkpoint.state.get(key) for key in ("watch", "plateau", "random", "callbacks")}
    found["state"] = json.dumps(kept, sort_keys=True).encode()
    state = json.loads((run_folder / "run.json").read_bytes())
    assert state["exact"], state["inexact"]
    found["result"] = json.dumps([state[key] for key in ("status", "reason", "best", "metrics", "epochs")]).encode()
    return found


def different(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The names of what differs."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def attempt(folder: Path, number: int, seconds: float, generator: random.Random) -> tuple[int, dict[str, bytes]]:
    """One training that is killed once or twice and resumed; how many kills hit, and what there is in the end."""
    name, kills, command = f"killed-{number}", 0, ("train", "experiment.yaml", "--name", f"killed-{number}")
    for _ in range(generator.randint(1, 2)):
        kills += killed(folder, generator.uniform(0.05, seconds), *command, "-q")
        if not (folder / "runs" / name / "config.resolved.json").exists():
            shutil.rmtree(folder / "runs" / name, ignore_errors=True)  # killed before anything of it was there
        else:
            command = ("resume", name)
    run(folder, *command, "-q")
    return kills, content(folder / "runs" / name)


def work(kinds: list[str], kills: int, seed: int) -> int:
    """Kills trainings of some kinds until so many kills have hit, prints what differs, and gives how often that was."""
    import keras  # noqa: F401 (forked with it)
    import tensorflow as tf  # noqa: F401

    generator, failures = random.Random(seed), 0
    for kind in kinds:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            write(folder, kind)
            seconds = run(folder, "train", "experiment.yaml", "--name", "whole", "-q")
            whole, hits, number = content(folder / "runs" / "whole"), 0, 0
            while hits < kills:
                number += 1
                hit, found = attempt(folder, number, seconds, generator)
                hits += hit
                wrong = different(whole, found)
                failures += bool(wrong)
                if wrong:
                    print(f"{kind}: training {number} differs in {wrong[:6]}", flush=True)
                shutil.rmtree(folder / "runs" / f"killed-{number}")
            print(f"{kind}: {hits} kills in {number} trainings, {len(whole)} things compared each", flush=True)
    return failures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kinds", default=",".join(str(number) for number in range(len(KINDS))))
    given = parser.parse_args()
    kinds = [list(KINDS)[int(number)] for number in given.kinds.split(",")]
    each = -(-given.kills // len(kinds))
    workers = []
    for number in range(given.workers):
        worker = os.fork()
        if worker == 0:
            os._exit(min(99, work(kinds[number :: given.workers], each, given.seed + number)))
        workers.append(worker)
    codes = [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers]
    print(f"{sum(codes)} trainings differ")
    sys.exit(sum(codes) != 0)


if __name__ == "__main__":
    main()
