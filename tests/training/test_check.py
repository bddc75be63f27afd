"""`dlcli check`: what it measures against an independent computation, and each rule by a model that shows it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data.dataset import spread_samples

pytestmark = pytest.mark.looks

Run = Callable[..., Any]
HEALTHY = """\
seed: 3
data: {source: digits, prepare: [Rescaling: 0.0625]}
layers:
  - Flatten
  - Dense: {units: 64, activation: relu}
  - Dropout: 0.5
  - Dense: {units: 10, activation: softmax, kernel_regularizer: {L2: 1e-4}}
loss: sparse_categorical_crossentropy
optimizer: {Adam: 3e-3}
train: {epochs: 1}
"""
SIGMOIDS = "\n".join(
    ["  - Dense: {units: 16, activation: sigmoid, kernel_initializer: {RandomNormal: {stddev: 0.05}}}"] * 6
)


def experiment_of(folder: Path, text: str) -> Any:
    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    (folder / "c.yaml").write_text(text, encoding="utf-8")
    config, _ = load_config(str(folder / "c.yaml"))
    dataset = read_data(config)
    start_keras(seed=config.seed, precision=config.train.precision)
    return set_up(config, dataset)


def checked(folder: Path, run_dlcli: Run, text: str, *options: str) -> dict[str, Any]:
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    done = run_dlcli("check", "c.yaml", "--json", *options, cwd=folder)
    assert done.code == 0, done.err
    found: dict[str, Any] = done.value
    assert list(found) == ["first_loss", "gradients", "overfit", "verdict", "rates"]
    return found


def test_the_first_loss_is_that_of_the_untrained_model(tmp_path: Path) -> None:
    from dlcli.training.evidence.first_loss import first_loss

    experiment = experiment_of(tmp_path, HEALTHY)
    found = first_loss(experiment)
    train, model = experiment.splits["train"], experiment.model
    rows = spread_samples(len(train), 1024)
    said = np.asarray(model(train.take(rows)[0]))
    labels = train.target("label")[rows]
    expected = -np.mean(np.log(said[np.arange(1024), labels]))  # the penalty on the weights is no part of it
    assert found.measured == pytest.approx(expected, rel=1e-5)
    assert (found.expected, found.why) == (pytest.approx(math.log(10)), "ln 10")


def test_gradients_are_those_of_the_loss_by_each_layers_weights(tmp_path: Path) -> None:
    from dlcli.training.evidence.gradients import layer_gradients

    text = HEALTHY.replace("  - Dropout: 0.5\n", "").replace(", kernel_regularizer: {L2: 1e-4}", "")
    experiment = experiment_of(tmp_path, text)
    rows = np.arange(8)
    first, last = layer_gradients(experiment, rows)
    inputs, targets = experiment.splits["train"].take(rows)
    _, _, dense, head = experiment.model.layers
    hidden = np.asarray(dense(np.asarray(inputs["image"]).reshape(8, -1)))
    wrong = np.asarray(head(hidden)) - np.eye(10)[targets["label"]]  # softmax and cross-entropy together
    kernel, bias = hidden.T @ wrong / 8, wrong.mean(axis=0)
    assert last.norm == pytest.approx(math.sqrt((kernel**2).sum() + (bias**2).sum()), rel=1e-4)
    assert last.weights == pytest.approx(float(np.linalg.norm(head.kernel.numpy())), rel=1e-5)
    assert (first.layer, first.kind, first.line, first.frozen) == ("dense", "Dense", 5, False)


def test_a_check_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    from dlcli.training.evidence.one_batch import overfit
    from dlcli.training.evidence.rate_range import rate_range

    experiment = experiment_of(tmp_path, HEALTHY)
    before = [each.numpy() for each in experiment.model.variables]
    batch = overfit(experiment, np.arange(16))
    found = rate_range(experiment)
    assert batch.memorized
    assert len(found.rates) > 50
    assert len(before) > 4
    for variable, value in zip(experiment.model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value, err_msg=variable.path)
    assert experiment.model.layers[-2].rate == 0.5
    assert float(experiment.model.optimizer.learning_rate) == pytest.approx(3e-3)
    assert int(experiment.model.optimizer.iterations) == 0


def test_a_healthy_model_gets_one_calm_sentence(tmp_path: Path, run_dlcli: Run) -> None:
    found = checked(tmp_path, run_dlcli, HEALTHY)
    assert [each["finding"] for each in found["verdict"]] == ["can learn"]
    assert found["overfit"]["memorized"] is True
    assert found["overfit"]["last"] < 0.1 < found["overfit"]["first"]
    assert found["rates"] is None
    assert not (tmp_path / "runs").exists()


CASES = {
    "learning rate too low": HEALTHY.replace("3e-3", "1e-9"),
    "learning rate too high": HEALTHY.replace("{Adam: 3e-3}", "{SGD: 1e4}"),
    "gradients vanish": HEALTHY.replace("  - Dropout: 0.5", SIGMOIDS),
    "first loss far above chance": HEALTHY.replace("[Rescaling: 0.0625]", "[]"),
    "layers without a gradient": HEALTHY.replace(
        "{units: 64, activation: relu}", "{units: 64, activation: relu, bias_initializer: {Constant: -100}}"
    ),
    "gradients explode": HEALTHY.replace("0.0625", "1e6"),
}


@pytest.mark.parametrize("finding", CASES)
def test_each_rule_sees_a_model_that_shows_it(finding: str, tmp_path: Path, run_dlcli: Run) -> None:
    found = {each["finding"]: each for each in checked(tmp_path, run_dlcli, CASES[finding])["verdict"]}
    assert finding in found
    assert all({"set", "from", "to", "why", "joined"} == set(advice) for advice in found[finding]["advice"])


def test_samples_that_contradict_each_other_are_blamed_instead_of_the_model(tmp_path: Path, run_dlcli: Run) -> None:
    rows = "".join(f"{row // 20},{'uv'[row % 2]}\n" for row in range(200))
    (tmp_path / "t.csv").write_text("x,y\n" + rows, encoding="utf-8")
    text = """\
