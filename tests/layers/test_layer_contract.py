"""Everything that the catalogue offers is built from a configuration with example arguments, and works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.language import Language
from dlcli.layers.misplaced import possible_places
from dlcli.layers.stack import Stack

VECTOR, SERIES, IMAGE, VOLUME, VIDEO = (6,), (8, 4), (8, 8, 3), (8, 8, 8, 2), (4, 8, 8, 2)
ARGUMENTS: dict[str, Any] = {
    "units": 5,
    "filters": 4,
    "kernel_size": 2,
    "pool_size": 2,
    "output_size": 2,
    "rate": 0.2,
    "stddev": 0.1,
    "layer": {"LSTM": 4},
    "cell": {"LSTMCell": 4},
    "cells": [{"LSTMCell": 4}, {"GRUCell": 3}],
    "height": 6,
    "width": 6,
    "axes": 1,
    "n": 3,
    "dims": [2, 1],
    "scale": 0.5,
    "target_shape": [2, 3],
    "activation": "relu",
    "num_heads": 2,
    "key_dim": 4,
    "head_dim": 4,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "factor": 0.2,
    "height_factor": 0.2,
    "width_factor": 0.2,
    "input_dim": 10,
    "output_dim": 4,
    "equation": "ab,bc->ac",
    "output_shape": 5,
    "num_bins": 4,
}
SPECIAL: dict[str, Any] = {
    "CategoryEncoding": {"num_tokens": 10},
    "Discretization": {"bin_boundaries": [0.2, 0.6]},
    "IntegerLookup": {"vocabulary": [0, 1, 2]},
    "GroupNormalization": {"groups": 2},
    "MelSpectrogram": {
        "fft_length": 64,
        "sequence_stride": 32,
        "num_mel_bins": 8,
        "sampling_rate": 800,
        "min_freq": 10,
    },
    "Pipeline": {"layers": [{"Rescaling": 0.5}, "RandomFlip"]},
    "RandomPosterization": {"factor": 4},
    "SpectralNormalization": {"layer": {"Dense": 4}},
    "STFTSpectrogram": {"frame_length": 32, "frame_step": 16, "fft_length": 64},
    "TimeDistributed": {"layer": {"Dense": 4}},
}
SHAPES: dict[str, tuple[int, ...]] = {
    "ConvLSTM1D": (4, 8, 3),
    "ConvLSTM2D": VIDEO,
    "ConvLSTM3D": (3, 4, 4, 4, 2),
    "MelSpectrogram": (256,),
    "STFTSpectrogram": (256, 1),
}
SEQUENCES = {
    "AdditiveAttention",
    "Attention",
    "Bidirectional",
    "GRU",
    "GroupQueryAttention",
    "LSTM",
    "Masking",
    "MultiHeadAttention",
    "Permute",
    "RNN",
    "SimpleRNN",
    "TimeDistributed",
}
IMAGES = {
    "AugMix",
    "AutoContrast",
    "CenterCrop",
    "CutMix",
    "MixUp",
    "Pipeline",
    "RandAugment",
    "Resizing",
    "Solarization",
    "ContrastLimitedAdaptiveHistogramEqualization",
}
TWO = {
    "Add",
    "AdditiveAttention",
    "Attention",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
}


def offered(kind: str) -> list[str]:
    """The names of a kind that a configuration may use."""
    return [name for name in keras_catalogue().kinds[kind] if name not in keras_catalogue().refused[kind]]


def example(kind: str, name: str, arguments: dict[str, Any]) -> Any:
    """The thing in the idiom, with what it requires."""
    needed = [key for key, each in keras_catalogue().kinds[kind][name]["arguments"].items() if each.get("required")]
    return {name: {key: arguments[key] for key in needed}} if needed else name


def shape_for(name: str) -> tuple[int, ...]:
    """The shape of one sample that a layer takes."""
    if name in SHAPES:
        return SHAPES[name]
    if name in SEQUENCES or "1D" in name:
        return SERIES
    if name in IMAGES or "2D" in name or name.startswith("Random"):
        return IMAGE
    return VOLUME if "3D" in name else VECTOR


TRAITS = {name: entry["traits"] for name, entry in keras_catalogue().kinds["layers"].items()}
MISPLACED = [name for name in offered("layers") if "layers" not in possible_places(TRAITS[name])]
LAYERS = [name for name in offered("layers") if name not in MISPLACED]


def test_every_layer_stands_in_the_list_or_elsewhere_or_is_refused() -> None:
    assert len(keras_catalogue().kinds["layers"]) == 142
    assert len(LAYERS) == 142 - len(keras_catalogue().refused["layers"]) - len(MISPLACED) == 124
    assert [name for name in offered("layers") if "misplaced" in TRAITS[name]] == MISPLACED


def test_a_layer_that_stands_elsewhere_is_refused_in_the_list_with_its_place() -> None:
    seen = 0
    for name in MISPLACED:
        hint = TRAITS[name].get("write")
        written = example("layers", name, {**ARGUMENTS, "max_number": 3, "num_bins": 3})
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(Stack).validate_python([written], context=Language())
        [error] = caught.value.errors()
        assert name in error["msg"]
        assert error["ctx"]["suggestion"] == hint
        seen += 1
    assert seen == 11


@pytest.mark.parametrize("cell", ["GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"])
def test_a_cell_is_the_step_of_a_recurrent_layer(cell: str) -> None:
    from dlcli.layers import Layer
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    inner = {cell: {"cells": [{"GRUCell": 4}, {"LSTMCell": 4}]}} if cell == "StackedRNNCells" else {cell: 4}
    built = build_model([Layer(keras_catalogue().read("layers", {"RNN": {"cell": inner}}))], {"a": SERIES}, facts={})
    assert type(built.model.layers[-1].cell).__name__ == cell
    assert built.model.output_shape == (None, 4)


def test_layers_for_text_are_built_as_preparations() -> None:
    import numpy as np

    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    words = np.array([["a"], ["b"], ["a"]], object)
    arguments = {
        "TextVectorization": {"output_sequence_length": 2},
        "StringLookup": {},
        "HashedCrossing": {"num_bins": 3},
    }
    for name, given in arguments.items():
        layer = keras_catalogue().read("layers", {name: given}).build({})
        if name == "HashedCrossing":
            found = np.asarray(layer((np.array(["a", "b", "a"]), np.array(["c", "d", "c"]))))
            assert found[0] == found[2]
            continue
        layer.adapt(words[:, 0] if name == "StringLookup" else words)
        found = np.asarray(layer(words))
        assert (found[0] == found[2]).all()
        assert (found[0] != found[1]).any()
    assert len(arguments) == 3


def test_every_callback_of_a_configuration_is_built(tmp_path: Path) -> None:
    from dlcli.training.setup.callbacks import build_callback

    names = offered("callbacks")
    arguments = {"filename": "log.csv"}
    for position, name in enumerate(names):
        callback = keras_catalogue().read("callbacks", example("callbacks", name, arguments))
        made = build_callback(callback, position, folder=tmp_path)
        assert type(made).__name__ == name
    assert len(names) == 15 - len(keras_catalogue().refused["callbacks"]) == 3


SMALL = {"MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small", "EfficientNetB0"}
"""Backbones that are built within a second or two; the others take the same arguments."""


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_backbone_is_built_from_a_configuration(name: str) -> None:
    from dlcli.layers import Layer
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    written = {name: {"weights": None, "include_top": False, "trainable": False, "pooling": "avg"}}
    built = build_model([Layer(keras_catalogue().read("layers", written))], {"a": (32, 32, 3)}, facts={})
    assert built.model.trainable_weights == []
    assert len(built.model.output_shape) == 2
    assert len(keras_catalogue().kinds["applications"]) == 40


def test_the_whole_of_keras_is_counted() -> None:
    counted = {kind: len(offered(kind)) for kind in keras_catalogue().kinds}
    assert counted == {
        "layers": 135,
        "losses": 23,
        "optimizers": 15,
        "schedules": 6,
        "metrics": 46,
        "initializers": 16,
        "regularizers": 4,
        "constraints": 4,
        "callbacks": 3,
        "applications": 40,
        "operations": 249,
    }
    reasons = [reason for kind in keras_catalogue().refused.values() for reason in kind.values()]
    assert len(reasons) == 23
    assert all(len(reason) > 10 for reason in reasons)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_built_from_a_configuration_and_called(name: str) -> None:
    import numpy as np

    from dlcli.layers import Layer
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    written = {name: SPECIAL[name]} if name in SPECIAL else example("layers", name, ARGUMENTS)
    keras_object = keras_catalogue().read("layers", written)
    shape, takes = shape_for(name), ["a", "b"] if name in TWO else None
    inputs = dict.fromkeys(takes or ["a"], shape)
    built = build_model([Layer(keras_object, takes)], inputs, facts={}, memory=10**9)
    generator = np.random.default_rng(0)
    values = {each: generator.random((2, *shape)).astype(np.float32) for each in inputs}
    output = np.asarray(built.model(values))
    declared = built.model.output_shape
    assert output.shape[0] == 2
    assert all(size in (None, found) for size, found in zip(declared, output.shape, strict=True))
    assert np.isfinite(output.astype(np.float64)).all()
    assert list(built.places.values()) == [("layers", 0)]


SIZES = (1.0, 10.0, 100.0, 0.1, 0.0)
"""How large the samples are that are asked for together: a rule over a batch would follow the largest."""
WHOLE = {"Embedding", "CategoryEncoding", "IntegerLookup", "Hashing", "ReversibleEmbedding"}


@pytest.mark.parametrize("name", LAYERS)
def test_no_sample_is_answered_otherwise_beside_others(name: str) -> None:
    import numpy as np

    from dlcli.layers import Layer
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    written = {name: SPECIAL[name]} if name in SPECIAL else example("layers", name, ARGUMENTS)
    shape, takes = shape_for(name), ["a", "b"] if name in TWO else None
    inputs = dict.fromkeys(takes or ["a"], shape)
    model = build_model([Layer(keras_catalogue().read("layers", written), takes)], inputs, facts={}, memory=10**9).model
    generator = np.random.default_rng(0)
    sizes = np.array(SIZES).reshape(-1, *[1] * len(shape))
    values = {each: (generator.random((len(SIZES), *shape)) * sizes).astype(np.float32) for each in inputs}
    if name in WHOLE:
        values = {each: np.floor(value % 3) for each, value in values.items()}
    together = np.asarray(model(values, training=False))
    alone = [
        np.asarray(model({each: value[[row]] for each, value in values.items()}, training=False))
        for row in range(len(SIZES))
    ]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-4, atol=1e-4)


def test_attention_takes_a_query_and_a_value_or_one_tensor_for_both() -> None:
    import numpy as np

    from dlcli.layers import Layer
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    attention = keras_catalogue().read("layers", {"MultiHeadAttention": {"num_heads": 2, "key_dim": 4}})
    built = build_model([Layer(attention, ["a", "b"])], {"a": (5, 4), "b": (7, 4)}, facts={})
    generator = np.random.default_rng(0)
    a, b = (generator.normal(size=(2, length, 4)).astype(np.float32) for length in (5, 7))
    (layer,) = [each for each in built.model.layers if type(each).__name__ == "MultiHeadAttention"]
    np.testing.assert_allclose(built.model({"a": a, "b": b}), layer(a, b), atol=1e-6)
    alone = build_model([Layer(attention)], {"a": (5, 4)}, facts={})
    (layer,) = [each for each in alone.model.layers if type(each).__name__ == "MultiHeadAttention"]
    np.testing.assert_allclose(alone.model({"a": a}), layer(a, a), atol=1e-6)


LOSSES: dict[str, tuple[Any, Any]] = {
    "CTC": ([[1, 2, 0], [3, 0, 0]], "scores"),
    "SparseCategoricalCrossentropy": ([0, 2], "chances"),
    "CategoricalGeneralizedCrossEntropy": ([0, 2], "chances"),
    "Circle": ([0, 1], "chances"),
}


def test_every_loss_gives_a_finite_number_and_one_a_sample() -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    chances = generator.random((2, 3)).astype(np.float32)
    chances /= chances.sum(axis=1, keepdims=True)
    scores = generator.normal(size=(2, 8, 5)).astype(np.float32)
    names = offered("losses")
    for name in names:
        truth, kind = LOSSES.get(name, ([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], "chances"))
        built = keras_catalogue().read("losses", name).build({})
        value = np.asarray(built(np.array(truth), chances if kind == "chances" else scores))
        assert value.shape == (), name
        assert np.isfinite(value), name
    assert len(names) == 23


def test_every_optimizer_moves_weights() -> None:
    import keras
    import numpy as np

    names = offered("optimizers")
    arguments = {"inner_optimizer": {"Adam": 0.1}}
    for name in names:
        written = example("optimizers", name, arguments)
        optimizer = keras_catalogue().read("optimizers", written).build({})
        weight = keras.Variable(np.ones((4, 4), np.float32), name="kernel")
        optimizer.build([weight])
        if name == "ScheduleFreeAdamW":
            optimizer.apply_gradients([(np.ones((4, 4), np.float32), weight)])
        optimizer.apply_gradients([(np.ones((4, 4), np.float32), weight)])
        assert np.isfinite(weight.numpy()).all(), name
        assert (weight.numpy() != 1.0).any(), name
    assert len(names) == 16 - len(keras_catalogue().refused["optimizers"]) == 15


def test_every_schedule_gives_a_rate_with_steps_written_in_epochs() -> None:
    arguments = {
        "initial_learning_rate": 0.1,
        "decay_steps": "2 epochs",
        "first_decay_steps": "2 epochs",
        "decay_rate": 0.5,
        "boundaries": ["1 epochs", "2 epochs"],
        "values": [0.1, 0.05, 0.01],
    }
    names = offered("schedules")
    for name in names:
        schedule = keras_catalogue().read("schedules", example("schedules", name, arguments))
        built = schedule.build({"data.steps_per_epoch": 10})
        rates = [float(built(step)) for step in (0, 15)]
        assert rates[0] == pytest.approx(0.1), name
        assert 0 < rates[1] < 0.1, name
        in_optimizer = keras_catalogue().read(
            "optimizers", {"SGD": {"learning_rate": example("schedules", name, arguments)}}
        )
        assert float(in_optimizer.build({"data.steps_per_epoch": 10}).learning_rate) == pytest.approx(0.1), name
    assert len(names) == 6


def test_every_metric_reads_a_target_and_a_prediction_it_is_for() -> None:
    import numpy as np

    from dlcli.loss import build_metrics, metric_values

    arguments = {
        "num_classes": 2,
        "target_class_ids": [0],
        "recall": 0.5,
        "precision": 0.5,
        "sensitivity": 0.5,
        "specificity": 0.5,
    }
    names = offered("metrics")
    loss = keras_catalogue().read("losses", "categorical_crossentropy")
    predicted = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], np.float32)
    for name in names:
        sparse = keras_catalogue().kinds["metrics"][name]["traits"]["target"] == "classes"
        truth = np.array([0, 2]) if sparse else np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
        metric = keras_catalogue().read("metrics", example("metrics", name, arguments))
        (built,) = build_metrics([metric], loss, width=3, facts={})
        built.update_state(truth, predicted)
        assert np.isfinite(list(metric_values({name: built.result()}).values())).all(), name
    assert len(names) == 49 - len(keras_catalogue().refused["metrics"]) == 46


@pytest.mark.parametrize(
    ("kind", "key", "arguments", "count"),
    [
        ("initializers", "kernel_initializer", {}, 15),
        ("regularizers", "kernel_regularizer", {}, 4),
        ("constraints", "kernel_constraint", {}, 4),
    ],
)
def test_what_a_layer_takes_is_built_inside_it(kind: str, key: str, arguments: dict[str, Any], count: int) -> None:
    import keras
    import numpy as np

    names = [name for name in offered(kind) if name not in INITIALIZERS_FOR_OTHER_SHAPES]
    for name in names:
        dense = keras_catalogue().read("layers", {"Dense": {"units": 4, key: example(kind, name, arguments)}})
        layer = dense.build({})
        layer.build((None, 4))
        made = getattr(layer, key)
        assert type(made) is getattr(getattr(keras, kind), name), name
        assert np.isfinite(layer.kernel.numpy()).all(), name
        if kind == "regularizers":
            assert (float(made(layer.kernel)) > 0) == (name != "L1L2"), name  # whose two factors are 0 by default
        if kind == "constraints":
            assert np.asarray(made(layer.kernel)).shape == (4, 4), name
    assert len(names) == count


INITIALIZERS_FOR_OTHER_SHAPES = {"STFT"}
"""It makes the windows of a Fourier transform, which have three axes."""


@pytest.mark.filterwarnings("ignore:`input_shape` is undefined or non-square:UserWarning")
@pytest.mark.parametrize(
    ("cause", "kind"), [(OSError("no route to host"), "ArtifactError"), (KeyError("x"), "BlockError")]
)
def test_weights_that_cannot_be_downloaded_are_told_from_other_faults(
    cause: Exception, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from dlcli.errors import DlcliError
    from dlcli.layers import Layer
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    def refuse(*arguments: object, **named: object) -> None:
        try:
            raise cause
        except type(cause):
            raise Exception("URL fetch failure on https://example.invalid: no route to host")  # noqa: B904

    start_keras(seed=0)
    monkeypatch.setattr(keras.src.applications.mobilenet.file_utils, "get_file", refuse)
    written = Layer(keras_catalogue().read("layers", {"MobileNet": {"include_top": False}}))
    with pytest.raises(DlcliError) as caught:
        build_model([written], {"a": (32, 32, 3)}, facts={})
    assert type(caught.value).__name__ == kind
    if kind == "ArtifactError":
        assert caught.value.message.startswith(
            "the weights 'imagenet' of MobileNet cannot be downloaded: URL fetch failure"
        )
        assert "write weights: FILE.weights.h5" in (caught.value.hint or "")
