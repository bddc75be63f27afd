"""What samples weigh in the loss: by class, by column, for several and for dense targets, against Keras's own `fit`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config import load_config
from dlcli.config.language import Language
from dlcli.config.train import Train
from dlcli.data import Data, Dataset
from dlcli.errors import BlockError, DataError

Run = Callable[..., Any]
ROWS = 60


def table(folder: Path, **columns: Any) -> Path:
    """A table of numbers x, names y and z, and further columns."""
    rows = range(ROWS)
    filled = {"x": [row / 7 % 1 for row in rows], "y": ["cat" if row % 4 else "dog" for row in rows], **columns}
    lines = [",".join(filled), *(",".join(str(each[row]) for each in filled.values()) for row in rows)]
    path = folder / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def loaded(path: Path, *, weight: str | None = None, **block: Any) -> Dataset:
    data = {"source": str(path), "target": "y", "split": {"validation": 0.0, "test": 0.0}, **block}
    if "targets" in block:
        del data["target"]
    return Data.model_validate(data, context=Language()).load(seed=0, weight=weight)


def in_batch(dataset: Dataset, train: Train) -> Any:
    """The weights of all training samples, as the engine gives them to Keras."""
    from dlcli.training.setup.feed import Feed
    from dlcli.training.setup.weights import training_weights

    weights = training_weights(train, dataset)
    if weights is None:
        return None
    _, targets = Feed(dataset.splits["train"], None, dataset.schema.targets).take(slice(None))
    import tensorflow as tf

    return weights.of({name: tf.constant(values) for name, values in targets.items()}, weights.column)


def test_class_weights_are_balanced_or_by_name(tmp_path: Path) -> None:
    dataset = loaded(table(tmp_path))
    cats = np.array([row % 4 > 0 for row in range(ROWS)])
    balanced = in_batch(dataset, Train(epochs=1, class_weight="balanced"))
    np.testing.assert_allclose(balanced, np.where(cats, ROWS / (2 * 45), ROWS / (2 * 15)), rtol=1e-6)
    assert float(np.mean(balanced)) == pytest.approx(1.0)
    named = in_batch(dataset, Train(epochs=1, class_weight={"dog": 3.0}))
    np.testing.assert_array_equal(named, np.where(cats, 1.0, 3.0))
    assert in_batch(dataset, Train(epochs=1)) is None


def test_one_hot_targets_weigh_like_indices(tmp_path: Path) -> None:
    path = table(tmp_path)
    one_hot = loaded(path, target={"column": "y", "encode": "one_hot"})
    train = Train(epochs=1, class_weight="balanced")
    np.testing.assert_array_equal(in_batch(one_hot, train), in_batch(loaded(path), train))


def test_a_column_weighs_the_samples_and_is_no_input(tmp_path: Path) -> None:
    counts = [row % 5 for row in range(ROWS)]
    dataset = loaded(table(tmp_path, n=counts), weight="n")
    assert [each.name for each in dataset.schema.inputs[0].columns or []] == ["x"]
    both = in_batch(dataset, Train(epochs=1, sample_weight="n", class_weight={"dog": 2.0}))
    np.testing.assert_array_equal(both, [n * (1 if row % 4 else 2) for row, n in enumerate(counts)])
    assert [each.name for each in loaded(table(tmp_path, n=counts)).schema.inputs[0].columns or []] == ["x", "n"]


def test_several_targets_weigh_each_by_its_classes(tmp_path: Path) -> None:
    dataset = loaded(
        table(tmp_path, z=["a" if row % 3 else "b" for row in range(ROWS)], v=list(range(ROWS))),
        targets={"y": "y", "z": "z", "v": "v"},
    )
    weights = in_batch(dataset, Train(epochs=1, class_weight={"z": "balanced", "y": {"dog": 5}}))
    np.testing.assert_array_equal(weights["y"], [1 if row % 4 else 5 for row in range(ROWS)])
    np.testing.assert_allclose(weights["z"], [0.75 if row % 3 else 1.5 for row in range(ROWS)])
    np.testing.assert_array_equal(weights["v"], np.ones(ROWS))


def test_a_dense_target_weighs_each_pixel_by_its_class() -> None:
    data = Data.model_validate({"source": {"shapes": {"samples": 20, "size": 16}}}, context=Language())
    dataset = data.load(seed=0)
    masks = dataset.splits["train"].target[:].astype(int)
    counts = np.bincount(masks.ravel(), minlength=3)
    weights = np.asarray(in_batch(dataset, Train(epochs=1, class_weight="balanced")))
    assert weights.shape == masks.shape == (14, 16, 16)
    np.testing.assert_allclose(weights, (counts.sum() / (3 * counts))[masks], rtol=1e-6)


@pytest.mark.parametrize(
    ("wanted", "targets", "path", "message", "hint"),
    [
        ({"dgo": 3.0}, None, ("dgo",), "there is no class 'dgo'", "did you mean 'dog'?"),
        ({"dog": "balanced"}, None, ("dog",), "the weight of a class is a number, found the text 'balanced'", None),
        (
            "balanced",
            {"y": "y", "x": "x"},
            (),
            "there are several targets, so 'class_weight' is a mapping by target",
            "write class_weight: {y: balanced}",
        ),
        (
            {"x": "balanced"},
            {"y": "y", "x": "x"},
            ("x",),
            "'class_weight' needs a target of classes, and this one holds numbers",
            "leave it out",
        ),
        ({"k": "balanced"}, {"y": "y", "x": "x"}, ("k",), "there is no target 'k'; there are: y, x", None),
    ],
)
def test_weights_that_fit_no_class_or_target_are_refused(
    wanted: Any, targets: Any, path: tuple[str, ...], message: str, hint: str | None, tmp_path: Path
) -> None:
    from dlcli.training.setup.weights import training_weights

    block = {"targets": targets, "inputs": ["w"]} if targets else {}
    dataset = loaded(table(tmp_path, w=list(range(ROWS))), **block)
    with pytest.raises(BlockError) as caught:
        training_weights(Train(epochs=1, class_weight=wanted), dataset)
    assert caught.value.path == ("train", "class_weight", *path)
    assert caught.value.message == message
    assert hint is None or caught.value.hint == hint


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([-1.0 if row == 4 else 1.0 for row in range(ROWS)], "the weight 'n' is -1.0 in row 5; expected 0 or more"),
        ([0.0] * ROWS, "the weights 'n' of the training samples are all 0: nothing would be learnt"),
        (["a", "b"] * (ROWS // 2), "'n' weighs the samples and must hold numbers, but row 1 is 'a'"),
    ],
)
def test_a_column_that_cannot_weigh_is_refused(values: Any, message: str, tmp_path: Path) -> None:
    from dlcli.training.setup.weights import training_weights

    dataset = loaded(table(tmp_path, n=values), weight="n")
    with pytest.raises(DataError) as caught:
        training_weights(Train(epochs=1, sample_weight="n"), dataset)
    assert caught.value.message == message


SEGMENT = """\
data: {source: {shapes: {samples: 40, size: 8}}, split: {validation: 0.0, test: 0.0}}
layers:
  - Conv2D: {filters: 3, kernel_size: 3, padding: same, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {SGD: 0.5}
train: {epochs: 2, batch_size: 16, class_weight: balanced, engine: ENGINE}
"""


@pytest.mark.parametrize("engine", ["resident", "keras"])
def test_dense_class_weights_train_like_the_sample_weights_of_fit(engine: str, tmp_path: Path) -> None:
    from dlcli.data.fields.order import order
    from dlcli.training.engine.engines import FitEngine, ResidentEngine
    from dlcli.training.engine.steps import Work
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up
    from dlcli.training.setup.weights import training_weights

    path = tmp_path / "c.yaml"
    path.write_text(SEGMENT.replace("ENGINE", engine), encoding="utf-8")
    config, _ = load_config(str(path))
    dataset = read_data(config)
    found = []
    for ours in (True, False):
        start_keras(seed=0)
        experiment = set_up(config, dataset)
        train, model = experiment.splits["train"], experiment.model
        if ours:
            kind = FitEngine if engine == "keras" else ResidentEngine
            made = kind(model, Work(train, training_weights(config.train, dataset), 16, seed=4))
            made.epoch(0, between=lambda step, loss: True)
        else:
            rows = np.concatenate(list(order(len(train), seed=4, epoch=0, layout=None)))
            inputs, targets = train.take(rows)
            masks = targets["mask"].astype(int)
            counts = np.bincount(masks.ravel(), minlength=3)
            weights = (counts.sum() / (3 * counts))[masks].astype(np.float32)
            model.fit(inputs, masks, batch_size=16, shuffle=False, verbose=0, sample_weight=weights)
        found.append([each.numpy() for each in model.weights])
    assert len(found[0]) == 2
    for mine, his in zip(*found, strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-5, atol=1e-7)


def test_weights_change_what_is_learnt_and_run_from_the_command_line(tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, n=[row % 5 for row in range(ROWS)], z=["a" if row % 3 else "b" for row in range(ROWS)])
    (tmp_path / "c.yaml").write_text(
        """\
data: {source: t.csv, targets: {y: y, z: z}}
layers:
  - Dense: {units: 4, name: hidden}
  - Dense: {units: 2, activation: softmax, from: hidden, name: y}
  - Dense: {units: 2, activation: softmax, from: hidden, name: z}
loss: {y: sparse_categorical_crossentropy, z: sparse_categorical_crossentropy}
optimizer: {SGD: 0.5}
train: {epochs: 1, sample_weight: n, class_weight: {y: balanced}}
""",
        encoding="utf-8",
    )
    losses = []
    for settings in ([], ["--set", "train.class_weight=null"], ["--set", "train.engine=keras"]):
        done = run_dlcli("train", "c.yaml", "--json", "-q", *settings, cwd=tmp_path)
        assert done.code == 0, done.err
        losses.append(done.value["metrics"]["train"]["loss"])
    assert losses[0] == pytest.approx(losses[2], rel=1e-5)
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)


def test_averaged_weights_are_those_of_fit_and_are_measured(tmp_path: Path, run_dlcli: Run) -> None:
    import keras

    found = {}
    for engine in ("resident", "keras"):
        text = f"""\
data: {{source: iris}}
layers: [{{Dense: {{units: 3, activation: softmax}}}}]
loss: sparse_categorical_crossentropy
optimizer: {{SGD: {{learning_rate: 0.5, use_ema: true, ema_momentum: 0.9}}}}
train: {{epochs: 3, engine: {engine}}}
"""
        (tmp_path / f"{engine}.yaml").write_text(text, encoding="utf-8")
        done = run_dlcli("train", f"{engine}.yaml", "--json", "-q", cwd=tmp_path)
        assert done.code == 0, done.err
        measured = run_dlcli("evaluate", engine, "--split", "validation", "--json", cwd=tmp_path).value["metrics"]
        assert measured["loss"] == pytest.approx(done.value["metrics"]["validation"]["loss"], abs=1e-5)
        model = keras.saving.load_model(tmp_path / "runs" / engine / "model" / "model.keras")
        found[engine] = [weight.numpy() for weight in model.weights]
        plain = run_dlcli(
            "train", f"{engine}.yaml", "--json", "-q", "--set", "optimizer.use_ema=false", cwd=tmp_path
        ).value["metrics"]["validation"]["loss"]
        assert plain != pytest.approx(measured["loss"], rel=1e-3)
    for mine, his in zip(found["resident"], found["keras"], strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-6)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_trains_evaluates_and_is_checked(precision: str, tmp_path: Path, run_dlcli: Run) -> None:
    import keras

    (tmp_path / "c.yaml").write_text(
        f"""\
data:
  source: digits
  prepare: [Rescaling: 0.0625, Reshape: {{target_shape: [8, 8, 1]}}]
  augment: [RandomTranslation: {{height_factor: 0.1, width_factor: 0.1}}]
layers: [Conv2D: {{filters: 8, kernel_size: 3, activation: relu}}, Flatten, Dense: {{units: 10, activation: softmax}}]
loss: sparse_categorical_crossentropy
optimizer: {{Adam: 0.01}}
metrics: [accuracy]
train: {{epochs: 4, precision: {precision}, class_weight: balanced}}
""",
        encoding="utf-8",
    )
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value["metrics"]["validation"]["accuracy"] > 0.8
    model = keras.saving.load_model(tmp_path / "runs" / "c" / "model" / "model.keras")
    assert {layer.compute_dtype for layer in model.layers if layer.weights} == {precision.removeprefix("mixed_")}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    measured = run_dlcli("evaluate", "c", "--split", "validation", "--json", cwd=tmp_path).value["metrics"]
    assert measured["accuracy"] == pytest.approx(done.value["metrics"]["validation"]["accuracy"], abs=0.01)
    checked = run_dlcli("check", "c.yaml", "--lr", "--json", cwd=tmp_path)
    assert checked.code == 0, checked.err
    assert [each["finding"] for each in checked.value["verdict"]] == ["can learn"]
    assert checked.value["rates"]["proposed"] is not None


def test_what_no_step_needs_is_given_up_once_the_feeds_are_made(tmp_path: Path) -> None:
    from dlcli.training.setup.experiment import read_data, set_up_config

    (tmp_path / "t.csv").write_text("a,b,n,y\n" + "".join(f"{i},{i % 7},{i % 3 + 1},{i % 2}\n" for i in range(60)))
    config = tmp_path / "c.yaml"
    config.write_text(
        "data: {source: t.csv, target: y, prepare: [Normalization]}\nlayers: [{Dense: {units: 1, activation: sigmoid}}]\n"
        "loss: BinaryCrossentropy\noptimizer: Adam\ntrain: {epochs: 1, sample_weight: n}\n"
    )
    checked, _ = load_config(str(config))
    whole, experiment = read_data(checked), set_up_config(checked)
    assert sorted(whole.fields.arrays) == ["a", "b", "n", "y"]
    assert sorted(experiment.dataset.fields.arrays) == ["n"]
    for split in ("train", "validation", "test"):
        assert sorted(whole.splits[split].inputs) == ["features"]
        assert not experiment.dataset.splits[split].inputs
        rows = experiment.dataset.splits[split].rows
        assert rows.tolist() == whole.splits[split].rows.tolist()
        assert experiment.dataset.column("n", rows).tolist() == (rows % 3 + 1).tolist()
        assert len(experiment.splits[split]) == len(rows) > 0
