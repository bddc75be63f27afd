"""What a second batch of strangers showed, each kind just below and above its limit, without a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dlcli.finding import Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.inputs_seen import InputSeen, first_learning
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.evidence.rate import rate_key, written_rate
from dlcli.training.evidence.reach import Reach, cost_of
from dlcli.training.scaling import TargetSeen
from dlcli.training.verdict import Broke, Story, advice
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.curve import noise_of
from dlcli.training.verdict.dead_units import dead_units
from dlcli.training.verdict.diverged import diverged
from dlcli.training.verdict.exploding_gradients import exploding_gradients
from dlcli.training.verdict.healthy import healthy
from dlcli.training.verdict.imbalanced import imbalanced
from dlcli.training.verdict.inputs_far_from_scale import inputs_far_from_scale
from dlcli.training.verdict.overfits import overfits, with_dropout
from dlcli.training.verdict.plateau import plateau
from dlcli.training.verdict.predicts_one_class import predicts_one_class
from dlcli.training.verdict.rate_too_high import rate_too_high
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.schedule_ended import schedule_ended
from dlcli.training.verdict.suspiciously_good import suspiciously_good
from dlcli.training.verdict.validation_too_small import validation_too_small
from dlcli.training.verdict.vanishing_gradients import vanishing_gradients
from dlcli.training.verdict.worse_by_metric import unweighed, worse_by_metric
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def keys(finding: Finding | None) -> list[str]:
    assert finding is not None
    return [each.about for each in finding.advice]


def test_a_curve_that_bends_is_not_that_of_a_low_rate(tell: Tell) -> None:
    first = [0.9, 0.88, 0.86, 0.84, 0.833, 0.827]  # the first half takes 0.06, of which 0.3 is 0.018
    assert rate_too_low(tell([*first, 0.8219], rate=lambda: 0.1)) is not None
    assert rate_too_low(tell([*first, 0.8221], rate=lambda: 0.1)) is None


def test_a_schedule_that_was_low_from_its_largest_rate_on_is_a_low_rate(tell: Tell) -> None:
    rates = [1e-5, 5e-6, 1e-6, 1e-9]
    for last, proposed, seen in ((0.88, 1e-3, True), (0.87, 1e-3, False), (0.88, 9.9e-4, False)):
        losses = [0.9, 0.895, 0.89, last]
        cycle = "{Adam: {learning_rate: {one_cycle: {maximum: 1e-5}}}}"
        found = rate_too_low(tell(losses, rates=rates, optimizer=cycle, rate=lambda proposed=proposed: proposed))
        assert (found is not None) is seen, (last, proposed)
        if found is not None:
            [setting] = found.advice
            assert (setting.about, setting.old, setting.new) == ("optimizer.learning_rate.maximum", 1e-5, 1e-3)
    ended = schedule_ended(tell([0.9, 0.7, 0.6, 0.5], rates=[0.01, 0.005, 0.001, 1e-4], optimizer=cycle))
    assert keys(ended) == ["train.epochs"]


def test_a_stopping_that_is_written_wrongly_stands_before_the_rate(tell: Tell) -> None:
    turned = ", early_stopping: {monitor: val_loss, mode: max}"
    for proposed, seen in ((0.099, False), (0.1, True)):
        told = tell(
            [0.9, 0.895, 0.89], more=turned, stop=StopReason.EARLY_STOPPING, rate=lambda proposed=proposed: proposed
        )
        assert (rate_too_low(told) is not None) is seen


@pytest.mark.parametrize(
    ("rate", "key", "value"),
    [
        ("0.1", "optimizer.learning_rate", 0.1),
        ("{CosineDecay: {initial_learning_rate: 0.1, decay_steps: 9}}", "initial_learning_rate", 0.1),
        (
            "{CosineDecay: {initial_learning_rate: 0, decay_steps: 9, warmup_target: 0.2, warmup_steps: 2}}",
            "warmup_target",
            0.2,
        ),
        ("{one_cycle: {maximum: 0.3}}", "maximum", 0.3),
        ("{PiecewiseConstantDecay: {boundaries: [5], values: [0.1, 0.01]}}", "optimizer.learning_rate", None),
    ],
)
def test_the_key_of_a_schedule_is_that_of_its_largest_rate(
    tell: Tell, rate: str, key: str, value: float | None
) -> None:
    told = tell([], optimizer=f"{{SGD: {{learning_rate: {rate}}}}}", rate=lambda: 0.5)
    assert rate_key(told.config.optimizer).split(".")[-1] == key.split(".")[-1]
    assert written_rate(told.config.optimizer) == value
    assert told.rate == (value or 0.0)  # before the first epoch has ended
    [setting] = advice.tested_rate(told, why="")
    assert setting.old == value


def test_one_that_breaks_in_its_first_epoch_names_its_rate(tell: Tell) -> None:
    told = replace(tell([], optimizer="{SGD: 3.0}"), broke=Broke("loss", float("nan"), 1), stop=None)
    finding = diverged(told)
    assert finding is not None
    assert judgement_of_training(finding).evidence == "the loss became nan in epoch 1; at a learning rate of 3"


def test_inputs_and_target_are_scaled_together(tell: Tell) -> None:
    scale = Setting(key="data.target", old="y", new={"column": "y", "scale": "standard"}, why="")
    far = InputSeen("dense", "x", "a", 900.0, 100.0, 905.0, 0.0, 1000.0, 100.0, True)
    for target, wanted in ((TargetSeen({"y": 1e6}, {"y": 0}, [scale]), [False, True]), (None, [False])):
        found = inputs_far_from_scale(tell([0.9, 0.9], inputs=lambda: [far], target=lambda target=target: target))
        assert found is not None
        assert [each.joined for each in found.advice if isinstance(each, Setting)] == wanted


def gradients(*norms: float) -> list[LayerGradient]:
    return [
        LayerGradient(f"dense_{at}", "Dense", None, norm, 1.0, False, entry=f"layers.{at}")
        for at, norm in enumerate(norms)
    ]


TIGHT = "{{Dense: {{units: 4, kernel_initializer: {}}}}}"


def test_all_first_weights_that_let_nothing_through_are_replaced(tell: Tell) -> None:
    for written, wanted in (("{RandomNormal: {stddev: 1e-4}}", 2), ("he_uniform", 0), ("{HeNormal: {seed: 1}}", 0)):
        layers = f"[{TIGHT.format(written)}, {TIGHT.format(written)}, Dense: 1]"
        begun = LayersSeen(gradients(1e-9, 1e-3, 1.0), [])
        found = vanishing_gradients(tell([0.95, 0.95], layers=layers, begun=lambda begun=begun: begun))
        assert keys(found) == [f"layers.{at}.kernel_initializer" for at in range(wanted)], written


def test_units_that_no_gradient_reached_were_not_killed(tell: Tell) -> None:
    alive, dead = (DeadSeen("dense_0", 10, each, "layers.0", True, True) for each in (0, 9))
    for norm, seen in ((0.00009, False), (0.00011, True)):
        begun, now = LayersSeen(gradients(norm, 1.0), [alive]), LayersSeen(gradients(0.0, 1.0), [dead])
        told = replace(tell([0.9, 0.9]), looks=Looks(begun=lambda begun=begun: begun, layers=lambda now=now: now))
        assert (dead_units(told) is not None) is seen


@pytest.mark.parametrize("bound", ["", ", clipnorm: 1.0", ", clipvalue: 0.5", ", global_clipnorm: 2.0"])
def test_a_step_that_is_bounded_is_not_bounded_again(tell: Tell, bound: str) -> None:
    begun = LayersSeen(gradients(1001.0), [])
    optimizer = f"{{SGD: {{learning_rate: 0.1{bound}}}}}"
    assert keys(exploding_gradients(tell([0.9, 0.9], optimizer=optimizer, begun=lambda: begun))) == (
        [] if bound else ["optimizer.clipnorm"]
    )
    layers = "[Reshape: [1, 1], SimpleRNN: {units: 4, recurrent_initializer: {RandomNormal: {stddev: 2}}}, Dense: 1]"
    seen = LayersSeen([replace(gradients(1.0)[0], entry="layers.1")], [])
    told = tell([], layers=layers, optimizer=optimizer, begun=lambda: seen)
    found = diverged(replace(told, broke=Broke("loss", float("inf"), 1, first=True), stop=None))
    assert keys(found) == ["layers.1.recurrent_initializer", *([] if bound else ["optimizer.clipnorm"])]


def test_a_dropout_stands_before_a_layer_that_takes_what_is_above() -> None:
    last = {"Dense": {"units": 3, "activation": "softmax"}}
    [setting] = with_dropout(["Flatten", last])
    assert setting.new == ["Flatten", {"Dropout": 0.3}, last]
    assert with_dropout(["Flatten", {"Dense": {"units": 3, "from": "flatten"}}]) == []
    assert with_dropout([{"Dense": 3}, {"Activation": "softmax"}]) == []  # it would leave out answers
    assert with_dropout([{"Dense": 3}, "Softmax"]) == []


def test_a_model_that_noise_holds_back_does_not_overfit(tell: Tell) -> None:
    for share, seen in ((0.6, False), (0.59, True)):
        noise = Penalty("noise", "rate", share, 0.0, "layers.0.rate")
        looks = Looks(penalties=lambda noise=noise: [noise], train=lambda: Compared("train", 0.65, 1.0))
        told = replace(tell([0.9, 0.8, 0.9, 0.95, 0.99], train=[0.9, 0.8, 0.75, 0.7, 0.65]), looks=looks)
        assert (overfits(told) is not None) is seen


def test_copies_are_seen_by_the_best_epoch_or_the_mistakes(tell: Tell) -> None:
    copies = Finding(code="same_rows", severity="warning", facts={"splits": {"validation": 90}})

    def told(least: float, right: int) -> Finding | None:
        seen = ClassesSeen("y", "validation", 100, ["a", "b"], [50, 50], [50, 50], [right, right])
        looks = Looks(data=[copies], samples={"train": 200, "validation": 100}, classes=lambda split: [seen])
        return suspiciously_good(replace(tell([0.9, least, 1.1]), looks=looks))

    assert told(0.5, 30) is not None
    assert told(0.51, 30) is None
    found = told(0.51, 38)  # 24 of 50 mistakes are left
    assert found is not None
    assert judgement_of_training(found).evidence == "90 of 100 validation samples stand in training too"


@pytest.mark.parametrize(("count", "right", "told"), [(4, 0, True), (1, 0, True), (5, 0, False), (4, 1, False)])
def test_a_class_of_too_few_samples_is_told(count: int, right: int, told: bool, tell: Tell) -> None:
    """Of five that are never found it is a finding of its own; fewer say little, and that is said."""
    seen = ClassesSeen("y", "validation", 100, ["a", "b"], [100 - count, count], [100, 0], [100 - count, right])
    story = tell([0.9, 0.5], classes=lambda split: [seen], samples={"train": 400, "validation": 100})
    found = validation_too_small(story)
    assert (found is not None) is told
    assert (imbalanced(story) is not None) is (count >= 5)
    if found is not None:
        words = judgement_of_training(found).evidence
        assert words.startswith(f"'b' has {count} validation sample{'s' if count > 1 else ''}, ")
    many = replace(seen, classes=[*map(str, range(11))], truth=[*[9] * 10, count], said=[9] * 11, right=[*[9] * 10, 0])
    assert validation_too_small(replace(story, looks=replace(story.looks, classes=lambda split: [many]))) is None


def test_places_of_sequences_are_not_called_samples(tell: Tell) -> None:
    for samples, word in ((100, "samples"), (10, "places")):
        seen = ClassesSeen("y", "validation", samples, ["a", "b"], [80, 20], [100, 0], [80, 0])
        for rule in (predicts_one_class, imbalanced):
            found = rule(tell([0.9, 0.5], classes=lambda split, seen=seen: [seen]))
            assert found is not None
            assert f" 20 {word}" in f" {judgement_of_training(found).evidence}"


ON_THE_WAY = [
    ([2.0, 1.5, 1.0], True),
    ([2.0, 1.5, 0.99], False),
    ([0.9, 1.6, 1.5], False),
    ([2.0, 1.02, 1.01, 1.01, 1.0], False),
]


@pytest.mark.parametrize(("losses", "falling"), ON_THE_WAY)
def test_one_class_is_said_on_the_way_down_from_above(losses: list[float], falling: bool, tell: Tell) -> None:
    """Above the trivial loss of 1 and falling a training asks for more epochs first; elsewhere it does not."""
    seen = ClassesSeen("y", "validation", 100, ["0", "1"], [80, 20], [100, 0], [80, 0])
    found = predicts_one_class(tell(losses, classes=lambda split: [seen]))
    assert found is not None
    told = [each.key for each in found.advice if isinstance(each, Setting)]
    assert told == ["train.epochs"] * falling + ["train.class_weight"]
    assert ("the loss still falls" in judgement_of_training(found).evidence) is falling


def test_a_class_whose_weight_outweighs_all_others_is_said_alone(tell: Tell) -> None:
    seen = ClassesSeen("y", "validation", 100, ["0", "1"], [50, 50], [100, 0], [50, 0])
    for weight, wanted in ((2.4, True), (2.3, False)):  # 0.7 of all from 7/3 on
        told = tell([0.9, 1.1], more=f", class_weight: {{0: {weight}, 1: 1}}", classes=lambda split: [seen])
        found = predicts_one_class(told)
        assert (found is not None) is wanted
        if found is not None:
            [setting] = found.advice
            assert (setting.about, setting.new) == ("train.class_weight", "balanced")
    other = replace(seen, said=[0, 100], right=[0, 50])  # said is the one that weighs least
    assert predicts_one_class(tell([0.9, 1.1], more=", class_weight: {0: 9}", classes=lambda split: [other])) is None


def test_an_end_that_costs_much_is_seen_whatever_neighbours_know(tell: Tell) -> None:
    values = np.array([-2.0, 2.0, 0.0, 0.0])
    assert cost_of(values, (-1.0, 1.0)) == pytest.approx(0.25)  # two of four miss by 1, of a variance of 2
    assert cost_of(np.ones(3), (-1.0, 0.5)) == 0.0
    losses = [0.9, 0.2, 0.2, 0.2, 0.2, 0.2]
    for cost, inside, seen in ((0.051, 0.11, True), (0.05, 0.11, False), (0.051, 0.1, False)):
        reach = Reach("y", "dense", "tanh", -1.0, 1.0, -2.0, 3.0, 0.3, "layers.1", cost, scaled=True)
        told = replace(
            tell(losses),
            looks=Looks(
                reaches=lambda reach=reach: [reach],
                train=lambda inside=inside: Compared("train", inside, 1.0),
                neighbours=lambda: Neighbours(0.85, 0.0, 100, False),
            ),
        )
        found = cannot_fit(told)
        assert (found is not None) is seen, (cost, inside)
        if found is not None:
            assert "'y', scaled, goes from -2.000 to 3.000" in judgement_of_training(found).evidence


def test_a_first_epoch_thrown_by_steps_that_kill_needs_no_test(tell: Tell) -> None:
    alive, dead = (DeadSeen("dense_0", 10, each, "layers.0", True, True) for each in (0, 9))
    begun, now = LayersSeen([], [alive]), LayersSeen([], [dead])
    for first, size, wanted in ((3.1, 7, ["train.batch_size"]), (3.1, 8, []), (2.9, 7, None)):
        looks = Looks(begun=lambda: begun, layers=lambda: now)
        found = rate_too_high(replace(tell([first, 0.95, 0.96], more=f", batch_size: {size}"), looks=looks))
        assert (None if found is None else keys(found)) == wanted


def test_by_the_loss_the_model_is_better_only_where_it_is(tell: Tell) -> None:
    for loss, seen in ((0.99, True), (1.0, False)):
        told = tell([1.2, loss])
        baseline = {**told.baseline, "metrics": {"loss": 1.0, "mae": 0.8}}
        told = replace(told, metrics={"validation": {"loss": loss, "mae": 0.9}}, baseline=baseline)
        assert (worse_by_metric(told) is not None) is seen


def test_weights_of_classes_stay_where_one_class_is_said_without_them(tell: Tell) -> None:
    for most, wanted in ((69, ["train.class_weight"]), (70, [])):
        seen = ClassesSeen("y", "validation", 100, ["a", "b"], [most, 100 - most], [50, 50], [30, 20])
        told = tell([1.2, 0.9], more=", class_weight: balanced", classes=lambda split, seen=seen: [seen])
        assert [each.about for each in unweighed(told)] == wanted


def test_the_noise_of_a_flat_end_is_no_gain(tell: Tell) -> None:
    assert noise_of([0.9, 0.8, 0.7, 0.6]) == pytest.approx(0.0, abs=1e-12)  # a fall is no noise
    flat = [0.9, 0.7, 0.6, *steady_end()]
    for below, seen in ((1.9, True), (2.1, False)):
        told = [*flat]
        told[14] = min(flat) - below * noise_of(flat[len(flat) // 2 :])
        assert (plateau(tell(told)) is not None) is seen


def steady_end() -> list[float]:
    """An end that wobbles about 0.5."""
    return [0.5 + 0.01 * (-1) ** at for at in range(27)]


def test_one_answer_for_all_is_not_healthy_however_few_the_others_are(tell: Tell) -> None:
    for said, right, code in (([200, 0], [197, 0], "too_early_to_say"), ([196, 4], [196, 3], "healthy")):
        seen = ClassesSeen("y", "validation", 200, ["well", "ill"], [197, 3], said, right)
        finding = healthy(tell([0.9, 0.5, 0.45, 0.449], classes=lambda split, seen=seen: [seen]))
        assert finding.code == code
        told = judgement_of_training(finding)
        assert told.evidence.endswith("of classes it says one alone") is (code != "healthy")


def test_a_mask_is_not_what_a_layer_takes() -> None:
    import keras

    ids = keras.Input((5,))
    words = keras.layers.Embedding(9, 4, mask_zero=True)(ids)
    read = keras.layers.Dense(1, name="read")(keras.layers.GlobalAveragePooling1D()(words))
    beside = keras.layers.Dense(1, name="beside")(keras.layers.Flatten()(ids))
    assert [layer.name for layer, _ in first_learning(keras.Model(ids, [read, beside]))] == ["beside"]
