"""What a batch of unseen trainings showed of the verdict, each kind just below and above its limit, without a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from training.test_check import experiment_of

from dlcli.config.train import EarlyStopping
from dlcli.data.inputs import Input
from dlcli.finding import Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.engine.measure import Measure
from dlcli.training.evidence.capacity import Capacity, Hidden
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.drift import Drift, drifts
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.evidence.settling import Settling
from dlcli.training.evidence.train_loss import train_compared
from dlcli.training.scaling import TargetSeen
from dlcli.training.verdict import Broke, Story, verdict
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.dead_units import dead_units
from dlcli.training.verdict.diverged import diverged
from dlcli.training.verdict.exploding_gradients import exploding_gradients
from dlcli.training.verdict.healthy import what_is_missing
from dlcli.training.verdict.holding import DROPPED
from dlcli.training.verdict.imbalanced import imbalanced
from dlcli.training.verdict.inputs_far_from_scale import inputs_far_from_scale
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.plateau import plateau
from dlcli.training.verdict.predicts_one_class import predicts_one_class
from dlcli.training.verdict.rate_too_high import rate_too_high
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.schedule_ended import schedule_ended
from dlcli.training.verdict.splits_differ import splits_differ
from dlcli.training.verdict.suspiciously_good import suspiciously_good
from dlcli.training.verdict.target_far_from_scale import target_far_from_scale
from dlcli.training.verdict.too_early_to_say import too_early_to_say
from dlcli.training.verdict.underfits import underfits
from dlcli.training.verdict.validation_too_small import validation_too_small
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def test_inputs_far_from_scale_are_told_where_a_network_that_scales_them_knows_more(tell: Tell) -> None:
    far = InputSeen("dense", "features", "bats", 2500.0, 2200.0, 3400.0, 0.0, 14e3, 2200.0, True)
    near = Neighbours(0.46, 0.0, 100, False)  # as good as the model, which was trained on the numbers as they are
    for network, left, seen in ((0.61, 0.5, True), (0.59, 0.5, False), (0.99, 0.29, False)):
        told = tell(
            [0.9, *[left] * 9],
            left=left,
            inputs=lambda: [far],
            neighbours=lambda: near,
            small_network=lambda network=network: Neighbours(network, 0.0, 100, False),
        )
        assert (inputs_far_from_scale(told) is not None) is seen, (network, left)


@pytest.mark.parametrize(
    ("features", "column", "words"),
    [(64, False, ", the farthest of whose 64 features has mean"), (64, True, " with mean")],
)
def test_the_mean_that_is_told_is_of_one_feature(tell: Tell, features: int, column: bool, words: str) -> None:
    far = InputSeen("dense", "features", "x", 12.0, 4.8, 13.0, 0.0, 16.0, 6.0, column, features)
    found = inputs_far_from_scale(tell([0.9, 0.9, 0.9], left=0.9, inputs=lambda: [far]))
    assert found is not None
    assert f"takes 'x'{words} 12.00 and deviation 4.800" in str(judgement_of_training(found))


@pytest.mark.parametrize(("rate", "new"), [(0.0031, 0.0031), (0.0029, None), (None, None)])
def test_pictures_between_0_and_1_are_given_the_rate_that_fits_them(
    tell: Tell, rate: float | None, new: float | None
) -> None:
    far = InputSeen("dense", "x", "x", 100.0, 90.0, 135.0, 0.0, 255.0, 90.0, False, 576)
    told = tell([0.9, 0.9, 0.9], left=0.9, inputs=lambda: [far], pictures=True, rate_scaled=lambda scale: rate)
    found = inputs_far_from_scale(told)
    assert found is not None
    [first, *beside] = found.advice
    assert first == Setting(
        key="data.prepare",
        old=[],
        new=[{"Rescaling": {"scale": 0.003922}}],
        why="brings the numbers of pictures between 0 and 1",
    )
    assert [(each.key, each.new, each.joined) for each in beside if isinstance(each, Setting)] == (
        [] if new is None else [("optimizer.learning_rate", new, True)]
    )


def test_a_few_units_are_too_few_where_a_network_knows_a_tenth_more(tell: Tell) -> None:
    for units, network, seen in ((1, 0.31, True), (1, 0.29, False), (4, 0.99, False)):
        squeezed = Capacity(False, [Hidden("dense", units, "layers.0", False)], {})
        told = tell(
            [0.9, *[0.8] * 9],
            left=0.8,
            capacity=lambda squeezed=squeezed: squeezed,
            small_network=lambda network=network: Neighbours(network, 0.0, 100, False),
        )
        found = cannot_fit(told)
        assert (found is not None) is seen, (units, network)
        if found is not None:
            assert [each.about for each in found.advice] == ["layers.0.units"]


def test_hidden_layers_without_an_activation_are_never_meant_so(tell: Tell) -> None:
    for hidden, network, seen in (
        (["dense"], 0.69, True),
        (["dense"], 0.71, False),
        ([], 0.69, False),
        ([], 0.54, True),
    ):
        linear = Capacity(True, [Hidden(name, 32, "layers.0", True) for name in hidden], {})
        told = tell(
            [0.9, *[0.8] * 9],
            left=0.8,
            capacity=lambda linear=linear: linear,
            neighbours=lambda: Neighbours(0.21, 0.0, 100, False),
            small_network=lambda network=network: Neighbours(1 - network, 0.0, 100, False),
        )
        assert (cannot_fit(told) is not None) is seen, (hidden, network)


def test_a_rate_that_ended_at_once_is_why_nothing_was_learnt(tell: Tell) -> None:
    for alive, epochs, seen in ((2, 6, True), (2, 5, False), (3, 12, False)):
        rates = [*[0.01] * alive, *[1e-9] * (epochs - alive)]
        told = tell([1.0] * epochs, left=1.0, rates=rates)
        assert (schedule_ended(told) is not None) is seen, (alive, epochs)


def test_units_that_died_behind_a_layer_that_leaves_out_most_died_of_it(tell: Tell) -> None:
    dead = LayersSeen([], [DeadSeen("dense", 16, 13, "layers.2", True, True)])
    begun = LayersSeen([], [DeadSeen("dense", 16, 1, "layers.2", True, True)])
    for share, before, seen in ((DROPPED, begun, False), (0.59, begun, True), (DROPPED, dead, True)):
        out = Penalty("dropout", "rate", share, 0.0, "layers.1.rate")
        told = tell(
            [1.0, 1.0, 1.0],
            left=1.0,
            begun=lambda before=before: before,
            penalties=lambda out=out: [out],
        )
        told = replace(told, looks=replace(told.looks, layers=lambda: dead))
        assert (dead_units(told) is not None) is seen, share


def test_a_forecast_that_is_far_better_than_the_last_value_holds_where_the_series_has_gone(tell: Tell) -> None:
    moved = Drift("temp", "target", 2.3, 0.2, False)
    for last_value, seen in ((0.61, False), (0.59, True), (None, True)):
        told = tell([0.9, 0.3], train=[0.5, 0.1], left=0.1, drifts=lambda: [moved])
        naive = {} if last_value is None else {"last_value": {"loss": last_value}}
        told = replace(told, baseline={**told.baseline, **naive})
        assert told.beside_trivial == Compared("validation", 0.3, 1.0)
        assert (splits_differ(told) is not None) is seen, last_value


@pytest.mark.parametrize(("last_value", "beside"), [(0.29, ["no_better_than_last_value"]), (0.31, [])])
def test_a_forecast_over_a_split_that_moved_is_beside_its_last_value(
    tell: Tell, last_value: float, beside: list[str]
) -> None:
    moved = Drift("temp", "target", 2.3, 0.2, False)
    told = tell(
        [0.9, 0.4, 0.32, 0.3, 0.3, 0.3], train=[0.5, 0.2, 0.11, 0.1, 0.1, 0.1], left=0.1, drifts=lambda: [moved]
    )
    told = replace(told, baseline={**told.baseline, "last_value": {"loss": last_value}})
    assert [each.code for each in verdict(told)] == ["splits_differ", *beside]


@pytest.mark.parametrize("patience", [1, 2])
def test_a_rule_that_ended_a_training_at_once_is_given_patience(tell: Tell, patience: int) -> None:
    told = tell([0.28, 0.35])
    block = told.config.train.model_copy(update={"early_stopping": EarlyStopping(patience=patience)})
    ended: Any = replace(told, config=told.config.model_copy(update={"train": block}), stop=StopReason.EARLY_STOPPING)
    found = too_early_to_say(ended)
    assert found is not None
    [advice] = found.advice
    assert isinstance(advice, Setting)
    assert (advice.key, advice.old, advice.new) == ("train.early_stopping.patience", patience, 10)


def test_copies_come_first_where_they_are_many_or_the_score_is_good(tell: Tell) -> None:
    for copies, left, title in (
        (30, 0.6, "validation stands in training"),
        (29, 0.6, None),
        (10, 0.4, "validation stands in training"),
        (10, 0.1, "suspiciously good"),
    ):
        same = Finding(code="same_rows", severity="warning", facts={"splits": {"validation": copies}})
        told = tell([0.9, 0.4 if left > 0.5 else left, left], data=[same], samples={"validation": 100, "train": 300})
        told = replace(told, file="c.yaml")
        found = suspiciously_good(told)
        assert (None if found is None else judgement_of_training(found).finding) == title, (copies, left)
        if found is not None:
            assert [str(each.about) for each in found.advice] == ["dlcli inspect-data c.yaml"]


@pytest.mark.parametrize(("left", "seen"), [(0.15, True), (0.151, False)])
def test_a_part_of_the_target_among_the_inputs_is_named(tell: Tell, left: float, seen: bool) -> None:
    part = Finding(code="input_is_a_part", severity="warning", facts={"target": "y", "columns": {"c": 0.1}})
    found = suspiciously_good(tell([0.9, left, left], data=[part]))
    assert (found is not None) is seen
    if found is not None:
        told = str(judgement_of_training(found).evidence)
        assert told == "15.0% of the trivial validation loss is left, and 'c' is a part of 'y'"


@pytest.mark.parametrize(
    ("columns", "advised"),
    [
        (["a"], {"data.inputs.one.columns": ["b"]}),
        (["a", "c"], {"data.inputs.one.columns": ["b"], "data.inputs.two.columns": ["d"]}),
        (["c", "d"], {}),  # a whole input: the layers have to be others
        (["x"], {}),
    ],
)
def test_what_tells_the_target_is_left_out_of_inputs_with_names(
    columns: list[str], advised: dict[str, list[str]], tell: Tell
) -> None:
    leak = Finding(code="target_given_away", severity="warning", facts={"columns": columns})
    told = tell([0.9, 0.1, 0.1], data=[leak])
    inputs = {"one": Input(columns=["a", "b"]), "two": Input(columns=["c", "d"])}
    data = told.config.data.model_copy(update={"inputs": inputs})
    found = suspiciously_good(replace(told, config=told.config.model_copy(update={"data": data})))
    assert found is not None
    assert {each.key: each.new for each in found.advice if isinstance(each, Setting)} == advised


def test_a_model_that_was_best_before_it_had_learnt_is_not_healthy(tell: Tell) -> None:
    for losses, seen in (([0.78, 0.79, 0.81], True), ([0.78, 0.79, 0.795], False), ([0.95, 0.81, 0.83], False)):
        assert (what_is_missing(tell(losses)) == "better") is seen, losses


MOVED = """
data:
  source: moved.csv
  target: y
  category: [kind]
  prepare: [Normalization]
  split: {by: time, validation: 0.25, test: 0}
