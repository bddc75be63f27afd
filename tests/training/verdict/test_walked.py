"""What a newcomer's walk showed of the verdict, each kind just below and above its limit, without a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.config.train import EarlyStopping
from dlcli.finding import Setting
from dlcli.runs.state import StopReason
from dlcli.training.evidence.capacity import Capacity
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.layers_seen import LayersSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.scaling import TargetSeen
from dlcli.training.verdict import Story
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.exploding_gradients import exploding_gradients
from dlcli.training.verdict.no_better_than_trivial import no_better_than_trivial
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.stopped_too_early import stopped_too_early
from dlcli.training.verdict.target_far_from_scale import target_far_from_scale
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def stopped(told: Story, **early: Any) -> Story:
    """The same training with such an early stopping, which has ended it."""
    block = told.config.train.model_copy(update={"early_stopping": EarlyStopping(**early)})
    return replace(told, config=told.config.model_copy(update={"train": block}), stop=StopReason.EARLY_STOPPING)


def test_a_training_that_halves_its_loss_while_validation_waits_was_stopped_too_early(tell: Tell) -> None:
    validation = [4.0, 0.6, 0.61, 0.61, 0.61]
    for last, patience, seen in ((0.79, 5, 10), (0.81, 5, None), (0.79, 8, 16), (0.60, 5, None)):
        told = tell(validation, train=[9.0, 1.6, 1.2, 1.0, last])
        found = stopped_too_early(stopped(told, patience=patience))
        assert (None if found is None else found.advice[0].new) == seen, (last, patience)  # type: ignore[union-attr]
    far = tell([4.0, 0.6, 0.7, 0.7, 0.7], train=[9.0, 1.6, 1.2, 1.0, 0.79])
    assert stopped_too_early(stopped(far, patience=5)) is None


def test_a_metric_that_is_best_at_once_is_no_monitor_of_a_loss_that_falls(tell: Tell) -> None:
    for last, mae, monitor in ((0.809, 0.5, "val_loss"), (0.811, 0.5, None), (0.809, 0.4, None)):
        told = tell([0.9, 0.85, last], train=[0.9, 0.7, 0.6])
        maes = (0.45, mae, 0.6)
        history = [
            {**each, "validation": {**each["validation"], "mae": one}}
            for each, one in zip(told.history, maes, strict=True)
        ]
        found = stopped_too_early(stopped(replace(told, history=history), monitor="val_mae", patience=5))
        assert (None if found is None else found.advice[0].new) == monitor, (last, mae)  # type: ignore[union-attr]
        if found is not None:
            told_so = judgement_of_training(found).evidence
            assert told_so.endswith(
                "val_mae was best in the first, and the validation loss then fell from 0.9000 to 0.8090"
            )


def test_what_was_learnt_by_heart_in_epochs_that_are_not_kept_counts(tell: Tell) -> None:
    for least, code in ((0.79, "inspect-data"), (0.81, None)):
        told = tell(
            [1.01, 1.0, 1.2, 1.5],
            train=[1.0, 0.97, 0.9, least],
            left=0.97,
            samples={"train": 100, "validation": 30},
        )
        told = replace(told, file="c.yaml")
        found = does_not_learn(told)
        assert found is None or code is not None
        if found is not None:
            [command] = found.advice
            assert command.about.startswith("dlcli inspect-data c.yaml")
            assert found.facts["left"] == pytest.approx(least)
        trivial = no_better_than_trivial(replace(told, kept=2, metrics={"validation": {"loss": 1.0}}))
        assert trivial is not None
        words = trivial.advice[0].about.split()
        assert (words[1] == "inspect-data") is (code is not None)


def test_a_loss_that_falls_little_by_little_is_asked_for_its_rate(tell: Tell) -> None:
    for losses, options in (([1.2, 1.1, 1.05, 1.02, 1.0], True), ([1.2, 1.1, 1.15, 1.02, 1.04], False)):
        told = replace(tell(losses, train=losses, left=1.0), file="c.yaml")
        found = no_better_than_trivial(told)
        assert found is not None
        assert found.advice[0].about.endswith(" --lr") is options


@pytest.mark.parametrize(
    ("reached", "right", "seen"), [(0.91, 60, True), (0.89, 60, False), (0.91, 61, False), (0.99, 85, False)]
)
def test_a_loss_that_is_hardly_better_and_says_what_is_frequent_is_not_healthy(
    tell: Tell, reached: float, right: int, seen: bool
) -> None:
    said = ClassesSeen("y", "validation", 100, ["a", "b"], [60, 40], [98, 2], [59, right - 59])
    told = tell([1.0, 0.95, reached], left=reached, classes=lambda split: [said] if split == "validation" else [])
    found = no_better_than_trivial(told)
    assert (found is not None) is seen
    rare = replace(said, truth=[71, 29], right=[69, right - 69])
    told = tell([1.0, 0.95, reached], left=reached, classes=lambda split: [rare] if split == "validation" else [])
    assert no_better_than_trivial(told) is None or reached > 0.98  # of a rare class others speak
    if found is not None:
        judgement = judgement_of_training(found)
        assert judgement.finding == "hardly better than the trivial baseline"
        assert judgement.evidence.endswith(", and the accuracy 0.6000 is no better than that of one class for all")


def test_a_curve_that_bends_at_the_constant_answer_is_that_of_a_low_rate(tell: Tell) -> None:
    bent = [1.1, 1.03, 1.0, 0.99, 0.98, 0.97, 0.96]
    cases = ((0.91, 0.008, 0.9, True), (0.91, 0.0079, 0.9, False), (0.89, 0.008, 0.9, False), (0.89, 1.0, 0.9, False))
    for left, proposed, known, seen in (*cases, (0.91, 0.008, 0.94, True), (0.91, 0.008, 0.96, False)):
        near = Neighbours(1 - known, 0.0, 100, True)
        told = tell(bent, left=left, rate=lambda proposed=proposed: proposed, neighbours=lambda near=near: near)
        assert (rate_too_low(told) is not None) is seen, (left, proposed, known)
    still = Capacity(False, [], frozen={"dense": "layers.0"})
    for proposed, seen in ((0.099, False), (0.1, True)):
        told = tell([0.99, 0.98, 0.97], left=0.85, rate=lambda proposed=proposed: proposed, capacity=lambda: still)
        assert (rate_too_low(told) is not None) is seen
    rising = tell([1.0, 1.0, 0.99, 1.0, 0.99, 1.0, 1.01], train=bent, left=0.91, rate=lambda: 0.008)
    assert rate_too_low(rising) is None


def test_what_trains_once_more_leaves_time_for_other_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 2 seconds a quarter is kept for looks that train nothing, however long the others take."""
    from dlcli.training.evidence import looks

    taken = [1.4, 9.0, 0.3, 0.3]
    monkeypatch.setattr(looks, "Stopwatch", lambda: SimpleNamespace(seconds=taken.pop(0)))
    bounded = looks.Bounded(2.0)
    seen = [bounded.training(lambda: True, False), bounded.training(lambda: True, False)]
    seen += [bounded.training(lambda: True, False), bounded.one(lambda: True, False), bounded.one(lambda: True, False)]
    assert seen == [True, True, False, True, True]
    assert bounded.one(lambda: True, False) is False
    assert taken == []


