"""What is tried on a trained model before something is said of it, beside other computations, and the limits of rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.config.train import EarlyStopping
from dlcli.data.findings.splits_apart import moved_by
from dlcli.finding import Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.evidence.capacity import Capacity
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.loosened import Loosened
from dlcli.training.evidence.neighbours import Neighbours, neighbours
from dlcli.training.evidence.one_batch import DEARER, MEMORIZED, OneBatch, contradicting
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.evidence.reach import Reach
from dlcli.training.evidence.settling import Settling
from dlcli.training.scaling import TargetSeen
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.dead_units import dead_units
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.inputs_far_from_scale import inputs_far_from_scale
from dlcli.training.verdict.no_lower_than_first import no_lower_than_first
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.plateau import plateau
from dlcli.training.verdict.predicts_one_class import predicts_one_class
from dlcli.training.verdict.rate_too_high import rate_too_high
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.schedule_ended import schedule_ended
from dlcli.training.verdict.splits_differ import splits_differ
from dlcli.training.verdict.standing import beats_chance
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.stopped_too_early import stopped_too_early
from dlcli.training.verdict.suspiciously_good import suspiciously_good
from dlcli.training.verdict.target_far_from_scale import target_far_from_scale
from dlcli.training.verdict.underfits import underfits
from dlcli.training.verdict.vanishing_gradients import vanishing_gradients
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
LINE = """
data:
  source: line.csv
  target: y
  split: {validation: 0.25, test: 0}
layers: [Dense: {units: 1, kernel_initializer: zeros}]
loss: mse
optimizer: {SGD: {learning_rate: 0.05OPTION}}
train: {epochs: 1, batch_size: 8}
"""


def line(folder: Path, option: str = "") -> Any:
    """The experiment of a line through 96 points."""
    x = np.random.default_rng(0).normal(size=(96, 2)).round(3)
    rows = [f"{a},{b},{3 * a - b + 1:.3f}" for a, b in x]
    (folder / "line.csv").write_text("\n".join(["a,b,y", *rows]) + "\n", encoding="utf-8")
    return experiment_of(folder, LINE.replace("OPTION", option))


def descent(
    experiment: Any,
    rate: float,
    steps: int,
    *,
    longest: float = np.inf,
    scale: float = 1.0,
    unit: tuple[Any, Any] = (0.0, 1.0),
    decay: float = 0.0,
) -> list[float]:
    """The losses of gradient descent on the same batches, written out; gradients are cut to a norm each, weights decay first."""
    rows, train, losses = experiment.first_rows(), experiment.splits["train"], []
    w, b = np.zeros(2), 0.0
    for number in range(steps):
        start = number * 8 % len(train)
        inputs, targets = train.take(rows[start : start + 8])
        x, y = np.asarray(inputs["features"], np.float64), np.asarray(targets["y"], np.float64).ravel() / scale
        x = (x - unit[0]) / unit[1]
        error = x @ w + b - y
        losses.append(float((error**2).mean()))
        for_w, for_b = 2 * x.T @ error / len(y), 2 * error.mean()
        w, b = w * (1 - rate * decay), b * (1 - rate * decay)
        w -= rate * for_w * min(1.0, longest / max(float(np.linalg.norm(for_w)), 1e-12))
        b -= rate * for_b * min(1.0, longest / max(abs(for_b), 1e-12))
    return losses


def test_steps_at_a_rate_are_those_of_gradient_descent_and_leave_nothing(tmp_path: Path) -> None:
    from dlcli.training.evidence.rate_trial import RateTrial
    from dlcli.training.evidence.settling import STEPS, settling
    from dlcli.training.evidence.units import units_of_inputs

    experiment = line(tmp_path)
    before = [each.numpy() for each in experiment.model.variables]
    trial = RateTrial(experiment)
    for rate in (0.05, 0.3):
        assert trial.losses(rate, 30) == pytest.approx(descent(experiment, rate, 30), rel=1e-4, abs=1e-6)
    scaled = RateTrial(experiment, units={"y": (0.0, 4.0)})
    assert scaled.losses(0.05, 30) == pytest.approx(descent(experiment, 0.05, 30, scale=4.0), rel=1e-4, abs=1e-6)
    whole = np.asarray(experiment.splits["train"].take(experiment.first_rows())[0]["features"], np.float64)
    for scale, unit in ((0.5, (0.0, 2.0)), (None, (whole.mean(axis=0), whole.std(axis=0)))):
        other = RateTrial(experiment, input_units=units_of_inputs(experiment, scale))
        assert other.losses(0.05, 30) == pytest.approx(descent(experiment, 0.05, 30, unit=unit), rel=1e-4, abs=1e-6)
    found = settling(trial, 0.5, 0.05, 60.0)
    assert found is not None
    same, lower = (float(np.mean(descent(experiment, rate, STEPS)[STEPS // 2 :])) for rate in (0.5, 0.05))
    assert (found.same, found.other) == pytest.approx((same, lower), rel=1e-3, abs=1e-6)
    assert all((one == other.numpy()).all() for one, other in zip(before, experiment.model.variables, strict=True))
    assert settling(trial, 1e6, 0.05, 60.0) is None  # no number comes of it


def test_another_value_of_an_argument_is_tried_from_the_same_begin(tmp_path: Path) -> None:
    from dlcli.training.evidence.loosened import COUNTED, STEPS, loosened
    from dlcli.training.evidence.rate_trial import RateTrial

    experiment = line(tmp_path, ", clipnorm: 1.0e-3")
    found = loosened(RateTrial(experiment), 0.05, "clipnorm", 1.0)
    assert found is not None
    cut, usual = (descent(experiment, 0.05, STEPS, longest=each)[-COUNTED:] for each in (1e-3, 1.0))
    assert (found.as_written, found.loosened) == pytest.approx((np.mean(cut), np.mean(usual)), rel=1e-3)
    assert found.is_better(0.0)
    assert experiment.model.optimizer.clipnorm == 1e-3
    for loose, better in ((0.9, True), (0.91, False)):
        assert Loosened(1.0, loose).is_better(0.0) is better
        assert Loosened(0.0, loose - 1).is_better(-1.0) is better
    decayed = line(tmp_path, ", weight_decay: 8.0")
    found = loosened(RateTrial(decayed), 0.05, "weight_decay", 0.004)
    assert found is not None
    strong, slight = (descent(decayed, 0.05, STEPS, decay=each)[-COUNTED:] for each in (8.0, 0.004))
    assert (found.as_written, found.loosened) == pytest.approx((np.mean(strong), np.mean(slight)), rel=1e-2, abs=1e-4)


TURNED = """
data:
  source: turned.csv
  target: y
  inputs: [a, b]
  split: {validation: 0.25, test: 0, by: time}
