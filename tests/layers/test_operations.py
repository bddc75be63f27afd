"""Functions of keras.ops among the layers: each of them builds, trains and is opened again by Keras alone."""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.language import Language
from dlcli.errors import BlockError
from dlcli.layers.graph import build_model
from dlcli.layers.operation import is_operation

sys.path.insert(0, str(Path(__file__).parent.parent))
from all_operations import COUNT, OPERATIONS, SEVERAL, example_layers, opened_again, samples_answered_apart


def built(text, inputs, outputs=()):
    """The model of layers in YAML on inputs of these shapes a sample."""
    language = Language()
    entries = [language.entry(each) for each in yaml.safe_load(text)]
    return build_model(entries, inputs, facts={}, outputs=outputs)


def answers(text, **arrays):
    """What the model of layers in YAML puts out for arrays (samples, …)."""
    arrays = {name: np.asarray(each, "float32") for name, each in arrays.items()}
    model = built(text, {name: each.shape[1:] for name, each in arrays.items()}).model
    return np.asarray(model.predict_on_batch(arrays))


def mistakes(entry):
    with pytest.raises(ValidationError) as caught:
        Language().entry(yaml.safe_load(entry))
    return [
        (".".join(map(str, each["loc"])), each["ctx"]["message"], each["ctx"]["suggestion"])
        for each in caught.value.errors(include_url=False)
    ]


@pytest.mark.nightly
def test_a_draw_of_the_operations_trains_and_is_opened_again_in_safe_mode_without_dlcli(tmp_path):
    classes = opened_again(list(OPERATIONS)[::8], folder=tmp_path)
    assert len(OPERATIONS) == COUNT
    assert {"Absolute", "BitwiseInvert"} <= classes


def test_what_puts_out_several_tensors_is_taken_by_number():
    assert set(OPERATIONS) >= SEVERAL
    for name in sorted(SEVERAL):
        language = Language()
        with pytest.raises(BlockError, match="puts out . tensors, and the model has one target"):
            build_model([language.entry(each) for each in example_layers(name, 0)], {"x": (6,)}, facts={})


def test_the_operations_of_python_and_keras_give_the_numbers_of_numpy():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0.1, 0.9, (3, 4, 5)), rng.uniform(0.1, 0.9, (3, 4, 5))
    checked = 0
    for text, wanted in {
        "[ops.sqrt]": np.sqrt(x),
        "[ops.abs]": np.abs(x),
        "[ops.sum: {axis: -1}]": x.sum(-1),
        "[ops.sum: {axis: [1, 2]}]": x.sum((1, 2)),
        "[ops.norm: {axis: -1}]": np.sqrt((x**2).sum(-1)),
        "[ops.power: 2]": x**2,
        "[ops.power: {x1: 2}]": 2**x,
        "[ops.expand_dims: 1]": x[:, None],
        "[ops.roll: {shift: [-2, -1], axis: [1, 2]}]": np.roll(x, (-2, -1), (1, 2)),
        "[ops.cumsum: {axis: 1}]": x.cumsum(1),
        "[ops.clip: {x_min: 0.3, x_max: 0.6}]": x.clip(0.3, 0.6),
        "[ops.take: {indices: 0, axis: 1}]": x[:, 0],
        "[ops.take: {indices: [0, 2], axis: 2}]": x[:, :, [0, 2]],
        "[ops.reshape: [-1, 20]]": x.reshape(-1, 20),
        "[ops.greater: {x2: 0.5}, ops.where: {x1: 1, x2: -1}]": np.where(x > 0.5, 1, -1),
        "[ops.einsum: {from: [x, y], subscripts: 'bij,bkj->bik'}]": np.einsum("bij,bkj->bik", x, y),
        "[ops.stack: {from: [x, y], axis: 1}]": np.stack([x, y], 1),
        "[ops.concatenate: {from: [x, y], axis: -1}]": np.concatenate([x, y], -1),
        "[ops.subtract: {from: {x2: x, x1: y}}]": y - x,
        "[ops.divide: {from: x, x1: 1}]": 1 / x,
        "[ops.add: {x2: [1, 2, 3, 4, 5]}]": x + np.arange(1, 6),
        "[ops.multiply: {x1: [[[0.5]]]}]": x / 2,
        "[ops.matmul: {x1: [[0, 1, 0, 0], [0.5, 0, 0.5, 0]]}]": np.array([[0, 1, 0, 0], [0.5, 0, 0.5, 0]]) @ x,
        "[ops.top_k: {k: 2, name: t}, Identity: {from: t.0}]": -np.sort(-x)[..., :2],
        "[ops.tril: {k: 0}]": np.tril(x),
        "[ops.tril: -1]": np.tril(x, -1),
        "[ops.triu: {k: -2}]": np.triu(x, -2),
        "[ops.rot90: {k: -1, axes: [1, 2]}]": np.rot90(x, -1, (1, 2)),
        "[ops.rot90: {k: 0, axes: [1, 2]}]": x,
        "[ops.diff: {n: 0}]": x,
        "[ops.average: {axis: 1, weights: [1, 2, 3, 4]}]": np.average(x, axis=1, weights=[1, 2, 3, 4]),
        "[ops.average: {axis: -1, weights: [1, 0, 2, 0, 5]}]": np.average(x, axis=2, weights=[1, 0, 2, 0, 5]),
        "[ops.rfft: {name: f}, ops.add: {from: [f.0, f.1]}]": np.fft.rfft(x).real + np.fft.rfft(x).imag,
    }.items():
        given = {"x": x, "y": y} if "from: [x, y]" in text or "{x2: x, x1: y}" in text else {"x": x}
        np.testing.assert_allclose(answers(text, **given), wanted, rtol=2e-5, atol=1e-6, err_msg=text)
        checked += 1
    assert checked == 33


