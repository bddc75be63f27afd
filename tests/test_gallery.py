"""Every configuration of the gallery is built and trained one step, and has the parameters that were published."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config import load_config

ROOT = Path(__file__).parent.parent
GALLERY = {path.relative_to(ROOT / "configs").as_posix(): path for path in sorted((ROOT / "configs").rglob("*.yaml"))}
OFFLINE = {"images/transfer.yaml": ["layers.backbone.weights=null"]}
"""What stands in for a download."""
TRAINABLE = {
    "basics/line.yaml": 2,  # w and b
    "basics/sigmoid.yaml": 3,
    "images/finetune.yaml": 1280 * 10 + 10,  # of the first phase: the head alone
    "images/lenet5.yaml": 61_706,
    "images/resnet20.yaml": 269_722,  # 0.27 million (He et al. 2016, table 6)
    "images/transfer.yaml": 1280 * 10 + 10,  # the last layer alone
}


COMPILED = {
    "basics/line.yaml",
    "basics/sigmoid.yaml",
    "basics/spiral.yaml",
    "digits.yaml",
    "images/autoencoder.yaml",
    "images/vae.yaml",
    "tables/autompg.yaml",
    "tables/breast_cancer.yaml",
    "tables/diabetes.yaml",
    "tables/iris.yaml",
    "tables/penguins.yaml",
    "tables/recommender.yaml",
    "tables/two_outputs.yaml",
    "tables/wide_and_deep.yaml",
    "tables/wine.yaml",
    "text/masked_words.yaml",
    "text/several_labels.yaml",
    "text/transformer.yaml",
    "text/translation.yaml",
}
"""Those whose steps XLA makes faster."""
DRAWING = {"digits.yaml", "images/vae.yaml", "tables/breast_cancer.yaml", "text/several_labels.yaml"}
"""Those of them that draw random numbers as they learn; under XLA they are others."""
ROUNDED = {
    "images/resnet20.yaml",
    "images/vit.yaml",
    "tables/recommender.yaml",
    "text/masked_words.yaml",
    "text/transformer.yaml",
    "text/translation.yaml",
}
"""Those that may differ from `fit` in last bits, because TensorFlow may fuse the graphs of their steps otherwise."""
LONG = {
    "images/captcha.yaml",
    "images/conv_mixer.yaml",
    "images/finetune.yaml",
    "images/fnet.yaml",
    "images/mlp_mixer.yaml",
    "images/transfer.yaml",
    "images/unet.yaml",
    "images/vit.yaml",
    "tables/gated_residual.yaml",
    "tables/tab_transformer.yaml",
    "text/masked_words.yaml",
    "text/mini_gpt.yaml",
    "text/named_entities.yaml",
    "text/transformer.yaml",
    "text/translation.yaml",
}
"""Those whose first step takes five seconds and more to compile: nightly, as `whole_way.py` trains them then too."""
OF_EACH_KIND = {
    "basics/line.yaml",
    "digits.yaml",
    "images/lenet5.yaml",
    "series/motions.yaml",
    "tables/breast_cancer.yaml",
    "tables/recommender.yaml",
}
"""Those that are compared with `fit` after every change."""
AGAINST_FIT = {
    "basics/line.yaml",
    "basics/sigmoid.yaml",
    "basics/spiral.yaml",
    "digits.yaml",
    "images/autoencoder.yaml",
    "images/captcha.yaml",
    "images/finetune.yaml",
    "images/fnet.yaml",
    "images/inception.yaml",
    "images/lenet5.yaml",
    "images/mnist_5k.yaml",
    "images/resnet20.yaml",
    "images/separable.yaml",
    "images/transfer.yaml",
    "images/unet.yaml",
    "images/vae.yaml",
    "images/vit.yaml",
    "series/motions.yaml",
    "series/wavenet.yaml",
    "tables/autompg.yaml",
    "tables/breast_cancer.yaml",
    "tables/diabetes.yaml",
    "tables/iris.yaml",
    "tables/penguins.yaml",
    "tables/recommender.yaml",
    "tables/two_outputs.yaml",
    "tables/wide_and_deep.yaml",
    "tables/wine.yaml",
    "text/bidirectional_lstm.yaml",
    "text/masked_words.yaml",
    "text/several_labels.yaml",
    "text/transformer.yaml",
    "text/translation.yaml",
}
"""Those that are compared with `fit` at all; of the others each trains a step, and one of its kind is among these."""


def experiment_of(path: Path, *settings: str) -> Any:
    """The experiment of a configuration, set up."""
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    config, _ = load_config(str(path), settings=settings)
    dataset = read_data(config)
    start_keras(seed=config.seed)
    return set_up(config, dataset)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.nightly] if name in LONG else []) for name in GALLERY]
)
def test_a_configuration_trains_a_step(name: str) -> None:
    from dlcli.actions.inspect import model_summary
    from dlcli.training.engine.engines import ResidentEngine
    from dlcli.training.engine.steps import Work
    from dlcli.training.setup.weights import training_weights

    experiment = experiment_of(GALLERY[name], *OFFLINE.get(name, []))
    config, model = experiment.config, experiment.model
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    assert trainable == TRAINABLE.get(name, trainable)
    shown = model_summary(model, experiment.built.places, config)
    assert (shown.parameters, shown.trainable) == (model.count_params(), trainable)
    assert {row.name for row in shown.layers if row.parameters} == {each.name for each in model.layers if each.weights}
    weights = training_weights(config.train, experiment.dataset)
    engine = ResidentEngine(model, Work(experiment.splits["train"], weights, config.train.batch_size, config.seed))
    before = [weight.numpy() for weight in model.trainable_weights]
    values = engine.epoch(0, between=lambda step, loss: False)
    moved = [bool((weight.numpy() != old).any()) for weight, old in zip(model.trainable_weights, before, strict=True)]
    assert math.isfinite(values["loss"])
    assert any(moved)
    assert set(values) == {"loss", *(each for head in config.heads for each in head.directions)}


def trained(name: str, engine: str, *, compiled: bool = False) -> dict[str, Any]:
    """All variables after two whole batches and a ragged one, augmented and weighed as the configuration says."""
    from dlcli.training.engine.engines import FitEngine, ResidentEngine
    from dlcli.training.engine.steps import Work
    from dlcli.training.kept.snapshot import arrays_of
    from dlcli.training.setup.weights import Weights, training_weights

    experiment = experiment_of(GALLERY[name], *OFFLINE.get(name, []))
    config, size = experiment.config, min(8, experiment.config.train.batch_size)
    feed = experiment.splits["train"].first(2 * size + 3)
    weights = training_weights(config.train, experiment.dataset)
    if weights is not None and weights.column is not None:
        weights = Weights(weights.targets, weights.by_class, weights.column[: len(feed)])
    work = Work(feed, weights, size, config.seed, augment=experiment.augment, compiled_from=0 if compiled else None)
    kind = {"keras": FitEngine, "resident": ResidentEngine}[engine]
    kind(experiment.model, work).epoch(0, between=lambda step, loss: True)
    return arrays_of(experiment.model)


@pytest.mark.parametrize("name", sorted(OF_EACH_KIND))
def test_a_configuration_trains_to_the_numbers_of_fit(name: str) -> None:
    check_against_fit(name)


def check_against_fit(name: str) -> None:
    """Trains as `fit` does, and as XLA compiles it where that pays."""
    import numpy as np

    from dlcli.training.engine.xla import xla_from

    fit, resident = trained(name, "keras"), trained(name, "resident")
    assert list(fit) == list(resident)
    differ = {key for key, values in fit.items() if not np.array_equal(values, resident[key])}
    # With several targets Keras lets the loss of each count by batches; here it counts by samples.
    differ -= {key for key in fit if "compile_loss/" in key}
    assert not differ or name in ROUNDED, differ
    for key in differ:
        np.testing.assert_allclose(fit[key], resident[key], rtol=1e-3, atol=1e-4, err_msg=key)
    experiment = experiment_of(GALLERY[name], *OFFLINE.get(name, []))
    inputs, _ = experiment.splits["train"].take(slice(0, 8))
    step, why = xla_from(experiment.model, inputs, batch_size=8)
    assert (step is not None) == (name in COMPILED), why
    if name in COMPILED - DRAWING:
        for key, values in trained(name, "resident", compiled=True).items():
            np.testing.assert_allclose(values, resident[key], rtol=2e-3, atol=2e-5, err_msg=key)


def test_the_gallery_holds_the_models_of_the_lecture_and_of_the_field() -> None:
    assert set(TRAINABLE) | set(OFFLINE) | COMPILED | ROUNDED | LONG <= set(GALLERY)
    assert set(GALLERY) >= AGAINST_FIT >= OF_EACH_KIND
    assert COMPILED | ROUNDED <= AGAINST_FIT
    for path in GALLERY.values():
        config, _ = load_config(str(path))
        assert config.plugins == []
        assert config.data.source.word not in {"python", "keras", "tfds", "huggingface"}


def test_mobilenet_v2_has_its_published_parameters(tmp_path: Path) -> None:
    path = tmp_path / "mobilenet.yaml"
    path.write_text(
        """\
