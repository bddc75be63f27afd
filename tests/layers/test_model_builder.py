"""From a list of layers to a model: stacks, graphs, several inputs, and what cannot be built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dlcli.errors import BlockError

Run = Callable[..., Any]


def build(layers: Sequence[Any], inputs: Mapping[str, tuple[int, ...]], **facts: int) -> Any:
    """The model of a list in the idiom."""
    from pydantic import TypeAdapter

    from dlcli.config.language import Language
    from dlcli.layers.connections import check_connections
    from dlcli.layers.graph import build_model
    from dlcli.layers.stack import Stack
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    checked = TypeAdapter(Stack).validate_python(list(layers), context=Language())
    check_connections(checked, list(inputs))
    return build_model(checked, inputs, facts={f"data.{name}": value for name, value in facts.items()}, memory=10**9)


def test_a_list_is_a_stack_on_the_shape_of_the_data() -> None:
    import numpy as np

    built = build([{"Dense": 4}, "ReLU", {"Dense": {"units": 2, "use_bias": False}}], {"features": (3,)})
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    first, second, last = built.model.layers[1:]
    hidden = np.maximum(x @ first.kernel.numpy() + first.bias.numpy(), 0)
    np.testing.assert_allclose(built.model({"features": x}), hidden @ last.kernel.numpy(), atol=1e-5)
    assert type(second).__name__ == "ReLU"
    assert list(built.places.values()) == [("layers", 0), ("layers", 1), ("layers", 2)]
    assert list(built.model.input) == ["features"]


def test_names_and_from_make_a_graph() -> None:
    import numpy as np

    built = build(
        [
            {"Dense": {"units": 4, "name": "stem"}},
            {"Dense": {"units": 4, "name": "other"}},
            {"Add": {"from": ["stem", "other", "features"]}},
        ],
        {"features": (4,)},
    )
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    stem, other = built.model.get_layer("stem"), built.model.get_layer("other")
    expected = np.asarray(stem(x)) + np.asarray(other(stem(x))) + x
    np.testing.assert_allclose(built.model({"features": x}), expected, atol=1e-5)


def test_several_vectors_are_concatenated_for_a_first_layer_that_names_none() -> None:
    import numpy as np

    built = build([{"Dense": 2}], {"a": (3,), "b": (2,)})
    a, b = np.ones((1, 3), np.float32), np.full((1, 2), 2.0, np.float32)
    dense = built.model.layers[-1]
    expected = np.concatenate([a, b], axis=1) @ dense.kernel.numpy() + dense.bias.numpy()
    np.testing.assert_allclose(built.model({"a": a, "b": b}), expected, atol=1e-5)


def test_several_inputs_are_taken_by_name() -> None:
    built = build(
        [
            {"Flatten": {"from": "image", "name": "flat"}},
            {"Dense": {"units": 3, "from": "table", "name": "numbers"}},
            {"Concatenate": {"from": ["flat", "numbers"]}},
            {"Dense": 1},
        ],
        {"image": (2, 2), "table": (5,)},
    )
    assert built.model.get_layer("numbers").kernel.shape == (5, 3)
    assert built.model.layers[-1].kernel.shape == (7, 1)


def test_a_fact_of_the_data_becomes_a_number() -> None:
    from dlcli.spec import Fact

    assert build([{"Dense": Fact("data.classes")}], {"x": (3,)}, classes=7).model.output_shape == (None, 7)


@pytest.mark.parametrize(
    ("layers", "inputs", "path", "message", "hint"),
    [
        (
            [{"Dense": 8}, {"Conv2D": {"filters": 2, "kernel_size": 3}}],
            {"x": (8, 9)},
            ("layers", 1, "Conv2D"),
            "Conv2D cannot take the shape (8, 8): ",
            "images need a channel axis: put Reshape: {target_shape: [8, 8, 1]} before it",
        ),
        (
            [{"Conv2D": {"filters": 2, "kernel_size": 3}}],
            {"x": (8,)},
            ("layers", 0, "Conv2D"),
            "Conv2D cannot take the shape (8,): ",
            "it needs (height, width, channels); the data has one axis a sample",
        ),
        (
            [{"Dense": 8}, {"Conv1D": {"filters": 2, "kernel_size": 3}}],
            {"x": (9,)},
            ("layers", 1, "Conv1D"),
            "Conv1D cannot take the shape (8,): ",
            "it needs (time, features): put Reshape: {target_shape: [8, 1]} before it",
        ),
        (
            ["Flatten", {"LSTM": 4}],
            {"x": (8, 2)},
            ("layers", 1, "LSTM"),
            "LSTM cannot take the shape (16,): ",
            "it needs (time, features)",
        ),
        (
            [{"Conv2D": {"filters": 2, "kernel_size": 9}}],
            {"x": (8, 8, 1)},
            ("layers", 0, "Conv2D", "kernel_size"),
            "Conv2D cannot have kernel_size: 9 on the shape (8, 8, 1): ",
            None,
        ),
        (
            [{"Reshape": {"target_shape": [5, 5]}}],
            {"x": (8,)},
            ("layers", 0, "Reshape"),
            "Reshape cannot take the shape (8,): ",
            None,
        ),
        (
            [{"Dense": {"units": 3, "name": "a"}}, {"Dense": {"units": 4, "name": "b"}}, {"Add": {"from": ["a", "b"]}}],
            {"x": (8,)},
            ("layers", 2, "Add"),
            "Add cannot take the shape (3,), (4,): ",
            None,
        ),
        (
            [{"Dense": {"units": 3, "from": "y"}}],
            {"x": (8,)},
            ("layers", 0, "Dense", "from"),
            "'from' names 'y', which is no layer above and no input",
            "there are: x",
        ),
        (
            [{"Dense": {"units": 3, "from": "x"}}],
            {"x": (8,), "y": (2,)},
            ("layers",),
            "nothing takes the input 'y'",
            "take it with from: y, or leave it out of data.inputs",
        ),
        (
            [{"Dense": 3}],
            {"image": (8, 8), "table": (2,)},
            ("layers", 0),
            "Dense takes which input? there are: image (8, 8), table (2,)",
            "write from: image",
        ),
    ],
)
def test_what_cannot_be_built_is_an_error_at_its_layer(
    layers: list[Any], inputs: dict[str, tuple[int, ...]], path: tuple[Any, ...], message: str, hint: str | None
) -> None:
    with pytest.raises(BlockError) as caught:
        build(layers, inputs)
    assert caught.value.path == path
    assert caught.value.message.startswith(message)
    assert caught.value.hint == hint
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert "Arguments received" not in caught.value.message


@pytest.mark.parametrize(
    ("layer", "shape", "parameters"),
    [
        ({"Dense": 10_000_000}, (1000,), 10**10),
        ({"Bidirectional": {"layer": {"LSTM": 1_000_000}}}, (4, 8), None),
        ({"Embedding": {"input_dim": 10**9, "output_dim": 64}}, (4,), 64 * 10**9),
        ({"Dense": 9_000}, (10**6,), 9 * 10**9),
    ],
)
def test_a_layer_that_does_not_fit_is_refused_before_memory_is_taken(
    layer: Any, shape: tuple[int, ...], parameters: int | None
) -> None:
    import resource

    with pytest.raises(BlockError) as caught:
        build(["ReLU", layer], {"x": shape})
    assert caught.value.code == 3
    assert caught.value.path[:2] == ("layers", 1)
    assert caught.value.message.endswith("GB, more than the free memory")
    if parameters is not None:
        assert f"the model has {parameters:,} parameters" in caught.value.message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4_000_000


def test_the_bound_on_memory_is_gone_after_the_model_is_built() -> None:
    import keras

    with pytest.raises(BlockError):
        build([{"Dense": 10_000_000}], {"x": (1000,)})
    layer = keras.layers.Dense(3)
    layer.build((None, 40_000_000 // 3))
    assert layer.count_params() > 10**9 / 100
    assert keras.Layer.add_weight.__module__.startswith("keras.")


NETWORK = """\
data:
  source: {npz: {path: classes.npz, inputs: x, target: y}}