def test_the_short_form_is_the_first_argument_that_what_stands_above_does_not_fill():
    entry = Language().entry({"ops.expand_dims": 1})
    assert entry.keras.arguments == {"axis": 1}
    assert Language().entry({"ops.power": 3}).keras.arguments == {"x2": 3}
    assert mistakes("ops.sqrt: 2") == [("ops.sqrt", "ops.sqrt takes no arguments, found the number 2", None)]


def test_what_mixes_samples_is_refused_with_the_axis_to_write():
    last = "write axis: -1 for the last axis; the samples are 0"
    inside = "axes count the samples as 0: write 1 for the first axis of a sample, -1 for the last"
    for entry, wanted in {
        "ops.sum": [("ops.sum", "ops.sum without 'axis' goes over all axes, that of the samples too", last)],
        "ops.sum: {axis: null}": [
            ("ops.sum.axis", "ops.sum without 'axis' goes over all axes, that of the samples too", last)
        ],
        "ops.mean: {axis: 0}": [
            ("ops.mean.axis", "ops.mean with 'axis': 0 goes along the axis of the samples", inside)
        ],
        "ops.max: {axis: [0, 1]}": [
            ("ops.max.axis", "ops.max with 'axis': 0 goes along the axis of the samples", inside)
        ],
        "ops.stack: {from: [a, b]}": [
            ("ops.stack", "ops.stack without 'axis' goes along the axis of the samples", inside)
        ],
        "ops.roll: 1": [("ops.roll", "ops.roll without 'axis' goes over all axes, that of the samples too", last)],
        "ops.swapaxes: {axis1: 0, axis2: 1}": [
            ("ops.swapaxes.axis1", "ops.swapaxes with 'axis1': 0 goes along the axis of the samples", inside)
        ],
    }.items():
        assert mistakes(entry) == wanted, entry
    for entry in ("ops.sum: {axis: 1}", "ops.cross", "ops.transpose: {axes: [0, 2, 1]}", "ops.softmax"):
        given = {"ops.cross": {"from": ["a", "b"]}} if entry == "ops.cross" else yaml.safe_load(entry)
        assert Language().entry(given).keras.written in entry


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[ops.reshape: [-1, 5]]", "ops.reshape mixes the samples of a batch"),
        ("[ops.reshape: [3, 20]]", r"ops.reshape puts out \(3, 20\) for a batch of any size"),
        ("[ops.sum: {axis: -3}]", r"ops.sum puts out \(4, 5\) for a batch of any size"),
        ("[ops.flip: {axis: [-1, -3]}]", "ops.flip mixes the samples of a batch"),
        ("[ops.transpose: {axes: [1, 0, 2]}]", r"ops.transpose puts out \(4, None, 5\) for a batch of any size"),
        ("[ops.tile: [2, 1, 1]]", "ops.tile mixes the samples of a batch"),
    ],
)
def test_what_mixes_samples_in_another_way_is_found_by_trying_it(text, words):
    with pytest.raises(BlockError, match=words) as caught:
        built(text, {"x": (4, 5)})
    assert caught.value.kind == "mixes_samples"
    word = next(iter(yaml.safe_load(text)[0]))
    assert caught.value.path == ("layers", 0, word)


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("ops.matmul", [("ops.matmul", "ops.matmul needs 'x2' too")]),
        ("ops.sqrt: {from: [a, b]}", [("ops.sqrt.from", "ops.sqrt is given 2 tensors, and takes 1: x")]),
        ("ops.power: {from: [a, b], x2: 2}", [("ops.power.from", "ops.power is given 2 tensors, and takes 1: x1")]),
        (
            "ops.power: {x1: 1, x2: 2}",
            [
                (
                    "ops.power",
                    "ops.power is given what stands above, and takes none where all its arguments are written out",
                )
            ],
        ),
        ("ops.subtract: {from: {x1: a, z: b}}", [("ops.subtract.from.z", "ops.subtract is not called with 'z'")]),
        ("ops.sqrt: {axis: 1}", [("ops.sqrt.axis", "unknown argument 'axis' for ops.sqrt")]),
        ("ops.nn.softmax", [("", "unknown operation 'ops.nn.softmax'")]),
        ("ops.map", [("", "unknown operation 'ops.map'")]),
        ("ops.arange: 3", [("", "unknown operation 'ops.arange'")]),
        (
            "ops.sqrt: {from: 3, name: ''}",
            [
                ("ops.sqrt.from", "'from' must be the name of a layer or an input, or a list of names"),
                ("ops.sqrt.name", "'name' must be text"),
            ],
        ),
        ("ops.clip: {x_min: 0}", [("ops.clip", "ops.clip needs 'x_max'")]),
    ],
)
def test_mistakes_are_told_at_their_place(entry, wanted):
    assert [(path, message) for path, message, _ in mistakes(entry)] == wanted


