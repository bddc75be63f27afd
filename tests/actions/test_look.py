"""look: what counted against NumPy, planes and fits against scikit-learn, and what a person sees of small trained runs."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
PICTURES = """\
data: {source: digits, prepare: [Rescaling: 0.0625]}
layers:
  - Reshape: {target_shape: [8, 8, 1]}
  - submodel:
      name: tower
      layers: [Conv2D: {filters: 4, kernel_size: 3, activation: relu}, Conv2D: {filters: 6, kernel_size: 3}]
  - GlobalAveragePooling2D
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {Adam: 0.02}
train: {epochs: 2, batch_size: 64}
"""
TEXTS = """\
data:
  source: t.csv
  inputs: {text: {columns: text, kind: text}}
  target: kind
  split: {validation: 0.5}
  prepare: [TextVectorization: {max_tokens: 20, output_sequence_length: 8}]
layers:
  - Embedding: {input_dim: "${data.text.vocabulary}", output_dim: 4, mask_zero: true}
  - LSTM: {units: 5, return_sequences: true}
  - GlobalAveragePooling1D
  - Dense: {units: 1, activation: sigmoid}
loss: binary_crossentropy
optimizer: {Adam: 0.05}
train: {epochs: 8, batch_size: 16}
"""
TABLE = """\
data: {source: diabetes, prepare: [Normalization]}
layers: [Dense: {units: 8, activation: relu}, Dense: 1]
loss: mse
optimizer: {Adam: 0.05}
train: {epochs: 30, batch_size: 64}
"""
PASSED_ON = """\
data: {source: basic_motions}
layers:
  - Normalization
  - Masking
  - ops.copy
  - LSTM: 4
  - Dropout: 0.1
  - Dense: {units: 4, name: scores}
  - Softmax
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run) -> Path:
    """Three runs: pictures with convolutions inside a model, texts with padding, and a table with a target of numbers."""
    made = tmp_path_factory.mktemp("look")
    words = [("good" if row % 2 else "bad", row) for row in range(120)]
    rows = "".join(
        f"the {'book' if row % 3 else 'long film'} was {word},{'yes' if row % 2 else 'no'}\n" for word, row in words
    )
    (made / "t.csv").write_text("text,kind\n" + rows, encoding="utf-8")
    for name, text in (("pictures", PICTURES), ("texts", TEXTS), ("table", TABLE)):
        (made / f"{name}.yaml").write_text(text, encoding="utf-8")
        done = run_dlcli("train", f"{name}.yaml", "-q", "--json", cwd=made)
        assert done.code == 0, done.err
    return made


def looked(folder: Path, run_dlcli: Run, *arguments: str) -> dict[str, Any]:
    done = run_dlcli("look", *arguments, "--json", cwd=folder)
    assert done.code == 0, done.err
    value: dict[str, Any] = done.value
    return value


def conv(x: Any, kernel: Any, bias: Any) -> Any:
    size = kernel.shape[0]
    out = np.zeros((x.shape[0] - size + 1, x.shape[1] - size + 1, kernel.shape[-1]))
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column] = np.tensordot(x[row : row + size, column : column + size], kernel, 3) + bias
    return out


