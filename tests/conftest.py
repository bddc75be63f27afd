"""Drives the command line inside the test process, so that TensorFlow is imported once, and writes small experiments."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HIDDEN_VARIABLES = ("DLCLI_RUNS", "COLUMNS", "FORCE_COLOR", "NO_COLOR")


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit code, and what it wrote to standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """Standard output as the one JSON document it is."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error object of `--json`, which is all of standard output."""
        assert list(self.value) == ["error"]
        error: dict[str, Any] = self.value["error"]
        return error


def run(*arguments: str | Path, cwd: Path, stdin: bytes = b"") -> Outcome:
    """Runs `dlcli ARGUMENTS` in this process, in a folder, with streams of text in UTF-8."""
    from dlcli.cli import main

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    code = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["dlcli", *map(str, arguments)])
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        for name in HIDDEN_VARIABLES:
            patch.delenv(name, raising=False)
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Outcome(code, text_of(out), text_of(err))


def text_of(stream: io.TextIOWrapper) -> str:
    """All that was written to a stream of bytes in memory."""
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


@pytest.fixture(autouse=True, scope="session")
def without_waiting_for_the_disk() -> Iterator[None]:
    """Files are not made to last here, which a training asks for about seventy times; commands in processes of their own are as
    they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def bugs_in_verdicts() -> Iterator[None]:
    """Raises what a verdict would tell in its place."""

    def raised(error: Exception) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlcli.training.outcome.not_judged", raised)
        yield


@pytest.fixture(autouse=True, scope="module")
def few_looks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Takes the time for its looks from the verdict but in modules that ask for them by `pytestmark = pytest.mark.looks`, where
    a loaded machine has time for every look.

    What the verdict measures takes nearly half the time of a small training.
    """
    seconds = 0.0 if request.node.get_closest_marker("looks") is None else 60.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlcli.training.evidence.looks.MOST_SECONDS", seconds)
        yield


@pytest.fixture(scope="session")
def run_dlcli() -> Callable[..., Outcome]:
    """`run_dlcli("train", "a.yaml", cwd=folder)` gives exit code, standard output and standard error."""
    return run


CLASSES_TREE: dict[str, Any] = {
    "seed": 3,
    "data": {
        "source": {"npz": {"path": "classes.npz", "inputs": "x", "target": "y"}},
        "split": {"validation": 0.2, "test": 0.2},
    },
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"Adam": {"learning_rate": 0.01}},
    "metrics": ["accuracy"],
    "train": {"epochs": 3, "batch_size": 32},
}
"""An experiment on three classes of 16 numbers; the last batch of its training split is ragged."""


def write_classes(folder: Path, *, samples: int = 150, name: str = "classes.npz") -> None:
    """Three overlapping clouds of points in 16 dimensions."""
    import numpy as np

    generator = np.random.default_rng(11)
    y = np.arange(samples) % 3
    x = generator.normal(size=(samples, 16)).astype(np.float32) + 0.6 * y[:, None].astype(np.float32)
    np.savez(folder / name, x=x, y=y.astype(np.int64))


def merged(base: Any, changes: Mapping[str, Any]) -> Any:
    """A copy of a tree with changes by dotted path; None takes a key away."""
    tree = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = tree
        for part in parents:
            node = node.setdefault(part, {})
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    return tree


@pytest.fixture(scope="session")
def write_experiment() -> Callable[..., Path]:
    """`write_experiment(folder, {"train.epochs": 2})` writes a configuration with its data and gives its path.

    The configuration is that of three classes with changes by dotted path; JSON is YAML, so nothing else is needed.
    """

    def write(folder: Path, changes: Mapping[str, Any] = {}, *, file: str = "experiment.yaml") -> Path:
        if not (folder / "classes.npz").exists():
            write_classes(folder)
        path = folder / file
        path.write_text(json.dumps(merged(CLASSES_TREE, changes), indent=1), encoding="utf-8")
        return path

    return write


def history_of(folder: Path, name: str) -> list[dict[str, Any]]:
    """The epochs of a run in `folder/runs`."""
    lines = (folder / "runs" / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def read_history() -> Callable[[Path, str], list[dict[str, Any]]]:
    """`read_history(folder, name)` gives the epochs of a run in `folder/runs`."""
    return history_of


RECORDED_TREE: dict[str, Any] = {
    "name": "digits",
    "seed": 0,
    "data": {"source": {"digits": {}}, "prepare": [{"Rescaling": {"scale": 0.0625}}]},
    "layers": [{"Flatten": {}}, {"Dense": {"units": 64, "activation": "relu"}}, {"Dense": {"units": 10}}],
    "loss": {"sparse_categorical_crossentropy": {}},
    "optimizer": {"Adam": {"learning_rate": 0.001}},
    "metrics": [{"accuracy": {}}],
    "train": {"epochs": 5, "batch_size": 32},
}
"""A configuration as a run records it, shortened."""


@pytest.fixture(scope="session")
def record_run() -> Callable[..., Any]:
    """`record_run(root, "a", number=1, tree={…}, history=[…], status="done")` makes the folder of a run; nothing is trained."""
    from dlcli.runs import Run, RunState
    from dlcli.runs.atomic import write_bytes
    from dlcli.runs.manifest import write_recorded_json
    from dlcli.runs.upgrades import numbered

    def made(
        root: Path,
        name: str,
        *,
        tree: Mapping[str, Any] = RECORDED_TREE,
        history: Sequence[Mapping[str, Any]] = (),
        **state: Any,
    ) -> Run:
        run = Run.claim(root, name, rename=False)
        write_recorded_json(run, run.resolved, numbered(run.resolved.name, tree))
        write_bytes(run.metrics, "".join(f"{json.dumps(each)}\n" for each in history).encode())
        begun = RunState(run.name, 1, "done", "digits.yaml", "2026-01-01T00:00:00+00:00")
        dataclasses.replace(begun, **state).write(run)
        return run

    return made