layers:
  - Reshape: {target_shape: [4, 4]}
  # too few axes
  - Conv2D: {filters: 4, kernel_size: 3}
  - Flatten
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


WIDE = "  - Flatten\n  - Dense: 100000\n  - Dense: 100000\n"


@pytest.mark.parametrize(
    ("change", "line", "start"),
    [
        ((), 6, "Conv2D cannot take the shape (4, 4): "),
        (
            ("[4, 4]", "[4, 4, 1]", "kernel_size: 3", "kernel_size: 7"),
            6,
            "Conv2D cannot have kernel_size: 7 on the shape (4, 4, 1): ",
        ),
        (("[4, 4]", "[4, 4, 1]", "  - Flatten\n", WIDE), 9, "with Dense the model has 10,00"),
        (("[4, 4]", "[4, 5]"), 4, "Reshape cannot take the shape (16,): "),
    ],
)
def test_an_error_of_shape_stands_at_the_line_of_its_layer(
    change: tuple[str, ...],
    line: int,
    start: str,
    tmp_path: Path,
    run_dlcli: Run,
    write_experiment: Callable[..., Path],
) -> None:
    write_experiment(tmp_path)
    text = NETWORK
    for old, new in zip(change[::2], change[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "a.yaml").write_text(text)
    assert run_dlcli("validate", "a.yaml", cwd=tmp_path).code == 0
    outcome = run_dlcli("train", "a.yaml", "--json", cwd=tmp_path)
    assert outcome.code == 3, outcome.err
    assert (outcome.error["file"], outcome.error["line"]) == ("a.yaml", line)
    assert outcome.error["message"].startswith(start)
    built = run_dlcli("validate", "a.yaml", "--build", "--json", cwd=tmp_path)
    assert built.code == 3
    (problem,) = built.value["files"][0]["problems"]
    assert (problem["line"], problem["message"]) == (line, outcome.error["message"])


def test_a_size_that_nobody_means_is_refused_without_a_model(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"layers": [{"Dense": {"units": 10**9, "activation": "softmax"}}]})
    outcome = run_dlcli("train", config, "--json", cwd=tmp_path)
    assert outcome.code == 3
    assert outcome.error["message"] == "'units' must be at most 10000000, found 1000000000"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("layer", "shape", "hint"),
    [
        ({"SimpleRNN": 4}, (3,), "it needs (time, features)"),
        ({"SimpleRNN": 4}, (3, 4, 5), "it needs (time, features)"),
        ({"GRU": 4}, (3,), "it needs (time, features)"),
        (
            {"SpatialDropout1D": 0.5},
            (9,),
            "it needs (time, features): put Reshape: {target_shape: [9, 1]} before it",
        ),
        (
            {"Conv2D": {"filters": 4, "kernel_size": 3}},
            (8,),
            "it needs (height, width, channels); the data has one axis a sample",
        ),
        ({"Conv2D": {"filters": 4, "kernel_size": 3}}, (2, 8, 9, 1), None),
    ],
)
def test_a_layer_that_cannot_take_a_shape_says_which_it_needs(
    layer: dict[str, Any], shape: tuple[int, ...], hint: str | None
) -> None:
    with pytest.raises(BlockError) as caught:
        build([layer], {"x": shape})
    assert caught.value.hint == hint


