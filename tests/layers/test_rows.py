"""`positions`, `token` and `sample`: their numbers against NumPy, and that Keras alone opens what they are in."""

import keras
import numpy as np
import pytest
import yaml

from dlcli.config.language import Language
from dlcli.errors import BlockError
from dlcli.layers.graph import build_model


def built(text, inputs, outputs=()):
    language = Language()
    return build_model([language.entry(each) for each in yaml.safe_load(text)], inputs, facts={}, outputs=outputs).model


def said(model, x, *, training=False):
    """What a model of one input puts out."""
    [name] = model.input
    return np.asarray(model({name: x}, training=training))


def reopened(model, folder):
    """The model as Keras alone opens it in safe mode."""
    model.save(folder / "m.keras")
    return keras.saving.load_model(folder / "m.keras", safe_mode=True)


def test_positions_add_a_learnt_row_to_each_place(tmp_path):
    model = built("[positions: {name: where}]", {"x": (7, 5)})
    assert model.count_params() == 7 * 5
    assert len(model.trainable_weights) == 1
    rows = np.random.default_rng(0).normal(size=(7, 5)).astype("float32")
    model.get_layer("where").set_weights([rows])
    x = np.random.default_rng(1).normal(size=(4, 7, 5)).astype("float32")
    np.testing.assert_allclose(said(model, x), x + rows, rtol=1e-6)
    np.testing.assert_array_equal(said(reopened(model, tmp_path), x), said(model, x))
    x[0] = np.nan
    np.testing.assert_allclose(said(model, x)[1:], x[1:] + rows, rtol=1e-6)


def test_each_row_learns_from_all_samples():
    model = built("[positions: {initializer: zeros}, GlobalAveragePooling1D, Dense: 1]", {"x": (3, 2)})
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.get_layer("dense").set_weights([np.ones((2, 1)), np.zeros(1)])
    x = np.zeros((4, 3, 2), "float32")
    model.train_on_batch({"x": x}, np.array([0.0, 0.0, 0.0, 4.0]))
    # d/dr of the mean of (ŷ - y)² at ŷ = 0: 2 · (-4) / 4 samples · 1/3 of the mean over places
    np.testing.assert_allclose(model.get_layer("positions").get_weights()[0], 0.1 * 2 / 3 * np.ones((3, 2)), rtol=1e-6)


def test_positions_of_waves_are_those_of_the_paper_and_are_not_trained(tmp_path):
    model = built("[positions: sine]", {"x": (50, 6)})
    wanted = np.zeros((50, 6))
    for place in range(50):
        for pair in range(3):
            angle = place / 10000 ** (2 * pair / 6)
            wanted[place, 2 * pair], wanted[place, 2 * pair + 1] = np.sin(angle), np.cos(angle)
    found = said(model, np.zeros((2, 50, 6)))
    np.testing.assert_allclose(found, np.stack([wanted, wanted]), atol=1e-6)
    assert model.trainable_weights == []
    np.testing.assert_array_equal(said(reopened(model, tmp_path), np.zeros((2, 50, 6))), found)
    odd = said(built("[positions: sine]", {"x": (4, 3)}), np.zeros((1, 4, 3)))
    np.testing.assert_allclose(odd[0, 2], [np.sin(2), np.cos(2), np.sin(2 / 10000 ** (2 / 3))], atol=1e-6)


def test_positions_stand_on_the_axis_before_the_last():
    model = built("[positions]", {"x": (2, 3, 4)})
    assert model.count_params() == 3 * 4
    found = said(model, np.zeros((1, 2, 3, 4)))
    np.testing.assert_allclose(found[0, 0], found[0, 1])
    np.testing.assert_allclose(found[0, 0], model.get_layer("positions").get_weights()[0])