data: {source: t.csv, target: y, prepare: [Normalization]}
layers: [Dense: {units: 16, activation: relu}, Dense: {units: 2, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: {Adam: 1e-2}
train: {epochs: 1}
"""
    [finding] = checked(tmp_path, run_dlcli, text)["verdict"]
    assert finding["finding"] == "one batch cannot be memorized"
    assert finding["evidence"].endswith("; samples with the same inputs have other targets")


def test_a_frozen_layer_is_no_fault(tmp_path: Path, run_dlcli: Run) -> None:
    text = HEALTHY.replace("{units: 64, activation: relu}", "{units: 64, activation: relu, trainable: false}")
    found = checked(tmp_path, run_dlcli, text)
    assert [(each["frozen"], each["norm"] is None) for each in found["gradients"]] == [(True, True), (False, False)]
    assert "layers without a gradient" not in [each["finding"] for each in found["verdict"]]


def test_the_range_test_proposes_a_rate_that_learns(tmp_path: Path, run_dlcli: Run) -> None:
    found = checked(tmp_path, run_dlcli, HEALTHY.replace("Adam: 3e-3", "Adam: 1e-7"), "--lr")
    points, rate = found["rates"]["points"], found["rates"]["proposed"]
    assert points[0]["rate"] == pytest.approx(1e-7)
    assert all(one["rate"] < other["rate"] for one, other in itertools.pairwise(points))
    assert 1e-4 < rate < 0.2
    better = checked(tmp_path, run_dlcli, HEALTHY.replace("3e-3", str(rate)))
    assert [each["finding"] for each in better["verdict"]] == ["can learn"]


def test_the_rates_of_a_range_test_grow_evenly_and_its_curve_is_flat_where_nothing_is_learnt(tmp_path: Path) -> None:
    from dlcli.training.evidence.rate_range import rate_range

    text = HEALTHY.replace("  - Dropout: 0.5\n", "").replace(", kernel_regularizer: {L2: 1e-4}", "")
    experiment = experiment_of(tmp_path, text.replace("{Adam: 3e-3}", "{SGD: {learning_rate: 0.1, clipnorm: 1e-12}}"))
    found = rate_range(experiment)  # steps of next to no length: the model stays as it is
    assert found.rates == pytest.approx(list(np.geomspace(1e-7, 10, 120)), rel=1e-4)
    rows = experiment.first_rows()
    inputs, targets = experiment.splits["train"].take(rows)
    each = -np.log(np.asarray(experiment.model(inputs))[np.arange(len(rows)), targets["label"]])
    starts = [number * 32 % len(rows) for number in range(120)]
    batches = [float(np.mean(each[start : start + 32])) for start in starts]
    # Where nothing is learnt the curve is flat, whatever batches differ by: it stands at the mean of theirs.
    assert np.std(batches) > 0.01
    assert found.losses == pytest.approx([float(np.mean(batches))] * 120, rel=1e-4)
    assert found.proposed is None


def test_a_model_that_learns_nothing_of_a_batch_is_given_up_after_400_steps(tmp_path: Path) -> None:
    from dlcli.training.evidence.one_batch import overfit

    batch = overfit(experiment_of(tmp_path, HEALTHY.replace("3e-3", "1e-12")), np.arange(4))
    assert (batch.samples, batch.steps) == (4, 400)
    assert batch.last == pytest.approx(batch.first, rel=1e-3)


def test_a_first_loss_that_is_no_number_proposes_no_rate(tmp_path: Path, run_dlcli: Run) -> None:
    # Behind the relu, of which oneDNN makes 0 where its input is no number.
    broken = HEALTHY.replace("softmax, kernel", "softmax, kernel_initializer: {Constant: 3e38}, kernel")
    found = checked(tmp_path, run_dlcli, broken, "--lr")
    assert found["first_loss"]["measured"] is None
    assert found["rates"] == {
        "set": "optimizer.learning_rate",
        "points": [],
        "proposed": None,
        "target_is_far": False,
    }
    findings = [each["finding"] for each in found["verdict"]]
    assert findings == ["the first loss is no finite number"]


def test_the_range_test_gives_a_schedule_back(tmp_path: Path) -> None:
    from dlcli.training.evidence.rate_range import rate_range

    schedule = "{Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_steps: 1 epochs}}}}"
    experiment = experiment_of(tmp_path, HEALTHY.replace("{Adam: 3e-3}", schedule))
    rate_range(experiment)
    assert float(experiment.model.optimizer.learning_rate) == pytest.approx(0.01)


def test_a_check_of_several_targets_and_text_is_drawn(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(HEALTHY, encoding="utf-8")
    drawn = run_dlcli("check", "c.yaml", "--lr", cwd=tmp_path).out
    assert "expected (ln 10)" in drawn
    assert "--set optimizer.learning_rate=" in drawn
    assert "1e-07" in drawn
    assert "dense_1 (Dense)" in drawn
    assert "verdict   can learn: " in drawn


def test_the_first_loss_of_batch_normalization_is_measured_with_the_statistics_of_a_batch(tmp_path: Path) -> None:
    from dlcli.training.evidence.first_loss import first_loss

    far = "  - Dense: {units: 64, kernel_initializer: {RandomNormal: {stddev: 5.0}}}\n  - BatchNormalization"
    experiment = experiment_of(tmp_path, HEALTHY.replace("  - Dropout: 0.5", far))
    normalization = experiment.model.get_layer("batch_normalization")
    before = [each.numpy() for each in experiment.model.variables]
    found = first_loss(experiment)
    assert found.measured < 4.0  # with a variance of 1, as the layer has it at first, it would be in the hundreds
    train, model = experiment.splits["train"], experiment.model
    inputs, targets = train.take(spread_samples(len(train), 1024))
    hidden = np.asarray(inputs["image"], np.float64).reshape(len(inputs["image"]), -1)
    for layer in model.layers:
        if type(layer).__name__ == "Dense" and layer is not model.layers[-1]:
            hidden = hidden @ layer.kernel.numpy() + layer.bias.numpy()
            hidden = np.maximum(hidden, 0) if layer.activation.__name__ == "relu" else hidden
    seen = hidden[:128]  # the statistics are those of the first 128 samples
    scores = (hidden - seen.mean(axis=0)) / np.sqrt(seen.var(axis=0) + 1e-3)
    scores = scores @ model.layers[-1].kernel.numpy() + model.layers[-1].bias.numpy()
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    expected = -np.mean(np.log(chances[np.arange(len(chances)), targets["label"]]))
    assert found.measured == pytest.approx(expected, rel=1e-4)
    for variable, value in zip(experiment.model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert normalization.momentum == 0.99


def test_a_step_in_half_precision_is_as_long_as_the_one_of_training(tmp_path: Path) -> None:
    from dlcli.training.engine.steps import batch_tensors
    from dlcli.training.evidence.step import trained_on

    text = HEALTHY.replace("  - Dropout: 0.5\n", "").replace("{Adam: 3e-3}", "{SGD: 0.1}")
    found = {}
    for way in ("check", "train"):
        experiment = experiment_of(tmp_path, text.replace("{epochs: 1}", "{epochs: 1, precision: mixed_float16}"))
        model = experiment.model
        before = model.layers[-1].kernel.numpy()
        arrays = experiment.splits["train"].take(np.arange(16))
        if way == "check":
            trained_on(model, *batch_tensors(*arrays))
        else:
            model.train_on_batch(arrays[0], arrays[1]["label"])
        found[way] = model.layers[-1].kernel.numpy() - before
    assert np.abs(found["train"]).max() > 1e-3
    np.testing.assert_allclose(found["check"], found["train"], rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize(
    ("noise", "drowned"),
    [
        ({"Dropout": 0.9999}, True),
        ({"Dropout": 0.5}, False),
        ({"GaussianNoise": 0.1}, False),
    ],
)
def test_noise_that_lets_nothing_through_is_seen(
    noise: dict[str, float], drowned: bool, tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    layers = [{"Dense": {"units": 32, "activation": "relu"}}, noise, {"Dense": {"units": 3, "activation": "softmax"}}]
    config = write_experiment(tmp_path, {"layers": layers, "optimizer": {"Adam": 0.01}})
    value = run_dlcli("check", config, "--json", cwd=tmp_path).value
    assert ("drowned_in_noise" in [each["code"] for each in value["verdict"]]) is drowned


def test_a_loss_that_is_not_finite_before_the_first_step_is_no_matter_of_the_rate(
    tmp_path: Path, run_dlcli: Run
) -> None:
    (tmp_path / "t.csv").write_text("a,y\n" + "".join(f"{row},{row % 5}\n" for row in range(60)), encoding="utf-8")
    layer = "Dense: {units: 1, kernel_initializer: {Constant: 50.0}, activation: exponential}"
    (tmp_path / "c.yaml").write_text(
        f"data: {{source: t.csv, target: y}}\nlayers: [{layer}]\nloss: mse\noptimizer: Adam\ntrain: {{epochs: 1}}\n",
        encoding="utf-8",
    )
    value = run_dlcli("check", "c.yaml", "--json", cwd=tmp_path).value
    assert [each["code"] for each in value["verdict"]] == ["first_loss_not_finite"]
    error = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path).error
    assert error["code"] == 6
    assert error["message"] == "the loss is inf before anything was learnt: Dense in line 2 puts out inf first"
