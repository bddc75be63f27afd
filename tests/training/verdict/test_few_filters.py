"""Few filters squeeze what passes as few units do; what stands at the end of a model squeezes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.evidence.capacity import Capacity, Hidden, capacity
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.penalties import Penalty, penalties
from dlcli.training.evidence.small_network import small_network
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.underfits import roomier, underfits
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]

TEXT = """
data: {{source: {{npz: a.npz}}, target: y}}
layers: [{layers}]
loss: {loss}
optimizer: adam
train: {{epochs: 1}}
"""
WIDE = "{Dense: 8}"


@pytest.mark.parametrize(
    "behind",
    [
        "{Dropout: 0.5}",
        "{Activation: tanh}",
        "{Rescaling: 2.0}, {Reshape: [1]}",
        "Identity, {Dropout: 0.1}",
        "BatchNormalization",
    ],
)
def test_what_only_layers_without_weights_stand_behind_is_the_last(behind: str, tmp_path: Path) -> None:
    found = capacity(of_numbers(tmp_path, f"{WIDE}, {{Dense: 1}}, {behind}"))
    assert [(each.layer, each.units) for each in found.hidden] == [("dense", 8)]


@pytest.mark.parametrize(
    ("layers", "hidden"),
    [
        ("{Dense: 2}, {Dropout: 0.5}, {Dense: 1}", ["dense"]),
        ("submodel: [{Dense: 2}, {Dense: 1}]", ["dense"]),
        ("{Dense: {units: 3, name: a}}, {Dense: {units: 1, name: b}}, {Add: {from: [b, b]}}", ["a"]),
    ],
)
def test_what_others_with_weights_stand_behind_is_hidden(layers: str, hidden: list[str], tmp_path: Path) -> None:
    layers = layers if layers.startswith("{") else f"{{{layers}}}"
    found = capacity(of_numbers(tmp_path, layers))
    assert [each.layer.rpartition("/")[2] for each in found.hidden] == hidden


@pytest.mark.parametrize(
    ("layers", "at_end"),
    [
        (f"{WIDE}, {{Dropout: 0.5}}, {{Dense: 1}}", [False]),
        (f"{WIDE}, {{Dense: 1}}, {{Dropout: 0.5}}", [True]),
        (f"{WIDE}, {{Dense: 1}}, {{Dropout: 0.5}}, {{Reshape: [1]}}", [True]),
    ],
)
def test_dropout_of_answers_is_told_from_that_inside(layers: str, at_end: list[bool], tmp_path: Path) -> None:
    assert [each.at_end for each in penalties(of_numbers(tmp_path, layers))] == at_end


@pytest.mark.parametrize(
    ("share", "at_end", "left", "seen"),
    [
        (0.5, True, 0.3, True),
        (0.5, False, 0.3, False),
        (0.1, True, 0.05, True),
        (0.09, True, 0.3, False),
        (0.5, True, 0.04, False),
    ],
)
def test_little_that_is_left_out_of_answers_is_too_much(
    tell: Tell, share: float, at_end: bool, left: float, seen: bool
) -> None:
    dropout = Penalty("dropout", "rate", share, 0.0, "layers.2.rate", at_end=at_end)
    found = underfits(tell([left] * 9, left=left, penalties=lambda: [dropout]))
    assert (found is not None) is seen
    if found is not None:
        assert [(each.about, each.new) for each in found.advice if isinstance(each, Setting)] == [("layers.2.rate", 0)]
        assert f"leaves out {share:.0%} of the answers" in judgement_of_training(found).evidence


def of_numbers(folder: Path, layers: str) -> Any:
    draw = np.random.default_rng(0)
    np.savez(folder / "a.npz", features=draw.normal(size=(30, 4)).astype(np.float32), y=draw.normal(size=(30, 1)))
    return experiment_of(folder, TEXT.format(layers=layers, loss="mse"))


def conv(filters: int, **more: Any) -> str:
    return str({"Conv2D": {"filters": filters, "kernel_size": 3, "padding": "same", **more}})


MASK = conv(2, activation="softmax")


@pytest.mark.parametrize(
    ("layers", "narrow"),
    [
        (f"{conv(1)}, {MASK}", [("conv2d", "filters", 1)]),
        (f"{conv(3)}, {MASK}", [("conv2d", "filters", 3)]),
        (f"{conv(4)}, {MASK}", []),
        (f"{conv(3).replace('Conv2D', 'Conv2DTranspose')}, {MASK}", [("conv2d_transpose", "filters", 3)]),
        (f"{conv(8)}, {{residual: [{conv(1)}, {conv(8)}]}}, {MASK}", []),
        (f"{conv(8)}, {conv(2)}, Softmax", []),
    ],
    ids=["one", "three", "four", "transposed", "residual", "last"],
)
def test_few_filters_are_narrow(layers: str, narrow: list[tuple[str, str, int]], tmp_path: Path) -> None:
    found = capacity(of_masks(tmp_path, layers, size=30))
    assert [(each.layer, each.key, each.units) for each in found.narrow] == narrow


@pytest.mark.parametrize(("shuffled", "knows"), [(False, True), (True, False)])
def test_a_small_network_tells_classes_of_places_by_what_stands_about_them(
    shuffled: bool, knows: bool, tmp_path: Path
) -> None:
    found = small_network(of_masks(tmp_path, f"{conv(4)}, {MASK}", size=80, shuffled=shuffled))
    assert found is not None
    assert found.classes
    assert found.left() < 0.5 if knows else found.left() > 0.8


def of_masks(folder: Path, layers: str, *, size: int, shuffled: bool = False) -> Any:
    """Pictures in which the mask is where neighbours are bright."""
    draw = np.random.default_rng(0)
    pictures = draw.normal(size=(size, 10, 10, 1)).astype(np.float32)
    bright = (pictures + np.roll(pictures, 1, axis=1))[..., 0] > 0
    masks = draw.permutation(bright.reshape(-1)).reshape(bright.shape) if shuffled else bright
    np.savez(folder / "a.npz", features=pictures, y=masks.astype(np.int64))
    return experiment_of(folder, TEXT.format(layers=layers, loss="sparse_categorical_crossentropy"))


def squeezed(
    tell: Tell, filters: int = 1, *, known: float = 0.5, epochs: int = 10, left: float = 0.8, rate: Any = None
) -> Story:
    """All passes through a layer of so few filters, and the loss still falls."""
    falling = [*np.linspace(1.2, left, epochs)]
    hidden = Hidden("conv2d", filters, "layers.0", linear=False, key="filters")
    return tell(
        falling,
        train=falling,
        left=left,
        capacity=lambda: Capacity(False, [hidden] if filters < 4 else [], {}),
        small_network=lambda: Neighbours(known, 0.0, 100, True),
        rate=lambda: rate,
    )


def test_few_filters_cannot_fit_where_a_network_knows_far_more(tell: Tell) -> None:
    found = cannot_fit(squeezed(tell))
    assert found is not None
    assert [(each.about, each.new) for each in found.advice if isinstance(each, Setting)] == [("layers.0.filters", 32)]
    assert "a model with 1 filter in conv2d leaves" in judgement_of_training(found).evidence


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        ({"filters": 2}, True),
        ({"filters": 3}, False),
        ({"filters": 4}, False),
        ({"known": 0.46}, True),
        ({"known": 0.44}, False),
        ({"epochs": 9}, False),
        ({"left": 0.51, "known": 0.8}, True),
        ({"left": 0.49, "known": 0.8}, False),
        ({"rate": 0.0039}, True),
        ({"rate": 0.0041}, False),
    ],
)
def test_filters_are_too_few_only_where_that_is_likeliest(tell: Tell, changed: dict[str, Any], seen: bool) -> None:
    assert (cannot_fit(squeezed(tell, **changed)) is not None) is seen


@pytest.mark.parametrize(("filters", "key"), [(3, ["layers.0.filters"]), (4, [])])
def test_room_is_asked_for_where_filters_are_few(tell: Tell, filters: int, key: list[str]) -> None:
    hidden = Hidden("conv2d", filters, "layers.0", linear=False, key="filters")
    told = tell([0.5], capacity=lambda: Capacity(False, [hidden], {}))
    assert [each.about for each in roomier(told)] == key


@pytest.mark.parametrize(("frozen", "code"), [({}, "cannot_fit"), ({"conv2d": "layers.0"}, "underfits")])
def test_few_filters_that_stay_as_drawn_are_to_learn_first(
    tell: Tell, frozen: dict[str, str | None], code: str
) -> None:
    few = [Hidden("conv2d", 2, "layers.0", linear=False, key="filters")]
    told = tell(
        [0.9] * 10,
        left=0.9,
        capacity=lambda: Capacity(False, few, frozen),
        neighbours=lambda: Neighbours(0.4, 0.0, 100, classes=False),
    )
    assert next(each.code for each in verdict(told)) == code
