"""The answers without a model: the constant that costs least, classes by their frequency, the last value of a series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.training.constant import constant_number, constant_scores, untied, weighted_median

NUMBER_LOSSES: list[Any] = [
    "mse",
    "mae",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "LogCosh",
    "Huber",
    {"Huber": {"delta": 0.1}},
    "Poisson",
]


@pytest.mark.parametrize("loss", NUMBER_LOSSES, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_no_other_constant_costs_less(loss: Any, weighted: bool) -> None:
    import numpy as np

    generator = np.random.default_rng(4)
    target = np.exp(generator.normal(0, 1.5, (301, 1)))
    weights = generator.integers(0, 4, 301).astype(float) if weighted else None
    read = keras_catalogue().read("losses", loss)
    answer = float(constant_number(read, target, weights)[0])
    built = read.made_by()(**read.values({}), reduction=None)

    def cost(constant: float) -> float:
        losses = np.asarray(built(target.astype(np.float32), np.full_like(target, constant).astype(np.float32)))
        return float(np.average(losses.astype(np.float64), weights=weights))

    others = [cost(each) for each in np.quantile(target, np.linspace(0, 1, 200))]
    others += [cost(answer * factor) for factor in (0.9, 0.99, 1.01, 1.1)]
    assert cost(answer) <= min(others) * (1 + 1e-6)
    assert len(others) == 204
    if loss != "mse" and loss != "Poisson":
        assert cost(answer) < cost(float(np.average(target, axis=0, weights=weights)[0]))  # the mean costs more


def test_a_median_of_each_column_is_that_of_numpy() -> None:
    import numpy as np

    values = np.random.default_rng(0).normal(size=(50, 4))
    np.testing.assert_allclose(weighted_median(values, np.ones_like(values)), np.median(values, axis=0))
    doubled = np.where(np.arange(50)[:, None] < 10, 2.0, 1.0) * np.ones_like(values)
    np.testing.assert_allclose(
        weighted_median(values, doubled), np.median(np.concatenate([values, values[:10]]), axis=0)
    )


def test_no_two_classes_are_equally_likely_and_the_frequent_ones_stand_first() -> None:
    import numpy as np

    answer = np.array([0.25, 0.0, 0.5, 0.25, 0.0])
    found = untied(answer)
    assert np.argsort(-found.astype(np.float32), kind="stable").tolist() == [2, 0, 3, 1, 4]
    assert len({*found.astype(np.float32).tolist()}) == 5
    np.testing.assert_allclose(found, answer, atol=1e-6)
    logs = untied(np.log(np.full(1000, 0.001))).astype(np.float32)
    chances = np.exp(logs) / np.exp(logs).sum()
    assert len({*chances.tolist()}) == 1000
    assert untied(np.array([[0.2, 0.8], [0.5, 0.5]])).shape == (2, 2)


@pytest.mark.parametrize("shares", [[0.6, 0.3, 0.1], [0.4, 0.4, 0.2], [0.51, 0.49, 0.0], [0.49, 0.5, 0.01]])
def test_no_other_scores_cost_less_under_a_hinge_loss(shares: list[float]) -> None:
    import itertools

    import numpy as np

    def cost(scores: Any) -> float:
        return sum(
            share * max(0.0, max(0.0, *(s for at, s in enumerate(scores) if at != place)) - scores[place] + 1)
            for place, share in enumerate(shares)
        )

    grid = [cost(scores) for scores in itertools.product(np.linspace(-1, 2, 13), repeat=3)]
    assert cost(constant_scores(np.array(shares))) == pytest.approx(min(grid), abs=1e-5)
    assert cost(shares) > min(grid) or shares[0] == 0.4  # how often each class occurs is not the answer


LOSSES: dict[str, Any] = {
    "sparse_categorical_crossentropy": "softmax",
    "SparseCategoricalCrossentropy": "linear",
    "categorical_crossentropy": "softmax",
    "categorical_hinge": "linear",
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("counts", [[30, 30, 30, 30], [60, 30, 20, 10], [80, 20, 12, 8]])
def test_the_first_classes_are_the_most_frequent_ones(
    loss: str, counts: list[int], tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up
    from dlcli.training.trivial import trivial_baseline

    y = np.repeat(np.arange(4), counts)
    sparse = loss.lower().startswith("sparse")
    np.savez(tmp_path / "classes.npz", x=np.random.default_rng(0).normal(size=(120, 2)).astype(np.float32), y=y)
    metric = "SparseTopKCategoricalAccuracy" if sparse else "TopKCategoricalAccuracy"
    changes: dict[str, Any] = {
        "layers": [{"Dense": {"units": 4, "activation": LOSSES[loss]}}],
        "loss": {loss: {"from_logits": True}} if loss == "SparseCategoricalCrossentropy" else loss,
        "metrics": [{metric: {"k": k, "name": f"top{k}"}} for k in (1, 2, 3)],
        "data.split": {"validation": 0.0, "test": 0.0},
    }
    if not sparse:
        changes["data.target"] = {"column": "y", "encode": "one_hot"}
    config, _ = load_config(str(write_experiment(tmp_path, changes)))
    dataset = read_data(config)
    start_keras(seed=0)
    metrics = trivial_baseline(set_up(config, dataset))["metrics"]
    frequent = np.cumsum(counts)[:3] / 120
    assert [metrics[f"top{k}"] for k in (1, 2, 3)] == pytest.approx(frequent.tolist(), rel=1e-6)


@pytest.mark.parametrize(("horizon", "sampling"), [(1, 1), (3, 2)])
def test_a_forecast_stands_beside_the_last_value(
    horizon: int,
    sampling: int,
    tmp_path: Path,
    run_dlcli: Callable[..., Any],
    write_experiment: Callable[..., Path],
) -> None:
    import numpy as np

    from dlcli.config import load_config
    from dlcli.training.setup.experiment import read_data

    t = np.cumsum(np.random.default_rng(1).normal(size=300))
    (tmp_path / "walk.csv").write_text("t,z\n" + "".join(f"{each},{row % 7}\n" for row, each in enumerate(t)))
    source = {"series": {"path": "walk.csv", "window": 5, "horizon": horizon, "sampling": sampling}}
    changes = {
        "data": {"source": source, "target": "t", "inputs": ["z"]},
        "layers": ["Flatten", {"Dense": 1}],
        "loss": "mae",
        "metrics": ["mse"],
        "train.epochs": 1,
    }
    path = write_experiment(tmp_path, changes)
    outcome = run_dlcli("train", path, "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    rows = read_data(load_config(str(path))[0]).splits["validation"].rows
    error = t[rows] - t[rows - horizon * sampling]
    wanted = {"loss": np.abs(error).mean(), "mse": (error**2).mean()}
    assert outcome.value["baseline"]["last_value"] == {
        name: pytest.approx(float(value), rel=1e-5) for name, value in wanted.items()
    }
    assert outcome.value["baseline"]["method"] == "median"
    assert "no better than the last value" in [each["finding"] for each in outcome.value["verdict"]]


@pytest.mark.parametrize(
    ("source", "target", "layers", "loss"),
    [
        ({"csv": "walk.csv"}, "t", [{"Dense": 1}], "mse"),
        ({"series": {"path": "walk.csv", "window": 5, "horizon": 0}}, "t", ["Flatten", {"Dense": 1}], "mse"),
        (
            {"series": {"path": "walk.csv", "window": 5}},
            "z",
            ["Flatten", {"Dense": {"units": 7, "activation": "softmax"}}],
            "sparse_categorical_crossentropy",
        ),
    ],
)
def test_there_is_no_last_value_where_nothing_is_forecast(
    source: Any,
    target: str,
    layers: list[Any],
    loss: str,
    tmp_path: Path,
    run_dlcli: Callable[..., Any],
    write_experiment: Callable[..., Path],
) -> None:
    (tmp_path / "walk.csv").write_text("t,z\n" + "".join(f"{row * 37 % 101 / 8},{row % 7}\n" for row in range(150)))
    inputs = ["z"] if target == "t" else ["t"]
    changes = {"data": {"source": source, "target": target, "inputs": inputs}, "layers": layers, "loss": loss}
    path = write_experiment(tmp_path, {**changes, "metrics": [], "train.epochs": 1})
    outcome = run_dlcli("train", path, "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert {*outcome.value["baseline"]} == {"method", "split", "metrics"}


def test_no_other_scores_of_each_step_cost_less_under_ctc() -> None:
    import keras
    import numpy as np

    from dlcli.data.schema import TargetSchema
    from dlcli.training.constant_answer import constant_answer

    generator, steps, units = np.random.default_rng(5), 12, 6
    target = generator.choice(np.arange(1, 6), size=(40, 5), p=[0.5, 0.2, 0.15, 0.1, 0.05])
    for row, length in zip(target, generator.integers(1, 6, 40), strict=True):
        row[length:] = 0
    schema = TargetSchema(name="y", encode="none", axes=["samples", "places"], shape=[5], text=True)
    answer = constant_answer(keras_catalogue().read("losses", "CTC"), schema, target, (steps, units))
    assert (answer.method, answer.values.shape) == ("best constant", (units,))

    def cost(scores: Any) -> float:
        said = np.broadcast_to(np.asarray(scores, np.float32), (40, steps, units))
        return float(keras.losses.CTC()(target, said))

    # Another way to the least: steps of Adam from nothing.
    scores, optimizer = keras.Variable(np.zeros(units, np.float32)), keras.optimizers.Adam(0.2)
    import tensorflow as tf

    optimizer.build([scores])

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = keras.losses.CTC()(target, tf.broadcast_to(scores.value, (40, steps, units)))
        optimizer.apply([tape.gradient(loss, scores.value)], [scores])

    for _ in range(100):
        step()
    assert cost(answer.values) == pytest.approx(cost(scores.numpy()), rel=2e-3)
    assert cost(answer.values) < 0.8 * cost(np.zeros(units))