def test_a_name_close_to_one_is_proposed():
    [(_, _, hint)] = mistakes("ops.nn.softmax")
    assert hint == "did you mean 'ops.softmax'?"


def test_one_of_several_tensors_is_not_taken_unnamed():
    for text in ("[ops.top_k: 2, ops.sqrt]", "[ops.top_k: {k: 2, name: t}, ops.sqrt: {from: t}]"):
        with pytest.raises(BlockError, match="ops.sqrt takes one tensor, and what it is given has 2") as caught:
            built(text, {"x": (4, 5)})
        assert caught.value.path[:3] == ("layers", 1, "ops.sqrt")
    assert answers("[ops.split: {indices_or_sections: 2, axis: 1}, ops.stack: {axis: 1}]", x=np.ones((2, 4))).shape == (
        2,
        2,
        2,
    )


def test_a_mask_passes_where_each_place_is_answered_by_itself():
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    for operation, passes in {
        "ops.sqrt": True,
        "ops.multiply: {x2: 2}": True,
        "ops.softmax": True,
        "ops.flip: {axis: 1}": False,
        "ops.cumsum: {axis: 1}": True,
        "ops.roll: {shift: 1, axis: 1}": False,
        "ops.softmax: {axis: 1}": False,
        "ops.transpose: {axes: [0, 2, 1]}": False,
    }.items():
        found = answers(
            f"[Embedding: {{input_dim: 5, output_dim: 4, mask_zero: true, embeddings_initializer: ones}}, "
            f"{operation}, GlobalAveragePooling1D]",
            ids=ids,
        )
        plain = answers(
            f"[Embedding: {{input_dim: 5, output_dim: 4, embeddings_initializer: ones}}, {operation}, GlobalAveragePooling1D]",
            ids=ids,
        )
        masked = built(
            f"[Embedding: {{input_dim: 5, output_dim: 4, mask_zero: true}}, {operation}, LSTM: 2]", {"ids": (4,)}
        ).model
        names = [type(each).__name__ for each in masked.operations]
        assert ("NotEqual" in names) == passes, operation
        assert found.shape == plain.shape


