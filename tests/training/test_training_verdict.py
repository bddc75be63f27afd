"""The verdict on training, and the trivial baseline beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dlcli.finding import Command, Setting
from dlcli.runs.state import StopReason
from dlcli.view.console.json_value import json_value
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Run = Callable[..., Any]
WIDE: dict[str, Any] = {
    "layers": [{"Dense": {"units": 128, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "optimizer": {"Adam": {"learning_rate": 0.02}},
    "train.epochs": 25,
    "train.batch_size": 8,
}


def story_of(
    config: Path,
    *,
    train: list[float],
    validation: list[float],
    baseline: float | None = 1.0,
    stop: StopReason = StopReason.ALL_EPOCHS,
    best: int | None = None,
) -> Any:
    """A story with given losses, as the rules read it."""
    from dlcli.config import load_config
    from dlcli.training.verdict import Story

    history = [
        {"learning_rate": 0.01, "train": {"loss": one}, "validation": {"loss": other}}
        for one, other in zip(train, validation, strict=True)
    ]
    metrics = {"train": {"loss": train[-1]}, "validation": {"loss": validation[-1]}}
    trivial = (
        {} if baseline is None else {"method": "majority class", "split": "validation", "metrics": {"loss": baseline}}
    )
    best = best or 1 + validation.index(min(validation))
    return Story(load_config(str(config))[0], history, metrics, trivial, best, stop)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, write_experiment: Callable[..., Path]) -> Path:
    return write_experiment(tmp_path_factory.mktemp("verdict"))


FALLING = [1.0 - 0.03 * epoch for epoch in range(10)]
FLAT_END = [0.9, 0.6, 0.4, 0.3, 0.299, 0.2985, 0.298, 0.2979]
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "healthy": ({"train": FLAT_END, "validation": FLAT_END}, ["healthy"]),
    "still improving": ({"train": FALLING, "validation": FALLING}, ["stopped while still improving"]),
    "still improving, but stopped by a rule": (
        {"train": FALLING, "validation": FALLING, "stop": StopReason.REACHED},
        ["stopped too early"],
    ),
    "the last three epochs gained less than 3 %": (
        {"train": FLAT_END, "validation": [1.0, 0.5, 0.4, 0.3955, 0.391, 0.3885]},
        ["healthy"],
    ),
    "the last three epochs gained just over 3 %": (
        {"train": FLAT_END, "validation": [1.0, 0.5, 0.4, 0.395, 0.39, 0.3875]},
        ["stopped while still improving"],
    ),
    "overfits": (
        {"train": [0.9, 0.5, 0.3, 0.2, 0.1], "validation": [0.9, 0.6, 0.62, 0.65, 0.67]},
        ["overfits"],
    ),
    "the validation loss rose by less than 10 %": (
        {"train": [0.9, 0.5, 0.45, 0.4, 0.35], "validation": [0.9, 0.6, 0.62, 0.65, 0.655]},
        ["healthy"],
    ),
    "it rose by less, and training learnt on by heart": (
        {"train": [0.9, 0.5, 0.3, 0.2, 0.1], "validation": [0.9, 0.6, 0.62, 0.65, 0.655]},
        ["overfits"],
    ),
    "the validation loss rose only two epochs ago": (
        {"train": [0.9, 0.5, 0.3, 0.2], "validation": [0.9, 0.6, 0.65, 0.7]},
        ["the best epoch is not kept"],
    ),
    "both losses rose": (
        {"train": [0.9, 0.5, 0.55, 0.6, 0.7], "validation": [0.9, 0.6, 0.62, 0.65, 0.67]},
        ["the best epoch is not kept"],
    ),
    "no better than the trivial baseline": (
        {"train": FLAT_END, "validation": FLAT_END, "baseline": 0.3},
        ["hardly better than the trivial baseline"],
    ),
    "a tenth better than the trivial baseline": (
        {"train": FLAT_END, "validation": FLAT_END, "baseline": 0.3344},
        ["healthy"],
    ),
    "less than a tenth better": (
        {"train": FLAT_END, "validation": FLAT_END, "baseline": 0.33},
        ["no judgement"],
    ),
    "no baseline": ({"train": FLAT_END, "validation": FLAT_END, "baseline": None}, ["healthy"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_speaks_where_its_numbers_say_so_and_only_there(name: str, plain: Path) -> None:
    from dlcli.training.verdict import verdict

    given, expected = CASES[name]
    history = {**given, "train": given["train"][: len(given["validation"])]}
    assert [judgement_of_training(each).finding for each in verdict(story_of(plain, **history))] == expected


def test_the_advice_names_the_key_with_its_old_and_new_value(plain: Path) -> None:
    from dlcli.training.verdict import verdict

    told = story_of(plain, train=[0.9, 0.5, 0.3, 0.2, 0.1], validation=[0.9, 0.6, 0.62, 0.65, 0.67])
    findings, entries = verdict(told), told.config.written_layers()
    assert len(entries) > 1
    assert [json_value(judgement_of_training(each)) for each in findings] == [
        {
            "finding": "overfits",
            "since_epoch": 3,
            "evidence": "the validation loss rose from 0.6000 to 0.6700 while the training loss fell from 0.5000 to 0.1000",
            "advice": [
                {
                    "set": "train.early_stopping",
                    "from": None,
                    "to": {"monitor": "val_loss", "patience": 5},
                    "why": "keeps the weights of the best epoch",
                    "joined": False,
                },
                {
                    "set": "layers",
                    "from": entries,
                    "to": [*entries[:-1], {"Dropout": 0.3}, entries[-1]],
                    "why": "a Dropout before the last layer makes the model rely on less",
                    "joined": True,
                },
            ],
            "code": "overfits",
            "severity": "warning",
            "where": None,
            "facts": {
                "since_epoch": 3,
                "validation_lowest": 0.6,
                "validation_last": 0.67,
                "train_then": 0.5,
                "train_last": 0.1,
                "turned": True,
                "gap": None,
                "left": None,
            },
        }
    ]
    (still,) = verdict(story_of(plain, train=FALLING, validation=FALLING))
    # It falls as straight as at first: twice as many epochs once more.
    assert still.advice == [Setting(key="train.epochs", old=3, new=30, why="there is more to gain")]
    named = replace(story_of(plain, train=FALLING, validation=FALLING), run=["my run", "--runs", "there"])
    assert verdict(named)[0].advice == [
        Command(command="dlcli resume 'my run' --runs there --epochs 30", why="there is more to gain")
    ]


def train(folder: Path, run_dlcli: Run, write_experiment: Callable[..., Path], changes: dict[str, Any]) -> Any:
    """The result of a training."""
    outcome = run_dlcli("train", write_experiment(folder, changes), "--json", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return outcome.value


def test_a_real_training_that_overfits_is_told_so(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    findings = {each["finding"]: each for each in train(tmp_path, run_dlcli, write_experiment, WIDE)["verdict"]}
    finding = findings["overfits"]
    assert "healthy" not in findings
    assert 2 <= finding["since_epoch"] <= 22
    assert [each["set"] for each in finding["advice"]] == ["train.early_stopping", "layers"]


HARDLY: dict[str, Any] = {
    "optimizer": {"SGD": {"learning_rate": 1e-6}},
    "layers": [{"Dense": {"units": 3, "activation": "softmax", "kernel_initializer": "zeros"}}],
}


def test_a_real_training_that_hardly_moves_gets_the_rate_of_a_check(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    value = train(tmp_path, run_dlcli, write_experiment, HARDLY)
    (finding,) = value["verdict"]
    assert finding["finding"] == "learning rate too low"
    assert finding["facts"]["rate"] == pytest.approx(1e-6)
    # The numbers are near unit scale already: nothing is to be normalized. The rate is that of a check.
    [advice] = finding["advice"]
    assert (advice["set"], advice["from"]) == ("optimizer.learning_rate", pytest.approx(1e-6))
    checked = run_dlcli("check", "experiment.yaml", "--lr", "--json", cwd=tmp_path)
    assert advice["to"] == checked.value["rates"]["proposed"] == finding["facts"]["proposed"]
    better = train(
        tmp_path,
        run_dlcli,
        write_experiment,
        {**HARDLY, "optimizer": {"SGD": {"learning_rate": advice["to"]}}},
    )
    assert better["metrics"]["validation"]["loss"] < value["metrics"]["validation"]["loss"]


@pytest.mark.parametrize(
    ("size", "layers", "told"),
    [
        (30.0, "[Dense: 1]", True),
        (1.0, "[Dense: 1]", False),
        (30.0, "[Rescaling: 0.03, Dense: 1]", False),
        (30.0, "[BatchNormalization, Dense: 1]", False),
        (30.0, "[Embedding: {input_dim: 200, output_dim: 2}, Flatten, Dense: 1]", False),
    ],
)
def test_normalization_is_proposed_with_evidence_alone(
    size: float, layers: str, told: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    rows = "".join(f"{int(size * (row * 37 % 5)) if size > 1 else row % 2},{row * 7 % 13}\n" for row in range(80))
    (tmp_path / "t.csv").write_text("x,y\n" + rows)
    (tmp_path / "t.yaml").write_text(
        f"data: {{source: t.csv, target: {{column: y, encode: none}}}}\nlayers: {layers}\nloss: mse\n"
        "optimizer: {SGD: 1e-9}\ntrain: {epochs: 1}\n"
    )
    done = run_dlcli("train", "t.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    advice = [each.get("set") for finding in done.value["verdict"] for each in finding["advice"]]
    assert ("data.prepare" in advice) is told
    assert ("inputs_far_from_scale" in [each["code"] for each in done.value["verdict"]]) is told


def test_the_baseline_of_classes_is_that_of_scikit_learn(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np
    from sklearn.dummy import DummyClassifier
    from sklearn.metrics import accuracy_score, log_loss

    generator = np.random.default_rng(0)
    y = generator.choice(3, size=150, p=[0.6, 0.3, 0.1])
    np.savez(tmp_path / "classes.npz", x=generator.normal(size=(150, 4)).astype(np.float32), y=y)
    baseline = train(
        tmp_path,
        run_dlcli,
        write_experiment,
        {"train.epochs": 1, "data.split": {"validation": 0.2, "test": 0.2, "by": "random"}},
    )["baseline"]
    splits = splits_of(tmp_path)
    given = DummyClassifier(strategy="prior").fit(np.zeros((len(splits["train"]), 1)), splits["train"])
    truth = splits["validation"]
    zeros = np.zeros((len(truth), 1))
    assert baseline == {
        "method": "majority class",
        "split": "validation",
        "metrics": {
            "loss": pytest.approx(log_loss(truth, given.predict_proba(zeros), labels=[0, 1, 2]), rel=1e-5),
            "accuracy": pytest.approx(accuracy_score(truth, given.predict(zeros)), rel=1e-6),
        },
    }


def splits_of(folder: Path) -> dict[str, Any]:
    """The targets of each split of `experiment.yaml`."""
    from dlcli.config import load_config
    from dlcli.training.setup.experiment import read_data

    dataset = read_data(load_config(str(folder / "experiment.yaml"))[0])
    return {name: samples.target for name, samples in dataset.splits.items()}


def test_the_baseline_of_numbers_is_that_of_scikit_learn(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np
    from sklearn.dummy import DummyRegressor
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    generator = np.random.default_rng(0)
    x = generator.normal(size=(120, 4)).astype(np.float32)
    np.savez(tmp_path / "classes.npz", x=x, y=(x @ [1.0, 2.0, 3.0, 4.0] + 5).astype(np.float32))
    changes = {"loss": "mse", "metrics": ["mae"], "layers": [{"Dense": 1}], "train.epochs": 1}
    baseline = train(tmp_path, run_dlcli, write_experiment, changes)["baseline"]
    splits = splits_of(tmp_path)
    given = DummyRegressor(strategy="mean").fit(np.zeros((len(splits["train"]), 1)), splits["train"])
    said = given.predict(np.zeros((len(splits["validation"]), 1)))
    assert baseline == {
        "method": "mean",
        "split": "validation",
        "metrics": {
            "loss": pytest.approx(mean_squared_error(splits["validation"], said), rel=1e-5),
            "mae": pytest.approx(mean_absolute_error(splits["validation"], said), rel=1e-5),
        },
    }


@pytest.mark.parametrize(
    ("loss", "activation", "answer"),
    [
        ("binary_crossentropy", "sigmoid", 0.25),
        ({"BinaryCrossentropy": {"from_logits": True}}, "linear", -1.0986122886681098),
        ("hinge", "tanh", -1.0),
        ("squared_hinge", "tanh", -0.5),
    ],
)
def test_the_constant_answer_is_the_best_one_that_its_loss_can_read(
    loss: Any, activation: str, answer: float, tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    from dlcli.config import load_config
    from dlcli.training.constant_answer import learnt_answer
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up
    from dlcli.training.trivial import trivial_baseline

    y = (np.arange(80) % 4 == 0).astype(np.int64)
    np.savez(tmp_path / "classes.npz", x=np.ones((80, 2), np.float32), y=y)
    config, _ = load_config(
        str(
            write_experiment(
                tmp_path,
                {
                    "layers": [{"Dense": {"units": 1, "activation": activation}}],
                    "loss": loss,
                    "data.split": {"validation": 0.0, "test": 0.0},
                },
            )
        )
    )
    dataset = read_data(config)
    start_keras(seed=0)
    experiment = set_up(config, dataset)
    [head], [target] = config.heads, dataset.schema.targets
    constant = learnt_answer(experiment, head, target, None)
    assert constant is not None
    assert constant.values.item() == pytest.approx(answer, rel=1e-6)
    baseline = trivial_baseline(experiment)
    assert baseline["split"] == "train"
    assert baseline["metrics"]["accuracy"] == pytest.approx(0.75)
    built = config.loss.build({})
    others = [float(built(y, np.full((80, 1), answer + step, np.float32))) for step in (-0.05, 0.05)]
    assert baseline["metrics"]["loss"] <= min(others) + 1e-6


@pytest.mark.parametrize(
    ("schedule", "lasting"),
    [
        ({"decay_steps": "10 epochs"}, "30 epochs"),
        ({"decay_steps": "28 epochs", "warmup_target": 0.1, "warmup_steps": "1 epochs"}, "29 epochs"),
        ({"decay_steps": "29 epochs"}, "30 epochs"),
        ({"decay_steps": "30 epochs"}, None),
        ({"decay_steps": "10 epochs", "alpha": 0.1}, None),
        (None, None),
    ],
)
def test_a_longer_training_needs_a_schedule_that_lasts_as_long(
    schedule: dict[str, Any] | None, lasting: str | None, tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    from dlcli.training.verdict.still_improving import still_improving

    rate: Any = 0.01 if schedule is None else {"CosineDecay": {"initial_learning_rate": 0.01, **schedule}}
    config = write_experiment(tmp_path, {"train.epochs": 10, "optimizer": {"Adam": {"learning_rate": rate}}})
    finding = still_improving(story_of(config, train=FALLING, validation=FALLING))
    settings = {each.key: each.new for each in finding.advice}
    expected = {} if lasting is None else {"optimizer.learning_rate.decay_steps": lasting}
    assert settings == {"train.epochs": 30, **expected}
