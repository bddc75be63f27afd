"""Each rule of a check and of the verdict at its limit itself, where one number more or less decides."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.train import EarlyStopping
from dlcli.runs.state import StopReason
from dlcli.training.check import check_findings
from dlcli.training.check.cannot_memorize import JUMP, STILL, cannot_memorize
from dlcli.training.check.evidence import Seen
from dlcli.training.check.first_loss_far import first_loss_far
from dlcli.training.check.gradients_explode import gradients_explode
from dlcli.training.check.gradients_vanish import gradients_vanish
from dlcli.training.check.no_gradient import no_gradient
from dlcli.training.compared import Compared
from dlcli.training.evidence.first_loss import FirstLoss
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.one_batch import MEMORIZED, OneBatch
from dlcli.training.evidence.rate_range import proposed
from dlcli.training.stopping import Watch
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.advice import earlier_stop
from dlcli.training.verdict.no_better_than_last_value import no_better_than_last_value
from dlcli.training.verdict.no_better_than_trivial import MARGIN, no_better_than_trivial
from dlcli.training.verdict.overfits import MATERIAL, RISE, overfits, with_dropout
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.vanishing_gradients import VANISHED
from dlcli.view.console.tables import number
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

CONFIG: Any = SimpleNamespace(
    data=SimpleNamespace(prepares=False, inputs=None),
    optimizer=SimpleNamespace(name="Adam", arguments={}),
    train=SimpleNamespace(
        epochs=4, batch_size=32, phases=[], early_stopping=None, class_weight=None, sample_weight=None
    ),
    plain=lambda: {"data": {"augment": []}},
    layers=[],
    heads=[],
    written_layers=lambda: ["Flatten", {"Dense": 3}],
    settings=list,
    weights=None,
)


def one_batch(*losses: float, perfect: float = 0.0, contradictory: bool = False) -> OneBatch:
    return OneBatch(8, len(losses), losses[0], losses[-1], max(losses), contradictory, perfect)


def gradient(norm: float | None, *, layer: str = "dense", weights: float = 1.0, frozen: bool = False) -> LayerGradient:
    return LayerGradient(layer, "Dense", None, norm, weights, frozen)


def seen(
    *,
    batch: OneBatch | None = None,
    gradients: list[LayerGradient] | None = None,
    first: float = 1.0,
    expected: float | None = 1.0,
    at_chance: bool = True,
) -> Seen:
    first_loss = FirstLoss(first, expected, "ln 2", at_chance, {})
    return Seen(CONFIG, 0.01, first_loss, gradients or [], batch or one_batch(1.0, 0.01))


def story(
    validation: list[float],
    *,
    train: list[float] | None = None,
    trivial: float | None = None,
    best: int | None = None,
    stop: StopReason = StopReason.ALL_EPOCHS,
    **more: Any,
) -> Story:
    train = train or validation
    history = [
        {"learning_rate": 0.01, "train": {"loss": one}, "validation": {"loss": other}}
        for one, other in zip(train, validation or [None] * len(train), strict=True)
    ]
    if not validation:
        history = [{**entry, "validation": {}} for entry in history]
    split = "validation" if validation else "train"
    metrics = {"train": {"loss": train[-1]}} | ({"validation": {"loss": validation[-1]}} if validation else {})
    baseline = {} if trivial is None else {"method": "mean", "split": split, "metrics": {"loss": trivial}}
    losses = validation or train
    return Story(CONFIG, history, metrics, baseline, best or 1 + losses.index(min(losses)), stop, **more)


def test_a_batch_counts_as_memorized_from_the_limit_itself_on() -> None:
    assert one_batch(1.0, MEMORIZED).memorized
    assert not one_batch(1.0, math.nextafter(MEMORIZED, 1)).memorized
    assert not one_batch(1.0, math.nan).memorized
    assert not one_batch(1.0, -math.inf).memorized


def test_a_batch_is_memorized_beside_what_one_answer_for_all_would_cost() -> None:
    far = replace(one_batch(2.0, 0.0501), constant=1.0)  # it begins far from the target
    assert not far.memorized
    assert replace(far, last=0.0499).memorized
    assert one_batch(2.0, 0.0501).memorized
    near = replace(one_batch(1.0, 0.0501), constant=2.0)  # it begins nearer than any constant
    assert not near.memorized
    assert replace(near, last=0.0499).memorized
    assert replace(one_batch(3.0, 2.049, perfect=2.0), constant=4.0).memorized
    assert not replace(one_batch(5.0, 2.051, perfect=2.0), constant=3.0).memorized


def test_a_target_of_tiny_numbers_is_not_memorized_by_leaving_the_first_weights() -> None:
    tiny = replace(one_batch(0.01994, 0.0004924), constant=8.6e-14)
    assert not tiny.memorized
    finding = cannot_memorize(seen(batch=tiny))
    assert finding is not None
    assert finding.code == "memorizes_slowly"  # nothing jumped: the first loss is what it began with


def test_a_loss_that_ends_above_its_first_epoch_is_not_healthy() -> None:
    [calm] = verdict(story([0.5, 0.4, 0.5]))
    assert (calm.code, calm.severity, calm.facts["missing"]) == ("too_early_to_say", "note", "best")
    assert [each.code for each in verdict(story([0.5, 0.4, 0.409]))] == ["healthy"]
    wobble, risen = verdict(story([0.5, 0.4, 0.51])), verdict(story([0.5, 0.4, 0.5101]))
    assert [(each.code, each.severity) for each in (*wobble, *risen)] == [
        ("no_lower_than_first", "note"),
        ("no_lower_than_first", "warning"),
    ]
    assert risen[0].advice == []  # no rate is known, and no file to check
    known = replace(story([0.5, 0.4, 0.5101]), looks=Looks(rate=lambda: 0.003))
    assert [(each.about, each.new) for each in verdict(known)[0].advice] == [("optimizer.learning_rate", 0.003)]  # type: ignore[union-attr]
    named = replace(story([0.5, 0.4, 0.5101]), file="my file.yaml")
    assert [each.about for each in verdict(named)[0].advice] == ["dlcli check 'my file.yaml' --lr"]
    kept = verdict(story([0.5, 0.4, 0.5101], train=[0.5, 0.4, 0.3]))
    assert [each.about for each in kept[0].advice] == ["train.early_stopping"]


@pytest.mark.parametrize(
    ("least", "kept", "calm"),
    [(0.04, 0.0559, True), (0.04, 0.0561, False), (0.004, 0.0139, True), (0.004, 0.0141, False), (0.04, 0.04, True)],
)
def test_weights_that_are_clearly_worse_than_the_best_are_not_healthy(least: float, kept: float, calm: bool) -> None:
    """From 1.4 times the least loss on, and a hundredth of the trivial loss of 1."""
    [found] = verdict(story([0.9, 0.3, least, kept], trivial=1.0))
    assert found.code == ("healthy" if calm else "too_early_to_say")
    if not calm:
        told = judgement_of_training(found)
        assert told.finding == "the best epoch is not kept"
        assert told.evidence.endswith(
            f"of epoch 4, has a validation loss of {number(kept)}; in epoch 3 it was {number(least)}"
        )
        assert [each.about for each in found.advice] == ["train.early_stopping"]


def test_what_counts_of_a_batch_is_how_far_its_loss_is_above_that_of_a_perfect_answer() -> None:
    assert one_batch(3.0, 2.05, perfect=2.0).share(2.5) == 0.5
    assert not one_batch(3.0, 2.06, perfect=2.0).memorized
    assert one_batch(3.0, 2.04, perfect=2.0).memorized
    assert one_batch(0.0, 0.0).share(1.0) == 0.0  # nothing was to be learnt
    assert one_batch(0.0, 0.0).memorized


def test_a_loss_at_a_limit_has_not_passed_it() -> None:
    assert cannot_memorize(seen(batch=one_batch(1.0, JUMP, 0.01))) is None
    equal = cannot_memorize(replace(seen(batch=one_batch(1.0, 1.0)), tested=lambda: 0.1))  # not above the first loss
    assert equal is not None
    assert equal.code == "rate_too_low"
    at_the_limit = cannot_memorize(seen(batch=one_batch(1.0, STILL)))
    assert at_the_limit is not None
    assert at_the_limit.code == "memorizes_slowly"
    assert (at_the_limit.where, at_the_limit.severity) == ("optimizer.learning_rate", "warning")


def test_a_loss_that_is_memorized_after_a_jump_is_still_told() -> None:
    jumped = cannot_memorize(seen(batch=one_batch(1.0, 4.1, 0.01, contradictory=True)))
    assert jumped is not None
    assert jumped.code == "rate_too_high"


def test_a_first_loss_of_twice_the_expected_is_not_yet_far() -> None:
    assert first_loss_far(seen(first=2.0)) is None
    far = first_loss_far(seen(first=math.nextafter(2.0, 3)))
    assert far is not None
    assert far.advice == []  # the inputs are not known to be far from unit scale
    large = InputSeen("dense", "x", "a", 0.0, 6.0, 6.0, -9.0, 9.0, 6.0, True)
    told = first_loss_far(replace(seen(first=9.0), inputs=[large]))
    assert told is not None
    assert [each.about for each in told.advice] == ["data.prepare"]
    assert first_loss_far(seen(first=9.0, at_chance=False)) is None
    assert first_loss_far(seen(first=9.0, expected=None)) is None


def test_a_gradient_explodes_beyond_a_thousand_times_its_weights_or_where_it_is_no_number() -> None:
    stuck = one_batch(1.0, 0.9)
    allowed = [gradient(1000.0), gradient(None), gradient(1e9, weights=0.0)]
    assert gradients_explode(seen(batch=stuck, gradients=allowed)) is None
    for norm in (1000.1, math.inf, math.nan):
        arrived = [gradient(1.0, layer="a"), gradient(norm, layer="b")]
        finding = gradients_explode(seen(batch=stuck, gradients=arrived))
        assert finding is not None
        assert finding.where == "b"
        assert [each.key for each in finding.advice] == ["optimizer.clipnorm"]
        # What an optimizer divides by its size hinders nothing: the batch is memorized.
        assert (gradients_explode(seen(gradients=arrived)) is None) is math.isfinite(norm)


def test_the_layer_with_the_least_gradient_beside_its_weights_is_named() -> None:
    two = [gradient(1.0, layer="a"), gradient(VANISHED, layer="b")]
    assert gradients_vanish(seen(gradients=two)) is None  # the limit itself
    assert gradients_vanish(seen(gradients=[gradient(VANISHED / 2)])) is None  # beside nothing else
    flat = replace(gradient(VANISHED / 2, layer="b"), saturates=True, entry="layers.1")
    three = [gradient(1.0, layer="a"), flat, gradient(0.1, layer="c")]
    finding = gradients_vanish(seen(gradients=three))
    assert finding is not None
    assert finding.facts == {"layer": "b", "ratio": VANISHED / 2, "largest": 1.0}
    assert finding.advice == []  # one such activation swallows no gradient
    behind = [replace(gradient(1.0, layer=name), saturates=True, entry="layers.2") for name in "cd"]
    finding = gradients_vanish(seen(gradients=[replace(flat, entry="layers.2"), *behind]))
    assert finding is not None
    assert [(each.about, each.new) for each in finding.advice] == [("layers.2.activation", "selu")]  # type: ignore[union-attr]
    finding = gradients_vanish(seen(gradients=[gradient(1.0, layer="a"), gradient(VANISHED / 2, layer="b")]))
    assert finding is not None
    assert finding.advice == []  # no activation is in the way
    frozen = [gradient(1.0, layer="a"), gradient(VANISHED / 2, layer="b", frozen=True), gradient(1.0, layer="c")]
    assert gradients_vanish(seen(gradients=frozen)) is None
    for norm in (math.nan, math.inf):
        assert gradients_vanish(seen(gradients=[gradient(norm, layer="a"), gradient(1.0, layer="b")])) is None


def test_every_layer_that_is_trained_and_gets_nothing_is_named() -> None:
    layers = [
        gradient(None, layer="a"),
        gradient(0.0, layer="b"),
        gradient(0.1, layer="c"),
        gradient(None, layer="d", frozen=True),
    ]
    finding = no_gradient(seen(gradients=layers))
    assert finding is not None
    assert finding.facts == {"layers": ["a", "b"], "behind": None}
    assert finding.advice == []
    assert no_gradient(seen(gradients=layers[2:])) is None


def test_a_model_that_can_learn_gets_one_calm_finding() -> None:
    [calm] = check_findings(seen(batch=one_batch(1.0, 0.5, 0.01), gradients=[gradient(0.5)]))
    assert (calm.code, calm.severity) == ("can_learn", "note")
    assert {name: calm.facts[name] for name in ("samples", "steps", "memorized")} == {
        "samples": 8,
        "steps": 3,
        "memorized": True,
    }
    both = check_findings(seen(first=9.0, gradients=[gradient(None)]))
    assert [each.code for each in both] == ["first_loss_far", "no_gradient"]


def test_a_loss_that_falls_to_the_limit_itself_proposes_a_rate() -> None:
    rates = [1e-5 * 2**point for point in range(20)]
    losses = [1.0] * 19 + [0.98]
    assert proposed(rates, losses) == float(f"{rates[19] / 10:.1g}")
    assert proposed(rates, [*losses[:-1], math.nextafter(0.98, 1)]) is None
    assert proposed([], []) is None  # no number from the first step on


def test_a_share_of_the_trivial_loss_decides_whether_anything_was_learnt() -> None:
    at_the_limit = no_better_than_trivial(story([2.0, MARGIN], train=[1.0, 2.0], trivial=1.0))
    assert at_the_limit is not None
    assert at_the_limit.facts["reached"] == MARGIN
    below = math.nextafter(MARGIN, 0)
    assert no_better_than_trivial(story([2.0, below], trivial=1.0)) is None
    assert no_better_than_trivial(story([2.0, 1.0])) is None


def test_a_loss_below_zero_is_judged_by_its_distance_from_a_perfect_answer() -> None:
    def judged(reached: float, trivial: float, perfect: float) -> Any:
        return no_better_than_trivial(
            story([1.0, 0.5], trivial=trivial, compared=Compared("validation", reached, trivial, perfect))
        )

    assert judged(-0.01, 0.0, -1.0) is not None
    assert judged(-0.03, 0.0, -1.0) is None
    assert judged(-1.0, -1.0, -1.0) is None  # the constant answer is perfect: there is nothing to be better at


def test_a_forecast_as_good_as_the_last_value_is_no_better() -> None:
    def judged(reached: float, *, weighed: bool = False) -> Any:
        told = story([2.0, reached], trivial=1.0, compared=Compared("validation", reached, 1.0, weighed=weighed))
        assert isinstance(told.baseline, dict)
        told.baseline["last_value"] = {"loss": 0.5}
        return no_better_than_last_value(told)

    assert judged(0.5) is not None
    assert judged(math.nextafter(0.5, 0)) is None
    assert judged(0.6, weighed=True) is None  # the two losses are not of one kind


FALLING = [0.9, 0.5, 0.3, 0.2, 0.1]


def test_a_rise_of_a_tenth_and_of_two_hundredths_of_the_first_loss_are_enough() -> None:
    assert overfits(story([0.9, 0.5, 0.5, 0.5, RISE * 0.5], train=FALLING)) is not None
    assert overfits(story([0.9, 0.5, 0.5, 0.5, math.nextafter(RISE * 0.5, 0)], train=FALLING)) is None
    lowest, last, first = 0.5, 0.75, 0.25 / MATERIAL
    assert last - lowest == MATERIAL * first
    assert overfits(story([first, lowest, lowest, lowest, last], train=FALLING)) is not None
    assert overfits(story([math.nextafter(first, 99), lowest, lowest, lowest, last], train=FALLING)) is None


def test_a_training_loss_that_stands_where_it_was_is_no_overfitting() -> None:
    assert overfits(story([0.9, 0.5, 0.6, 0.7, 0.8], train=[0.9, 0.5, 0.4, 0.4, 0.5])) is None
    assert overfits(story([0.9, 0.5, 0.6, 0.7, 0.8], train=[0.9, 0.5, 0.4, 0.4, 0.49])) is not None


def test_what_the_model_has_already_is_not_proposed() -> None:
    def layer(written: Any) -> Any:
        return SimpleNamespace(keras=keras_catalogue().read("layers", written), parts=())

    dropout, dense = layer({"Dropout": 0.3}), layer({"Dense": 3})

    def keys(layers: list[Any], early: Any) -> list[str]:
        config: Any = SimpleNamespace(**{**vars(CONFIG), "layers": layers})
        config.train = SimpleNamespace(
            epochs=5, batch_size=32, phases=[], early_stopping=early, class_weight=None, sample_weight=None
        )
        told = story([0.9, 0.5, 0.6, 0.7, 0.8], train=FALLING)
        finding = overfits(Story(config, told.history, told.metrics, {}, 2, told.stop))
        assert finding is not None
        return [each.about for each in finding.advice]

    assert keys([], None) == ["train.early_stopping", "layers"]
    assert keys([dense, dropout], EarlyStopping()) == []
    assert keys([dense], EarlyStopping()) == ["layers"]
    last = {"Dense": 3}
    [setting] = with_dropout(["Flatten", last])
    assert setting.new == ["Flatten", {"Dropout": 0.3}, last]
    assert with_dropout(["Flatten", {**last, "from": "flatten"}]) == []  # it would not take what the Dropout gives
    assert with_dropout([]) == []


@pytest.mark.parametrize(
    ("losses", "best", "facts"),
    [
        ([1.0, 0.97], None, {"epochs": 1, "before": 1.0, "after": 0.97}),  # all there are
        ([5.0, 1.0, 0.99, 0.98, 0.97], None, {"epochs": 3, "before": 1.0, "after": 0.97}),
        ([1.0, math.nextafter(0.97, 1)], None, None),
        ([1.0], None, None),
        ([1.0, 0.5], 1, None),  # the best epoch was not the last
        ([0.0, -1.0], None, {"epochs": 1, "before": 0.0, "after": -1.0}),  # how far it can fall is not known
    ],
)
def test_the_last_three_epochs_have_to_gain_three_hundredths(
    losses: list[float], best: int | None, facts: dict[str, float] | None
) -> None:
    for told in (story(losses, best=best), story([], train=losses, best=best)):
        finding = still_improving(told)
        assert (finding and finding.facts) == facts
    assert still_improving(story(losses, best=best, stop=StopReason.TIME_LIMIT)) is None


@pytest.mark.parametrize(("shown", "told"), [(0.99, False), (1.0, True), (1.01, True)])
def test_a_healthy_training_whose_shown_loss_says_otherwise_gives_the_comparison_that_counts(
    shown: float, told: bool
) -> None:
    compared = Compared("validation", 0.5, 1.0, weighed=True)
    [finding] = verdict(story([1.2, shown, shown], trivial=1.0, best=2, compared=compared))
    assert finding.code == "healthy"
    assert ("reached" in finding.facts) is told
    if told:
        assert (finding.facts["reached"], finding.facts["trivial"], finding.facts["weighed"]) == (0.5, 1.0, True)


@pytest.mark.parametrize(("reached", "seen"), [(0.981 * 7.6, True), (0.979 * 7.6, False)])
def test_an_even_chance_is_a_better_answer_than_shares_without_some_classes(reached: float, seen: bool) -> None:
    compared = Compared("validation", reached, 12.2, even=7.6)
    finding = no_better_than_trivial(story([7.6, reached], trivial=12.2, compared=compared))
    assert (finding is not None) is seen
    if finding is not None:
        assert (finding.facts["trivial"], finding.facts["method"]) == (7.6, "same chance for each class")
    worse = Compared("validation", reached, 7.0, even=0.981 * 7.0)
    finding = no_better_than_trivial(story([7.6, reached], trivial=7.0, compared=worse))
    assert finding is not None
    assert (finding.facts["trivial"], finding.facts["method"]) == (7.0, "mean")


@pytest.mark.parametrize(("last", "seen"), [(0.0101, True), (0.0099, False)])
def test_a_model_beside_a_perfect_constant_is_no_better_until_the_loss_is_gone(last: float, seen: bool) -> None:
    assert (no_better_than_trivial(story([1.0, 0.5, last], trivial=0.0)) is not None) is seen


@pytest.mark.parametrize(("last", "seen"), [(-25.89, False), (-25.87, True), (-24.0, True)])
def test_a_loss_below_zero_overfits_by_a_share_of_what_it_fell(last: float, seen: bool) -> None:
    losses = [-20.0, -26.0, -26.0, -26.0, last]
    assert (overfits(story(losses, train=[-20.0, -26.0, -27.0, -28.0, -29.0])) is not None) is seen


def test_a_loss_of_nothing_throughout_does_not_overfit() -> None:
    assert overfits(story([0.0] * 5, train=[5.0, 4.0, 3.0, 2.0, 1.0])) is None


@pytest.mark.parametrize("first", [math.inf, math.nan])
def test_of_a_loss_that_is_never_finite_nothing_else_is_said(first: float) -> None:
    batch = OneBatch(8, 1, first, first, first, False, 0.0)
    shown = Seen(CONFIG, 0.01, FirstLoss(first, 0.7, "ln 2", True, {}), [gradient(math.inf)], batch)
    assert [finding.code for finding in check_findings(shown)] == ["first_loss_not_finite"]


def test_one_epoch_went_nowhere() -> None:
    for losses, words in (([0.5], "one epoch says"), ([0.5, 0.499], "2 epochs say")):
        [finding] = verdict(story(losses, trivial=1.0, best=len(losses)))
        told = judgement_of_training(finding)
        assert (finding.code, finding.severity) == ("too_early_to_say", "note")
        assert told.evidence == f"{words} nothing yet; the validation loss is {losses[-1]:.4f}"
    [finding] = verdict(story([0.5, 0.499, 0.498], trivial=1.0, best=3))
    assert judgement_of_training(finding).evidence == "the validation loss went from 0.5000 to 0.4980, best at epoch 3"


def test_a_healthy_training_without_validation_speaks_of_training() -> None:
    [finding] = verdict(story([], train=[1.0, 0.5, 0.5], best=2))
    assert finding.facts == {"split": "train", "first": 1.0, "last": 0.5, "best_epoch": 2}


def test_a_training_that_was_ended_amid_its_phases_has_their_rest_before_it() -> None:
    for planned, command in ((0, "dlcli resume a --epochs 12"), (7, "dlcli resume a --epochs 7")):
        told = replace(story([1.6, 1.5, 1.4, 1.3], trivial=2.0), run=["a"], planned=planned, before=0)
        falling = still_improving(told)
        assert falling is not None
        assert [each.about for each in falling.advice] == [command]
        trivial = no_better_than_trivial(
            replace(told, baseline={**told.baseline, "metrics": {"loss": 1.1}}, file="c.yaml")
        )
        assert trivial is not None
        assert [each.about for each in trivial.advice] == [command if planned else "dlcli check c.yaml"]


@pytest.mark.parametrize(("last", "told"), [(0.65, False), (0.63, False), (0.628, True)])
def test_a_rate_is_not_too_low_where_validation_has_come_to_its_end(last: float, told: bool) -> None:
    """Its first half brings 0.34: of less than 0.051 in the second, while training goes on, no rate is the cause."""
    train = [1.0, 0.98, 0.96, 0.94, 0.92, 0.9]
    curve = story([1.02, 0.9, 0.8, 0.68, 0.66, last], train=train, trivial=1.1, best=6, looks=Looks(rate=lambda: 1.0))
    found = rate_too_low(curve)
    assert (found is not None) is told
    assert rate_too_low(story(train, train=train, trivial=1.1, looks=Looks(rate=lambda: 1.0))) is not None


@pytest.mark.parametrize(
    ("losses", "patience"),
    [
        ([0.9, 0.5, 0.4, *[0.41] * 30], 5),
        ([0.9, 0.5, *[0.6] * 3, 0.4, *[0.41] * 30], 5),
        ([0.9, 0.5, *[0.6] * 5, 0.4, *[0.41] * 30], 6),
        ([0.9, *[0.91] * 12, 0.4, *[0.41] * 60], 13),
    ],
)
def test_a_patience_that_is_advised_would_have_come_to_the_best_epoch(losses: list[float], patience: int) -> None:
    """What `train` does with it is asked of the rule that stops, epoch by epoch."""
    [advice] = earlier_stop(story(losses))
    assert advice.new == {"monitor": "val_loss", "patience": patience}
    assert stopped_best(losses, patience) == min(losses)
    assert (stopped_best(losses, patience - 1) > min(losses)) is (patience > 5)
    [of_training] = earlier_stop(story([], train=losses))
    assert of_training.new == {"monitor": "loss", "patience": patience}


def stopped_best(losses: list[float], patience: int) -> float:
    """The best loss of a training that stops after so many epochs without a better one."""
    watch = Watch("val_loss", greater=False, min_delta=0.0)
    for epoch, loss in enumerate(losses, 1):
        watch.see({"val_loss": loss}, epoch)
        if watch.waited >= patience:
            break
    assert watch.best is not None
    return watch.best