def test_every_operation_starts_with_its_prefix_and_no_layer_does():
    assert all(is_operation(name) for name in OPERATIONS)
    assert not any(is_operation(name) for name in keras_catalogue().kinds["layers"])


def test_products_are_counted_as_multiply_adds_and_operations_stand_in_the_graph():
    from dlcli.config.catalogue.live import layer_traits, written_class
    from dlcli.layers.calls import calls_of
    from dlcli.layers.macs import macs_of

    text = (
        (
            "[ops.matmul: {from: [q, k], name: scores}, ops.softmax, ops.einsum: {from: [q, k], subscripts: 'bij,bjk->bik'}, "
            "ops.add: {from: [softmax, einsum]}]"
        )
        .replace("ops.softmax,", "ops.softmax: {name: softmax},")
        .replace("subscripts: '", "name: einsum, subscripts: '")
    )
    model = built(text, {"q": (4, 5), "k": (5, 3)}).model
    counted = {
        written_class(type(call.layer)): macs_of(call.layer, call.inputs[0], call.outputs[0], traits=layer_traits)
        for call in calls_of(model)
        if not call.is_input
    }
    assert counted == {"ops.matmul": 4 * 5 * 3, "ops.softmax": 0, "ops.einsum": 4 * 5 * 3, "ops.add": 0}
    attention = built("[ops.dot_product_attention: {from: [q, q, q]}]", {"q": (7, 2, 3)}).model
    [call] = [each for each in calls_of(attention) if not each.is_input]
    assert macs_of(call.layer, call.inputs[0], call.outputs[0], traits=layer_traits) == 2 * 7 * 7 * 2 * 3


def test_the_masks_that_keras_computes_do_not_stand_in_the_graph():
    from dlcli.layers.calls import calls_of

    model = built("[Embedding: {input_dim: 5, output_dim: 4, mask_zero: true}, ops.sqrt, LSTM: 2]", {"ids": (4,)}).model
    assert [type(call.layer).__name__ for call in calls_of(model)] == ["InputLayer", "Embedding", "Sqrt", "LSTM"]
    assert "NotEqual" in {type(each).__name__ for each in model.operations}


@pytest.mark.parametrize(("entry", "by_xla"), [("ops.sqrt", True), ("{ops.sort: {axis: -1}}", False)])
def test_xla_knows_operations(entry, by_xla):
    from dlcli.training.engine.xla import xla_from

    model = built(f"[Dense: 2, {entry}, Dense: 1]", {"x": (4,)}).model
    step, why = xla_from(model, {"x": np.zeros((8, 4), "float32")}, batch_size=8)
    assert (step is not None) == by_xla
    assert by_xla or "ops.sort is not faster" in why