@pytest.mark.parametrize(("units", "unit"), [(3, 1), (3, 2), (1, 0)])
def test_grad_cam_is_what_the_paper_says_on_scores_before_softmax_and_sigmoid(units: int, unit: int) -> None:
    import keras

    from dlcli.actions.look.grad_cam import Answer, class_map
    from dlcli.layers.calls import calls_of

    generator = np.random.default_rng(unit)
    x = keras.Input((6, 6, 2), name="x")
    maps = keras.layers.Conv2D(4, 3)(x)
    flat = keras.layers.Flatten()(maps)
    model = keras.Model({"x": x}, keras.layers.Dense(units, activation="softmax" if units > 1 else "sigmoid")(flat))
    model.set_weights([generator.normal(size=each.shape) for each in model.get_weights()])
    picture = generator.normal(size=(6, 6, 2)).astype(np.float32)
    kernel, bias, dense, _ = model.get_weights()
    activations = conv(picture, kernel, bias)
    gradient = dense[:, unit].reshape(4, 4, 4)  # the score is linear in the maps, so its gradient is the weights
    expected = np.maximum(activations @ gradient.mean(axis=(0, 1)), 0)
    calls = [call for call in calls_of(model) if not call.is_input]
    found = class_map(model, {"x": picture[None]}, Answer("y", unit), calls, 0)
    assert expected.max() > 0
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)
    against = class_map(model, {"x": picture[None]}, Answer("y", unit, against=True), calls, 0)
    assert against == pytest.approx(np.maximum(-activations @ gradient.mean(axis=(0, 1)), 0), rel=1e-4, abs=1e-5)
    assert not np.allclose(against, found)
    before = model({"x": picture[None]}).numpy()
    assert before.sum() == pytest.approx(1.0) or units == 1  # the activation is back in its place


def test_a_layer_that_is_called_again_has_a_name_and_an_input_of_its_own() -> None:
    import keras

    from dlcli.actions.look.grad_cam import Answer, gradient_times
    from dlcli.actions.look.model_parts import ModelParts
    from dlcli.data import Schema
    from dlcli.errors import UsageError

    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="inside")], name="eye")
    inputs = {name: keras.Input((2,), name=name) for name in ("one", "other")}
    seen = [inner(each) for each in inputs.values()]
    model = keras.Model(inputs, keras.layers.Dense(1, name="last")(keras.layers.Subtract(name="less")(seen)))
    parts = ModelParts(model, Schema(inputs=[], targets=[]))
    assert [name for name, _ in parts.named_calls] == ["eye/inside", "eye/inside:2", "less", "last"]
    assert [parts.leading(place) for place in range(3)] == [["one"], ["other"], ["one", "other"]]
    assert [parts.place(name) for name in ("inside", "inside:2", "less")] == [0, 1, 2]
    with pytest.raises(
        UsageError, match="the model has no layer 'inner'; it has: eye/inside, eye/inside:2, less, last"
    ):
        parts.place("inner")
    given = {"one": np.array([[1.0, 2.0]], np.float32), "other": np.array([[3.0, -1.0]], np.float32)}
    kernel = model.get_layer("last").get_weights()[0][:, 0]
    found = gradient_times(model, given, Answer("y", 0), parts.calls, [0, 1])
    for values, name, sign in zip(found, given, (1, -1), strict=True):
        assert values[0] == pytest.approx(sign * inner(given[name]).numpy()[0] * kernel, rel=1e-5, abs=1e-6)


