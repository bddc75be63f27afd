"""When training stops, which epoch is kept, and when the learning rate goes down."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.config.train import EarlyStopping, ReduceOnPlateau, Train
from dlcli.runs.state import StopReason

Run = Callable[..., Any]
HARD: dict[str, Any] = {
    "layers": [{"Dense": {"units": 64, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "optimizer": {"Adam": {"learning_rate": 0.02}},
    "train.epochs": 40,
    "train.batch_size": 8,
    "train.early_stopping": {"monitor": "val_loss", "patience": 3},
}


def curve(seed: int, epochs: int = 40) -> list[float]:
    """A value that falls, then wanders; now and then it is not a number."""
    generator = random.Random(seed)
    values = [max(0.1, 2.0 - 0.2 * epoch) + generator.uniform(-0.15, 0.15) for epoch in range(epochs)]
    if seed % 3 == 0:
        values[generator.randrange(2, epochs)] = float("nan")
    return values


@pytest.mark.parametrize("patience", [0, 1, 4])
@pytest.mark.parametrize("min_delta", [0.0, 0.05])
def test_early_stopping_stops_and_keeps_the_epochs_that_keras_does(patience: int, min_delta: float) -> None:
    import keras

    from dlcli.training.stopping import Stopping

    stopped = 0
    for seed in range(25):
        train = Train(
            epochs=40,
            early_stopping=EarlyStopping(monitor="val_loss", patience=patience, min_delta=min_delta, mode="min"),
        )
        ours, last = Stopping.of(train, directions={}), 0
        theirs = keras.callbacks.EarlyStopping("val_loss", patience=patience, min_delta=min_delta, mode="min")
        model = SimpleNamespace(stop_training=False)
        theirs.set_model(model)
        theirs.on_train_begin()
        for epoch, value in enumerate(curve(seed)):
            values, last = {"val_loss": value}, epoch + 1
            ours.watch.see(values, last)
            stop = ours.stop(values, epoch=last, seconds=0.0)
            theirs.on_epoch_end(epoch, values)
            stopped_early = stop is not None and stop.reason is StopReason.EARLY_STOPPING
            assert stopped_early == model.stop_training, (seed, epoch)
            if model.stop_training:
                stopped += 1
                break
        assert ours.watch.best_epoch == theirs.best_epoch + 1
        assert ours.watch.best == theirs.best
    assert stopped >= 20


@pytest.mark.parametrize("cooldown", [0, 1, 3])
@pytest.mark.parametrize("patience", [0, 1, 3])
def test_the_rate_goes_down_in_the_epochs_in_which_keras_lowers_it(patience: int, cooldown: int) -> None:
    import keras
    import numpy as np

    from dlcli.training.stopping import Plateau

    lowered = 0
    for seed in range(25):
        block = ReduceOnPlateau(factor=0.5, patience=patience, cooldown=cooldown, min_lr=1e-3, mode="min")
        ours, rate = Plateau.of(block, directions={}), 0.1
        theirs = keras.callbacks.ReduceLROnPlateau(
            "val_loss", factor=0.5, patience=patience, cooldown=cooldown, min_lr=1e-3, mode="min"
        )
        optimizer = keras.optimizers.SGD(0.1)
        theirs.set_model(SimpleNamespace(optimizer=optimizer))
        theirs.on_train_begin()
        for epoch, value in enumerate(curve(seed)):
            after = ours.rate({"val_loss": value}, epoch=epoch + 1, rate=rate)
            theirs.on_epoch_end(epoch, {"val_loss": value})
            assert np.float32(after) == np.float32(optimizer.learning_rate), (seed, epoch)
            lowered += after < rate
            rate = float(np.float32(after))
    assert lowered >= 25


def test_the_watch_knows_which_way_every_metric_of_keras_is_better() -> None:
    import keras

    from dlcli.config.catalogue import keras_catalogue
    from dlcli.loss import direction_of
    from dlcli.loss.target_loss import Head

    arguments: dict[str, dict[str, Any]] = {
        "IoU": {"num_classes": 2, "target_class_ids": [0]},
        "MeanIoU": {"num_classes": 2},
        "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
        "OneHotMeanIoU": {"num_classes": 2},
        "PrecisionAtRecall": {"recall": 0.5},
        "RecallAtPrecision": {"precision": 0.5},
        "SensitivityAtSpecificity": {"specificity": 0.5},
        "SpecificityAtSensitivity": {"sensitivity": 0.5},
    }
    by_hand = {
        "FalseNegatives": False,
        "FalsePositives": False,
        "TrueNegatives": True,
        "TruePositives": True,
        "IoU": True,
        "MeanIoU": True,
        "OneHotIoU": True,
        "OneHotMeanIoU": True,
        "PrecisionAtRecall": True,
        "RecallAtPrecision": True,
        "SensitivityAtSpecificity": True,
        "SpecificityAtSensitivity": True,
    }
    catalogue, seen = keras_catalogue(), 0
    for name, entry in catalogue.kinds["metrics"].items():
        if entry.get("function") or name in {"Mean", "Sum", "MeanMetricWrapper"}:
            continue
        seen += 1
        metric = catalogue.read("metrics", {name: arguments[name]} if name in arguments else name)
        expected = by_hand.get(name)
        if expected is None:
            built = getattr(keras.metrics, name)()
            assert built._direction in {"up", "down"}, name
            expected = built._direction == "up"
        assert direction_of(metric) == ("up" if expected else "down"), name
        named = catalogue.read("metrics", {name: {**arguments.get(name, {}), "name": "mine"}})
        loss = catalogue.read("losses", "mse")
        of_account = Head("account", loss, [named]).directions
        assert of_account == {"account_loss": "down", "account_mine": "up" if expected else "down"}, name
    assert seen == 42


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A training that early stopping ends, in its folder."""
    folder = tmp_path_factory.mktemp("stopped")
    outcome = run_dlcli("train", write_experiment(folder, HARD), "--name", "hard", "--json", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, value=outcome.value, err=outcome.err)


