"""Steps under XLA: what is compiled beside a training leaves it alone, and ends where compiling in place does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config import load_config

EXPERIMENT = {"train.batch_size": 16, "train.epochs": 4}


def engine_of(config: Path, *, compiled_from: int | None) -> tuple[Any, Any]:
    """A resident engine and its model."""
    from dlcli.training.engine.engines import ResidentEngine
    from dlcli.training.engine.steps import Work
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    checked, _ = load_config(str(config))
    dataset = read_data(checked)
    start_keras(seed=checked.seed)
    experiment = set_up(checked, dataset)
    work = Work(experiment.splits["train"], None, 16, 0, compiled_from=compiled_from)
    return ResidentEngine(experiment.model, work), experiment.model


@pytest.fixture
def config(tmp_path: Path, write_experiment: Callable[..., Path]) -> Path:
    return write_experiment(tmp_path, EXPERIMENT)


def arrays(model: Any) -> list[Any]:
    from dlcli.training.kept.snapshot import arrays_of

    return list(arrays_of(model).values())


def test_compiling_aside_touches_no_variable_and_the_program_is_found_again(config: Path) -> None:
    import tensorflow as tf

    engine, model = engine_of(config, compiled_from=6)
    before = arrays(model)
    start = [tf.constant(np.arange(90, dtype=np.int32)), *map(tf.constant, (0, 0, 0))]
    engine.compiled.begin(*start)
    engine.compiled.thread.join()
    after = arrays(model)
    assert len(before) >= 15
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    traced = engine.compiled.function.experimental_get_tracing_count()
    engine.compiled(start[0], *map(tf.constant, (0, 0, 5)))
    assert traced == engine.compiled.function.experimental_get_tracing_count() == 1
    assert any((one != other).any() for one, other in zip(before, arrays(model), strict=True))


def test_a_training_that_changes_over_ends_near_the_plain_one_and_the_same_twice(config: Path) -> None:
    ends = []
    for step in (None, 8, 8, 0):
        engine, model = engine_of(config, compiled_from=step)
        told: list[int] = []
        for epoch in range(3):
            values = engine.epoch(epoch, between=lambda step, loss, told=told: bool(told.append(step) or True))
            assert values["loss"] == pytest.approx(float(model.get_metrics_result()["loss"]), rel=1e-6)
        assert told.count(engine.steps) == 3
        ends.append(arrays(model))
    plain, once, again, whole = ends
    assert all(np.array_equal(one, other) for one, other in zip(once, again, strict=True))
    for other in (once, whole):
        for one, values in zip(plain, other, strict=True):
            np.testing.assert_allclose(one, values, rtol=2e-3, atol=2e-5)


@pytest.fixture
def unknown_to_xla(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step holds something that XLA has no program for."""
    import tensorflow as tf

    import dlcli.training.engine.engines as engine

    real = engine.one_step

    def step(*arguments: Any) -> None:
        real(*arguments)
        count = arguments[0].optimizer.iterations.value
        count.assign_add(0 * tf.cast(tf.strings.length(tf.strings.as_string(count)), count.dtype))

    monkeypatch.setattr(engine, "one_step", step)
    monkeypatch.setattr("dlcli.training.engine.xla.COMPILE_SECONDS", 0.001)


@pytest.mark.usefixtures("unknown_to_xla")
def test_steps_that_xla_cannot_compile_stay_a_graph_and_the_run_says_so(
    config: Path, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    done = run_dlcli("train", config, "--json", "--name", "a", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "note: XLA cannot compile these steps: " in done.err
    assert done.err.count("they stay a graph") == 1
    state = json.loads((tmp_path / "runs" / "a" / "run.json").read_bytes())
    assert state["way"] == "the training data is in memory; not by XLA, which cannot compile them"
    refused = run_dlcli("train", config, "--set", "train.xla=true", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["name"]) == (3, "config")
    assert "XLA cannot compile these steps" in refused.error["message"]
