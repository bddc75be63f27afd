"""The engines: resident and streaming loops are Keras's own `fit` over the same order, to the last bit where Keras is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LAYERS: dict[str, list[Any]] = {
    "dropout": [
        {"Dense": {"units": 16, "activation": "relu"}},
        {"Dropout": 0.3},
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "batch normalization": [
        {"Dense": 16},
        "BatchNormalization",
        "ReLU",
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "small CNN": [
        {"Reshape": {"target_shape": [4, 4, 1]}},
        {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}},
        "MaxPooling2D",
        "Flatten",
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "LSTM": [
        {"Reshape": {"target_shape": [4, 4]}},
        {"LSTM": {"units": 8, "dropout": 0.1}},
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
}
EPOCHS, BATCH = 2, 32


def order_of(samples: int, *, seed: int, epoch: int) -> Any:
    """The order of the samples in an epoch."""
    import numpy as np

    from dlcli.data.fields.order import order

    return np.concatenate(list(order(samples, seed=seed, epoch=epoch)))


def experiment_of(config: Path, *settings: str) -> Any:
    """The experiment of a configuration, built from its seed."""
    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    checked, _ = load_config(str(config), settings=settings)
    dataset = read_data(checked)
    start_keras(seed=checked.seed)
    return set_up(checked, dataset)


def trained_by_dlcli(config: Path, *, seed: int, stream: bool = False) -> tuple[list[Any], dict[str, float]]:
    """All weights and the last metrics of two epochs in the resident or the streaming engine."""
    from dlcli.training.engine.engines import ResidentEngine, StreamingEngine
    from dlcli.training.engine.steps import Work
    from dlcli.training.setup.weights import training_weights

    experiment = experiment_of(config, f"data.stream={str(stream).lower()}")
    train, checked = experiment.splits["train"], experiment.config
    weights = training_weights(checked.train, experiment.dataset)
    assert train.streams is stream
    kind = StreamingEngine if stream else ResidentEngine
    engine = kind(experiment.model, Work(train, weights, BATCH, seed))
    for epoch in range(EPOCHS):
        metrics = engine.epoch(epoch, between=lambda step, loss: True)
    assert engine.steps * BATCH > len(train) > (engine.steps - 1) * BATCH  # the last batch is ragged
    return [each.numpy() for each in experiment.model.weights], metrics


def trained_by_keras(config: Path, *, seed: int, class_weight: dict[int, float] | None) -> tuple[list[Any], Any]:
    """The same with `model.fit` over arrays that lie in the order of the epoch."""
    experiment = experiment_of(config)
    train, model = experiment.splits["train"], experiment.model
    for epoch in range(EPOCHS):
        order = order_of(len(train), seed=seed, epoch=epoch)
        inputs = {name: values[order] for name, values in train.inputs.items()}
        said = model.fit(
            inputs,
            train.target("y")[order],
            batch_size=BATCH,
            shuffle=False,
            verbose=0,
            initial_epoch=epoch,
            epochs=epoch + 1,
            class_weight=class_weight,
        )
    return [each.numpy() for each in model.weights], {name: values[-1] for name, values in said.history.items()}


@pytest.mark.parametrize("stream", [False, True], ids=["resident", "streaming"])
@pytest.mark.parametrize("kind", LAYERS)
def test_an_engine_ends_with_the_weights_of_fit_to_the_last_bit(
    kind: str, stream: bool, tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    config = write_experiment(tmp_path, {"layers": LAYERS[kind]})
    ours, said = trained_by_dlcli(config, seed=3, stream=stream)
    theirs, metrics = trained_by_keras(config, seed=3, class_weight=None)
    assert len(ours) == len(theirs) > 0
    for index, (mine, his) in enumerate(zip(ours, theirs, strict=True)):
        np.testing.assert_array_equal(mine, his, err_msg=f"weight {index}")
    assert said == {name: pytest.approx(value, abs=1e-6) for name, value in metrics.items()}


@pytest.mark.parametrize("stream", [False, True], ids=["resident", "streaming"])
def test_class_weights_are_those_of_fit_to_the_last_bit(
    stream: bool, tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    config = write_experiment(
        tmp_path,
        {
            "layers": LAYERS["dropout"],
            "train.class_weight": {"0": 4.0, "2": 0.5},
            "loss": "sparse_categorical_crossentropy",
        },
    )
    ours, said = trained_by_dlcli(config, seed=3, stream=stream)
    theirs, metrics = trained_by_keras(config, seed=3, class_weight={0: 4.0, 1: 1.0, 2: 0.5})
    for mine, his in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, his)
    assert said == {name: pytest.approx(value, abs=1e-6) for name, value in metrics.items()}
    plain = write_experiment(tmp_path, {"layers": LAYERS["dropout"]})
    without, _ = trained_by_dlcli(plain, seed=3)
    assert any(not np.array_equal(mine, his) for mine, his in zip(ours, without, strict=True))


def test_another_order_ends_with_other_weights(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    import numpy as np

    config = write_experiment(tmp_path, {"layers": LAYERS["dropout"]})
    ours, _ = trained_by_dlcli(config, seed=3)
    theirs, _ = trained_by_keras(config, seed=4, class_weight=None)
    assert any(not np.array_equal(mine, his) for mine, his in zip(ours, theirs, strict=True))


def test_the_order_is_a_permutation_that_only_seed_and_epoch_decide() -> None:
    import numpy as np

    first = order_of(1000, seed=1, epoch=0)
    assert sorted(first.tolist()) == list(range(1000))
    np.testing.assert_array_equal(first, order_of(1000, seed=1, epoch=0))
    others = [order_of(1000, seed=1, epoch=1), order_of(1000, seed=2, epoch=0), np.arange(1000)]
    assert [bool((first == other).all()) for other in others] == [False, False, False]


def test_keras_and_the_resident_engine_write_the_same_history(
    tmp_path: Path,
    write_experiment: Callable[..., Path],
    run_dlcli: Callable[..., Any],
    read_history: Callable[[Path, str], list[dict[str, Any]]],
) -> None:
    config = write_experiment(
        tmp_path, {"layers": LAYERS["dropout"], "metrics": ["accuracy"], "train.class_weight": "balanced"}
    )
    for engine in ("resident", "keras"):
        outcome = run_dlcli(
            "train", config, "--set", f"train.engine={engine}", "--name", engine, "--json", "-q", cwd=tmp_path
        )
        assert outcome.code == 0, outcome.err
        assert outcome.value["engine"] == engine
    ours, theirs = read_history(tmp_path, "resident"), read_history(tmp_path, "keras")
    assert len(ours) == len(theirs) == 3
    for mine, his in zip(ours, theirs, strict=True):
        assert (mine["epoch"], mine["step"]) == (his["epoch"], his["step"])
        for split in ("train", "validation"):
            assert sorted(mine[split]) == ["accuracy", "loss"]
            assert mine[split] == {name: pytest.approx(value, abs=1e-6) for name, value in his[split].items()}


def test_calls_grow_and_shrink_towards_a_quarter_of_a_second() -> None:
    from dlcli.training.engine.steps import Pace

    pace = Pace(1000)
    chunks = []
    for steps, seconds in [(1, 0.001), (16, 0.016), (250, 0.25), (250, 25.0), (2, 0.0), (32, 100.0)]:
        pace.seen(steps, seconds)
        chunks.append(pace.steps)
    assert chunks == [16, 250, 250, 2, 32, 1]
    pace = Pace(40)
    for _ in range(2):
        pace.seen(16, 0.001)
    assert pace.steps == 40
