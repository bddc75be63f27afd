"""`train.steps_per_epoch`: epochs of so many steps go on where the last one stopped, in every engine and after a kill."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.training.engine.passes import Span, spans

Command = Callable[..., Any]
BATCH, SAMPLES = 16, 90
"""Of the training split: six batches, the last of 10 samples."""


@pytest.mark.parametrize(("first", "last", "wanted"), [
    (0, 6, [(0, 0, 6)]),
    (0, 4, [(0, 0, 4)]),
    (4, 8, [(0, 4, 6), (1, 0, 2)]),
    (6, 12, [(1, 0, 6)]),
    (5, 20, [(0, 5, 6), (1, 0, 6), (2, 0, 6), (3, 0, 2)]),
    (3, 3, []),
])  # fmt: skip
def test_steps_lie_in_passes(first: int, last: int, wanted: list[tuple[int, int, int]]) -> None:
    assert list(spans(first, last, batches=6)) == [Span(*each) for each in wanted]


def stream(seed: int) -> Iterator[np.ndarray[Any, Any]]:
    """The batches of all passes one behind the other, each pass in an order of its own."""
    number = 0
    while True:
        order = np.random.default_rng([seed, number]).permutation(SAMPLES)
        yield from (order[start : start + BATCH] for start in range(0, SAMPLES, BATCH))
        number += 1


def experiment(folder: Path, write: Callable[..., Path], **changes: Any) -> Any:
    """An experiment, set up."""
    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    tree = {
        "train.batch_size": BATCH,
        "optimizer": {"SGD": {"learning_rate": 0.1}},
        "layers": [{"Dense": 3}, "Softmax"],
    }
    config, _ = load_config(str(write(folder, {**tree, **changes})))
    dataset = read_data(config)
    start_keras(seed=config.seed)
    return set_up(config, dataset)


@pytest.mark.parametrize("steps", [1, 4, 6, 9, 20])
@pytest.mark.parametrize("engine", ["resident", "streaming", "keras"])
def test_an_epoch_takes_the_next_samples_as_a_loop_by_hand_does(
    tmp_path: Path, write_experiment: Callable[..., Path], engine: str, steps: int
) -> None:
    from dlcli.training.engine.engines import FitEngine, ResidentEngine, StreamingEngine
    from dlcli.training.engine.steps import Work

    made = experiment(tmp_path, write_experiment, **{"data.stream": engine == "streaming"})
    inputs, targets = made.splits["train"].take(slice(None))
    (x,), (y,) = inputs.values(), targets.values()
    assert len(x) == SAMPLES
    weight, bias = (each.numpy().astype(np.float64) for each in made.model.weights)
    kind = {"keras": FitEngine, "resident": ResidentEngine, "streaming": StreamingEngine}[engine]
    runs = kind(made.model, Work(made.splits["train"], None, BATCH, made.config.seed, epoch_steps=steps))
    for epoch in range(3):
        runs.epoch(epoch, between=lambda step, loss: True)
    for rows in islice(stream(made.config.seed), 3 * steps):
        scores = x[rows] @ weight + bias
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        shares[np.arange(len(rows)), y[rows]] -= 1
        weight = weight - 0.1 * x[rows].T @ shares / len(rows)
        bias = bias - 0.1 * shares.mean(axis=0)
    np.testing.assert_allclose(made.model.weights[0].numpy(), weight, rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(made.model.weights[1].numpy(), bias, rtol=2e-4, atol=1e-5)


def test_as_many_steps_as_a_pass_are_an_epoch_and_fewer_are_not(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command, read_history: Callable[..., Any]
) -> None:
    config = write_experiment(tmp_path, {"train.batch_size": BATCH})
    for name, steps in (("plain", "null"), ("six", "6"), ("five", "5"), ("twelve", "12")):
        arguments = ("--set", f"train.steps_per_epoch={steps}", "--name", name, "-q")
        done = run_dlcli("train", config, *arguments, cwd=tmp_path)
        assert done.code == 0, done.err
    histories = {name: read_history(tmp_path, name) for name in ("plain", "six", "five", "twelve")}
    assert histories["plain"] == histories["six"]
    assert histories["plain"] != histories["five"]
    assert [entry["step"] for entry in histories["five"]] == [5, 10, 15]
    assert [entry["step"] for entry in histories["twelve"]] == [12, 24, 36]


def test_schedules_count_these_steps(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command, read_history: Callable[..., Any]
) -> None:
    rate = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "3 epochs"}}
    config = write_experiment(
        tmp_path, {"optimizer": {"SGD": {"learning_rate": rate}}, "train.steps_per_epoch": 10, "train.epochs": 3}
    )
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    wanted = [0.05 * (1 + math.cos(math.pi * epoch / 3)) for epoch in range(3)]
    rates = [entry["learning_rate"] for entry in read_history(tmp_path, "a")]
    np.testing.assert_allclose(rates, wanted, rtol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"data.stream": True}, {"train.xla": True}, {"train.engine": "keras"}])
def test_resume_within_a_pass_gives_the_numbers_of_an_unbroken_run(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command, changes: dict[str, Any]
) -> None:
    import shutil

    from dlcli.runs import Run
    from dlcli.runs.checkpoint import folders, newest

    tree = {
        "train.batch_size": BATCH,
        "train.steps_per_epoch": 8,
        "train.checkpoint": {"every": "3 steps", "keep": 9, "keep_after": 9},
        "layers": [{"Dense": {"units": 8}}, {"Dropout": 0.3}, {"Dense": {"units": 3, "activation": "softmax"}}],
    }
    config = write_experiment(tmp_path, {**tree, **changes})
    for name in ("whole", "cut"):
        assert run_dlcli("train", config, "--name", name, "-q", cwd=tmp_path).code == 0
    whole, cut = Run(tmp_path / "runs" / "whole"), Run(tmp_path / "runs" / "cut")
    for path in folders(cut):
        if path.name > "step-0000000009":
            shutil.rmtree(path)
    from dataclasses import replace

    from dlcli.runs import read_state

    replace(read_state(cut), status="running").write(cut)
    done = run_dlcli("resume", "cut", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "step 1 of epoch 2" in done.err
    assert cut.metrics.read_bytes() == whole.metrics.read_bytes()
    one, other = newest(cut), newest(whole)
    assert one is not None
    assert other is not None
    assert one.arrays.keys() == other.arrays.keys()
    for name, values in one.arrays.items():
        np.testing.assert_array_equal(values, other.arrays[name], err_msg=name)


@pytest.mark.parametrize("value", ["0", "-3", "1.5", "many"])
def test_a_wrong_number_is_told_at_its_line(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command, value: str
) -> None:
    config = write_experiment(tmp_path)
    done = run_dlcli("validate", config, "--set", f"train.steps_per_epoch={value}", "--json", cwd=tmp_path)
    (problem,) = done.value["files"][0]["problems"]
    assert (done.code, problem["line"]) == (3, 1)
    assert "steps_per_epoch" in problem["message"]