@pytest.mark.parametrize(
    ("text", "shape", "words"),
    [
        ("[positions]", (4,), r"positions stands behind what has places with features, and takes the shape \(4,\)"),
        ("[positions]", (None, 4), "positions needs to know how many places there are, and the length is open"),
        ("[token]", (4,), r"token stands behind what has places with features, and takes the shape \(4,\)"),
        (
            "[Dense: {units: 2, name: a}, Dense: {units: 3, from: x, name: b}, sample: {from: [a, b]}]",
            (4,),
            r"takes \(2,\) and \(3,\)",
        ),
        ("[Dense: {units: 2, name: a}, sample: {from: a}]", (4,), "takes one layer"),
    ],
)
def test_what_they_cannot_take_is_told_at_their_place(text, shape, words):
    with pytest.raises(BlockError, match=words):
        built(text, {"x": shape})


def test_a_token_stands_in_front_and_is_the_same_for_all_samples(tmp_path):
    model = built("[token: {name: cls}, ops.take: {indices: 0, axis: 1}]", {"x": (6, 3)})
    assert model.count_params() == 3
    row = np.array([[1.0, 2.0, 3.0]])
    model.get_layer("cls").set_weights([row])
    x = np.random.default_rng(1).normal(size=(4, 6, 3)).astype("float32")
    np.testing.assert_allclose(said(model, x), np.repeat(row, 4, 0))
    whole = built("[token]", {"x": (None, 3)})
    whole.get_layer("token").set_weights([row])
    found = said(reopened(whole, tmp_path), x)
    assert found.shape == (4, 7, 3)
    np.testing.assert_allclose(found[:, 1:], x)
    np.testing.assert_allclose(found[:, 0], np.repeat(row, 4, 0))


def test_a_mask_passes_positions_and_grows_by_the_token():
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    above = "Embedding: {input_dim: 5, output_dim: 2, mask_zero: true}"
    model = built(f"[{above}, positions: {{initializer: zeros}}, GlobalAveragePooling1D]", {"ids": (4,)})
    table = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    model.get_layer("embedding").set_weights([table])
    np.testing.assert_allclose(said(model, ids), [(table[1] + table[2]) / 2, table[3]], rtol=1e-5)
    model = built(f"[{above}, token, GlobalAveragePooling1D]", {"ids": (4,)})
    model.get_layer("embedding").set_weights([table])
    row = model.get_layer("token").get_weights()[0][0]
    wanted = [(row + table[1] + table[2]) / 3, (row + table[3]) / 2]
    np.testing.assert_allclose(said(model, ids), wanted, rtol=1e-5)


def test_a_sample_is_the_mean_beside_training_and_has_the_variance_in_it(tmp_path):
    keras.utils.set_random_seed(0)
    text = "[Dense: {units: 1, name: m}, Dense: {units: 1, from: x, name: v}, sample: {from: [m, v], name: code}]"
    model = built(text, {"x": (1,)})
    model.get_layer("m").set_weights([np.ones((1, 1)), np.array([2.0])])
    model.get_layer("v").set_weights([np.zeros((1, 1)), np.log([9.0])])
    x = np.ones((20_000, 1), "float32")
    for each in (model, reopened(model, tmp_path)):
        np.testing.assert_allclose(said(each, x), 3 * x)
        drawn = said(each, x, training=True)
        assert abs(drawn.mean() - 3) < 0.08
        assert abs(drawn.std() - 3) < 0.08
        assert len(np.unique(drawn)) > 19_000


def test_names_of_operations_do_not_meet_those_that_are_given(tmp_path):
    text = (
        "[Dense: {units: 4, name: add}, Reshape: {target_shape: [2, 2], name: cumsum}, positions, positions: sine, token, "
        "Flatten, Dense: {units: 2, name: get_item}, ops.sqrt: {name: ones_like}, ops.sqrt, ops.sqrt, ops.add: {x2: 1}]"
    )
    model = built(text, {"x": (4,)})
    names = [each.name for each in model.operations]
    assert len(set(names)) == len(names)
    assert {"add", "cumsum", "get_item", "ones_like", "sqrt", "sqrt_1"} <= set(names)
    assert isinstance(model.get_layer("add"), keras.layers.Dense)
    reopened(model, tmp_path)
