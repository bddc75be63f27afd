"""A training from start to end: the same twice, refused when it diverges, with its callbacks."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.looks

Run = Callable[..., Any]
DROPOUT = [
    {"Dense": {"units": 8, "activation": "relu"}},
    {"Dropout": 0.3},
    {"Dense": {"units": 3, "activation": "softmax"}},
]


def weights_of(model: Path) -> dict[str, Any]:
    """All arrays of a saved model, by their place in its file of weights."""
    import h5py
    import numpy as np

    arrays: dict[str, Any] = {}
    with zipfile.ZipFile(model) as archive, archive.open("model.weights.h5") as file, h5py.File(file) as weights:
        weights.visititems(
            lambda name, value: arrays.update({name: np.array(value)}) if isinstance(value, h5py.Dataset) else None
        )
    return arrays


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    config = write_experiment(tmp_path, {"layers": DROPOUT, "train.epochs": 2})
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert run_dlcli("train", config, "--set", f"seed={seed}", "--name", name, "-q", cwd=tmp_path).code == 0
    files = {name: (tmp_path / "runs" / name / "metrics.jsonl").read_bytes() for name in "abc"}
    assert files["a"] == files["b"] != files["c"]
    weights = {name: weights_of(tmp_path / "runs" / name / "model" / "model.keras") for name in "abc"}
    assert len(weights["a"]) >= 4
    for key, value in weights["a"].items():
        np.testing.assert_array_equal(value, weights["b"][key])
    assert any(not np.array_equal(value, weights["c"][key]) for key, value in weights["a"].items())


def test_a_run_keeps_the_configuration_byte_for_byte_and_what_took_effect(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.epochs": 1})
    assert run_dlcli("train", config, "--set", "train.batch_size=50", "--name", "a", "-q", cwd=tmp_path).code == 0
    folder = tmp_path / "runs" / "a"
    assert (folder / "config.yaml").read_bytes() == config.read_bytes()
    resolved = json.loads((folder / "config.resolved.json").read_bytes())
    assert resolved["train"]["batch_size"] == 50
    assert json.loads((folder / "run.json").read_bytes())["config"] == str(config)
    environment = json.loads((folder / "env.json").read_bytes())
    assert [Path(each["file"]).name for each in environment["data"]] == ["classes.npz"]
    assert set(environment["versions"]) == {"dlcli", "keras", "tensorflow", "numpy", "python"}
    svg, png = (folder / "loss.svg").read_bytes(), (folder / "loss.png").read_bytes()
    assert (svg[:5], png[:8]) == (b"<?xml", b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("engine", ["resident", "keras"])
def test_a_rate_that_is_far_too_high_ends_with_6_and_names_the_key(
    engine: str, tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(
        tmp_path,
        {
            "optimizer": {"SGD": {"learning_rate": 1e10}},
            "train.epochs": 50,
            "train.engine": engine,
            "loss": "mse",
            "metrics": [],
            "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": 1}],
        },
    )
    outcome = run_dlcli("train", config, "--name", "a", "--json", "-q", cwd=tmp_path)
    assert outcome.code == 6
    error = outcome.error
    assert (error["code"], error["name"]) == (6, "diverged")
    # The rate is that of the range test on this model, and the verdict says the same.
    [finding] = error["verdict"]
    [advice] = finding["advice"]
    assert (finding["code"], finding["facts"]["cause"], advice["set"]) == (
        "diverged",
        "rate",
        "optimizer.learning_rate",
    )
    assert 1e-4 < advice["to"] < 1.0
    assert error["hint"] == f"--set optimizer.learning_rate={advice['to']}  (the range test on this model)"
    assert error["file"] == "runs/a"
    state = json.loads((tmp_path / "runs" / "a" / "run.json").read_bytes())
    assert (state["status"], state["exit_code"]) == ("failed", 6)
    assert state["reason"] == f"diverged: {error['message']}"
    assert state["verdict"] == error["verdict"]
    assert not (tmp_path / "runs" / "a" / "model").exists()


@pytest.fixture
def session(tmp_path: Path, write_experiment: Callable[..., Path]) -> Any:
    """A training that has been set up and not begun."""
    from dlcli.config import load_config
    from dlcli.runs import Run as RunFolder
    from dlcli.runs import RunState
    from dlcli.training.session import Session
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up
    from dlcli.training.signals import StopRequest
    from dlcli.view.training.listeners import Listeners
    from dlcli.view.training.live import SilentView

    config, _ = load_config(str(write_experiment(tmp_path)))
    dataset = read_data(config)
    start_keras(seed=config.seed)
    experiment = set_up(config, dataset)
    run = RunFolder.claim(tmp_path / "runs", "a")
    state = RunState("a", 1, "created", "experiment.yaml", "2026-01-01T00:00:00+00:00").write(run)
    return Session(run, experiment, Listeners([SilentView()]), StopRequest(), state)


def test_weights_that_are_not_finite_are_found_behind_a_finite_loss(session: Any) -> None:
    import numpy as np

    from dlcli.errors import DivergedError

    session.health.check_epoch(1.0, step=0)
    kernel = session.experiment.model.layers[1].kernel
    values = kernel.numpy()
    values[0, 0] = np.nan
    kernel.assign(values)
    with pytest.raises(DivergedError, match=r"^the weight \w+/kernel is no longer finite after step 0$") as caught:
        session.health.check_epoch(1.0, step=0)
    assert caught.value.code == 6
    assert caught.value.hint == "lower the learning rate: --set optimizer.learning_rate=0.001"


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_refused(loss: float, session: Any) -> None:
    from dlcli.errors import DivergedError

    with pytest.raises(DivergedError, match=rf"^the loss became {loss} in epoch 1$"):
        session.health.check_epoch(loss, step=0)


def test_running_out_of_memory_is_an_error_of_resources(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.errors import ResourceError

    def exhausted(number: int, *, between: object, first: int) -> dict[str, float]:
        raise MemoryError

    monkeypatch.setattr(session.engine, "epoch", exhausted)
    with pytest.raises(ResourceError, match="^training does not fit in memory$") as caught:
        session.run_to_end()
    assert caught.value.code == 7
    state = json.loads(session.run.state.read_bytes())
    assert (state["status"], state["exit_code"]) == ("failed", 7)


@pytest.mark.parametrize("engine", ["resident", "keras"])
def test_callbacks_of_keras_hear_of_every_batch_and_write_inside_the_run(
    engine: str, tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    heard: list[tuple[str, int]] = []
    monkeypatch.setattr(
        keras.callbacks.CSVLogger, "on_train_batch_begin", lambda self, batch, logs=None: heard.append(("begin", batch))
    )
    monkeypatch.setattr(
        keras.callbacks.CSVLogger, "on_train_batch_end", lambda self, batch, logs=None: heard.append(("end", batch))
    )
    config = write_experiment(
        tmp_path, {"train.epochs": 2, "train.engine": engine, "train.callbacks": [{"CSVLogger": "log.csv"}]}
    )
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    one = [(what, batch) for batch in range(3) for what in ("begin", "end")]
    assert heard == one * 2
    lines = (tmp_path / "runs" / "a" / "log.csv").read_text().splitlines()
    assert lines[0] == "epoch,accuracy,loss,val_accuracy,val_loss"
    assert len(lines) == 3


def test_a_callback_cannot_write_outside_the_run(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.callbacks": [{"CSVLogger": "../../log.csv"}]})
    error = run_dlcli("train", config, "--json", cwd=tmp_path).error
    assert (error["code"], error["message"]) == (3, "'filename' leads out of the run's folder")
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "log.csv").exists()


def test_a_run_whose_operations_need_not_be_deterministic_says_that_it_is_not_exact(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    write_experiment(tmp_path)
    exact = {}
    for name, setting in (("a", "auto"), ("b", "false"), ("c", "true")):
        given = ("--name", name, "--set", f"train.deterministic={setting}", "--json", "-q")
        done = run_dlcli("train", "experiment.yaml", *given, cwd=tmp_path)
        assert done.code == 0, done.err
        exact[name] = (done.value["exact"], done.value["inexact"])
        around = json.loads((tmp_path / "runs" / name / "env.json").read_bytes())
        assert around["deterministic"] == (name != "b")
    reason = "its operations need not be deterministic (train.deterministic)"
    assert exact == {"a": (True, []), "b": (False, [reason]), "c": (True, [])}
    more = ("--epochs", 4, "--set", "train.deterministic=true", "--json")
    refused = run_dlcli("resume", "b", *more, cwd=tmp_path)
    assert (refused.code, refused.error["name"]) == (8, "conflict")
    assert "train.deterministic was False and is True" in refused.error["message"]


def test_an_engine_for_data_in_memory_is_refused_where_it_streams(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.engine": "resident", "data.stream": True})
    refused = run_dlcli("train", config, "--json", cwd=tmp_path)
    assert (refused.code, refused.error["name"]) == (3, "config")
    assert "'engine: resident' trains on data in memory" in refused.error["message"]
    assert run_dlcli("train", config, "--set", "data.stream=false", "-q", cwd=tmp_path).code == 0


def test_a_refused_model_leaves_no_run(tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]) -> None:
    softmax = {"Dense": {"units": 3, "activation": "softmax"}}
    config = write_experiment(tmp_path, {"layers": [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "Flatten", softmax]})
    assert run_dlcli("train", config, cwd=tmp_path).code == 3
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_taken_name_gets_a_number_or_is_refused(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.epochs": 1, "train.class_weight": "balanced"})
    assert run_dlcli("train", config, "--name", "a", "--json", "-q", cwd=tmp_path).value["run"] == "a"
    assert run_dlcli("train", config, "--name", "a", "--json", "-q", cwd=tmp_path).value["run"] == "a-2"
    refused = run_dlcli("train", config, "--name", "a", "--no-rename", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["message"]) == (8, "there is a run named 'a' already")
    assert refused.error["hint"] == "give another --name"


def test_a_batch_that_cannot_fit_is_refused_with_one_that_can(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(
        """\
data: {source: {shapes: {samples: 20000, size: 8}}, split: {validation: 0.0, test: 0.0}}
layers:
  - Resizing: {height: 2048, width: 2048}
  - Conv2D: {filters: 3, kernel_size: 1, activation: softmax}
  - Resizing: {height: 8, width: 8}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1, batch_size: 20000}
""",
        encoding="utf-8",
    )
    done = run_dlcli("train", "c.yaml", "--json", cwd=tmp_path)
    assert (done.code, done.error["line"]) == (3, 8)
    assert "so a batch of 20,000 takes 2,0" in done.error["message"]
    assert done.error["hint"].startswith("write batch_size: ")
    assert not list((tmp_path / "runs").glob("*"))
