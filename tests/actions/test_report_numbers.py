"""The numbers of a report against scikit-learn: rankings, calibration, predictions against truth; what counts nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sklearn.calibration
import sklearn.metrics

from dlcli.actions.judged import MOST_IN_MATRIX, Judged
from dlcli.actions.reported.pictured_targets import PALETTE, pictured_target
from dlcli.actions.trusted import ranking
from dlcli.actions.trusted.calibration import calibrated_target
from dlcli.actions.trusted.ranking import MOST_DRAWN, MOST_ON_AXIS, Threshold, rank_scores, ranked_target
from dlcli.actions.trusted.truth import MOST_COLUMNS, MOST_PAIRS, against_truth, residual_range
from dlcli.data.schema import TargetSchema
from dlcli.training.kept.predictions import Answers


def judged(schema: TargetSchema, target: Any, shown: Any, answers: Answers | None, **more: Any) -> Judged:
    losses = np.zeros(len(target))
    values = {"counted": None, "two": False, **more}
    return Judged(schema=schema, target=target, shown=shown, answers=answers, losses=losses, excess=losses, **values)


def target_of(classes: list[str] | None, **more: Any) -> TargetSchema:
    encode = "none" if classes is None else "index"
    return TargetSchema(
        **{"name": "kind", "encode": encode, "classes": classes, "axes": ["samples"], "shape": [], **more}
    )


@dataclass
class Case:
    truth: Any
    chances: Any
    judged: Judged


def several(count: int = 300, classes: int = 3, *, ties: bool = False, counted: Any = None) -> Case:
    generator = np.random.default_rng(4)
    truth = generator.integers(0, classes, count)
    scores = generator.normal(size=(count, classes)) + 1.5 * np.eye(classes)[truth]
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    chances = chances.round(1) if ties else chances
    answers = Answers(chances.argmax(axis=1), chances)
    names = [f"c{at}" for at in range(classes)]
    return Case(truth, chances, judged(target_of(names), truth, chances, answers, counted=counted))


@pytest.mark.parametrize("ties", [False, True])
def test_areas_are_those_of_scikit_learn_for_each_class(ties: bool) -> None:
    case = several(ties=ties)
    ranked = ranked_target(case.judged)
    assert ranked is not None
    assert ranked.against_rest
    assert len(ranked.classes) == 3
    for at, found in enumerate(ranked.classes):
        holds, scores = case.truth == at, case.chances[:, at]
        assert found.samples == holds.sum()
        assert found.roc_area == pytest.approx(sklearn.metrics.roc_auc_score(holds, scores), abs=1e-12)
        expected = sklearn.metrics.average_precision_score(holds, scores)
        assert found.average_precision == pytest.approx(expected, abs=1e-12)
    assert ranked.classes[0].roc_area != pytest.approx(ranked.classes[1].roc_area, abs=1e-4)


def two(count: int) -> Case:
    generator = np.random.default_rng(count)
    truth = generator.integers(0, 2, count)
    chance = 1 / (1 + np.exp(-generator.normal(size=count) - 2 * truth + 1))
    both = np.stack([1 - chance, chance], axis=-1)
    answers = Answers((chance > 0.5).astype(int), both)
    return Case(truth, chance, judged(target_of(["no", "yes"]), truth, chance[:, None], answers, two=True))


@pytest.mark.parametrize(("count", "close"), [(40, 1e-4), (2000, 5e-3)])
def test_the_area_below_what_is_drawn_is_that_of_all_thresholds(count: int, close: float) -> None:
    ranked = ranked_target(two(count).judged)
    assert ranked is not None
    [found] = ranked.classes
    assert found.name == "yes"
    assert not ranked.against_rest
    assert len(ranked.roc_axis) == len(found.roc) <= 2 * (MOST_ON_AXIS + 1)
    assert np.trapezoid(found.roc, ranked.roc_axis) == pytest.approx(found.roc_area, abs=close)
    assert np.trapezoid(found.recall, ranked.recall_axis) == pytest.approx(found.average_precision, abs=close)
    assert ranked.roc_axis == sorted(ranked.roc_axis)


def test_thresholds_are_those_of_scikit_learn() -> None:
    case = two(60)
    found = Threshold.of(case.chances.round(1), case.truth == 1)
    rates, recall, _ = sklearn.metrics.roc_curve(case.truth, case.chances.round(1), drop_intermediate=False)
    np.testing.assert_allclose(found.false_rate, rates)
    np.testing.assert_allclose(found.recall, recall)
    precision, recall, _ = sklearn.metrics.precision_recall_curve(case.truth, case.chances.round(1))
    np.testing.assert_allclose(found.precision, precision[::-1])
    np.testing.assert_allclose(found.recall, recall[::-1])


def test_a_class_without_samples_has_no_area_and_is_not_drawn() -> None:
    case = several()
    case.truth[case.truth == 2] = 0
    ranked = ranked_target(case.judged)
    assert ranked is not None
    assert (ranked.classes[2].roc_area, ranked.classes[2].average_precision, ranked.classes[2].roc) == (None, None, ())
    assert len(ranked.classes[0].roc) == len(ranked.roc_axis)


def test_what_does_not_count_is_in_no_curve() -> None:
    counted = np.arange(300) % 3 > 0
    case = several(counted=counted)
    ranked, bins = ranked_target(case.judged), calibrated_target(case.judged)
    assert ranked is not None
    assert bins is not None
    holds, scores = case.truth == 1, case.chances[:, 1]
    expected = sklearn.metrics.roc_auc_score(holds[counted], scores[counted])
    assert ranked.classes[1].roc_area == pytest.approx(expected, abs=1e-12)
    assert expected != pytest.approx(sklearn.metrics.roc_auc_score(holds, scores), abs=1e-4)
    assert sum(each.samples for each in bins.bins) == ranked.places == 200


def test_a_void_label_is_in_no_curve() -> None:
    case = several()
    case.truth[:30] = -1
    ranked = ranked_target(case.judged)
    assert ranked is not None
    assert ranked.places == 270
    assert sum(each.samples for each in ranked.classes) == 270


def test_so_many_classes_are_drawn_and_so_many_are_ranked() -> None:
    ranked = ranked_target(several(classes=MOST_DRAWN + 1).judged)
    assert ranked is not None
    areas = [each.roc_area or 0 for each in ranked.classes]
    left = [at for at, each in enumerate(ranked.classes) if not each.roc]
    assert left == [int(np.argmax(areas))]
    all_drawn = ranked_target(several(classes=MOST_DRAWN).judged)
    assert all_drawn is not None
    assert all(each.roc for each in all_drawn.classes)
    assert ranked_target(several(classes=MOST_IN_MATRIX).judged) is not None
    assert ranked_target(several(classes=MOST_IN_MATRIX + 1).judged) is None


def test_of_very_many_places_some_are_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MOST_RANKED", 100)
    ranked = ranked_target(several().judged)
    assert ranked is not None
    assert (ranked.places, ranked.counted <= 100, ranked.counted > 50) == (300, True, True)


def labelled(count: int = 200) -> Case:
    generator = np.random.default_rng(2)
    truth = generator.integers(0, 2, (count, 2)).astype(np.float32)
    chances = np.clip(0.3 * truth + generator.uniform(0, 0.7, (count, 2)), 0, 1)
    schema = target_of(None, labels=["a", "b"], shape=[2], axes=["samples", "labels"])
    return Case(truth, chances, judged(schema, truth, chances, Answers((chances > 0.5).astype(int), chances)))


def test_labels_are_ranked_one_by_one() -> None:
    case = labelled()
    ranked = ranked_target(case.judged)
    assert ranked is not None
    assert [each.name for each in ranked.classes] == ["a", "b"]
    for at, found in enumerate(ranked.classes):
        assert found.roc_area == pytest.approx(sklearn.metrics.roc_auc_score(case.truth[:, at], case.chances[:, at]))


def check_bins(bins: Any, holds: Any, chances: Any) -> None:
    shares, means = sklearn.calibration.calibration_curve(holds, chances, n_bins=10)
    np.testing.assert_allclose([each.came_true for each in bins.bins], shares)
    np.testing.assert_allclose([each.probability for each in bins.bins], means)
    counts = np.array([each.samples for each in bins.bins])
    assert counts.sum() == len(holds)
    assert bins.error == pytest.approx(float((counts * np.abs(shares - means)).sum() / len(holds)))


def test_calibration_of_two_classes_is_that_of_scikit_learn() -> None:
    case = two(500)
    bins = calibrated_target(case.judged)
    assert bins is not None
    check_bins(bins, case.truth, case.chances)
    assert bins.about == "the positive class"
    assert bins.brier == pytest.approx(sklearn.metrics.brier_score_loss(case.truth, case.chances))


def test_calibration_of_several_classes_is_of_the_class_that_was_said() -> None:
    case = several()
    bins = calibrated_target(case.judged)
    assert bins is not None
    check_bins(bins, case.chances.argmax(axis=1) == case.truth, case.chances.max(axis=1))
    assert bins.about == "the class that was said"
    assert bins.brier == pytest.approx(float(((case.chances - np.eye(3)[case.truth]) ** 2).sum(axis=1).mean()))


def test_calibration_of_labels_is_of_each() -> None:
    case = labelled()
    bins = calibrated_target(case.judged)
    assert bins is not None
    check_bins(bins, case.truth.ravel() > 0, case.chances.ravel())


def test_scores_that_are_no_probabilities_are_ranked_and_not_calibrated() -> None:
    case = two(100)
    scores = np.log(case.chances / (1 - case.chances))[:, None]
    hinge = judged(case.judged.schema, case.truth, scores, Answers(case.judged.answers.classes, None), two=True)  # type: ignore[union-attr]
    ranked = ranked_target(hinge)
    assert ranked is not None
    assert ranked.classes[0].roc_area == pytest.approx(sklearn.metrics.roc_auc_score(case.truth, case.chances))
    assert calibrated_target(hinge) is None


def numbers(shape: tuple[int, ...], **more: Any) -> Case:
    generator = np.random.default_rng(1)
    truth = generator.normal(3, 2, shape).astype(np.float32)
    predicted = (truth + generator.normal(0.3, 0.5, shape)).astype(np.float32)
    axes = ["samples", *(f"a{at}" for at in range(len(shape) - 1))]
    schema = target_of(None, shape=list(shape[1:]), axes=axes)
    return Case(truth, predicted, judged(schema, truth, predicted, None, **more))


def check_numbers(found: Any, truth: Any, predicted: Any) -> None:
    assert found.scores.values == truth.size
    truth, predicted = truth.astype(np.float64).ravel(), predicted.astype(np.float64).ravel()
    assert found.scores.r2 == pytest.approx(sklearn.metrics.r2_score(truth, predicted))
    assert found.scores.mae == pytest.approx(sklearn.metrics.mean_absolute_error(truth, predicted))
    assert found.scores.rmse == pytest.approx(sklearn.metrics.root_mean_squared_error(truth, predicted))
    assert found.scores.bias == pytest.approx(float((predicted - truth).mean()))
    assert sum(found.counts) == truth.size


def test_predictions_against_truth_are_scored_as_scikit_learn_does() -> None:
    case = numbers((MOST_PAIRS + 500,))
    [found] = against_truth(case.judged)
    check_numbers(found, case.truth, case.chances)
    assert MOST_PAIRS / 2 < len(found.truth) == len(found.predicted) <= MOST_PAIRS
    assert list(found.truth) == sorted(found.truth)
    pairs = set(zip(case.truth.tolist(), case.chances.tolist(), strict=True))
    assert set(zip(found.truth, found.predicted, strict=True)) <= pairs


def test_few_values_are_told_one_by_one_and_many_together() -> None:
    case = numbers((50, MOST_COLUMNS))
    found = against_truth(case.judged)
    assert [each.scores.name for each in found] == [f"kind: {at}" for at in range(1, MOST_COLUMNS + 1)]
    check_numbers(found[1], case.truth[:, 1], case.chances[:, 1])
    many = numbers((50, MOST_COLUMNS + 1))
    [together] = against_truth(many.judged)
    check_numbers(together, many.truth, many.chances)


def test_places_that_do_not_count_are_in_no_residual() -> None:
    counted = np.arange(200).reshape(50, 4) % 3 > 0
    case = numbers((50, 4), counted=counted)
    [found] = against_truth(case.judged)
    check_numbers(found, case.truth[counted], case.chances[counted])
    samples = numbers((50, 2), counted=counted[:, 0])
    first, _ = against_truth(samples.judged)
    check_numbers(first, samples.truth[counted[:, 0], 0], samples.chances[counted[:, 0], 0])


def test_a_constant_truth_has_no_r2_and_equal_residuals_have_a_histogram() -> None:
    case = numbers((20,))
    case.truth[:] = 7e6
    case.chances[:] = 7e6 + 0.5
    [found] = against_truth(case.judged)
    assert (found.scores.r2, found.scores.bias, sum(found.counts)) == (None, 0.5, 20)
    low, high = residual_range(np.array([1e9, 1e9]))
    assert low < 1e9 < high


def test_classes_have_no_residuals_and_numbers_no_curves() -> None:
    assert against_truth(several().judged) == []
    assert ranked_target(numbers((20,)).judged) is None
    assert calibrated_target(numbers((20,)).judged) is None


def test_masks_are_shown_in_the_colours_of_their_classes() -> None:
    truth, said = np.array([[[0, 1], [2, -1]]]), np.array([[[0, 0], [2, 1]]])
    schema = target_of(["a", "b", "c"], axes=["samples", "height", "width"], shape=[2, 2])
    case = judged(schema, truth, said, Answers(said, None))
    true, answered = pictured_target(case, 0)
    assert (true.caption, answered.caption) == ("true kind", "said kind")
    expected = [[PALETTE[0], PALETTE[1]], [PALETTE[2], (0, 0, 0)]]
    np.testing.assert_array_equal(true.values, np.array(expected))
    np.testing.assert_array_equal(answered.values[1, 1], PALETTE[1])
    assert min(max(colour) for colour in PALETTE) >= 64  # so that no picture is stretched
    assert pictured_target(several().judged, 0) == []


def test_pictures_that_are_put_out_stand_beside_the_true_ones() -> None:
    case = numbers((2, 4, 5, 3))
    object.__setattr__(case.judged.schema, "axes", ["samples", "height", "width", "channels"])
    true, said = pictured_target(case.judged, 1)
    np.testing.assert_array_equal(true.values, case.truth[1])
    np.testing.assert_array_equal(said.values, case.chances[1])
    odd = numbers((2, 4, 5, 2))
    object.__setattr__(odd.judged.schema, "axes", ["samples", "height", "width", "channels"])
    assert pictured_target(odd.judged, 1) == []


def resampled(statistic: Any, *values: Any) -> tuple[float, float]:
    """The interval of a statistic of samples that were drawn again, one resample after another."""
    generator, found, count = np.random.default_rng(99), [], len(values[0])
    for _ in range(1500):
        drawn = generator.integers(count, size=count)
        found.append(statistic(*(each[drawn] for each in values)))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def check_interval(found: Any, expected: tuple[float, float]) -> None:
    width = expected[1] - expected[0]
    assert found == pytest.approx(expected, abs=0.15 * width)
    assert found[0] < found[1]


def test_the_intervals_of_areas_are_those_of_samples_that_were_drawn_again() -> None:
    case = two(150)
    case.chances[:] = case.chances.round(1)  # many are equal
    case.judged.answers.probabilities[:, 1] = case.chances  # type: ignore[union-attr,index]
    case.judged.shown[:, 0] = case.chances
    scores = rank_scores(case.judged)
    assert scores is not None
    (found,) = scores.values()
    truth, chances = case.truth, case.chances
    assert found.roc_auc == pytest.approx(sklearn.metrics.roc_auc_score(truth, chances))
    assert found.average_precision == pytest.approx(sklearn.metrics.average_precision_score(truth, chances))
    check_interval(found.roc_auc_interval, resampled(sklearn.metrics.roc_auc_score, truth, chances))
    check_interval(found.average_precision_interval, resampled(sklearn.metrics.average_precision_score, truth, chances))


def test_a_class_that_is_not_there_has_no_area_and_no_interval() -> None:
    case = two(40)
    case.truth[:] = 0
    scores = rank_scores(
        judged(target_of(["no", "yes"]), case.truth, case.chances[:, None], case.judged.answers, two=True)
    )
    assert scores is not None
    assert {*vars(scores["yes"]).values()} == {None}


def test_r2_has_the_interval_of_samples_that_were_drawn_again_and_ranges_have_their_own_errors() -> None:
    case = numbers((200,))
    [found] = against_truth(case.judged)
    truth, predicted = case.truth.astype(np.float64), case.chances.astype(np.float64)
    check_interval(found.scores.r2_interval, resampled(sklearn.metrics.r2_score, truth, predicted))
    ranges = found.scores.ranges
    assert len(ranges) == 5
    assert sum(each.values for each in ranges) == 200
    for at, each in enumerate(ranges):
        inside = (truth >= each.low) & ((truth < each.high) if at < 4 else (truth <= each.high))
        assert each.values == inside.sum() > 30
        assert each.mae == pytest.approx(np.abs(predicted - truth)[inside].mean())
        assert each.bias == pytest.approx((predicted - truth)[inside].mean())
    assert [against_truth(numbers((count,)).judged)[0].scores.ranges == [] for count in (49, 50)] == [True, False]
    few = numbers((60,))
    few.truth[:] = 1 + np.arange(60) % 2  # two values are no five ranges
    assert against_truth(few.judged)[0].scores.ranges == []


def test_every_step_of_a_forecast_has_its_own_scores_where_it_is_asked_for() -> None:
    case = numbers((50, 24))
    found = against_truth(case.judged, most=100)
    assert [each.scores.name for each in found] == [f"kind: {at}" for at in range(1, 25)]
    check_numbers(found[23], case.truth[:, 23], case.chances[:, 23])


def test_places_of_one_sample_are_drawn_together() -> None:
    generator = np.random.default_rng(8)
    labels, scores = generator.integers(0, 2, 24), generator.normal(size=24)
    truth = np.repeat(labels[:, None], 30, axis=1)
    chances = 1 / (1 + np.exp(-(scores + labels)[:, None] - 0.01 * generator.normal(size=(24, 30))))
    answers = Answers((chances > 0.5).astype(int), np.stack([1 - chances, chances], axis=-1))
    schema = target_of(["no", "yes"], shape=[30], axes=["samples", "place"])
    scored = rank_scores(judged(schema, truth, chances[..., None], answers, two=True))
    assert scored is not None
    (found,) = scored.values()
    samples = [np.stack([truth[at], chances[at]]) for at in range(24)]

    def area(drawn: Any) -> float:
        both = np.concatenate(list(drawn), axis=1)
        return float(sklearn.metrics.roc_auc_score(both[0], both[1]))

    check_interval(found.roc_auc_interval, resampled(area, np.array(samples)))
    numbers_of = judged(target_of(None, shape=[30], axes=["samples", "place"]), truth.astype(float), chances, None)
    [told] = against_truth(numbers_of)
    low, high = told.scores.r2_interval  # type: ignore[misc]

    def r2(drawn: Any) -> float:
        both = np.concatenate(list(drawn), axis=1)
        return float(sklearn.metrics.r2_score(both[0], both[1]))

    check_interval((low, high), resampled(r2, np.array(samples)))
    few = numbers((9,))
    assert against_truth(few.judged)[0].scores.r2_interval is None
    assert against_truth(numbers((10,)).judged)[0].scores.r2_interval is not None
