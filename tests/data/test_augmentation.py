"""Augmentation: training batches alone, decided by seed, epoch and step, with masks and labels that go along."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.errors import BlockError

SIZE = 8
ARRAYS = ["colour", "grey", "mask", "dark", "kind", "code", "series", "table"]
LAYERS: dict[str, Any] = {
    "RandomFlip": "RandomFlip",
    "RandomRotation": {"RandomRotation": 0.2},
    "RandomZoom": {"RandomZoom": {"height_factor": 0.3}},
    "RandomTranslation": {"RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2}},
    "RandomContrast": {"RandomContrast": 0.3},
    "RandomErasing": "RandomErasing",
    "GaussianDropout": {"GaussianDropout": 0.5},
    "RandAugment": "RandAugment",
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred pictures in colour and in grey, with masks, classes and pixels that tell which picture it is."""
    generator = np.random.default_rng(4)
    path = tmp_path_factory.mktemp("pictures") / "사진.npz"
    grey = generator.integers(0, 256, (100, SIZE, SIZE)).astype(np.uint8)
    np.savez(
        path,
        colour=generator.integers(0, 256, (100, SIZE, SIZE, 3)).astype(np.uint8),
        grey=grey,
        mask=(grey > 128).astype(np.int64),
        dark=(grey < 64).astype(np.int64)[..., None],
        kind=np.array(["cat", "dog", "새"])[np.arange(100) % 3],
        code=np.arange(100) % 3,
        series=generator.normal(size=(100, SIZE, 4)).astype(np.float32),
        table=generator.normal(size=(100, 5)).astype(np.float32),
    )
    return path


def block_of(pictures: Path, *augment: Any, inputs: Any = "grey", target: Any = "code", **more: Any) -> dict[str, Any]:
    """A data block with one input and augmentation."""
    names = inputs if isinstance(inputs, list) else [inputs]
    return {
        "source": {"npz": {"path": str(pictures), "inputs": ARRAYS}},
        "inputs": names,
        "target": target,
        "augment": list(augment),
        **more,
    }


def augmented(block: Mapping[str, Any], *, seed: int = 0, labels: Any = "classes") -> tuple[Dataset, Any]:
    """The data set of a block and its augmentation."""
    from dlcli.data.preparation.augment import Augmentation

    data = Data.model_validate(dict(block), context=Language())
    dataset = data.load(seed=0, labels=labels)
    return dataset, Augmentation(data.augment, dataset.schema, seed=seed, facts=dataset.facts(16))