def test_what_only_has_another_shape_takes_no_memory() -> None:
    from dlcli.config.catalogue.live import layer_traits
    from dlcli.layers.memory import activation_bytes

    same = [{"Reshape": {"target_shape": [2, 3]}}, "Flatten", "Identity", {"Dense": 5}, "ReLU"]
    assert activation_bytes(build(same, {"x": (6,)}).model, layer_traits) == 4 * (5 + 5)


def test_a_model_inside_takes_the_memory_of_its_layers() -> None:
    from dlcli.config.catalogue.live import layer_traits
    from dlcli.layers.memory import activation_bytes

    layers: list[Any] = [{"Conv2D": {"filters": 2, "kernel_size": 3}}, "ReLU", "Flatten", {"Dense": 5}]
    inside = [{"submodel": {"name": "trunk", "layers": layers}}, {"Dense": 3}]
    flat = activation_bytes(build([*layers, {"Dense": 3}], {"x": (6, 6, 1)}).model, layer_traits)
    assert flat == 4 * (4 * 4 * 2 * 2 + 5 + 3)
    assert activation_bytes(build(inside, {"x": (6, 6, 1)}).model, layer_traits) == flat
    each = [{"TimeDistributed": {"layer": {"submodel": {"name": "trunk", "layers": layers}}}}]
    assert activation_bytes(build(each, {"x": (7, 6, 6, 1)}).model, layer_traits) == 7 * (flat - 4 * 3)