@pytest.mark.parametrize("inside", ["ops.sqrt", "{residual: {layers: [Dense: 8]}}"])
def test_a_submodel_in_a_wrapper_is_a_stack_of_layers_and_says_so(inside):
    text = f"[TimeDistributed: {{layer: {{submodel: {{layers: [Flatten, {inside}]}}}}}}]"
    with pytest.raises(BlockError, match="a submodel inside a wrapper is a plain stack of Keras layers") as caught:
        built(text, {"x": (4, 8)})
    assert caught.value.path[:3] == ("layers", 0, "TimeDistributed")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[[1, 2], [3]]", "holds lists of several lengths"),
        ("[[a, b]]", "holds 'a', which is no number"),
        ("[]", "holds an empty list"),
        ("[1.0e+40, 1]", "which is more than 32 bits hold"),
        ("[1, null]", "which is no number"),
    ],
)
def test_a_tensor_that_is_written_out_is_judged_at_its_place(written: str, told: str) -> None:
    ((place, message, _),) = mistakes(f"ops.add: {{x2: {written}}}")
    assert place == "ops.add.x2"
    assert told in message
    assert len(Language().entry({"ops.add": {"x2": [1] * 100}}).keras.arguments["x2"]) == 100


def test_a_draw_of_the_operations_that_are_accepted_answers_each_sample_by_itself() -> None:
    drawn = ["ops.cumsum", "ops.tril", "ops.triu", "ops.roll", *list(OPERATIONS)[3::16]]
    accepted, refused = samples_answered_apart(drawn)
    assert accepted == {*drawn}
    assert refused >= {"ops.cumsum", "ops.tril", "ops.triu", "ops.roll"}


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        ("[ops.cumsum: {axis: -2}]", True),
        ("[ops.cumsum: {axis: -1}]", False),
        ("[ops.cumprod: {axis: -2}]", True),
        ("[ops.tril]", True),
        ("[ops.tril: {k: 2}]", True),
        ("[ops.tril: {k: 3}]", False),  # the first row is whole, and so are all below
        ("[ops.roll: {shift: 2, axis: -2}]", True),  # two samples would be left where they are
        ("[ops.roll: {shift: 2, axis: -1}]", False),
        ("[Softmax: {axis: -2}]", True),
        ("[Softmax: {axis: -1}]", False),
        ("[UnitNormalization: {axis: 0}]", True),
        ("[Concatenate: {axis: 0, from: [x, x]}]", True),
        ("[Dot: {axes: 0, from: [x, x]}]", True),
        ("[Dot: {axes: 1, from: [x, x]}]", False),
        ("[Reshape: [2, 2], TimeDistributed: {layer: {Softmax: {axis: 0}}}]", True),
        ("[Reshape: [2, 2], TimeDistributed: {layer: {Softmax: {axis: 1}}}]", False),
        ("[Reshape: [2, 2], Softmax: {axis: -2}]", False),
    ],
)
def test_what_depends_on_other_samples_of_a_vector_is_refused(text: str, is_refused: bool) -> None:
    if not is_refused:
        x = np.random.default_rng(2).uniform(0.1, 0.9, (6, 4))
        np.testing.assert_allclose(answers(text, x=x)[[4]], answers(text, x=x[[4]]), rtol=1e-5)
        return
    with pytest.raises(BlockError, match="mixes the samples of a batch") as caught:
        built(text, {"x": (4,)})
    assert caught.value.kind == "mixes_samples"