data: {source: {shapes: {samples: 10}}, inputs: [image], target: mask}
layers: [MobileNetV2: {weights: null, input_shape: [224, 224, 3]}]
loss: mse
optimizer: Adam
train: {epochs: 1}
""",
        encoding="utf-8",
    )
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    config, _ = load_config(str(path))
    start_keras(seed=0)
    model = build_model(config.layers, {"image": (224, 224, 3)}, facts={}).model
    assert model.count_params() == 3_538_984  # 3.5 million, as keras.applications lists it


@pytest.mark.nightly
def test_a_backbone_takes_weights_from_a_file_and_stays_frozen(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    import keras
    import numpy as np

    keras.utils.set_random_seed(7)
    trained = keras.applications.MobileNetV2(
        include_top=False, weights=None, alpha=0.35, pooling="avg", input_shape=(96, 96, 3)
    )
    trained.save_weights(tmp_path / "trained.weights.h5")
    text = GALLERY["images/transfer.yaml"].read_text(encoding="utf-8")
    text = text.replace("weights: imagenet", "weights: trained.weights.h5").replace("mnist_5k", "digits")
    text = text.replace("target_shape: [28, 28, 1]", "target_shape: [8, 8, 1]")
    (tmp_path / "transfer.yaml").write_text(text, encoding="utf-8")
    done = run_dlcli("train", "transfer.yaml", "--epochs", "1", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    model = keras.saving.load_model(tmp_path / "runs" / "transfer" / "model" / "model.keras")
    backbone = model.get_layer("backbone")
    assert len(backbone.weights) == len(trained.weights) == 260
    for kept, given in zip(backbone.weights, trained.weights, strict=True):
        np.testing.assert_array_equal(kept.numpy(), given.numpy(), err_msg=kept.path)
    missing = run_dlcli("train", "transfer.yaml", "--set", "layers.backbone.weights=none.h5", "--json", cwd=tmp_path)
    assert (missing.code, missing.error["message"]) == (3, f"there is no file {tmp_path / 'none.h5'}")


@pytest.mark.nightly
def test_two_phases_start_from_the_weights_of_a_file(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    import keras
    import numpy as np

    from dlcli.runs import Run
    from dlcli.runs.checkpoint import folders, load_checkpoint

    keras.utils.set_random_seed(7)
    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, alpha=0.35, pooling="avg", input_shape=(32, 32, 3), name="base"
    )
    picture = keras.Input((32, 32, 3))
    keras.Model(picture, keras.layers.Dense(3)(base(picture))).save(tmp_path / "trained.keras")
    text = GALLERY["images/finetune.yaml"].read_text(encoding="utf-8").replace("mnist_5k", "digits")
    text = text.replace("target_shape: [28, 28, 1]", "target_shape: [8, 8, 1]").replace(
        "batch_size: 8", "batch_size: 512"
    )
    text = text.replace("# weights: {from: RUN-or-file.keras", "weights: {from: trained.keras")
    text = (
        text.replace("{epochs: 2}", "{epochs: 1}")
        .replace("epochs: 16", "epochs: 1")
        .replace("batch_size: 32", "batch_size: 256")
    )
    (tmp_path / "finetune.yaml").write_text(text, encoding="utf-8")
    done = run_dlcli(
        "train", "finetune.yaml", "--set", "train.checkpoint={every: 1 epoch, keep_after: 2}", "-q", cwd=tmp_path
    )
    assert done.code == 0, done.err
    first, second = (load_checkpoint(path).arrays for path in folders(Run(tmp_path / "runs" / "finetune")))
    head, after = (list(each.values())[: len(base.weights)] for each in (first, second))
    assert len(base.weights) == 260
    for given, kept in zip(base.weights, head, strict=True):
        np.testing.assert_array_equal(given.numpy(), kept, err_msg=given.path)
    moved = [bool((given.numpy() != kept).any()) for given, kept in zip(base.weights, after, strict=True)]
    assert sum(moved) > 250


def test_weights_that_cannot_be_downloaded_are_told_with_what_to_do(
    tmp_path: Path, run_dlcli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def unreachable(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    text = GALLERY["images/transfer.yaml"].read_text(encoding="utf-8").replace("mnist_5k", "digits")
    (tmp_path / "transfer.yaml").write_text(text.replace("[28, 28, 1]", "[8, 8, 1]"), encoding="utf-8")
    done = run_dlcli("train", "transfer.yaml", "--json", cwd=tmp_path)
    assert done.code == 5
    assert done.error["message"].startswith("the weights 'imagenet' of MobileNetV2 cannot be downloaded: ")
    assert "FILE.weights.h5" in done.error["hint"]
    assert not (tmp_path / "runs" / "transfer").exists()
