"""Places that see too little, told from layers that only need more steps, and from those that do not learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.evidence.begun import first_values
from dlcli.training.evidence.capacity import Capacity
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.first_steps import first_steps_felt
from dlcli.training.evidence.neighbours import Neighbours, placed_ids
from dlcli.training.evidence.padding_read import PaddingRead
from dlcli.training.evidence.sight import Seen, Sight, rebuilt, sight
from dlcli.training.evidence.small_network import small_network
from dlcli.training.setup.passes import said_by
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.predicts_one_class import predicts_one_class
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
AVERAGED = Sight("averaged", "pool", 8, 24, "layers", ["Flatten"], ["Conv2D"], ["Conv2D"])
ALONE = Sight("alone", "conv", 1, 24, "layers.0.kernel_size", 1, 3, [], (("layers.1.kernel_size", 1, 3),))


@pytest.mark.parametrize(("same", "seen"), [(0.81, True), (0.79, False)])
def test_the_same_layers_in_as_many_steps_are_what_is_compared(tell: Tell, same: float, seen: bool) -> None:
    told = tell([0.95, 0.9, 0.9], left=0.9, seen_more=lambda rate: Seen(AVERAGED, 0.7, 40, same))
    assert (cannot_fit(told) is not None) is seen


@pytest.mark.parametrize(("last", "seen"), [(0.81, True), (0.79, False)])
def test_a_loss_that_still_falls_steeply_tells_nothing_of_sight(tell: Tell, last: float, seen: bool) -> None:
    told = tell([1.0, 0.95, 0.9, last], left=last, seen_more=lambda rate: Seen(AVERAGED, 0.1, 40, 0.9))
    assert (cannot_fit(told) is not None) is seen


@pytest.mark.parametrize(
    ("losses", "known", "rate", "seen"),
    [
        ([0.95, 0.5, 0.5, 0.5, 0.5, 0.5], 0.16, None, True),
        ([0.95, 0.5, 0.5, 0.5, 0.5, 0.5], 0.17, None, False),  # not far behind
        ([0.95, 0.8, 0.7, 0.6, 0.55, 0.5], 0.16, None, False),  # as many epochs again would do
        ([0.98] * 6, 0.65, None, True),  # one that has learnt nothing, where something can be known
        ([0.98] * 6, 0.66, None, False),
        ([0.9] * 6, 0.59, None, True),
        ([0.89] * 6, 0.5, None, False),
        ([0.9] * 6, 0.1, 0.019, True),
        ([0.9] * 6, 0.1, 0.02, False),  # a rate twenty times as high is safe
    ],
)
def test_what_sees_little_is_told_by_a_network_that_sees_all(
    tell: Tell, losses: list[float], known: float, rate: float | None, seen: bool
) -> None:
    told = tell(
        losses,
        left=losses[-1],
        sight=lambda: AVERAGED,
        network_elsewhere=lambda: Neighbours(1 - known, 0.0, 100, False),
        rate=lambda: rate,
    )
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        left = (
            f"leaves {losses[-1]:.0%} of what one answer for all gets wrong, where a small network leaves {known:.0%}"
        )
        assert (
            f"pool makes one number of places that each see 8 of 24: it {left}" in judgement_of_training(found).evidence
        )


@pytest.mark.parametrize(("frozen", "seen"), [({"conv": "layers.0"}, False), ({"conv": None}, True), ({}, True)])
def test_that_frozen_layers_learn_comes_first(tell: Tell, frozen: dict[str, str | None], seen: bool) -> None:
    told = tell(
        [0.95, 0.9, 0.9],
        left=0.9,
        seen_more=lambda rate: Seen(AVERAGED, 0.5, 40, 0.9),
        capacity=lambda: Capacity(False, [], frozen),
    )
    assert (cannot_fit(told) is not None) is seen


@pytest.mark.parametrize(
    ("left", "known", "epochs", "seen"),
    [
        *[(0.4, 0.29, 8, True), (0.4, 0.31, 8, False), (0.16, 0.05, 8, True), (0.14, 0.0, 8, False)],
        *[(0.4, 0.19, 4, True), (0.4, 0.21, 4, False)],  # it has not come to rest
    ],
)
def test_answers_of_a_place_alone_cannot_fit_what_stands_beside_tells(
    tell: Tell, left: float, known: float, epochs: int, seen: bool
) -> None:
    told = tell(
        [1.0, *[left] * (epochs - 1)],
        left=left,
        sight=lambda: ALONE,
        small_network=lambda: Neighbours(1 - known, 0.0, 100, True),
    )
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        settings = [(each.key, each.new, each.joined) for each in found.advice if isinstance(each, Setting)]
        assert settings == [("layers.0.kernel_size", 3, False), ("layers.1.kernel_size", 3, True)]
        words = "from conv on the answer at each of 24 places along an axis is of this place alone: it leaves"
        assert words in str(judgement_of_training(found).evidence)


def masks(folder: Path, layers: str) -> Any:
    """Pictures of noise of which a place is told by the one beside it."""
    taken = np.random.default_rng(0).normal(size=(80, 8, 8, 1)).astype(np.float32)
    np.savez(folder / "d.npz", x=taken, y=(np.roll(taken, 1, axis=2)[..., 0] > 0).astype(int))
    return experiment_of(
        folder,
        "data: {source: {npz: {path: d.npz, inputs: x, target: y}}, split: {validation: 0.25, test: 0}}\n"
        f"layers: {layers}\nloss: sparse_categorical_crossentropy\noptimizer: adam\ntrain: {{epochs: 1}}\n",
    )


FIRST = "{Conv2D: {filters: 4, kernel_size: WIDTH, padding: same, activation: relu}}"
LAST = "{Conv2D: {filters: 2, kernel_size: 1, activation: softmax}}"


@pytest.mark.parametrize(
    ("layers", "keys"),
    [
        (f"[{FIRST}, {LAST}]".replace("WIDTH", "1"), ["layers.0.kernel_size"]),
        (f"[{FIRST}, {LAST}]".replace("WIDTH", "2"), None),
        (f"[{FIRST}, Dropout: 0.1, {FIRST.replace('WIDTH', '3')}, {LAST}]".replace("WIDTH", "1"), None),
        (f"[{FIRST.replace('padding: same, ', '')}, {LAST}]".replace("WIDTH", "1"), ["kernel_size", "padding"]),
        (f"[{LAST}]", None),
    ],
)
def test_layers_that_see_one_place_are_read_from_a_model(tmp_path: Path, layers: str, keys: list[str] | None) -> None:
    found = sight(masks(tmp_path, layers))
    assert (found is not None) is (keys is not None)
    if found is not None and keys is not None:
        assert found.why == "alone"
        changed = [(found.key, found.new), *((key, new) for key, _, new in found.also)]
        assert [key.endswith(each) for (key, _), each in zip(changed, keys, strict=True)] == [True] * len(keys)


def test_a_small_network_knows_what_stands_beside_a_place(tmp_path: Path) -> None:
    network = small_network(masks(tmp_path, f"[{LAST}]"))
    assert network is not None
    assert network.left() < 0.3


COARSE = Sight("coarse", "pool", 8, 32, "layers", ["Flatten"], ["Conv2D"], ["Conv2D"])


@pytest.mark.parametrize(
    ("left", "known", "epochs", "rate", "seen"),
    [
        *[
            (0.4, 0.29, 8, None, True),
            (0.4, 0.31, 8, None, False),
            (0.16, 0.05, 8, None, True),
            (0.14, 0.0, 8, None, False),
        ],
        *[(0.4, 0.19, 4, 0.001, True), (0.4, 0.21, 4, 0.001, False)],  # it has not come to rest
        *[(0.4, 0.19, 4, None, False), (0.99, 0.1, 4, 0.001, False), (0.97, 0.1, 4, 0.001, True)],
        *[(0.4, 0.19, 4, 0.0041, False), (0.4, 0.19, 4, 0.0039, True), (0.4, 0.29, 8, 0.0041, True)],
    ],
)
def test_answers_of_places_that_passed_as_one_are_coarse(
    tell: Tell, left: float, known: float, epochs: int, rate: float | None, seen: bool
) -> None:
    told = tell(
        [1.0, *[left] * (epochs - 1)],
        left=left,
        sight=lambda: COARSE,
        small_network=lambda: Neighbours(1 - known, 0.0, 100, True),
        rate=lambda: rate,
    )
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        words = "from pool on each 8 of 32 places along an axis pass as one to the answers at all of them: it leaves"
        assert words in str(judgement_of_training(found).evidence)
        assert [each.about for each in found.advice] == ["layers"]


def test_layers_that_are_taken_by_name_stay_as_they_are(tell: Tell) -> None:
    same = Sight("coarse", "pool", 8, 32, "layers", ["Flatten"], ["Flatten"], ["Flatten"])
    network = Neighbours(1.0, 0.0, 100, True)
    found = cannot_fit(tell([1.0, *[0.4] * 7], left=0.4, sight=lambda: same, small_network=lambda: network))
    assert found is not None
    assert found.advice == []


@pytest.mark.parametrize(("short", "weighed"), [(COARSE, False), (ALONE, True), (None, True)])
def test_weights_of_classes_do_not_sharpen_coarse_answers(tell: Tell, short: Sight | None, weighed: bool) -> None:
    seen = ClassesSeen("y", "validation", 100, ["a", "b"], [80, 20], [100, 0], [80, 0])
    found = predicts_one_class(tell([1.0, 0.7], left=0.7, sight=lambda: short, classes=lambda split: [seen]))
    assert found is not None
    assert ("train.class_weight" in [each.about for each in found.advice]) is weighed


WIDE = "{Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}}"


@pytest.mark.parametrize(
    ("layers", "places"),
    [
        (f"[{WIDE}, MaxPooling2D: 4, {WIDE}, UpSampling2D: 4, {LAST}]", 4),
        (f"[{WIDE}, MaxPooling2D: 2, {WIDE}, MaxPooling2D: 2, UpSampling2D: 4, {LAST}]", 4),
        (f"[{WIDE}, MaxPooling2D: 2, {WIDE}, UpSampling2D: 2, {LAST}]", None),
        (f"[{WIDE}, branches: {{merge: Concatenate, paths: [[MaxPooling2D: 4, UpSampling2D: 4], []]}}, {LAST}]", None),
        (f"[Flatten, Dense: 128, Reshape: {{target_shape: [8, 8, 2]}}, {LAST}]", None),
    ],
)
def test_places_that_pass_as_one_are_read_from_a_model(tmp_path: Path, layers: str, places: int | None) -> None:
    experiment = masks(tmp_path, layers)
    found = sight(experiment)
    assert (found and (found.why, found.places)) == (places and ("coarse", places))
    if found is not None:
        before, beside, last = found.new
        assert before == found.old[0]
        assert beside["branches"]["paths"][0] == found.old[1:-1]
        assert last == found.old[-1]
        assert rebuilt(experiment, found.layers).model.output_shape == experiment.model.output_shape


def test_coarse_layers_that_have_names_are_not_moved(tmp_path: Path) -> None:
    found = sight(masks(tmp_path, f"[{WIDE}, MaxPooling2D: {{pool_size: 4, name: small}}, UpSampling2D: 4, {LAST}]"))
    assert found is not None
    assert found.new == found.old


FORGOTTEN = Sight(
    "forgotten", "gru", 60, 60, "layers.0", {"GRU": 8}, {"Bidirectional": {"layer": {"GRU": 8}}}, [{"GRU": 8}]
)


@pytest.mark.parametrize(
    ("left", "known", "epochs", "felt", "seen"),
    [
        *[
            (0.4, 0.29, 8, 9e-4, True),
            (0.4, 0.31, 8, 9e-4, False),
            (0.31, 0.2, 8, 0.0, True),
            (0.29, 0.0, 8, 0.0, False),
        ],
        *[(0.9, 0.44, 4, 9e-4, True), (0.9, 0.46, 4, 9e-4, False)],  # it has not come to rest
        *[(0.4, 0.29, 8, 1.1e-3, False), (0.4, 0.29, 8, None, False)],
    ],
)
def test_first_steps_that_are_not_felt_are_told(
    tell: Tell, left: float, known: float, epochs: int, felt: float | None, seen: bool
) -> None:
    told = tell(
        [1.0, *[left] * (epochs - 1)],
        left=left,
        sight=lambda: FORGOTTEN,
        first_steps_felt=lambda: felt,
        small_network=lambda: Neighbours(0.0, 0.0, 100, True),
        by_place=lambda: Neighbours(1 - known, 0.0, 100, True),
    )
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == [
            ("layers.0", FORGOTTEN.new)
        ]
        words = "gru answers by the last of 60 steps, and hardly feels the first ones any more: it leaves"
        assert str(judgement_of_training(found).evidence).startswith(words)


def sequences(folder: Path, layers: str, *, steps: int) -> Any:
    """Numbers step by step, of which the first is the target."""
    taken = np.random.default_rng(0).normal(size=(160, steps, 2)).astype(np.float32)
    np.savez(folder / "d.npz", x=taken, y=taken[:, 0, 0])
    return experiment_of(
        folder,
        "data: {source: {npz: {path: d.npz, inputs: x, target: y}}, split: {validation: 0.25, test: 0}}\n"
        f"layers: {layers}\nloss: mse\noptimizer: adam\ntrain: {{epochs: 1}}\n",
    )


@pytest.mark.parametrize(
    ("layers", "key", "new"),
    [
        ("[GRU: 8, Dense: 1]", "layers.0", {"Bidirectional": {"layer": {"GRU": 8}}}),
        ("[Bidirectional: {layer: {GRU: 8}}, Dense: 1]", None, None),
        ("[GRU: {units: 8, go_backwards: true}, Dense: 1]", None, None),
        ("[GRU: {units: 8, return_sequences: true}, GlobalMaxPooling1D, Dense: 1]", None, None),
        (
            "[Conv1D: {filters: 4, kernel_size: 3, name: c}, LSTM: {units: 8, name: l, from: c}, Dense: 1]",
            "layers.1",
            {"Bidirectional": {"layer": {"LSTM": {"units": 8}}, "name": "l", "from": "c"}},
        ),
    ],
)
def test_a_layer_that_answers_by_its_last_step_is_read_from_a_model(
    tmp_path: Path, layers: str, key: str | None, new: Any
) -> None:
    experiment = sequences(tmp_path, layers, steps=60)
    found = sight(experiment)
    assert (found is not None) is (key is not None)
    assert (first_steps_felt(experiment, None) is not None) is (key is not None)
    if found is not None:
        assert (found.why, found.key, found.new) == ("forgotten", key, new)
        assert found.size == (60 if key == "layers.0" else 58)
        assert rebuilt(experiment, found.layers).model.count_params() > experiment.model.count_params()


@pytest.mark.parametrize(("steps", "least", "most"), [(60, 0.0, 1e-6), (12, 1e-4, 1.0), (5, None, None)])
def test_what_stands_first_is_felt_less_the_more_steps_there_are(
    tmp_path: Path, steps: int, least: float | None, most: float | None
) -> None:
    experiment = sequences(tmp_path, "[GRU: 8, Dense: 1]", steps=steps)
    begun = first_values(experiment.model)
    felt = first_steps_felt(experiment, begun)
    assert (felt is None) is (least is None)
    if felt is not None and least is not None and most is not None:
        assert least < felt < most
    for variable in experiment.model.trainable_variables:
        variable.assign(variable * 0)
    assert first_steps_felt(experiment, begun) == (None if felt is None else pytest.approx(felt, rel=1e-3))
    assert first_steps_felt(experiment, None) is None  # nothing is felt at all


@pytest.mark.parametrize(
    ("left", "padding", "seen"),
    [
        (0.95, PaddingRead(0.5, ("layers.0",)), False),
        (0.95, PaddingRead(0.49, ("layers.0",)), True),
        (0.94, PaddingRead(0.9, ("layers.0",)), True),
        (0.95, PaddingRead(0.9, ()), True),  # no mask is to be had
        (0.95, PaddingRead(0.9, (), numbers=True, maskable=True), False),
        (0.95, None, True),
    ],
)
def test_padding_that_is_read_last_comes_before_what_is_forgotten(
    tell: Tell, left: float, padding: PaddingRead | None, seen: bool
) -> None:
    told = tell(
        [1.0, *[left] * 7],
        left=left,
        sight=lambda: FORGOTTEN,
        first_steps_felt=lambda: 0.0,
        by_place=lambda: Neighbours(0.6, 0.0, 100, True),
        padding_read=lambda: padding,
    )
    assert (cannot_fit(told) is not None) is seen
    assert seen or does_not_learn(told) is not None


def test_ids_count_at_each_place(tmp_path: Path) -> None:
    ids = np.array([[0, 2], [1, 0]], float)
    placed = placed_ids(ids)
    assert placed is not None
    assert placed.tolist() == [[1, 0, 0, 0, 0, 1], [0, 1, 0, 1, 0, 0]]
    assert placed_ids(ids - 1) is None
    assert placed_ids(np.full((1, 65), 63.0)) is None  # 65 places of 64 ids
    assert placed_ids(np.full((1, 64), 63.0)) is not None


@pytest.mark.parametrize(("layers", "compiled"), [("[LSTM: 4, Dense: 1]", True), ("[Flatten, Dense: 1]", False)])
def test_what_goes_step_by_step_is_compiled(tmp_path: Path, layers: str, compiled: bool) -> None:
    experiment = sequences(tmp_path, layers, steps=12)
    taken, _ = experiment.splits["train"].take(np.arange(20))
    for count in (20, 7):
        given = {name: values[:count] for name, values in taken.items()}
        said = np.asarray(experiment.passes(said_by, given))
        assert said == pytest.approx(np.asarray(experiment.model(given, training=False)), abs=1e-5)
    assert bool(experiment.passes.compiled) is compiled