def test_a_training_stops_where_its_own_history_says(
    stopped: Any, read_history: Callable[..., list[dict[str, Any]]]
) -> None:
    losses = [entry["validation"]["loss"] for entry in read_history(stopped.folder, "hard")]
    best, waited, expected = float("inf"), 0, None
    for epoch, loss in enumerate(losses, start=1):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == 3:
            expected = epoch
            break
    assert expected == len(losses) == stopped.value["epochs"] < 40
    assert stopped.value["status"] == "done"
    assert stopped.value["reason"] == "early stopping: val_loss has not improved for 3 epochs"
    assert stopped.value["best"] == {
        "epoch": len(losses) - 3,
        "monitor": "val_loss",
        "value": best,
        "weights": "restored",
    }


def test_the_model_of_a_stopped_training_is_that_of_its_best_epoch(
    stopped: Any, run_dlcli: Run, read_history: Callable[..., list[dict[str, Any]]]
) -> None:
    evaluation = run_dlcli("evaluate", "hard", "--split", "validation", "--json", cwd=stopped.folder).value
    history = read_history(stopped.folder, "hard")
    best = history[stopped.value["best"]["epoch"] - 1]["validation"]
    assert evaluation["metrics"] == {name: pytest.approx(value, abs=1e-6) for name, value in best.items()}
    assert history[-1]["validation"]["loss"] > best["loss"] + 1e-4  # so the last weights would not have passed
    assert stopped.value["metrics"]["validation"] == best


def test_lines_of_epochs_mark_the_best_so_far(stopped: Any) -> None:
    lines = [line for line in stopped.err.splitlines() if line.startswith("epoch ")]
    assert len(lines) == stopped.value["epochs"]
    assert [line.endswith("  *") for line in lines[-4:]] == [True, False, False, False]
    assert re.fullmatch(
        r"epoch  1/40  loss \d\.\d+ +accuracy \d\.\d+ +val_loss \d\.\d+ +val_accuracy \d\.\d+ +[\d.]+ m?s  \*", lines[0]
    )


