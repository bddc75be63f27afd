"""What a sample gets does not depend on how far it is padded, in the model and in the saved one; or a note says that it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data.fields.padded import PADDING
from dlcli.layers.graph import build_model

pytestmark = pytest.mark.filterwarnings("ignore:.*does not support masking:UserWarning")
"""Keras warns where dlcli has a note, and where a layer inside another leaves masks to that."""
LENGTHS, SHORT, LONG = (1, 2, 3, 4), 4, 9
RANDOM = np.random.default_rng(3)


def padded(features: tuple[int, ...], length: int) -> dict[str, np.ndarray[Any, Any]]:
    """The input `x`: samples of several lengths (samples, length, …), the same for any length."""
    values = np.random.default_rng(3).normal(size=(len(LENGTHS), SHORT, *features))
    found = np.full((len(LENGTHS), length, *features), PADDING, np.float32)
    for row, own in enumerate(LENGTHS):
        found[row, :own] = values[row, :own]
    return {"x": found}


def built(
    layers: Sequence[Any], length: int, features: tuple[int, ...] = (2,), outputs: Sequence[str] = ()
) -> tuple[Any, bool]:
    """The model, and whether a note says that padding counts."""
    language = Language()
    model = build_model(
        [language.entry(each) for each in layers],
        {"x": (length, *features)},
        facts={},
        outputs=outputs,
        memory=10**9,
        padding={"x": PADDING},
    )
    return model.model, any(each.kind == "mask_dropped" for each in model.notes)


def real(values: Any) -> list[np.ndarray[Any, Any]]:
    """What is said of the places that there are, of each sample; all of it, where it has no places."""
    array = np.asarray(values)
    places = array.ndim > 1 and array.shape[1] in (SHORT, LONG)
    return [row[:length] if places else row for row, length in zip(array, LENGTHS, strict=True)]


def same(one: Any, other: Any) -> bool:
    """Whether two models say the same of the samples."""
    if isinstance(one, Mapping):
        return all(same(one[name], other[name]) for name in one)
    pairs = [*zip(real(one), real(other), strict=True)]
    return all(left.shape == right.shape and np.allclose(left, right, rtol=1e-4, atol=1e-5) for left, right in pairs)


def judged(
    layers: Sequence[Any], folder: Path | None = None, features: tuple[int, ...] = (2,), outputs: Sequence[str] = ()
) -> tuple[bool, bool]:
    """Whether a longer sample beside them changes nothing, in the saved model neither; and whether a note warns of it."""
    import keras

    models, noted = [], False
    for length in (SHORT, LONG):
        model, noted = built(layers, length, features, outputs)
        models.append(model)
    short, long = models
    for weight, other in zip(short.weights, long.weights, strict=True):
        values = RANDOM.normal(size=weight.shape) if "seed" not in weight.path else weight.numpy()
        weight.assign(abs(values) if "variance" in weight.path else values)
        other.assign(weight)
    said = [model(padded(features, length)) for model, length in zip(models, (SHORT, LONG), strict=True)]
    fine = same(*said)
    if folder is not None:
        long.save(folder / "m.keras")
        again = keras.models.load_model(folder / "m.keras", safe_mode=True)
        fine &= same(said[0], again(padded(features, LONG)))
        fine &= same(said[0], again.predict(padded(features, LONG), verbose=0))
    return fine, noted


ATTENTION: Any = {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2}}
MEAN: list[Any] = ["GlobalAveragePooling1D", {"Dense": 1}]
TWICE: list[Any] = [
    {"Dense": {"units": 2, "name": "d"}},
    {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "name": "m", "from": {"query": "d", "value": "d"}}},
    "GlobalAveragePooling1D",
    {"Dense": {"units": 1, "name": "g"}},
]
NAMED: dict[str, Any] = {"Dense": {"units": 1, "name": "a"}}


@pytest.mark.parametrize(
    "layers",
    [
        [ATTENTION, *MEAN],
        [{"residual": {"layers": [ATTENTION]}}, *MEAN],
        [{"residual": {"layers": [ATTENTION]}}] * 2 + MEAN,
        [*[{"residual": {"layers": [ATTENTION]}}, "LayerNormalization"] * 2, *MEAN],
        [*[{"residual": {"layers": [ATTENTION]}}, {"residual": {"layers": [{"Dense": 2}]}}] * 2, *MEAN],
        [{"residual": {"layers": ["LayerNormalization", ATTENTION]}}] * 2 + MEAN,
        ["ops.tanh", *[{"residual": {"layers": [ATTENTION]}}] * 2, *MEAN],
        [{"submodel": {"layers": [{"residual": {"layers": [ATTENTION]}}] * 2}}, *MEAN],
        [{"submodel": {"layers": [{"submodel": {"layers": [{"residual": {"layers": [ATTENTION]}}] * 2}}]}}, *MEAN],
        [{"repeat": {"times": 3, "layers": [{"residual": {"layers": [ATTENTION]}}]}}, {"GRU": 3}],
        [{"branches": {"merge": "Add", "paths": [[ATTENTION], [ATTENTION], []]}}, *MEAN],
        [
            {
                "residual": {
                    "layers": [{"GroupQueryAttention": {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1}}]
                }
            }
        ]
        * 2
        + MEAN,
    ],
)
def test_attention_leaves_the_mask_of_what_it_reads(layers: list[Any], tmp_path: Path) -> None:
    assert judged(layers, tmp_path) == (True, False)


@pytest.mark.parametrize(
    "reader",
    [
        {"Attention": {"from": ["d", "d"]}},
        {"AdditiveAttention": {"from": ["d", "d"]}},
        {"MultiHeadAttention": {"num_heads": 2, "key_dim": 2, "from": {"query": "d", "value": "d"}}},
        {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "from": {"query": "m", "value": "d"}}},
        {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "from": {"query": "m", "value": "d", "key": "d"}}},
        {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "from": ["d", "d", "d"]}},
        {"Add": {"from": ["d", "m"]}},
        {"Multiply": {"from": ["m", "d"]}},
        {"GRU": {"units": 2, "return_sequences": True, "from": "d"}},
    ],
)
def test_two_readers_of_one_tensor_both_have_its_mask(reader: Any, tmp_path: Path) -> None:
    layers = [*TWICE, reader, "GlobalAveragePooling1D", NAMED]
    assert judged(layers, tmp_path, outputs=["g", "a"]) == (True, False)


BACK = {"units": 3, "go_backwards": True, "return_sequences": True}


@pytest.mark.parametrize(
    "layer",
    [
        {"GRU": BACK},
        {"LSTM": BACK},
        {"SimpleRNN": BACK},
        {"RNN": {"cell": {"LSTMCell": 3}, "go_backwards": True, "return_sequences": True}},
        {"GRU": {**BACK, "return_sequences": False}},
        {"GRU": {**BACK, "go_backwards": False}},
        {"Bidirectional": {"layer": {"GRU": BACK}, "backward_layer": {"GRU": {**BACK, "go_backwards": False}}}},
        {"Bidirectional": {"layer": {"GRU": {**BACK, "go_backwards": False}}}},
    ],
    ids=str,
)
def test_what_runs_backwards_has_its_mask_backwards(layer: Any, tmp_path: Path) -> None:
    behind: list[Any] = [{"GRU": 3}] if layer.get("GRU", BACK)["return_sequences"] else []
    assert judged([layer, *behind, {"Dense": 1}], tmp_path) == (True, False)


@pytest.mark.parametrize(
    ("layers", "apart"),
    [
        (["LayerNormalization"], True),
        ([{"LayerNormalization": {"axis": [1, 2]}}], False),
        ([{"LayerNormalization": {"axis": 1}}], False),
        ([{"GroupNormalization": {"groups": 1}}], False),
        ([{"GroupNormalization": {"groups": 2}}], False),
        (["UnitNormalization"], True),
        ([{"UnitNormalization": {"axis": 1}}], False),
        (["RMSNormalization"], False),
        (["BatchNormalization"], True),
        ([{"SpectralNormalization": {"layer": {"Dense": 4}}}], False),
        (["Softmax"], True),
        ([{"Softmax": {"axis": -1, "name": "s"}}, {"Dense": 2}], True),
        ([{"Softmax": {"axis": 1}}], False),
        ([{"Activation": "softmax"}], True),
        (["ops.softmax"], True),
        ([{"ops.softmax": {"axis": 1}}], False),
        ([{"Dense": {"units": 3, "activation": "softmax"}}], True),
        ([{"submodel": {"layers": [{"Dense": 3}, "Softmax"]}}], True),
        ([{"submodel": {"layers": [{"GroupNormalization": {"groups": 1}}]}}], False),
        ([{"Dropout": 0.5}], True),
        ([{"GaussianNoise": 0.1}], True),
    ],
    ids=str,
)
@pytest.mark.parametrize("behind", [["GlobalAveragePooling1D"], [{"GRU": 2}]], ids=str)
def test_layers_that_join_places_are_told(layers: list[Any], apart: bool, behind: list[Any], tmp_path: Path) -> None:
    assert judged([*layers, *behind], tmp_path) in {(True, False)} if apart else {(False, True), (True, True)}


@pytest.mark.parametrize("backwards", [True, False])
def test_a_target_at_each_place_has_the_places_of_its_input(backwards: bool) -> None:
    language = Language()
    entries = [language.entry(each) for each in ({"GRU": {**BACK, "go_backwards": backwards}}, {"Dense": 1})]
    taken: Any = {"inputs": {"x": (SHORT, 2)}, "facts": {}, "memory": 10**9, "padding": {"x": PADDING}}
    made = build_model(entries, padded={None}, **taken)
    mask = np.asarray(made.model(padded((2,), SHORT))._keras_mask)
    assert mask.tolist() == [[place < length for place in range(SHORT)] for length in LENGTHS]
    assert [each.kind for each in made.notes] == ["mask_dropped"] * backwards