def test_gradient_times_input_is_the_weight_times_the_input_of_a_linear_model() -> None:
    import keras

    from dlcli.actions.look.grad_cam import Answer, gradient_times

    x = keras.Input((3,), name="x")
    model = keras.Model({"x": x}, keras.layers.Dense(2, activation="softmax")(x))
    row = np.array([[1.0, -2.0, 0.5]], np.float32)
    (found,) = gradient_times(model, {"x": row}, Answer("y", 1), [], [], by_inputs=["x"])
    assert found[0] == pytest.approx(row[0] * model.get_weights()[0][:, 1], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("shape", [(40, 6), (20, 50), (200, 64), (200, 65), (90, 300)])
def test_a_plane_is_that_of_scikit_learn(shape: tuple[int, int]) -> None:
    from sklearn.decomposition import PCA

    from dlcli.actions.look.planes import principal_plane

    rows = np.random.default_rng(0).normal(size=shape) * np.linspace(1, 3, shape[1])
    rows[:, 0] *= 8
    rows[:, 1] *= 5
    known, found = PCA(2, svd_solver="full").fit(rows), principal_plane(rows)
    assert np.abs(found.points) == pytest.approx(np.abs(known.transform(rows)), rel=1e-3, abs=1e-2)
    assert found.explained == pytest.approx(known.explained_variance_ratio_.tolist(), rel=1e-5, abs=1e-6)
    assert principal_plane(np.ones((5, 3))).explained == [0.0, 0.0]
    assert principal_plane(np.arange(5.0)[:, None]).explained == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("features", [3, 80])
def test_a_linear_fit_is_the_ridge_regression_of_scikit_learn_on_samples_that_it_has_not_seen(features: int) -> None:
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from dlcli.actions.layers_apart import linear_fit

    generator = np.random.default_rng(1)
    rows = generator.normal(size=(100, features)) + 5
    numbers = rows[:, :2] @ np.array([[1.0, 0.2], [2.0, -1.0]]) + generator.normal(size=(100, 2))
    known = make_pipeline(StandardScaler(), Ridge(alpha=1.0)).fit(rows[::2], numbers[::2])
    assert linear_fit(rows, numbers) == pytest.approx(r2_score(numbers[1::2], known.predict(rows[1::2])), abs=1e-9)
    noise = linear_fit(rows, generator.normal(size=(100, 1)))
    assert noise is not None
    assert noise < 0.3
    assert linear_fit(rows, np.ones((100, 1))) is None


@pytest.mark.parametrize(("places", "width"), [(1024, 1), (1025, 2)])
def test_neighbouring_places_are_averaged_from_more_than_4096_numbers_on(places: int, width: int) -> None:
    from dlcli.actions.layers_apart import layer_features

    output = np.random.default_rng(0).normal(size=(2, places, 4))
    found = layer_features(output)
    pairs = [output[:, at : at + width].mean(axis=1) for at in range(0, places, width)]
    assert found == pytest.approx(np.stack(pairs, 1).reshape(2, -1))


def test_what_the_loss_leaves_out_is_left_out() -> None:
    from dlcli.actions.layers_apart import Wanted, layer_features, rows_for

    mask = np.array([[True, True, False]] * 2)
    one = np.arange(12.0).reshape(2, 3, 2)
    other = np.where(mask[..., None], one, 99.0)
    assert layer_features(one, mask).tolist() == layer_features(other, mask).tolist()
    assert layer_features(one).tolist() != layer_features(other).tolist()
    rows, values = rows_for(Wanted("y", ["a", "b"], np.array([1, -1])), one, None) or (None, None)
    assert values.tolist() == [1]
    assert rows.tolist() == [[0, 1, 2, 3, 4, 5]]
    by_place = Wanted("y", ["a", "b"], np.array([[0, 1, -1], [1, -1, -1]]), by_place=True)
    rows, values = rows_for(by_place, one, None) or (None, None)
    assert (rows.tolist(), values.tolist()) == ([[0, 1], [2, 3], [6, 7]], [0, 1, 1])
    assert rows_for(by_place, one[:, :2], None) is None  # other places than those of the target


def test_filters_are_the_kernels_and_near_words_have_the_greatest_cosine() -> None:
    import keras
    from sklearn.metrics.pairwise import cosine_similarity

    from dlcli.actions.look.filters import filters_of, near_words
    from dlcli.layers.calls import calls_of

    def of(layer: Any, shape: list[int], pictured: list[int] | None = None) -> Any:
        taken = keras.Input(shape)
        return filters_of("a", calls_of(keras.Model(taken, layer(taken)))[-1], pictured, {})

    colours = keras.layers.Conv2D(2, 3)
    found = of(colours, [5, 5, 3])
    assert (found.form, len(found.arrays)) == ("pictures", 2)
    assert found.arrays[1] == pytest.approx(colours.kernel.numpy()[..., 1])
    many = keras.layers.Conv2D(2, 3)
    found = of(many, [5, 5, 4])
    assert found.arrays[0][..., 0] == pytest.approx(np.linalg.norm(many.kernel.numpy()[..., 0], axis=-1))
    depthwise = keras.layers.DepthwiseConv2D(3, depth_multiplier=2)
    assert len(of(depthwise, [5, 5, 3]).arrays) == 6
    assert of(keras.layers.Conv2DTranspose(2, 3), [5, 5, 3]).arrays[1].shape == (3, 3, 3)
    assert of(keras.layers.Conv1D(2, 4), [9, 2]).form == "curves"
    dense = keras.layers.Dense(3)
    found = of(dense, [20], [4, 5])
    assert found.arrays[2][..., 0] == pytest.approx(dense.kernel.numpy()[:, 2].reshape(4, 5))
    assert of(keras.layers.Dense(3), [20]) is None
    rows = np.random.default_rng(0).normal(size=(6, 3))
    names = dict(enumerate("uvwxyz"))
    likeness = cosine_similarity(rows)
    near = near_words("a", rows, names)
    for at, own in enumerate(near.arrays):
        assert own == [names[each] for each in likeness[at].argsort()[::-1] if each != at]


@pytest.mark.nightly
def test_the_first_layer_that_has_learnt_is_drawn_and_what_the_last_takes(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "m.yaml").write_text(PASSED_ON, encoding="utf-8")
    assert run_dlcli("train", "m.yaml", "-q", "--name", "m", cwd=tmp_path).code == 0
    value = looked(tmp_path, run_dlcli, "m")
    assert [each["layer"] for each in value["layers"]] == [
        *("normalization", "masking", "copy", "lstm", "dropout", "scores", "softmax"),
    ]
    assert value["activations"]["layer"] == "lstm"
    shown = run_dlcli("look", "m", cwd=tmp_path).out
    assert "dropout in two dimensions" in shown
    assert looked(tmp_path, run_dlcli, "m", "--layer", "masking")["activations"]["layer"] == "masking"


def test_what_leads_to_a_shape_alone_is_no_layer() -> None:
    import keras
    from keras import ops

    from dlcli.actions.look.model_parts import ModelParts
    from dlcli.data import Schema

    x = keras.Input((4, 3), name="x")
    row = ops.zeros_like(x[:, 0:1])
    read = ops.zeros_like(x) + keras.layers.Dense(3, name="read")(x)
    model = keras.Model({"x": x}, keras.layers.Concatenate(axis=1, name="joined")([row, read]))
    names = [name for name, _ in ModelParts(model, Schema(inputs=[], targets=[])).named_calls]
    assert names == ["read", "add", "joined"]
    both = keras.Model({"x": x}, [row, read])
    assert "zeros_like" not in [name for name, _ in ModelParts(both, Schema(inputs=[], targets=[])).named_calls]


def test_points_are_drawn_as_the_letters_of_their_classes() -> None:
    from dlcli.view.drawing.scatter import class_letters, scatter, tenth_letters

    drawn = scatter([[0, 0], [1, 1], [1, 1], [1, 1]], ["a", "b", "c", "c"], width=9, height=3).plain.splitlines()
    assert drawn == ["        c", "         ", "a        "]
    assert class_letters(["3", "7"]) == ["3", "7"]
    assert class_letters(["cat", "cow"]) == ["a", "b"]
    assert class_letters(["cat", "dog"]) == ["c", "d"]
    assert tenth_letters([5.0, 1.0, 9.0, 3.0]) == ["5", "0", "7", "2"]


def test_a_bar_goes_to_the_side_of_its_sign_and_a_line_rises() -> None:
    from dlcli.view.drawing.sparkline import signed_bar, sparkline

    assert signed_bar(-1.0, 2.0, 9, signed=True, unicode=False) == "  ##|    "
    assert signed_bar(2.0, 2.0, 9, signed=True, unicode=True) == "    │████"
    assert signed_bar(0.0, 2.0, 9, signed=True, unicode=False) == "    |    "
    assert sparkline([0, 1, 2], least=0, greatest=2, width=9, unicode=True) == "▁▅█"
    assert sparkline([0, 0, 2, 2], least=0, greatest=2, width=2, unicode=False) == " @"


def test_a_layer_separates_as_far_as_inspect_says(folder: Path, run_dlcli: Run) -> None:
    value = looked(folder, run_dlcli, "pictures")
    names = [each["layer"] for each in value["layers"]]
    assert names == ["reshape", "tower/conv2d", "tower/conv2d_1", "global_average_pooling2d", "dense"]
    told = run_dlcli("inspect", "pictures", "--json", cwd=folder).value["separation"]
    known = {each["layer"]: each["nearest_own_mean"] for each in told}
    apart = {each["layer"]: each["nearest_own_mean"] for each in value["layers"]}
    assert {name: apart[name] for name in known if name in apart} == {
        name: known[name] for name in known if name in apart
    }
    assert len(set(known) & set(apart)) == 3
    assert value["classes"] == [str(number) for number in range(10)]
    assert len(value["layers"][-1]["points"]) == len(value["values"]) == 270
    assert (value["filters"]["layer"], value["filters"]["form"]) == ("tower/conv2d", "pictures")
    assert np.shape(value["activations"]["numbers"]) == (6, 6, 4)


def test_grad_cam_of_a_run_is_at_the_last_convolution_and_of_the_class_that_is_named(
    folder: Path, run_dlcli: Run
) -> None:
    import keras

    model = keras.saving.load_model(folder / "runs" / "pictures" / "model" / "model.keras")
    value = looked(folder, run_dlcli, "pictures", "--grad-cam", "--class", "7", "--sample", "3")
    assert (value["grad_cam"]["layer"], value["grad_cam"]["class"]) == ("tower/conv2d_1", "7")
    maps = np.asarray(
        looked(folder, run_dlcli, "pictures", "--layer", "conv2d_1", "--sample", "3")["activations"]["numbers"]
    )
    weights = model.layers[-1].get_weights()[0][:, 7] / 16  # behind the mean of 4×4 places
    assert np.asarray(value["grad_cam"]["inputs"][0]["values"]) == pytest.approx(
        np.maximum(maps @ weights, 0), rel=1e-3, abs=1e-6
    )
    said = looked(folder, run_dlcli, "pictures", "--grad-cam", "--sample", "3")
    assert said["grad_cam"]["class"] == said["sample"]["predicted"]


def test_texts_show_words_and_what_counted_word_by_word(folder: Path, run_dlcli: Run) -> None:
    value = looked(folder, run_dlcli, "texts", "--grad-cam")
    assert value["filters"]["names"][:2] == ["was", "the"] or value["filters"]["names"][:2] == ["the", "was"]
    (counted,) = value["grad_cam"]["inputs"]
    assert value["grad_cam"]["method"] == "gradient_x_input"
    words = value["sample"]["row"] - 1
    text = (folder / "t.csv").read_text(encoding="utf-8").splitlines()[words + 1].split(",")[0]
    assert counted["names"] == text.split()  # no padding
    assert value["notes"] == [
        "the model has no convolution over one or two axes to make Grad-CAM at; the gradient times the input says what counted"
    ]
    last = [each["nearest_own_mean"] for each in value["layers"]][-1]
    assert last == 1.0


def test_ids_are_told_as_their_words_and_a_vector_over_a_vocabulary_as_the_words_in_it() -> None:
    from dlcli.actions.look.counted import Asked, attribution
    from dlcli.data.schema import InputSchema

    text = InputSchema(name="text", axes=["samples"], shape=[], text=True)
    words = ["", "[UNK]", "good", "bad"]

    def told(prepared: list[float], counted: list[float], known: list[str] | None, **given: Any) -> dict[str, float]:
        asked = Asked({}, {"text": np.array([prepared])}, {"text": known})
        found = attribution(text, asked, np.array(counted), **given)
        return dict(zip(found.names, found.values, strict=True))

    assert told([3, 2, 0, 0], [1.0, 2.0, 3.0, 4.0], words, of_ids=True) == {"bad": 1.0, "good": 2.0}
    assert told([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0], words, of_ids=False) == {"good": 3.0, "bad": 4.0}
    assert told([7, 0], [1.0, 2.0], None, of_ids=True) == {"id 7": 1.0, "id 0": 2.0}
    assert told([1], [1.0], words, of_ids=True) == {"[UNK]": 1.0}


@pytest.mark.parametrize("shape", [(), (1,), (3,)])
def test_an_id_counts_as_all_numbers_of_its_vector_together(shape: tuple[int, ...]) -> None:
    import keras

    from dlcli.actions.look.counted import Asked, counted_by_gradients
    from dlcli.actions.look.grad_cam import Answer
    from dlcli.actions.look.model_parts import ModelParts
    from dlcli.data import Schema
    from dlcli.data.schema import InputSchema

    taken = keras.Input(shape, name="reader", dtype="int32")
    rows = keras.layers.Embedding(9, 4)
    vectors = rows(taken)
    flat = vectors if shape == () else keras.layers.Flatten()(vectors)
    model = keras.Model({"reader": taken}, keras.layers.Dense(1, use_bias=False)(flat))
    schema = Schema(inputs=[InputSchema(name="reader", axes=["samples"], shape=list(shape))], targets=[])
    ids = np.arange(5, 5 + int(np.prod(shape, dtype=int))).reshape((1, *shape)).astype(np.int32)
    asked = Asked({}, {"reader": ids}, {"reader": None})
    counted = counted_by_gradients(ModelParts(model, schema), asked, Answer("y", 0), "")
    kernel = model.get_weights()[1].reshape(-1, 4)
    expected = [float(rows.embeddings.numpy()[number] @ own) for number, own in zip(ids.ravel(), kernel, strict=True)]
    assert counted.inputs[0].values == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert list(counted.inputs[0].names) == [f"id {number}" for number in ids.ravel()]


def test_a_target_of_numbers_has_a_linear_fit_and_columns_by_name(folder: Path, run_dlcli: Run) -> None:
    value = looked(folder, run_dlcli, "table", "--grad-cam", "--split", "train")
    assert value["split"] == "train"
    fits = [each["linear_fit"] for each in value["layers"]]
    assert all(fit is not None for fit in fits), fits
    assert 0.3 < max(fits) < 0.7  # a linear regression of all of these reaches 0.5
    assert {each["nearest_own_mean"] for each in value["layers"]} == {None}
    assert value["grad_cam"]["inputs"][0]["names"] == ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


WRONG: dict[str, tuple[list[str], str, str]] = {
    "an unknown layer": (["--layer", "conv2d_9"], "no_such_layer", "write --layer tower/conv2d"),
    "sample 0": (["--sample", "0"], "no_such_sample", "write --sample with a number from 1 to 270"),
    "one sample too many": (["--sample", "271"], "no_such_sample", "write --sample with a number from 1 to 270"),
    "an unknown split": (["--split", "holdout"], "no_such_split", ""),
    "an unknown class": (["--grad-cam", "--class", "77"], "no_such_class", "write --class 7"),
    "an unknown output": (["--output", "lable"], "no_such_output", "write --output label"),
    "a layer without places": (
        ["--grad-cam", "--layer", "dense"],
        "layer_without_places",
        "write --layer tower/conv2d_1",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_says_what_there_is_and_what_to_write(name: str, folder: Path, run_dlcli: Run) -> None:
    arguments, kind, hint = WRONG[name]
    refused = run_dlcli("look", "pictures", *arguments, "--json", cwd=folder)
    assert refused.code == 2
    assert refused.error["kind"] == kind
    assert (refused.error["hint"] or "").startswith(hint)


def test_a_target_is_told_as_its_class_text_numbers_or_places() -> None:
    from dlcli.actions.look.sample import LookedHead, true_words
    from dlcli.data.schema import TargetSchema
    from dlcli.spec import KerasObject

    loss = KerasObject("losses", "MeanSquaredError", "mse", {})

    def told(values: Any, **given: Any) -> Any:
        shape = list(np.shape(values))[1:]
        schema = TargetSchema(name="y", encode="index", axes=["samples"], shape=shape, **given)
        return true_words(np.asarray(values), LookedHead(schema, loss))

    assert told([1], classes=["a", "b"]) == "b"
    assert told([-1], classes=["a", "b"], void=["x"]) == "void"
    assert told([[1, 0, 1]], classes=["a", "b"]) == "3 places"
    assert told([[2, 1, 0]], classes=["[PAD]", "red", "very"], text=True) == "very red"
    assert told([[0.5, 2.0]]) == [0.5, 2.0]
    assert told([0.25]) == 0.25


def test_the_last_sample_is_one(folder: Path, run_dlcli: Run) -> None:
    assert looked(folder, run_dlcli, "pictures", "--sample", "270")["sample"]["sample"] == 270


def test_pictures_are_written_that_others_can_read(folder: Path, run_dlcli: Run) -> None:
    import xml.etree.ElementTree as ElementTree

    from PIL import Image

    value = looked(folder, run_dlcli, "pictures", "--grad-cam", "-o", "seen/here")
    written = sorted(path.name for path in (folder / "seen" / "here").iterdir())
    names = ("reshape", "tower-conv2d", "tower-conv2d_1", "global_average_pooling2d", "dense")
    planes = [f"plane-{name}.{kind}" for name in names for kind in ("png", "svg")]
    assert (
        written
        == sorted(["filters-tower-conv2d.png", "activations-tower-conv2d.png", "grad-cam-image.png", *planes])
        == sorted(Path(each).name for each in value["written"].values())
    )
    for path in (folder / "seen" / "here").iterdir():
        assert path.stat().st_size < 60_000
        if path.suffix == ".png":
            with Image.open(path) as picture:
                assert min(picture.size) > 50
        else:
            assert len(list(ElementTree.parse(path).getroot())) > 270


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", ["pictures", "texts", "table"])
def test_nothing_is_wider_than_the_terminal(name: str, width: int, folder: Path) -> None:
    from rich.console import Console

    from dlcli.actions.look import Asking, look
    from dlcli.runs import Run
    from dlcli.view.drawn_look import draw_look

    seen = SEEN.get(name) or look(Run.find(folder / "runs", name), Asking(grad_cam=True), folder=None, allow_code=False)
    SEEN[name] = seen
    for encoding in ("utf-8", "ascii"):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="dlcli.lookalike")
        draw_look(Console(file=stream, width=width, force_terminal=True, color_system=None), seen)
        stream.seek(0)
        lines = stream.read().splitlines()
        assert max(map(len, lines)) <= width
        assert len(lines) > 30
    assert any(re.search(r"[#@*=|-]{2}", each) for each in lines)


SEEN: dict[str, Any] = {}


def test_completion_offers_the_layers_of_the_run_inside_others_too(folder: Path) -> None:
    from dlcli.cli.completion import layers_of_run

    offered = list(layers_of_run({"run": "pictures", "runs": folder / "runs"}))
    assert offered == ["reshape", "tower/conv2d", "tower/conv2d_1", "global_average_pooling2d", "dense"]


def test_json_has_no_arrays_of_numpy(folder: Path, run_dlcli: Run) -> None:
    out = run_dlcli("look", "texts", "--json", cwd=folder).out
    assert set(json.loads(out)) == {
        *(
            "run",
            "split",
            "samples",
            "target",
            "sample",
            "layers",
            "values",
            "classes",
            "filters",
            "activations",
            "grad_cam",
        ),
        *("written", "notes"),
    }