def batch_of(dataset: Dataset, size: int = 16) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first training samples as tensors."""
    import tensorflow as tf

    train = dataset.splits["train"]
    return (
        {name: tf.constant(values[:size].astype(np.float32)) for name, values in train.inputs.items()},
        {name: tf.constant(values[:size]) for name, values in train.targets.items()},
    )


def runner(augmentation: Any, inputs: Any, targets: Any) -> Callable[[int, int], tuple[Any, Any]]:
    """`run(epoch, step)`: the batch augmented in a graph, as arrays."""
    import tensorflow as tf

    graph = tf.function(lambda epoch, step: augmentation(inputs, targets, epoch, step), autograph=False)

    def run(epoch: int, step: int) -> tuple[Any, Any]:
        made = graph(tf.constant(epoch), tf.constant(step))
        plain: tuple[Any, Any] = tf.nest.map_structure(lambda each: each.numpy(), made)
        return plain

    return run


@pytest.mark.parametrize("layer", LAYERS)
def test_seed_epoch_and_step_alone_decide(layer: str, pictures: Path) -> None:
    block = block_of(pictures, LAYERS[layer], inputs="colour")
    runs = {}
    for seed in (0, 1):
        dataset, augmentation = augmented(block, seed=seed)
        runs[seed] = runner(augmentation, *batch_of(dataset))
    first = runs[0](0, 0)[0]["colour"]
    raw = np.asarray(batch_of(dataset)[0]["colour"])
    others = [runs[0](0, 1), runs[0](1, 0), runs[0](3, 2), runs[1](0, 0)]
    assert [np.array_equal(first, other[0]["colour"]) for other in others] == [False] * 4
    assert not np.array_equal(first, raw)
    # Whatever was drawn meanwhile, and in a graph of its own.
    again = runner(augmented(block)[1], *batch_of(dataset))
    assert again(5, 5)[0]["colour"].shape == first.shape
    np.testing.assert_array_equal(again(0, 0)[0]["colour"], first)
    np.testing.assert_array_equal(runs[0](0, 0)[0]["colour"], first)
    assert runs[0](0, 0)[1]["code"].tolist() == np.asarray(batch_of(dataset)[1]["code"]).tolist()


def test_two_layers_of_a_kind_draw_each_its_own(pictures: Path) -> None:
    dataset, augmentation = augmented(block_of(pictures, {"GaussianDropout": 0.5}, {"GaussianDropout": 0.5}))
    _, single = augmented(block_of(pictures, {"GaussianDropout": 0.5}))
    inputs, targets = batch_of(dataset)
    raw = np.asarray(inputs["grey"])
    known = raw != 0
    one = runner(single, inputs, targets)(0, 0)[0]["grey"][known] / raw[known]
    both = runner(augmentation, inputs, targets)(0, 0)[0]["grey"][known] / raw[known]
    assert not np.allclose(both, one * one, rtol=1e-3)  # the same factors twice would be squares


def which(made: np.ndarray[Any, Any], raw: np.ndarray[Any, Any]) -> list[int]:
    """For each picture which raw one has the same pixels, wherever they are."""
    keys = [np.sort(each.ravel()).tolist() for each in raw]
    return [keys.index(np.sort(each.ravel()).tolist()) for each in made]


@pytest.mark.parametrize("name", ["grey", "colour"])
@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_each_picture_is_flipped_in_its_place(name: str, mode: str, pictures: Path) -> None:
    dataset, augmentation = augmented(block_of(pictures, {"RandomFlip": mode}, inputs=name))
    inputs, targets = batch_of(dataset)
    raw = np.asarray(inputs[name])
    run = runner(augmentation, inputs, targets)
    flips: list[tuple[int, ...]] = [(2,)] if mode == "horizontal" else [(1,)]
    if mode == "horizontal_and_vertical":
        flips = [(1,), (2,), (1, 2)]
    seen = set()
    for epoch in range(4):
        made = run(epoch, 0)[0][name]
        assert made.shape == raw.shape
        assert which(made, raw) == list(range(16))
        for position in range(16):
            own = slice(position, position + 1)
            ways = [
                way for way in [(), *flips] if np.array_equal(made[own], np.flip(raw[own], way) if way else raw[own])
            ]
            assert len(ways) == 1
            seen.add(ways[0])
    assert seen <= {(), *flips}
    assert {(), flips[-1]} <= seen


@pytest.mark.parametrize("target", ["mask", "dark"])
@pytest.mark.parametrize("name", ["grey", "colour"])
@pytest.mark.parametrize(
    "layer", ["RandomFlip", {"RandomRotation": 0.3}, {"Pipeline": {"layers": ["RandomFlip"]}}], ids=str
)
def test_a_mask_moves_with_its_picture(layer: Any, name: str, target: str, pictures: Path) -> None:
    dataset, augmentation = augmented(block_of(pictures, layer, inputs=name, target=target), labels="classes")
    coarse = np.random.default_rng(2).integers(0, 2, (16, 2, 2))
    marks = np.kron(coarse, np.ones((SIZE // 2, SIZE // 2), np.int64))
    targets = as_tensors({target: marks.reshape(16, *dataset.schema.targets[0].shape)})
    # A picture that shows its own mask: wherever it goes, the mask has to be what it shows.
    shown = np.zeros((16, SIZE, SIZE, 3), np.float32) + marks[..., None]
    picture = {name: shown if name == "colour" else shown[..., 0]}
    made, moved = runner(augmentation, as_tensors(picture), targets)(2, 3)
    assert (moved[target].shape, moved[target].dtype) == (tuple(targets[target].shape), np.int64)
    after = moved[target].reshape(16, SIZE, SIZE)
    flat = made[name][..., 0] if name == "colour" else made[name]
    sharp = np.abs(flat - np.round(flat)) < 1e-4  # not the pixels that a rotation blends of others
    assert sharp.mean() > 0.3
    inner = sharp[:, 2:-2, 2:-2]  # a rotation fills picture and mask from outside in ways of their own
    agreed = np.round(flat)[:, 2:-2, 2:-2][inner] == after[:, 2:-2, 2:-2][inner]
    assert agreed.mean() > 0.95
    assert not np.array_equal(after, marks)
    if layer == "RandomFlip":
        np.testing.assert_array_equal(flat, after)


def as_tensors(arrays: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {name: tf.constant(values) for name, values in arrays.items()}


def test_all_masks_move_and_what_is_no_mask_stays(pictures: Path) -> None:
    targets = {"mask": "mask", "dark": "dark", "code": "code"}
    block = {**block_of(pictures, "RandomFlip", target=None), "targets": targets}
    dataset, augmentation = augmented(block, labels={"mask": "classes", "dark": "classes", "code": "classes"})
    inputs, before = batch_of(dataset)
    made, moved = runner(augmentation, inputs, before)(0, 0)
    np.testing.assert_array_equal(moved["mask"], made["grey"] > 128)
    np.testing.assert_array_equal(moved["dark"], made["grey"] < 64)
    np.testing.assert_array_equal(moved["code"], np.asarray(before["code"]))
    assert not np.array_equal(moved["mask"], np.asarray(before["mask"]))


def test_a_layer_that_is_not_made_for_images_leaves_the_mask(pictures: Path) -> None:
    dataset, augmentation = augmented(block_of(pictures, {"GaussianDropout": 0.5}, target="mask"))
    inputs, targets = batch_of(dataset)
    made, moved = runner(augmentation, inputs, targets)(0, 0)
    np.testing.assert_array_equal(moved["mask"], np.asarray(targets["mask"]))
    assert not np.array_equal(made["grey"], np.asarray(inputs["grey"]))


def test_inputs_that_are_no_images_are_left_beside_images_and_changed_alone(pictures: Path) -> None:
    dataset, augmentation = augmented(block_of(pictures, {"GaussianDropout": 0.5}, inputs=["grey", "table"]))
    inputs, targets = batch_of(dataset)
    made, _ = runner(augmentation, inputs, targets)(0, 0)
    np.testing.assert_array_equal(made["table"], np.asarray(inputs["table"]))
    assert not np.array_equal(made["grey"], np.asarray(inputs["grey"]))
    dataset, augmentation = augmented(block_of(pictures, {"GaussianDropout": 0.5}, inputs="table"))
    inputs, targets = batch_of(dataset)
    made, _ = runner(augmentation, inputs, targets)(0, 0)
    assert not np.array_equal(made["table"], np.asarray(inputs["table"]))


ONE_HOT = {"column": "kind", "encode": "one_hot"}


@pytest.mark.parametrize("name", ["grey", "colour"])
def test_mix_up_mixes_labels_as_it_mixes_pictures(name: str, pictures: Path) -> None:
    dataset, augmentation = augmented(block_of(pictures, "MixUp", inputs=name, target=ONE_HOT), labels="one_hot")
    _, targets = batch_of(dataset)
    labels = np.asarray(targets["kind"])
    # The pixels of each picture are its label, so both have to be mixed by one share.
    channels = np.broadcast_to(labels[:, None, None, :], (16, SIZE, SIZE, 3)).astype(np.float32)
    values = channels if name == "colour" else channels @ np.array([1, 10, 100], np.float32)
    made, mixed = runner(augmentation, as_tensors({name: values}), targets)(0, 0)
    assert (mixed["kind"].dtype, mixed["kind"].shape) == (np.float32, (16, 3))
    np.testing.assert_allclose(mixed["kind"].sum(axis=1), 1, rtol=1e-5)
    shown = mixed["kind"] if name == "colour" else mixed["kind"] @ np.array([1, 10, 100], np.float32)
    np.testing.assert_allclose(made[name][:, 3, 5], shown, rtol=1e-4, atol=1e-4)
    blended = ((mixed["kind"] > 0.01) & (mixed["kind"] < 0.99)).any(axis=1)
    assert 0 < blended.sum() <= 16


CONFIG: dict[str, Any] = {
    "data.source": {"npz": {"path": "사진.npz", "inputs": "grey", "target": "kind"}},
    "data.prepare": [{"Rescaling": 0.00392}],
    "data.augment": [{"RandomFlip": "horizontal"}, {"GaussianDropout": 0.2}],
    "layers": ["Flatten", {"Dense": {"units": 3, "activation": "softmax"}}],
    "loss": "sparse_categorical_crossentropy",
    "train.epochs": 2,
}


@pytest.fixture
def folder(pictures: Path, tmp_path: Path) -> Path:
    """A folder with the pictures."""
    (tmp_path / pictures.name).write_bytes(pictures.read_bytes())
    return tmp_path


def trained(config: Path, folder: Path, name: str, run_dlcli: Callable[..., Any], *settings: str) -> Any:
    """The weights of a run."""
    import keras

    options = [part for setting in settings for part in ("--set", setting)]
    outcome = run_dlcli("train", config, "--name", name, "--json", "-q", *options, cwd=folder)
    assert outcome.code == 0, outcome.err
    model = keras.saving.load_model(folder / "runs" / name / "model" / "model.keras", compile=False)
    return [each.numpy() for each in model.weights]


def same(first: list[Any], second: list[Any]) -> bool:
    """Whether all weights are equal to the last bit."""
    assert len(first) == len(second) > 0
    return all(np.array_equal(mine, other) for mine, other in zip(first, second, strict=True))


def test_a_seed_decides_the_run_in_every_engine(
    folder: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(folder, CONFIG)
    first = trained(config, folder, "a", run_dlcli)
    assert same(first, trained(config, folder, "b", run_dlcli))
    assert same(first, trained(config, folder, "stream", run_dlcli, "data.stream=true"))
    fit = trained(config, folder, "fit", run_dlcli, "train.engine=keras")
    for mine, other in zip(first, fit, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
    plain = write_experiment(folder, {**CONFIG, "data.augment": None}, file="plain.yaml")
    assert not same(first, trained(plain, folder, "plain", run_dlcli))
    assert not np.allclose(fit[0], trained(plain, folder, "plain-fit", run_dlcli, "train.engine=keras")[0], atol=1e-4)


def test_evaluating_and_predicting_see_the_pictures_as_they_are(
    folder: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    import keras

    config = write_experiment(folder, {**CONFIG, "train.epochs": 1})
    trained(config, folder, "a", run_dlcli)
    model = keras.saving.load_model(folder / "runs" / "a" / "model" / "model.keras", compile=False)
    arrays = np.load(folder / "사진.npz")
    scaled = arrays["grey"].astype(np.float32) * np.float32(0.00392)
    wanted = np.asarray(model({"grey": scaled}))
    outcome = run_dlcli("predict", "a", "사진.npz", "--json", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    said = [[each[f"probability {name}"] for name in ("cat", "dog", "새")] for each in outcome.value["predictions"]]
    np.testing.assert_allclose(said, wanted, rtol=1e-5, atol=1e-6)
    evaluation = run_dlcli("evaluate", "a", "--data", "사진.npz", "--json", cwd=folder).value
    index = np.arange(100) % 3
    assert evaluation["metrics"]["loss"] == pytest.approx(-np.log(wanted[np.arange(100), index]).mean(), rel=1e-4)
    flipped = np.asarray(model({"grey": scaled[:, :, ::-1]}))
    assert np.abs(flipped - wanted).max() > 0.01


def test_labels_are_mixed_as_the_pictures_are_behind_other_layers(tmp_path: Path) -> None:
    kinds = np.arange(96) % 3
    # Each picture is as bright as its class on the left, and black on the right: a turn shows that all layers worked.
    pictures = np.zeros((96, 8, 8, 1), np.float32)
    pictures[:, :, :4] = kinds[:, None, None, None] + 1
    np.savez(tmp_path / "b.npz", x=pictures, y=kinds)
    block = {
        "source": {"npz": {"path": str(tmp_path / "b.npz"), "inputs": "x"}},
        "target": {"column": "y", "encode": "one_hot"},
        "augment": [{"RandomFlip": "horizontal"}, "MixUp"],
    }
    dataset, augmentation = augmented(block, labels="one_hot")
    train = dataset.splits["train"]
    inputs, targets = augmentation({"x": train.inputs["x"][:]}, {"y": train.targets["y"][:]}, 0, 0)
    made, labels = np.asarray(inputs["x"]), np.asarray(targets["y"])
    brightness = made[:, 0, [0, 7], 0].sum(axis=1)
    np.testing.assert_allclose(brightness, labels @ [1.0, 2.0, 3.0], atol=1e-5)
    assert ((labels > 0).sum(axis=1) == 2).any()
    assert (made[:, 0, 7, 0] > made[:, 0, 0, 0]).any()
    assert (made[:, 0, 7, 0] < made[:, 0, 0, 0]).any()


REFUSED: dict[str, tuple[dict[str, Any], tuple[int, str, str | None]]] = {
    "labels that are indices": (
        {"data.augment": ["MixUp"]},
        (
            0,
            "MixUp mixes samples with their labels, which needs a one-hot target",
            "write data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
        ),
    ),
    "a layer behind one that mixes": (
        {"data.augment": ["CutMix", "RandomFlip"], "data.target": ONE_HOT, "loss": "categorical_crossentropy"},
        (0, "CutMix mixes samples with their labels, and RandomFlip comes behind it", "write CutMix last"),
    ),
    "pictures that change their size": (
        {"data.augment": [{"CenterCrop": {"height": 6, "width": 6}}]},
        (0, "CenterCrop makes (6, 6) of 'grey' of shape (8, 8); it has to stay as it is", None),
    ),
    "a crop that is larger": (
        {"data.augment": ["RandomFlip", {"RandomCrop": {"height": 9, "width": 6}}]},
        (
            1,
            "a crop of 9×6 is larger than the pictures of 'grey', which are 8×8",
            "write a smaller one, or data.prepare: [Resizing: …] before it",
        ),
    ),
    "a crop that is larger than one before": (
        {"data.augment": [{"RandomCrop": {"height": 6, "width": 6}}, {"RandomCrop": {"height": 7, "width": 5}}]},
        (
            1,
            "a crop of 7×5 is larger than the pictures of 'grey', which are 6×6",
            "write a smaller one, or data.prepare: [Resizing: …] before it",
        ),
    ),
    "a crop of one side": (
        {"data.augment": [{"RandomCrop": {"height": 8, "width": 6}}]},
        (
            0,
            "a crop of 8×6 keeps a side of 'grey', 8×8, as it is, and RandomCrop draws nothing then",
            "make both sides smaller",
        ),
    ),
    "what is no picture": (
        {
            "data.source": {"npz": {"path": "사진.npz", "inputs": "series", "target": "kind"}},
            "data.augment": ["RandomFlip"],
        },
        (
            0,
            "RandomFlip changes images, and 'series' has the axes samples, time, features",
            "images have the axes samples, height, width and channels, which may be one",
        ),
    ),
    "an argument that Keras refuses": (
        {"data.augment": [{"GaussianNoise": 5.0}]},
        (
            0,
            "GaussianNoise: Invalid value received for argument `stddev`. "
            "Expected a float value between 0 and 1. Received: stddev=5.0",
            None,
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_augmentation_that_cannot_be_is_refused_at_its_line(
    case: str, folder: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    changes, (number, message, hint) = REFUSED[case]
    config = write_experiment(folder, {**copy.deepcopy(CONFIG), **changes, "data.prepare": None, "train.epochs": 1})
    outcome = run_dlcli("train", config, "--json", "-q", cwd=folder)
    assert outcome.code == 3
    [problem] = outcome.error["problems"]
    assert (problem["message"], problem["suggestion"]) == (message, hint)
    block = changes["data.augment"][number]
    name = block if isinstance(block, str) else next(iter(block))
    line = config.read_text(encoding="utf-8").splitlines()[problem["line"] - 1]
    assert line[problem["column"] - 1 :].strip('"').startswith(name)


def test_mixing_needs_every_target_to_be_one_hot(pictures: Path) -> None:
    block = {**block_of(pictures, "MixUp", target=None), "targets": {"kind": ONE_HOT, "code": "code"}}
    with pytest.raises(BlockError, match="needs a one-hot target"):
        augmented(block, labels={"kind": "one_hot", "code": "classes"})
    both = {"kind": ONE_HOT, "other": {"column": "code", "encode": "one_hot"}}
    dataset, augmentation = augmented({**block, "targets": both}, labels={"kind": "one_hot", "other": "one_hot"})
    _, mixed = runner(augmentation, *batch_of(dataset))(0, 0)
    np.testing.assert_allclose(mixed["kind"], mixed["other"], rtol=1e-6)
    assert (mixed["kind"].max(axis=1) < 0.99).any()