layers: [Dense: 1]
loss: mse
optimizer: Adam
train: {epochs: 1}
"""


def test_what_has_moved_is_named_whatever_order_a_preparation_makes(tmp_path: Path) -> None:
    rows = [
        f"{'uvw'[row % 3] if row < 90 else 'n'},{row % 7},{9 if row >= 90 else row % 2},{row % 5}" for row in range(120)
    ]
    (tmp_path / "moved.csv").write_text("\n".join(["kind,still,late,y", *rows]), encoding="utf-8")
    found = {each.name: each for each in drifts(experiment_of(tmp_path, MOVED)) if each.role == "input"}
    assert found["late"].shift >= 1 > found["still"].shift
    assert {name for name, each in found.items() if each.outside >= 0.3} == {"late", "kind"}
    assert found["kind"].outside == 1.0  # no sample of validation bears a name that training held


SORTED = """
data: {source: sorted.csv, target: y, split: {validation: 0, test: 0}}
layers: [Dense: {units: 4, activation: softmax, kernel_initializer: zeros}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


def test_training_is_judged_on_samples_from_all_over_it(tmp_path: Path) -> None:
    rows = [f"{row % 7},{'uvwx'[row // 1000]}" for row in range(4000)]
    (tmp_path / "sorted.csv").write_text("\n".join(["a,y", *rows]), encoding="utf-8")
    experiment = experiment_of(tmp_path, SORTED)
    seen = train_compared(experiment, Measure(experiment.model))
    assert seen is not None
    assert math.isclose(seen.trivial, math.log(4), rel_tol=1e-3)  # the first thousand are of one class
    assert math.isclose(seen.reached, math.log(4), rel_tol=1e-3)


def test_gradients_that_explode_are_told_where_validation_is_thrown_about(tell: Tell) -> None:
    layers = LayersSeen([LayerGradient("dense", "Dense", None, 2000.0, 1.0, False)], [])
    for outside, inside, seen in ((1.6, 0.4, True), (1.4, 0.4, False), (0.9, 0.6, True)):
        told = tell([99.0, 9.0, outside], left=inside, begun=lambda: layers)
        assert (exploding_gradients(told) is not None) is seen, (outside, inside)


@pytest.mark.parametrize(("role", "key"), [("input", "data.inputs"), ("target", None)])
def test_what_has_moved_with_the_target_is_not_left_out(tell: Tell, role: str, key: str | None) -> None:
    moved = [Drift("value", "input", 1.3, 0.0, True), Drift("invest", role, 1.2, 0.0, role == "input")]
    told = tell(
        [0.9, 0.8],
        train=[0.5, 0.1],
        left=0.1,
        drifts=lambda: moved,
        columns=["value", "invest", "capital", "firm"],
        left_out=lambda names: (Neighbours(0.2, 0.0, 100, False), Neighbours(0.5, 0.0, 100, False)),
    )
    found = splits_differ(told)
    assert found is not None
    assert [each.about for each in found.advice] == ([] if key is None else [key])


def changes_of(found: Finding | None) -> list[tuple[str, Any, bool]]:
    """The settings of an advice: what is set to what, and whether that goes with the one before."""
    assert found is not None
    return [(each.key, each.new, each.joined) for each in found.advice if isinstance(each, Setting)]


STOP = "train.early_stopping"


@pytest.mark.parametrize(
    ("epochs", "more", "patience"),
    [(6, "", 5), (5, "", None), (24, "", 6), (12, ", early_stopping: {patience: 5}", None)],
)
def test_another_rate_is_kept_at_its_best_epoch(tell: Tell, epochs: int, more: str, patience: int | None) -> None:
    falling = [0.99 - 0.001 * number for number in range(epochs)]
    found = rate_too_low(tell(falling, left=0.98, more=more, rate=lambda: 0.3))
    [rate, *beside] = changes_of(found)
    assert rate == ("optimizer.learning_rate", 0.3, False)
    assert beside == ([] if patience is None else [(STOP, {"monitor": "val_loss", "patience": patience}, True)])


@pytest.mark.parametrize(
    ("written", "rate", "new"),
    [
        *[("{SGD: 0.001}", 0.003, 0.003), ("{SGD: 0.001}", 0.0029, None), ("{SGD: 0.001}", 0.0003, None)],
        *[("{SGD: 0.001}", 0.00034, None), ("SGD", 0.1, None), ("{SGD: 0.001}", None, None)],
    ],
)
def test_the_rate_that_fits_another_scale_stands_beside_it(
    tell: Tell, written: str, rate: float | None, new: float | None
) -> None:
    asked = list[float | None]()

    def scaled(scale: float | None) -> float | None:
        asked.append(scale)
        return rate

    far = InputSeen("dense", "features", "x", 1200.0, 300.0, 1250.0, 0.0, 3000.0, 300.0, True, 2)
    target = TargetSeen({"y": 4e4}, {"y": 0.0}, [Setting(key="data.target", old="y", new={"column": "y"}, why="far")])
    looks: dict[str, Any] = {"left": 0.9, "optimizer": written, "target": lambda: target}
    told = tell([0.9, 0.9, 0.9], inputs=lambda: [far], rate_scaled=scaled, **looks)
    beside = [] if new is None else [("optimizer.learning_rate", new, True)]
    assert changes_of(inputs_far_from_scale(told)) == [
        ("data.prepare", ["Normalization"], False),
        *beside,
        ("data.target", {"column": "y"}, True),
    ]
    assert asked == [None] * (written != "SGD")
    alone = target_far_from_scale(tell([0.9, 0.9, 0.9], rate_in_units=lambda: rate, **looks))
    if rate is None or rate > 0.0001:  # a rate that is far too high for targets of any scale is the cause itself
        assert changes_of(alone) == [("data.target", {"column": "y"}, False), *beside]


def test_all_that_weights_cost_is_taken_away_together(tell: Tell) -> None:
    held = [
        Penalty("dense", "kernel_regularizer", 0.0, 0.7, "layers.0.Dense.kernel_regularizer"),
        Penalty("dense_1", "kernel_regularizer", 0.0, 0.6, "layers.1.Dense.kernel_regularizer"),
    ]
    found = underfits(tell([0.9, 0.9, 0.9], left=0.9, penalties=lambda: held))
    assert changes_of(found) == [(held[0].key, None, False), (held[1].key, None, True)]


@pytest.mark.parametrize(
    ("validation", "left", "seen"),
    [
        ([1.01, 1.03, 1.02, 1.03, 1.04], 0.79, True),
        ([1.01, 1.03, 1.02, 1.03, 1.04], 0.81, False),  # so little is learnt that nothing is by heart
        ([1.01, 1.03, 1.02, 1.03, 1.04], 0.85, False),
        ([1.06, 1.05, 1.01, 1.03, 1.04], 0.79, False),  # and here validation may still come down
        ([0.97, 0.99, 0.985, 0.99, 1.0], 0.79, False),
    ],
)
def test_what_never_helped_validation_was_learnt_by_heart(
    tell: Tell, validation: list[float], left: float, seen: bool
) -> None:
    known = Neighbours(0.8, 0.0, 100, True)
    told = tell(validation, train=[0.95, 0.93, 0.9, 0.87, left], left=left, neighbours=lambda: known)
    found = overfits(told)
    assert (found is not None) is seen


@pytest.mark.parametrize(("last", "seen"), [(0.49, True), (0.51, False)])
def test_what_training_learns_without_validation_is_by_heart(tell: Tell, last: float, seen: bool) -> None:
    told = tell([0.9, 0.7, 0.71, 0.7, 0.71], train=[0.9, 0.7, 0.6, 0.55, last], left=last)
    assert (overfits(told) is not None) is seen


@pytest.mark.parametrize(("others", "seen"), [(10, True), (9, False)])
def test_of_rare_ones_ten_tell_that_one_class_is_said_alone(tell: Tell, others: int, seen: bool) -> None:
    said = ClassesSeen("y", "validation", 1000, ["no", "yes"], [1000 - others, others], [1000, 0], [1000 - others, 0])
    told = tell([0.9, 0.8, 0.7], left=0.7, classes=lambda split: [said])
    assert (predicts_one_class(told) is not None) is seen


@pytest.mark.parametrize(("samples", "seen"), [(311, True), (312, False)])
def test_a_small_gain_may_be_chance_of_few_samples(tell: Tell, samples: int, seen: bool) -> None:
    # The gain of a likelihood: its logarithm has mean m and variance 2m a sample, so that two deviations are 8 / m samples.
    told = tell([0.99, 0.97, 0.95], samples={"validation": samples})
    found = validation_too_small(told)
    assert (found is not None) is seen is (samples < 8 / (-math.log(0.95) / 2))
    if found is not None:
        assert judgement_of_training(found).evidence == (
            "of 311 validation samples a loss of 0.9500 beside the 1.000 of one answer may be chance"
        )


@pytest.mark.parametrize(("fits", "keys"), [(0.2, ["data.target"]), (0.09, ["optimizer.learning_rate"])])
def test_a_rate_that_is_too_high_for_any_scale_is_the_cause(tell: Tell, fits: float, keys: list[str]) -> None:
    target = TargetSeen({"y": 4e4}, {"y": 0.0}, [Setting(key="data.target", old="y", new={"column": "y"}, why="far")])
    told = tell(
        [], optimizer="{SGD: 0.9}", target=lambda: target, rate_in_units=lambda: fits, rate=lambda: 1e-7, left=0.9
    )
    found = diverged(replace(told, broke=Broke("loss", math.nan, 1), stop=None))
    assert [key for key, *_ in changes_of(found) if key != STOP][: len(keys)] == keys


@pytest.mark.parametrize(("right", "seen"), [(2, True), (3, False)])
def test_where_classes_are_told_apart_a_hidden_one_is_hardly_ever_found(tell: Tell, right: int, seen: bool) -> None:
    truth, found = [40, 40, 20], [38, 38, right]
    said = ClassesSeen("y", "validation", 100, ["a", "b", "c"], truth, [50, 50 - right, right], found)
    told = tell([0.9, 0.4, 0.4, 0.4], classes=lambda split: [said])
    assert (imbalanced(told) is not None) is seen


@pytest.mark.parametrize(
    ("kind", "rate", "dead", "seen"),
    [
        ("Adam", 0.05, 6, True),
        ("Adam", 0.049, 6, False),
        ("Adam", 0.05, 4, False),
        ("SGD", 0.5, 6, True),
        ("SGD", 0.49, 6, False),
    ],
)
def test_units_that_died_on_the_way_are_those_of_a_high_rate(
    tell: Tell, kind: str, rate: float, dead: int, seen: bool
) -> None:
    begun, now = (LayersSeen([], [DeadSeen("dense", 10, each, "layers.0", True, True)]) for each in (0, dead))
    told = tell([1.1, 1.02, 1.0], left=1.0, optimizer=f"{{{kind}: {rate}}}", rates=[rate] * 3, begun=lambda: begun)
    told = replace(told, looks=replace(told.looks, layers=lambda: now))
    found = rate_too_high(told)
    assert (found is not None) is seen
    if found is not None:
        assert found.facts["signs"] == ["dead"]


@pytest.mark.parametrize(("last", "seen"), [(0.26, False), (0.27, True)])
def test_validation_that_jumps_is_judged_at_the_epoch_that_is_kept(tell: Tell, last: float, seen: bool) -> None:
    moved = [Drift("year", "input", 3.0, 1.0, True)]
    told = tell([0.9, 0.5, 0.2, 0.6, last], train=[0.9, 0.5, 0.3, 0.2, 0.178], left=0.1, drifts=lambda: moved)
    assert (splits_differ(told) is not None) is seen


@pytest.mark.parametrize(("last", "seen"), [(0.41, True), (0.39, False)])
def test_a_flat_end_is_one_of_training_too(tell: Tell, last: float, seen: bool) -> None:
    validation = [0.9, 0.6, *[0.6, 0.61] * 10]
    told = tell(validation, train=[0.9, 0.6, *[0.5] * 19, last])
    assert (plateau(told) is not None) is seen


@pytest.mark.parametrize(
    ("bias", "key"), [(", bias_initializer: {Constant: -3.0}", "bias_initializer"), ("", "activation")]
)
def test_all_dead_layers_are_revived_together(tell: Tell, bias: str, key: str) -> None:
    one = f"Dense: {{units: 10, activation: relu{bias}}}"
    dead = [DeadSeen(f"dense_{at}", 10, 10, f"layers.{at}", True, True) for at in (0, 1)]
    told = tell([0.9, 0.9], layers=f"[{one}, {one}, Dense: 1]", begun=lambda: LayersSeen([], dead))
    found = dead_units(replace(told, looks=replace(told.looks, layers=lambda: LayersSeen([], dead))))
    new = "zeros" if bias else "leaky_relu"
    assert changes_of(found) == [(f"layers.0.{key}", new, False), (f"layers.1.{key}", new, True)]


def test_places_are_no_samples_whose_number_tells_an_interval(tell: Tell) -> None:
    for each, seen in ((1, True), (500, False)):
        said = ClassesSeen(
            "y", "validation", 20, ["a", "b"], [12 * each, 8 * each], [11 * each, 9 * each], [10 * each, 7 * each]
        )
        counts = {"y": {"validation": {"a": 12, "b": 8}}}
        told = tell([0.9, 0.5, 0.4], classes=lambda split, said=said: [said], samples={"validation": 20}, counts=counts)
        assert (validation_too_small(told) is not None) is seen


@pytest.mark.parametrize(
    ("stop", "more", "wanted"),
    [
        (StopReason.REACHED, ", until: loss < 1", [("train.until", None, False)]),
        (StopReason.ALL_EPOCHS, "", [("train.epochs", 10, False)]),
    ],
)
def test_what_a_rule_has_ended_at_once_goes_on_without_it(
    tell: Tell, stop: StopReason, more: str, wanted: list[Any]
) -> None:
    assert changes_of(too_early_to_say(tell([0.9, 0.8], stop=stop, more=more))) == wanted


@pytest.mark.parametrize(
    ("alive", "other", "seen"), [(4, 0.094, True), (4, 0.096, False), (5, 0.094, False), (5, 0.079, True)]
)
def test_a_rate_that_ended_early_has_left_what_a_few_steps_take(
    tell: Tell, alive: int, other: float, seen: bool
) -> None:
    rates = [0.01] * alive + [0.0005] * (14 - alive)
    told = tell([0.5, 0.3, 0.2, *[0.1] * 11], rates=rates, left=0.1, settling=lambda rate, at: Settling(at, 0.1, other))
    assert (schedule_ended(told) is not None) is seen


@pytest.mark.parametrize(("left", "unknown", "wanted"), [(0.89, True, None), (0.91, True, "--lr"), (0.91, False, "")])
def test_weights_of_classes_are_for_a_model_that_has_learnt_something(
    tell: Tell, left: float, unknown: bool, wanted: str | None
) -> None:
    said = ClassesSeen("y", "validation", 100, ["no", "yes"], [79, 21], [100, 0], [79, 0])
    told = tell([0.999, 0.998, 0.9985], left=left, classes=lambda split: [said], rate_unknown=lambda: unknown)
    found = predicts_one_class(replace(told, file="c.yaml"))
    assert found is not None
    if wanted is None:
        assert changes_of(found) == [("train.class_weight", "balanced", False)]
    else:
        [advice] = found.advice
        assert str(getattr(advice, "command", "")) == f"dlcli check c.yaml {wanted}".strip()


def test_a_logarithm_of_a_negative_answer_is_why_it_broke(tell: Tell) -> None:
    told = tell([], below_logarithms=lambda: [("dense_1", "layers.1")])
    found = diverged(replace(told, broke=Broke("loss", math.nan, 1, first=True), stop=None))
    assert changes_of(found) == [("layers.1.activation", "softplus", False)]
    assert found is not None
    assert "the loss takes a logarithm of answers" in str(judgement_of_training(found).evidence)


@pytest.mark.parametrize(("samples", "seen"), [(31, True), (32, False)])
def test_numbers_on_a_few_rows_may_be_chance(tell: Tell, samples: int, seen: bool) -> None:
    # 0.4 of the loss gone is 0.26 of a logarithm a sample: two deviations are 8 / 0.2554 = 31.3 samples.
    told = tell([0.9, 0.7, 0.6], samples={"validation": samples})
    assert (validation_too_small(told) is not None) is seen is (samples < 8 / (-math.log(0.6) / 2))


@pytest.mark.parametrize(("more", "wanted"), [("", [STOP, "layers"]), (", early_stopping: {patience: 9}", ["layers"])])
def test_a_dropout_comes_with_the_best_epoch(tell: Tell, more: str, wanted: list[str]) -> None:
    told = tell([0.9, 0.7, 0.71, 0.7, 0.71], train=[0.9, 0.7, 0.6, 0.5, 0.3], left=0.3, more=more)
    changes = changes_of(overfits(told))
    assert [key for key, *_ in changes] == wanted
    assert changes[-1][2] is (len(wanted) > 1)