def test_no_advice_names_a_value_that_holds(tell: Tell) -> None:
    from dlcli.training.verdict.exploding_gradients import bounded_step
    from dlcli.training.verdict.written import not_in_force

    config = tell([0.9], optimizer="{Adam: {learning_rate: 0.01, clipnorm: 2.0}}").config
    assert bounded_step(config) == []
    told = {
        "optimizer.learning_rate": (0.01, 0.02),
        "optimizer.clipnorm": (2.0, 1.0),
        "train.epochs": (1, 2),
        "train.batch_size": (32, 16),
        "layers.0.units": (4, 5),
        "layers.0.activation": ("relu", "gelu"),
        "train.early_stopping": (None, {"patience": 5}),
    }
    for key, (held, other) in told.items():
        settings = [Setting(key=key, old=held, new=new, why="") for new in (held, other)]
        assert [each.new for each in not_in_force(config, settings)] == ([None] if held is None else []) + [other], key  # type: ignore[union-attr]


def test_a_loss_that_came_down_by_half_is_not_held_back_by_the_scale_of_its_target(tell: Tell) -> None:
    seen = TargetSeen({"y": 500.0}, {"y": 500.0}, [])
    early, late = [0.9, 0.8, 0.75, 0.7, 0.65, 0.6], [1.9, 1.8, 1.7, 0.7, 0.65, 0.6]
    for losses, left, found in ((early, 0.49, False), (early, 0.51, True), (late, 0.49, True)):
        told = tell(losses, left=left, target=lambda: seen)
        assert (target_far_from_scale(told) is not None) is found, (losses, left)