@pytest.mark.parametrize(("memory", "fits"), [(16 * 12 - 1, False), (16 * 12, True)])
def test_training_keeps_sixteen_bytes_a_parameter(memory: int, fits: bool) -> None:
    import keras

    from dlcli.layers.memory import TooLarge, bounded

    layer = keras.layers.Dense(3)
    with bounded(memory):
        if fits:
            layer.build((None, 3))
            assert layer.count_params() == 12
        else:
            with pytest.raises(TooLarge, match="^12 parameters$"):
                layer.build((None, 3))


@pytest.mark.parametrize(
    ("layers", "shape", "given"),
    [
        ([{"Conv2D": {"filters": 2, "kernel_size": 3}}], (8, 9), (8, 9, 1)),
        ([{"Rescaling": 0.5}, {"Conv2D": {"filters": 2, "kernel_size": 3}}], (8, 9), (8, 9, 1)),
        ([{"Resizing": {"height": 4, "width": 5}}], (8, 9), (8, 9, 1)),
        (["RandomFlip"], (8, 9), (8, 9, 1)),
        ([{"ZeroPadding2D": 1}], (8, 9), (8, 9, 1)),
        ([{"Conv1D": {"filters": 2, "kernel_size": 3}}], (9,), (9, 1)),
        ([{"Conv3D": {"filters": 2, "kernel_size": 2}}], (4, 5, 6), (4, 5, 6, 1)),
    ],
)
def test_data_without_channels_gets_an_axis_of_one_and_a_note(layers: Any, shape: Any, given: Any) -> None:
    built = build(layers, {"x": shape})
    reshaped = [each for each in built.model.layers if each.name.startswith("channel")]
    assert [each.output.shape[1:] for each in reshaped] == [given]
    [note] = built.notes
    word = next(iter(layers[-1])) if isinstance(layers[-1], dict) else layers[-1]
    assert note.message == f"{word} takes channels too: the shape {shape} gets an axis of one"
    assert note.path == ("layers", len(layers) - 1, word)


def test_two_layers_share_the_axis_that_is_added() -> None:
    conv = {"filters": 2, "kernel_size": 3, "from": "x"}
    built = build(
        [{"Conv2D": {**conv, "name": "a"}}, {"Conv2D": {**conv, "name": "b"}}, {"Add": {"from": ["a", "b"]}}],
        {"x": (8, 9)},
    )
    assert len([each for each in built.model.layers if each.name.startswith("channel")]) == 1
    assert len(built.notes) == 1


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([{"Conv2D": {"filters": 2, "kernel_size": 3}}], (8, 9, 1)),
        (["Flatten", {"Dense": 3}], (8, 9)),
        ([{"LSTM": 3}], (8, 9)),
        ([{"Conv1D": {"filters": 2, "kernel_size": 3}}], (8, 9)),
    ],
)
def test_what_needs_no_channel_is_left_alone(layers: Any, shape: Any) -> None:
    built = build(layers, {"x": shape})
    assert built.notes == []


@pytest.mark.parametrize(
    "layers", [["GlobalAveragePooling1D"], [{"LSTM": 3}], [{"Dense": 4}, {"Conv1D": {"filters": 2, "kernel_size": 3}}]]
)
def test_what_is_no_picture_is_refused_as_before(layers: Any) -> None:
    with pytest.raises(BlockError):
        build(layers, {"x": (9,)})


@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention", "Attention"])
def test_attention_to_a_vector_is_told_the_axis_it_needs(name: str) -> None:
    from dlcli.config.catalogue import keras_catalogue
    from dlcli.layers.build_errors import shape_advice

    traits = keras_catalogue().kinds["layers"][name]["traits"]
    assert shape_advice(traits, [(4,)]) == "it needs (time, features): put Reshape: {target_shape: [4, 1]} before it"
    assert shape_advice(traits, [(4, 5)]) is None