def test_until_ends_with_the_epoch_that_fulfils_it(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path], read_history: Callable[..., Any]
) -> None:
    config = write_experiment(tmp_path, {"train.epochs": 30})
    outcome = run_dlcli("train", config, "--until", "val_accuracy >= 0.6", "--name", "a", "--json", cwd=tmp_path)
    values = [entry["validation"]["accuracy"] for entry in read_history(tmp_path, "a")]
    assert outcome.value["reason"] == "reached val_accuracy >= 0.6"
    assert values[-1] >= 0.6
    assert len(values) < 30
    assert all(value < 0.6 for value in values[:-1])


def test_a_time_limit_ends_after_the_epoch_in_which_it_is_over(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.epochs": 5_000_000})
    value = run_dlcli("train", config, "--time-limit", "0.01s", "--json", "-q", cwd=tmp_path).value
    assert (value["reason"], value["stop"]) == ("the time limit of 0.01s is over", "time_limit")
    assert value["status"] == "done"
    assert value["epochs"] == 1


@pytest.mark.parametrize(
    ("train", "values", "epoch", "seconds", "stop"),
    [
        ({"epochs": 5}, {"loss": 1.0}, 4, 0.0, None),
        ({"epochs": 5}, {"loss": 1.0}, 5, 0.0, (StopReason.ALL_EPOCHS, "all epochs are done")),
        ({"epochs": 5, "until": "loss < 1"}, {"loss": 1.0}, 1, 0.0, None),
        ({"epochs": 5, "until": "loss <= 1"}, {"loss": 1.0}, 1, 0.0, (StopReason.REACHED, "reached loss <= 1")),
        ({"epochs": 5, "until": "auc > 0.5"}, {"auc": 0.5}, 1, 0.0, None),
        ({"epochs": 5, "until": "auc>=5e-1"}, {"auc": 0.5}, 1, 0.0, (StopReason.REACHED, "reached auc>=5e-1")),
        ({"epochs": 5, "until": "auc >= 0"}, {"auc": float("nan")}, 1, 0.0, None),
        ({"epochs": 5, "time_limit": "2m"}, {}, 1, 119.9, None),
        ({"epochs": 5, "time_limit": "2m"}, {}, 1, 120.0, (StopReason.TIME_LIMIT, "the time limit of 2m is over")),
        ({"epochs": 5, "time_limit": "1.5h"}, {}, 1, 5400.0, (StopReason.TIME_LIMIT, "the time limit of 1.5h is over")),
    ],
)
def test_each_rule_ends_training_exactly_where_it_says(
    train: dict[str, Any], values: dict[str, float], epoch: int, seconds: float, stop: tuple[StopReason, str] | None
) -> None:
    from dlcli.training.stopping import Stopping

    end = Stopping.of(Train(**train), directions={}).stop(values, epoch=epoch, seconds=seconds)
    assert (end and (end.reason, end.words)) == stop


def test_reduce_on_plateau_lowers_the_rate_that_the_history_records(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path], read_history: Callable[..., Any]
) -> None:
    import keras
    import numpy as np

    rule = {"monitor": "val_loss", "patience": 1, "factor": 0.5, "cooldown": 1, "min_lr": 0.0025}
    changes = {**HARD, "train.early_stopping": None, "train.epochs": 12, "train.reduce_on_plateau": rule}
    assert run_dlcli("train", write_experiment(tmp_path, changes), "--name", "a", "-q", cwd=tmp_path).code == 0
    history = read_history(tmp_path, "a")
    theirs = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=0.5, patience=1, cooldown=1, min_lr=0.0025, mode="min"
    )
    optimizer = keras.optimizers.SGD(0.02)
    theirs.set_model(SimpleNamespace(optimizer=optimizer))
    theirs.on_train_begin()
    rates = []
    for epoch, entry in enumerate(history):
        rates.append(float(np.float32(optimizer.learning_rate)))
        theirs.on_epoch_end(epoch, {"val_loss": entry["validation"]["loss"]})
    assert [entry["learning_rate"] for entry in history] == pytest.approx(rates, rel=1e-7)
    assert len(set(rates)) >= 3