layers: [Dense: {units: 1LAST}]
loss: LOSS
optimizer: {SGD: 0.05}
train: {epochs: 1}
"""


@pytest.mark.parametrize("classes", [True, False])
def test_neighbours_from_training_mislead_where_the_same_inputs_mean_something_else(
    tmp_path: Path, classes: bool
) -> None:
    from sklearn.neighbors import NearestNeighbors

    x = np.random.default_rng(1).normal(size=(400, 2)).round(4)
    for turned in (True, False):
        y = x[:, 0] - x[:, 1]
        y[300:] *= -1 if turned else 1
        said = np.where(y > 0, 1, 0) if classes else y.round(4)
        rows = [f"{a},{b},{value}" for (a, b), value in zip(x, said, strict=True)]
        (tmp_path / "turned.csv").write_text("\n".join(["a,b,y", *rows]) + "\n", encoding="utf-8")
        text = TURNED.replace("LAST", ", activation: sigmoid" if classes else "")
        experiment = experiment_of(tmp_path, text.replace("LOSS", "binary_crossentropy" if classes else "mse"))
        inside, outside = neighbours(experiment), neighbours(experiment, "validation")
        assert inside is not None
        assert outside is not None
        scaled = (x - x[:300].mean(axis=0)) / x[:300].std(axis=0)
        near = NearestNeighbors(n_neighbors=5).fit(scaled[:300]).kneighbors(scaled[300:], return_distance=False)
        if classes:
            right = ((said[:300][near].mean(axis=1) > 0.5) == said[300:]).mean()
            assert outside.known == pytest.approx(right)
        else:
            error = ((said[:300][near].mean(axis=1) - said[300:]) ** 2).mean()
            assert outside.known == pytest.approx(1 - error / said[300:].var(), rel=1e-4)
        assert inside.left(balanced=True) < 0.3
        assert (outside.left(balanced=True) > 1.1) is turned


def test_a_small_network_tells_what_a_line_cannot_and_nothing_of_noise(tmp_path: Path) -> None:
    from dlcli.training.evidence.small_network import small_network

    generator = np.random.default_rng(2)
    x = generator.normal(size=(900, 8)).round(3)
    bent = (x[:, 1] * x[:, 2] + np.abs(x[:, 3])).round(4)
    for target, least, most in ((bent, 0.0, 0.35), (generator.permutation(bent), 0.9, 9.0)):
        rows = [",".join(map(str, [*row, value])) for row, value in zip(x, target, strict=True)]
        (tmp_path / "bent.csv").write_text("\n".join(["a,b,c,d,e,f,g,h,y", *rows]) + "\n", encoding="utf-8")
        experiment = experiment_of(tmp_path, LINE.replace("line.csv", "bent.csv").replace("OPTION", ""))
        found = small_network(experiment)
        assert found is not None
        assert least <= found.left() <= most


def test_a_pixel_that_is_lit_once_has_not_moved() -> None:
    before, after = np.zeros((600, 2)), np.zeros((200, 2))
    before[0, 0], after[:2, 0] = 0.01, 1.0
    before[:, 1], after[:, 1] = np.arange(600) % 5, np.arange(200) % 5 + 4
    (lit, _), (moved, outside) = moved_by(before, after)
    assert lit < 0.2
    assert moved == pytest.approx(4 / np.sqrt((before[:, 1].var() + after[:, 1].var()) / 2))
    assert outside == pytest.approx(0.8)
    ((_, share),) = moved_by(np.zeros((50, 1)), np.r_[np.zeros(60), np.ones(40)][:, None])
    assert share == pytest.approx(0.4)  # which was one value in training


def test_samples_that_contradict_each_other_explain_no_more_than_they_can_cost() -> None:
    given = {"x": np.array([[0.0], [0.0], [1.0], [2.0]], np.float32)}
    assert contradicting(given, {"y": np.array([0, 1, 1, 1])}) == 0.5
    assert contradicting(given, {"y": np.array([1, 1, 0, 1])}) == 0.0
    for last, explained in ((MEMORIZED + 0.1 * DEARER - 0.01, True), (MEMORIZED + 0.1 * DEARER + 0.01, False)):
        batch = OneBatch(32, 400, 1.0, last, 1.0, False, 0.0)
        assert batch.costs_no_more_than(0.1) is explained
        assert not batch.costs_no_more_than(0.0)


def test_steps_are_too_long_where_shorter_ones_find_less_at_once(tell: Tell) -> None:
    calm, wild = [0.55, 0.5, 0.48, 0.5, 0.48, 0.5], [0.55, 0.5, 0.7, 0.5, 0.7, 0.5]
    for losses, lower, seen in ((calm, 0.39, True), (calm, 0.41, False), (wild, 0.45, True), (wild, 0.47, False)):
        told = tell(
            losses,
            rates=[0.04] * 6,
            rate=lambda: 0.004,
            left=0.5,
            settling=lambda rate, other, lower=lower: Settling(other, 0.5, lower),
        )
        found = rate_too_high(told)
        assert (found is not None) is seen, (losses, lower)
        if found is not None:
            assert f"some steps more come to {lower:.4f} and not 0.5000" in judgement_of_training(found).evidence
    near = tell(calm, rates=[0.1] * 6, rate=lambda: 0.05, left=0.5, settling=lambda *_: pytest.fail("tried"))
    assert rate_too_high(near) is None  # a rate that is no other one is not tried
    few = tell(wild[:5], rates=[0.04] * 5, rate=lambda: 0.01, left=0.5, settling=lambda *_: pytest.fail("tried"))
    assert rate_too_high(few) is None  # five epochs do not tell whether a curve comes to rest
    rest = tell([0.55, 0.5, 0.48, 0.47, 0.46, 0.455], rate=lambda: pytest.fail("tried"), left=0.5)
    assert rate_too_high(rest) is None  # nor is one at which the loss comes to rest


@pytest.mark.parametrize(("left", "seen"), [(0.31, True), (0.29, False)])
def test_a_tenth_of_a_rate_is_a_guess_for_what_was_not_learnt(tell: Tell, left: float, seen: bool) -> None:
    told = tell(
        [0.55, 0.5, 0.7, 0.5, 0.7, 0.5],
        rates=[0.04] * 6,
        left=left,
        rate_unknown=lambda: True,
        settling=lambda rate, other: Settling(other, 0.5, 0.1),
    )
    assert (rate_too_high(told) is not None) is seen


def test_gradients_that_are_cut_to_little_make_short_steps(tell: Tell) -> None:
    for usual, seen in ((0.89, True), (0.91, False)):
        told = tell(
            [1.0, 0.999, 0.998],
            optimizer="{SGD: {learning_rate: 0.01, clipnorm: 0.0011}}",
            left=0.99,
            loosened=lambda rate, argument, value, usual=usual: Loosened(1.0, usual),
        )
        found = rate_too_low(told)
        assert (found is not None) is seen
        if found is not None:
            (advice,) = found.advice
            assert (advice.about, judgement_of_training(found).finding) == ("optimizer.clipnorm", "steps too short")


def test_two_epochs_of_a_fall_are_not_slow(tell: Tell) -> None:
    for last, seen in ((0.976, True), (0.974, False)):
        assert (rate_too_low(tell([1.0, last], rate=lambda: 0.1, left=last)) is not None) is seen


def test_no_scale_of_a_target_helps_a_layer_that_cannot_reach_it_or_steps_that_are_too_long(tell: Tell) -> None:
    target = TargetSeen({"y": 1e3}, {"y": 0.0}, [])
    reach = Reach("y", "dense", "sigmoid", 0.0, 1.0, -3.0, 3e3, 0.5, "layers.1")
    for reaches, rate, seen in (([], None, True), ([reach], None, False), ([], 1.1e-4, True), ([], 0.9e-4, False)):
        told = tell(
            [0.99, 0.98],
            target=lambda: target,
            left=0.98,
            reaches=lambda reaches=reaches: reaches,
            rate_in_units=lambda rate=rate: rate,
        )
        assert (target_far_from_scale(told) is not None) is seen, (reaches, rate)
        assert (cannot_fit(told) is not None) is bool(reaches)


def test_the_same_inputs_mean_something_else_where_neighbours_know_and_mislead(tell: Tell) -> None:
    for inside, outside, seen in ((0.74, 0.98, True), (0.76, 0.98, False), (0.74, 0.96, False)):
        told = tell(
            [0.9, 1.5, 2.0],
            left=0.2,
            neighbours=lambda inside=inside: Neighbours(1 - inside, 0.0, 100, False),
            neighbours_elsewhere=lambda outside=outside: Neighbours(1 - outside, 0.0, 100, False),
        )
        told = replace(told, history=[{**each, "train": {"loss": 0.2}} for each in told.history])
        found = splits_differ(told)
        assert (found is not None) is seen
        if found is not None:
            assert judgement_of_training(found).evidence.endswith("the same inputs mean something else")


def test_a_linear_model_is_beside_a_small_network_where_neighbours_know_nothing(tell: Tell) -> None:
    for known, seen in ((0.54, True), (0.56, False)):
        told = tell(
            [0.8] * 5,
            left=0.8,
            capacity=lambda: Capacity(True, [], {}),
            neighbours=lambda: Neighbours(0.1, 0.0, 100, False),
            small_network=lambda known=known: Neighbours(1 - known, 0.0, 100, False),
        )
        found = cannot_fit(told)
        assert (found is not None) is seen
        if found is not None:
            assert judgement_of_training(found).evidence.endswith("where a small network leaves 54%")


def test_one_class_is_not_said_alone_where_others_are_found(tell: Tell) -> None:
    for right, seen in ((10, True), (11, False)):
        told = ClassesSeen("y", "validation", 1000, ["n", "y"], [900, 100], [989, 11], [899, right])
        found = predicts_one_class(tell([0.5, 0.4], classes=lambda split, told=told: [told]))
        assert (found is not None) is seen


def test_what_is_kept_by_a_metric_is_not_judged_by_the_loss(tell: Tell) -> None:
    for monitor, seen in (("val_mae", False), ("val_loss", True)):
        told = tell([0.5, 0.45, 0.6, 0.7, 0.8], train=[0.5, 0.4, 0.3, 0.25, 0.2])
        train = told.config.train.model_copy(update={"early_stopping": EarlyStopping(monitor=monitor)})
        history = [
            {**each, "validation": {**each["validation"], "mae": 0.9 - at / 10}} for at, each in enumerate(told.history)
        ]
        told = replace(
            told, config=told.config.model_copy(update={"train": train}), history=history, kept=5, best_epoch=5
        )
        assert (overfits(told) is not None) is seen
        assert (no_lower_than_first(told) is not None) is seen


def test_a_few_validation_samples_tell_no_course(tell: Tell) -> None:
    for samples, seen in ((14, False), (15, True)):
        rising = tell([0.5, 0.4, 0.6, 0.7, 0.8], train=[0.5, 0.4, 0.3, 0.2, 0.1], samples={"validation": samples})
        assert (overfits(rising) is not None) is seen
        falling = tell([0.9, 0.7, 0.5], samples={"validation": samples})
        assert (still_improving(falling) is not None) is seen


def test_labels_that_are_learnt_by_heart_slowly_say_nothing_of_others_either(tell: Tell) -> None:
    for right, seen in ((80, True), (55, False)):
        told = ClassesSeen("y", "train", 100, ["n", "y"], [50, 50], [50, 50], [right // 2, right - right // 2])
        story = tell(
            [1.01, 1.02, 1.03],
            left=0.92,
            samples={"validation": 100, "train": 100},
            classes=lambda split, told=told: [told] if split == "train" else [],
            neighbours=lambda: Neighbours(0.0, 0.0, 100, True),
        )
        assert (does_not_learn(story) is not None) is seen


def test_inputs_far_from_scale_that_threw_the_first_epoch_are_said_where_much_is_left(tell: Tell) -> None:
    from dlcli.training.evidence.inputs_seen import InputSeen

    far = InputSeen("dense", "features", "year", 2e3, 1.0, 2e3, 0.0, 3e3, 1.0, True)
    near = Neighbours(0.3, 0.0, 100, False)
    for first, left, seen in ((3.1, 0.16, True), (2.9, 0.16, False), (3.1, 0.14, False)):
        losses = [first, *[left] * 5]
        told = tell(losses, inputs=lambda: [far], left=left, neighbours=lambda: near)
        assert (inputs_far_from_scale(told) is not None) is seen, (first, left)


def test_a_target_is_crept_to_where_a_quarter_of_all_epochs_was_above_one_answer(tell: Tell) -> None:
    target = TargetSeen({"y": 1e3}, {"y": 0.0}, [])
    for above, seen in ((3, True), (2, False)):
        losses = [*[1.1] * above, *[0.5] * (12 - above - 1), 0.2]
        assert (target_far_from_scale(tell(losses, target=lambda: target, left=0.2)) is not None) is seen


def test_gradients_vanished_where_the_loss_stood_still_for_half_of_all_epochs(tell: Tell) -> None:
    layers = LayersSeen([LayerGradient(f"d{at}", "Dense", None, n, 1.0, False) for at, n in enumerate([1e-6, 1.0])], [])
    for still, seen in ((0.98, True), (0.96, False)):
        told = tell([1.0, *[still] * 4, 0.6, 0.5, 0.4, 0.3, 0.3], begun=lambda: layers, left=0.3)
        assert (vanishing_gradients(told) is not None) is seen


def test_nine_tenths_of_many_epochs_are_wasted_however_little_is_left(tell: Tell) -> None:
    for reached, epochs, seen in ((9, 100, True), (11, 100, False), (9, 99, False)):
        losses = [*np.linspace(0.9, 0.2, reached), *[0.2] * (epochs - reached)]
        assert (plateau(tell(losses)) is not None) is seen
    penalized = [40.0, 20.0, *np.linspace(0.9, 0.6, 38)]
    assert plateau(tell(penalized)) is None  # what weights gave back is no gain beside which others are nothing


def test_weights_that_cost_more_than_is_left_hold_a_model_back(tell: Tell) -> None:
    for cost, left, seen in ((0.31, 0.3, True), (0.29, 0.3, False), (0.31, 0.24, False)):
        weights = Penalty("dense", "kernel_regularizer", 0.0, cost, "layers.0.kernel_regularizer")
        told = tell([0.9, 0.7, 0.6], left=left, penalties=lambda weights=weights: [weights])
        found = underfits(told)
        assert (found is not None) is seen


def test_a_rate_that_ended_is_told_where_steps_at_the_largest_go_far_below(tell: Tell) -> None:
    falling, rates = [0.9, 0.5, 0.2, 0.1, 0.1], [0.01, 0.01, 0.01, 1e-5, 1e-5]
    for other, left, seen in ((0.79, 0.1, True), (0.81, 0.1, False), (0.79, 0.04, False)):
        told = tell(falling, rates=rates, left=left, settling=lambda rate, o, other=other: Settling(o, 1.0, other))
        assert (schedule_ended(told) is not None) is seen
    reducing = tell(
        falling,
        rates=rates,
        left=0.1,
        settling=lambda rate, o: Settling(o, 1.0, 0.5),
        more=", reduce_on_plateau: {monitor: val_loss, min_delta: 0.1}",
    )
    found = schedule_ended(reducing)
    assert found is not None
    assert [(each.about, each.new) for each in found.advice if isinstance(each, Setting)] == [
        ("train.reduce_on_plateau.min_delta", 0.0)
    ]


def test_copies_are_no_leak_where_each_class_is_found_as_well_without_them(tell: Tell) -> None:
    copies = Finding(code="same_rows", severity="warning", facts={"splits": {"validation": 80}})
    every = ClassesSeen("y", "validation", 200, ["a", "b"], [120, 80], [120, 80], [118, 78])
    for truth, right, seen in (([50, 70], [49, 66], False), ([50, 70], [49, 64], True), ([9, 70], [9, 69], True)):
        fresh = replace(every, truth=truth, right=right)
        told = tell(
            [0.9, 0.1],
            data=[copies],
            samples={"train": 400, "validation": 200},
            classes=lambda split: [every],
            fresh_classes=lambda fresh=fresh: [fresh],
        )
        assert (suspiciously_good(told) is not None) is seen


def test_a_rate_that_no_time_was_to_test_is_low_where_weights_have_stayed(tell: Tell) -> None:
    for way, unknown, seen in (
        (0.099, True, True),
        (0.101, True, False),
        (None, True, True),
        (0.019, False, True),
        (None, False, False),
    ):
        told = tell([1.0, 0.999, 0.998], left=0.99, rate_unknown=lambda u=unknown: u, moved=lambda way=way: way)
        assert (rate_too_low(told) is not None) is seen, (way, unknown)
    frozen = tell(
        [1.0, 0.999, 0.998], left=0.99, moved=lambda: 0.0, capacity=lambda: Capacity(False, [], {"dense": "layers.0"})
    )
    assert rate_too_low(frozen) is None


@pytest.mark.parametrize(
    ("way", "rate", "unknown", "advised"),
    [
        (0.0049, "0.0001", True, True),
        (0.0049, "0.0001", False, True),
        (0.0051, "0.0001", True, False),
        (0.0049, "0.00011", True, False),  # not far from the usual
        (None, "0.0001", True, False),
    ],
)
def test_what_losses_do_is_chance_where_no_weight_has_moved(
    tell: Tell, way: float | None, rate: str, unknown: bool, advised: bool
) -> None:
    losses = [0.9931, 0.9932, 0.993, 0.9931, 0.9932, 0.993, 0.9931]
    told = tell(losses, left=0.99, optimizer=f"{{Adam: {rate}}}", moved=lambda: way, rate_unknown=lambda: unknown)
    found = rate_too_low(told)
    assert (found is not None) is advised
    if found is not None:
        assert next(each.new for each in found.advice if isinstance(each, Setting)) == 0.001
    few = replace(told, history=[{**each, "step": 49} for each in told.history])
    assert rate_too_low(few) is None


def test_weights_have_moved_by_what_they_are_away_from_the_first(tmp_path: Path) -> None:
    from dlcli.training.evidence.begun import first_values, moved

    experiment = line(tmp_path)
    model = experiment.model
    model.layers[-1].kernel.assign([[3.0], [4.0]])
    first = first_values(model)
    assert first is not None
    assert moved(model, first) == 0.0
    model.layers[-1].kernel.assign([[3.0], [5.0]])
    assert moved(model, first) == pytest.approx(1 / 5)


def test_a_late_gain_counts_beside_what_is_at_stake(tell: Tell) -> None:
    for last, seen in ((0.0459, True), (0.0461, False)):
        assert (still_improving(tell([1.0, 0.05, 0.05, 0.05, last])) is not None) is seen


def test_fresh_samples_are_those_whose_inputs_training_does_not_have(tmp_path: Path) -> None:
    from dlcli.training.evidence.classes_seen import classes_seen, fresh_classes_seen

    rows = [
        f"{at % 150},{(at if at < 170 else at - 150) % 7},{'uv'[at % 2]}" for at in range(200)
    ]  # the last 30 are copies
    (tmp_path / "turned.csv").write_text("\n".join(["a,b,y", *rows]) + "\n", encoding="utf-8")
    text = TURNED.replace("LAST", ", activation: sigmoid").replace("LOSS", "binary_crossentropy")
    experiment = experiment_of(tmp_path, text)
    (seen,), (every,) = fresh_classes_seen(experiment), classes_seen(experiment, "validation")
    assert (sum(seen.truth), sum(every.truth)) == (20, 50)


def test_gains_that_are_left_count_where_something_is_left(tell: Tell) -> None:
    for last, seen in ((0.021, True), (0.019, False)):
        told = tell([0.9, 0.4, 0.2, last + 0.001, last], stop=StopReason.EARLY_STOPPING)
        early = EarlyStopping(min_delta=0.05, patience=3)
        train = told.config.train.model_copy(update={"early_stopping": early})
        told = replace(told, config=told.config.model_copy(update={"train": train}))
        assert (stopped_too_early(told) is not None) is seen


def test_two_copies_in_few_samples_are_chance(tell: Tell) -> None:
    for copies, seen in ((3, True), (2, False)):
        finding = Finding(code="same_rows", severity="warning", facts={"splits": {"validation": copies}})
        told = tell([0.9, 0.1], data=[finding], samples={"train": 40, "validation": 9})
        assert (suspiciously_good(told) is not None) is seen


def test_what_is_two_deviations_above_chance_may_be_chance() -> None:
    for right, beyond in ((324, False), (340, True)):
        seen = ClassesSeen("y", "validation", 600, ["a", "b"], [300, 300], [300, 300], [right // 2, right - right // 2])
        assert beats_chance(seen) is beyond


def test_what_is_learnt_by_heart_of_inputs_that_tell_is_overfitted(tell: Tell) -> None:
    rising, falling = [1.0, 0.99, 1.2, 1.6, 2.0], [0.9, 0.5, 0.2, 0.1, 0.05]
    for known, first, other in ((0.84, overfits, does_not_learn), (0.86, does_not_learn, overfits)):
        told = tell(
            rising,
            train=falling,
            left=0.05,
            samples={"train": 200, "validation": 50},
            small_network=lambda known=known: Neighbours(1 - known, 0.0, 50, True),
        )
        assert first(told) is not None
        assert other(told) is None


def test_a_decay_that_takes_all_is_what_holds_a_model_back(tell: Tell) -> None:
    for decay, better, left, seen in (
        (30.0, 0.5, 0.9, True),
        (30.0, 0.95, 0.9, False),
        (0.004, 0.5, 0.9, False),
        (30.0, 0.5, 0.2, False),
    ):
        told = tell(
            [0.9, 0.9, 0.9],
            left=left,
            optimizer=f"{{AdamW: {{learning_rate: 0.0003, weight_decay: {decay}}}}}",
            rates=[0.0003] * 3,
            loosened=lambda rate, argument, value, better=better: Loosened(1.0, better),
        )
        found = underfits(told)
        assert (found is not None and found.where == "optimizer.weight_decay") is seen, (decay, better, left)
        if seen:
            assert rate_too_high(told) is None
            assert "by a decay of 30" in judgement_of_training(found).evidence  # type: ignore[arg-type]


def test_a_bag_of_ids_holds_each_that_stands_in_a_row() -> None:
    from dlcli.training.evidence.neighbours import held_ids

    held = held_ids(np.array([[1.0, 3.0, 3.0], [0.0, 1.0, 0.0]]))
    assert held is not None
    assert held.tolist() == [[0, 1, 0, 1], [1, 1, 0, 0]]
    assert [held_ids(np.array(rows)) for rows in ([[0.5]], [[-1.0]], [[4096.0]])] == [None] * 3


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_what_cannot_learn_is_said_before_all_else(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    text = """
data: {source: iris, split: {validation: 0.2}}
layers: [{Dense: {units: 3, activation: softmax, trainable: false}}]
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train: {epochs: 2}
"""
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    (found,) = done.value["verdict"]
    assert found["code"] == "does_not_learn"
    assert [(each["set"], each["to"]) for each in found["advice"]] == [("layers.0.trainable", True)]
    assert "is frozen" in found["evidence"]


def test_what_helps_together_is_one_command_also_the_morning_after(
    tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    x = np.random.default_rng(0).normal(400, 250, size=(300, 2)).round(2)
    rows = [f"{a},{b},{5 * a + 3 * b + 2000:.2f}" for a, b in x]
    (tmp_path / "line.csv").write_text("\n".join(["a,b,y", *rows]) + "\n", encoding="utf-8")
    text = LINE.replace("{SGD: {learning_rate: 0.05OPTION}}", "{Adam: 0.001}").replace(
        ", kernel_initializer: zeros", ""
    )
    (tmp_path / "c.yaml").write_text(text.replace("epochs: 1", "epochs: 4"), encoding="utf-8")
    assert run_dlcli("train", "c.yaml", "-q", "--name", "far", cwd=tmp_path).code == 0
    (line_of_next,) = [
        line for line in run_dlcli("runs", "far", cwd=tmp_path).out.splitlines() if line.startswith("next")
    ]
    assert "data.prepare=[Normalization]" in line_of_next
    assert "scale: standard" in line_of_next


def test_units_that_died_on_the_way_are_why_nothing_is_learnt_or_they_are_not(tell: Tell) -> None:
    alive, dead = (LayersSeen([], [DeadSeen("d", 10, each, "layers.0", True, True)]) for each in (0, 9))
    for left, begun, seen in ((0.91, alive, True), (0.89, alive, False), (0.89, dead, True)):
        told = tell([0.95, left], left=left, begun=lambda begun=begun: begun)
        told = replace(told, looks=replace(told.looks, layers=lambda: dead))
        assert (dead_units(told) is not None) is seen


def test_the_mean_of_a_target_of_columns_is_that_of_the_one_that_spreads_most() -> None:
    from dlcli.training.scaling import mean_beside

    values = np.array([[100.0, 1.0], [200.0, 3.0]])
    assert mean_beside(values, each=True) == 150.0
    assert mean_beside(values, each=False) == 76.0


def test_a_curve_that_went_on_to_be_less_by_far_has_no_flat_end(tell: Tell) -> None:
    for last, seen in ((0.006, True), (0.004, False)):
        losses = [*np.linspace(0.9, 0.01, 5), *np.linspace(0.01, last, 195)]
        assert (plateau(tell(losses)) is not None) is seen


@pytest.mark.parametrize(
    ("loss", "activation", "found"),
    [
        ("poisson", "linear", 1),
        ("poisson", "softplus", 0),
        ("poisson", "relu", 0),
        ("mse", "linear", 0),
        ("msle", "linear", 0),
    ],
)
def test_a_loss_that_takes_a_logarithm_of_what_may_be_below_0(
    loss: str, activation: str, found: int, tmp_path: Path
) -> None:
    from dlcli.training.evidence.reach import below_logarithms

    (tmp_path / "line.csv").write_text("a,y\n" + "\n".join(f"{each},{each + 1}" for each in range(40)) + "\n")
    text = (
        f"data: {{source: line.csv, target: y}}\nlayers: [Dense: {{units: 1, activation: {activation}}}]\n"
        f"loss: {loss}\noptimizer: Adam\ntrain: {{epochs: 1}}\n"
    )
    seen = below_logarithms(experiment_of(tmp_path, text))
    assert [entry for _, entry in seen] == ["layers.0"] * found


@pytest.mark.parametrize(("left", "way", "seen"), [(1.0, 0.0049, True), (0.99, 0.0049, False), (1.0, 0.0051, False)])
def test_weights_that_have_not_moved_are_above_the_constant_answer_by_their_first_values(
    tell: Tell, left: float, way: float, seen: bool
) -> None:
    """Noise takes a tenth of the training loss away, and validation rises."""
    validation, train = [1.1 + each / 100 for each in range(8)], [2.25, 2.2, 2.24, 2.1, 2.12, 2.09, 2.07, 2.0]
    told = tell(
        validation, train=train, left=left, optimizer="{SGD: 0.0001}", rates=[1e-4] * 8,
        moved=lambda: way, rate=lambda: 0.01,
    )  # fmt: skip
    assert (rate_too_low(told) is not None) is seen