def test_a_rise_counts_where_it_is_above_what_the_curve_wobbles_by(tell: Tell) -> None:
    train = [0.9, 0.5, 0.4, 0.3, 0.2, 0.1]
    assert overfits(tell([0.9, 0.6, 0.65, 0.7, 0.75, 0.8], train=train)) is not None
    # As far, by steps that deviate by 0.32: twice the noise of 0.23 is more than the rise of 0.2.
    assert overfits(tell([0.9, 0.6, 0.9, 0.61, 0.9, 0.8], train=train)) is None


def test_one_gap_is_one_word_whatever_training_has_left(tell: Tell) -> None:
    """Two trainings of one shape: 0.26 and 0.23 of the trivial loss are left in training, 0.66 and 0.61 on validation."""
    for inside, outside, seen in ((0.23, 0.61, True), (0.26, 0.66, True), (0.26, 0.60, False), (0.45, 0.85, False)):
        told = tell([0.9, 0.8, outside], train=[0.9, 0.5, inside], left=inside, samples={"validation": 100})
        found = overfits(told)
        assert (found is not None) is seen, (inside, outside)
        if found is not None:
            assert found.facts["since_epoch"] is None
            ends = f"; {inside:.0%} of the trivial loss is left there, and {outside:.0%} here"
            assert judgement_of_training(found).evidence.endswith(ends)


def test_what_is_said_of_a_gap_is_said_of_the_epoch_that_is_kept(tell: Tell) -> None:
    told = tell([0.9, 0.7, 0.72, 0.8, 0.9], train=[0.9, 0.25, 0.2, 0.15, 0.1], left=0.25, samples={"validation": 100})
    kept = replace(told, kept=2, metrics={"train": {"loss": 0.25}, "validation": {"loss": 0.7}})
    evidence = [judgement_of_training(each).evidence for each in (overfits(told), overfits(kept)) if each is not None]
    assert evidence[0].startswith("the validation loss rose from 0.7000 to 0.9000 while")
    assert evidence[1].startswith("the validation loss is 0.7000, that of training 0.2500: ")


def test_an_operation_behind_the_last_weights_brings_units_as_a_layer_does() -> None:
    import keras

    from dlcli.training.scaling import unit_of

    given = keras.Input((4,))
    weighed = keras.layers.Dense(1)(given)
    assert unit_of(weighed) == 1.0
    assert unit_of(keras.ops.multiply(weighed, 500.0)) == pytest.approx(500.0, rel=0.3)
    assert unit_of(keras.layers.Rescaling(500.0)(weighed)) == pytest.approx(500.0, rel=0.3)
    assert unit_of(keras.ops.tanh(given)) == pytest.approx(
        0.63, rel=0.1
    )  # nothing has weights: the input is what begins


def test_gradients_that_dwarf_weights_hinder_where_much_is_left(tell: Tell) -> None:
    layers = LayersSeen([LayerGradient("dense", "Dense", None, 1001.0, 1.0, False)], [])
    for left, seen in ((0.51, True), (0.49, False)):
        assert (exploding_gradients(tell([0.9, 0.8], left=left, begun=lambda: layers)) is not None) is seen