def test_a_plateau_rule_beside_a_schedule_is_refused_at_its_line(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    schedule = {"CosineDecay": {"initial_learning_rate": 0.01, "decay_steps": "3 epochs"}}
    config = write_experiment(
        tmp_path,
        {"optimizer": {"Adam": {"learning_rate": schedule}}, "train.reduce_on_plateau": {"monitor": "val_loss"}},
    )
    outcome = run_dlcli("train", config, "--json", cwd=tmp_path)
    assert outcome.code == 3
    assert (
        outcome.error["message"] == "'reduce_on_plateau' cannot change the learning rate, because CosineDecay sets it"
    )
    line = config.read_text().splitlines().index('  "reduce_on_plateau": {') + 1
    assert (outcome.error["line"], outcome.error["hint"]) == (line, "leave one of them out")
    assert not list((tmp_path / "runs").glob("*"))


def test_a_monitor_that_nothing_measures_is_refused_before_training(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.early_stopping": {"monitor": "val_acuracy"}})
    error = run_dlcli("train", config, "--json", cwd=tmp_path).error
    assert error["code"] == 3
    assert error["message"] == "nothing is called 'val_acuracy'; there are: loss, accuracy, val_loss, val_accuracy"
    assert error["hint"] == "did you mean 'val_accuracy'?"
    assert not (tmp_path / "runs").exists()


def test_a_metric_with_a_name_of_its_own_keeps_its_best_epoch(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path], read_history: Callable[..., Any]
) -> None:
    config = write_experiment(
        tmp_path,
        {
            "metrics": [{"SparseCategoricalAccuracy": {"name": "hits"}}],
            "train.early_stopping": {"monitor": "val_hits", "patience": 2},
            "train.epochs": 12,
        },
    )
    value = run_dlcli("train", config, "--name", "a", "--json", "-q", cwd=tmp_path).value
    hits = [entry["validation"]["hits"] for entry in read_history(tmp_path, "a")]
    assert value["best"]["value"] == max(hits)
    assert value["best"]["epoch"] == hits.index(max(hits)) + 1
    assert max(hits) > min(hits)


@pytest.mark.parametrize("name", ["CosineDecay", "ExponentialDecay", "PiecewiseConstantDecay"])
def test_a_schedule_in_epochs_follows_its_own_formula(
    name: str, write_experiment: Callable[..., Path], tmp_path: Path
) -> None:
    import keras

    from dlcli.config import load_config
    from dlcli.optimizer import build_optimizer
    from dlcli.training.setup.experiment import read_data

    arguments: dict[str, Any] = {
        "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "3 epochs"},
        "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": "1.5 epochs", "decay_rate": 0.5},
        "PiecewiseConstantDecay": {"boundaries": ["1 epochs", "2.5 epochs"], "values": [0.1, 0.01, 0.001]},
    }
    config, _ = load_config(
        str(write_experiment(tmp_path, {"optimizer": {"SGD": {"learning_rate": {name: arguments[name]}}}}))
    )
    facts = read_data(config).facts(config.train.batch_size)
    steps = 3  # ninety samples in batches of 32
    assert facts["data.steps_per_epoch"] == steps
    in_steps = {
        "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 3 * steps},
        "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": round(1.5 * steps), "decay_rate": 0.5},
        "PiecewiseConstantDecay": {"boundaries": [steps, round(2.5 * steps)], "values": [0.1, 0.01, 0.001]},
    }
    theirs = getattr(keras.optimizers.schedules, name)(**in_steps[name])
    ours = build_optimizer(config.optimizer, facts)
    for step in range(4 * steps):
        ours.iterations.assign(step)
        assert float(ours.learning_rate) == pytest.approx(float(theirs(step)), rel=1e-6)
    assert float(ours.learning_rate) < 0.05


def test_the_history_records_the_rate_with_which_each_epoch_of_a_schedule_began(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path], read_history: Callable[..., Any]
) -> None:
    import math

    schedule = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "3 epochs"}}
    config = write_experiment(tmp_path, {"optimizer": {"SGD": {"learning_rate": schedule}}, "train.epochs": 4})
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    rates = [entry["learning_rate"] for entry in read_history(tmp_path, "a")]
    assert rates == pytest.approx([0.05 * (1 + math.cos(math.pi * epoch / 3)) for epoch in range(4)], abs=1e-7)