@pytest.mark.parametrize("size", [2, 3, 8, 64])
@pytest.mark.parametrize(
    ("text", "keeps_apart"),
    [
        ("[ops.max: {axis: 1, name: a}, ops.add: {from: [x, a], name: o}]", False),
        ("[ops.max: {axis: 1, name: a}, ops.matmul: {from: [x, a], name: o}]", False),
        ("[ops.max: {axis: 1, name: a}, ops.where: {from: [x, x, a], name: o}]", False),
        ("[ops.max: {axis: 1, keepdims: true, name: a}, ops.add: {from: [x, a], name: o}]", True),
        ("[ops.max: {axis: 1, name: a}, Add: {from: [x, a], name: o}]", True),
        ("[ops.matmul: {from: [x, x], name: o}]", True),
    ],
)
def test_a_broadcast_that_takes_samples_for_places_is_refused_however_long_the_axis(
    text: str, keeps_apart: bool, size: int
) -> None:
    import keras

    x = np.random.default_rng(4).normal(size=(size, size, size)).astype("float32")
    if keeps_apart:
        np.testing.assert_allclose(answers(text, x=x)[[1]], answers(text, x=x[[1]]), rtol=1e-4, atol=1e-5)
        return
    with pytest.raises(BlockError, match="mixes the samples of a batch") as caught:
        built(text, {"x": (size, size)})
    assert caught.value.kind == "mixes_samples"
    if "ops.add" in text:  # what Keras itself would do with as many samples as the axis has places
        given = keras.Input((size, size))
        model = keras.Model(given, keras.ops.add(given, keras.ops.max(given, axis=1)))
        others = np.concatenate([x[:1], np.zeros_like(x[1:])])
        assert not np.allclose(model.predict_on_batch(x)[0], model.predict_on_batch(others)[0], atol=0.1)


def test_a_hint_on_a_list_that_falls_on_the_samples_can_be_followed() -> None:
    for text, hint in {
        "[ops.quantile: {q: [0.1, 0.9], axis: 1}]": "write one number, and the operation again for each other",
        "[ops.percentile: {q: [[10, 90]], axis: 1}]": "write one number, and the operation again for each other",
        "[ops.add: {x2: [[[1], [2], [3], [4]], [[1], [2], [3], [4]]]}]": "as many axes as a sample, or 1 in front",
    }.items():
        with pytest.raises(BlockError) as caught:
            built(text, {"x": (4, 5)})
        assert caught.value.kind == "mixes_samples"
        assert hint in str(caught.value.hint), text
    with pytest.raises(BlockError) as caught:
        built("[ops.add: {x2: [[1, 2, 3, 4], [1, 2, 3, 4]]}]", {"x": (4,)})
    assert "it has as many axes as a sample, or 1 in front" in str(caught.value.hint)
    for followed in (
        "[ops.quantile: {q: 0.9, axis: 1}]",
        "[ops.add: {x2: [[1], [2], [3], [4]]}]",
        "[ops.add: {x2: [[[1]]]}]",
    ):
        built(followed, {"x": (4, 5)})


@pytest.mark.parametrize("name", ["ops.gcd", "ops.lcm", "ops.nanmedian", "ops.nanquantile", "ops.unfold"])
def test_what_no_graph_for_any_number_of_samples_takes_is_no_operation(name: str) -> None:
    assert mistakes(name)[0][1] == f"unknown operation '{name}'"
    assert name not in OPERATIONS


def test_what_no_memory_holds_is_told_before_it_is_tried() -> None:
    def build(text: str, memory: int) -> object:
        entries = [Language().entry(each) for each in yaml.safe_load(text)]
        return build_model(entries, {"x": (8, 8)}, facts={}, memory=memory)

    needed = 2 * 4 * 8 * 1000 * 8  # two samples of (8000, 8) numbers of 32 bits
    for text in (
        "[ops.repeat: {repeats: 1000, axis: 1}, ops.max: {axis: 1}]",
        "[UpSampling1D: 1000, ops.max: {axis: 1}]",
    ):
        with pytest.raises(
            BlockError, match=r"puts out the shape \(8000, 8\): two samples of it take 0\.0 GB"
        ) as caught:
            build(text, needed - 1)
        assert (caught.value.path[:2], caught.value.kind) == (("layers", 0), "out_of_memory")
        build(text, needed)
    with pytest.raises(BlockError, match=r"two samples of it take 51\.2 GB, more than the free memory"):
        build("[ops.repeat: {repeats: 100000000, axis: 1}, ops.max: {axis: 1}]", 10**10)


def test_a_tensor_of_text_is_told_where_it_is_made() -> None:
    model = built("[ops.cast: {dtype: string}, ops.cast: {dtype: float32}]", {"x": (8,)}).model
    assert model.output_shape == (None, 8)  # what is in them only data tells
