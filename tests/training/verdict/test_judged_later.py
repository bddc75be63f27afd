"""What later batches of unseen trainings showed of the verdict, each kind just below and above its limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.evidence.capacity import Capacity, Hidden
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.drift import Drift, moved_shares
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.inputs_seen import inputs_seen
from dlcli.training.evidence.layers_seen import LayersSeen
from dlcli.training.evidence.loosened import Loosened
from dlcli.training.evidence.neighbours import Neighbours, neighbours
from dlcli.training.evidence.padding_read import PaddingRead, padding_read
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.curve import keeps_its_pace
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.exploding_gradients import exploding_gradients
from dlcli.training.verdict.imbalanced import imbalanced
from dlcli.training.verdict.no_better_than_last_value import no_better_than_last_value
from dlcli.training.verdict.no_better_than_trivial import no_better_than_trivial
from dlcli.training.verdict.one_class_only import one_class_only
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.predicts_one_class import predicts_one_class
from dlcli.training.verdict.rate_too_high import rate_too_high
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.schedule_ended import schedule_ended
from dlcli.training.verdict.splits_differ import splits_differ
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.stopped_too_early import stopped_too_early
from dlcli.training.verdict.underfits import underfits
from dlcli.training.verdict.written import enlarges
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def narrow_model(units: int) -> Capacity:
    return Capacity(False, [Hidden("dense", units, "layers.0", False)], {})


@pytest.mark.parametrize(("after", "seen"), [(4, True), (3, False)])
def test_a_narrow_model_whose_validation_is_over_cannot_fit(tell: Tell, after: int, seen: bool) -> None:
    falling = [0.99, 0.97, 0.94, 0.9, 0.85, 0.8, 0.74, 0.68]  # more than 3 % of it in the last epochs
    validation = [0.99, 0.97, 0.95, 0.93, *[0.92] * 4]
    validation[len(validation) - after :] = [0.91, *[0.93] * (after - 1)]
    told = tell(
        validation,
        train=falling,
        left=0.68,
        capacity=lambda: narrow_model(2),
        neighbours=lambda: Neighbours(0.7, 0.0, 100, False),
    )
    assert (cannot_fit(told) is not None) is seen


@pytest.mark.parametrize(("units", "known", "seen"), [(8, 0.634, False), (8, 0.636, True), (32, 0.9, False)])
def test_few_units_underfit_where_neighbours_know_far_more_of_validation(
    tell: Tell, units: int, known: float, seen: bool
) -> None:
    """Training is learnt by heart through them, better than neighbours know it; validation says what they leave out."""

    def classes(split: str) -> list[ClassesSeen]:
        right = [9] * 10 if split == "train" else [4] * 9 + [5]  # of the mistakes of one answer 11 % and 66 %
        return [ClassesSeen("y", split, 100, [*"abcdefghij"], [10] * 10, [10] * 10, right)]

    told = tell(
        [0.99, 0.9, 0.8, 0.75, 0.7, 0.71, 0.71, 0.71],
        train=[0.99, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.45],
        left=0.45,
        capacity=lambda: narrow_model(units),
        classes=classes,
        neighbours=lambda: Neighbours(0.7, 0.1, 100, True),
        neighbours_elsewhere=lambda: Neighbours(known, 0.1, 100, True),
    )
    found = underfits(told)
    assert (found is not None) is seen
    if found is not None:
        assert found.facts["split"] == "validation"
        assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == [("layers.0.units", 64)]


@pytest.mark.parametrize(
    ("best", "ends", "seen"), [(0.79, 0.91, True), (0.81, 0.91, False), (0.79, 0.89, False), (0.2, 0.99, True)]
)
def test_a_rate_that_lost_all_that_was_learnt_is_too_high_whatever_the_range_test_says(
    tell: Tell, best: float, ends: float, seen: bool
) -> None:
    losses = [0.9, best, 0.95, ends, ends]
    told = tell(losses, rates=[0.04] * 5, left=max(ends, 0.91), rate=lambda: 0.04)
    found = rate_too_high(told)
    assert (found is not None) is seen
    if found is not None:
        settings = [(each.key, each.new) for each in found.advice if isinstance(each, Setting)]
        assert settings == [("optimizer.learning_rate", 0.004)]


@pytest.mark.parametrize(
    ("least", "kept", "proposed", "dropout", "seen"),
    [
        (1.021, 1.011, None, 0.0, True),
        (1.021, 1.009, None, 0.0, False),
        (1.019, 1.011, None, 0.0, False),
        (1.021, 1.011, 0.04, 0.0, False),
        (1.021, 1.011, None, 0.2, False),
    ],
)
def test_a_loss_that_stays_above_the_constant_answer_is_thrown_by_its_steps(
    tell: Tell, least: float, kept: float, proposed: float | None, dropout: float, seen: bool
) -> None:
    losses = [1.07, 1.06, least, 1.06, 1.05, 1.07]
    penalties = [Penalty("dropout", "rate", dropout, 0.0, "layers.1.rate")] if dropout else []
    told = tell(losses, rates=[0.04] * 6, left=kept, rate=lambda: proposed, penalties=lambda: penalties)
    assert (rate_too_high(told) is not None) is seen


@pytest.mark.parametrize(("patience", "more"), [(4, ["train.early_stopping.patience"]), (5, [])])
def test_another_rate_has_patience_with_it(tell: Tell, patience: int, more: list[str]) -> None:
    losses = [3.1, 0.9, 0.8, 0.8, 0.8, 0.8]
    told = tell(
        losses, rates=[0.04] * 6, left=0.8, rate=lambda: 0.004, more=f", early_stopping: {{patience: {patience}}}"
    )
    found = rate_too_high(told)
    assert found is not None
    settings = [each.key for each in found.advice if isinstance(each, Setting)]
    assert settings == ["optimizer.learning_rate", *more]


def test_a_loss_that_falls_from_above_the_constant_answer_is_on_its_way(tell: Tell) -> None:
    told = tell([1.3, 1.25, 1.2, 1.15, 1.1, 1.05], rates=[0.2] * 6, left=1.05, rate=lambda: None)
    assert rate_too_high(told) is None


@pytest.mark.parametrize(("share", "seen"), [(0.51, True), (0.49, False)])
def test_padding_that_is_read_step_by_step_is_masked(tell: Tell, share: float, seen: bool) -> None:
    told = tell(
        [1.0, 1.0, 1.0, 1.0], left=1.0, padding_read=lambda: PaddingRead(share, ("layers.0",)), rate=lambda: 0.001
    )
    found = does_not_learn(told)
    assert found is not None
    assert bool(found.facts["padding"]) is seen
    assert ([each.key for each in found.advice if isinstance(each, Setting)] == ["layers.0.mask_zero"]) is seen


@pytest.mark.parametrize(("mask", "layer"), [(False, "SimpleRNN: 4"), (True, "SimpleRNN: 4"), (False, "Flatten")])
def test_what_stands_behind_the_ends_is_counted(tmp_path: Path, mask: bool, layer: str) -> None:
    words = ["ab", "cde", "f", "ghij"] * 20
    rows = "\n".join(f"{word},{at % 2}" for at, word in enumerate(words))
    (tmp_path / "t.csv").write_text(f"word,y\n{rows}\n", encoding="utf-8")
    text = f"""
data:
  source: {tmp_path / "t.csv"}
  inputs:
    word:
      columns: word
      kind: text
      prepare: [TextVectorization: {{split: character, output_sequence_length: 10}}]
  target: y
  split: {{by: time, validation: 0, test: 0}}
layers:
  - Embedding: {{input_dim: 20, output_dim: 2, mask_zero: {str(mask).lower()}}}
  - {layer}
  - Dense: 1
loss: mse
optimizer: SGD
train: {{epochs: 1}}
"""
    found = padding_read(experiment_of(tmp_path, text))
    expected = 1 - np.mean([len(word) for word in words]) / 10
    if mask or layer == "Flatten":
        assert found is None
    else:
        assert found is not None
        assert found.share == pytest.approx(expected)
        assert found.entries == ("layers.0",)


def falling(pace: list[float]) -> list[float]:
    losses = [1.0]
    for step in pace:
        losses.append(losses[-1] - step)
    return losses


@pytest.mark.parametrize(
    ("pace", "goes"),
    [
        ([0.01] * 7, True),
        ([0.01] * 4 + [0.0037] * 3, True),  # half of the mean pace, and a little more
        ([0.01] * 4 + [0.0036] * 3, False),
        ([0.01] * 4, False),  # of five epochs the last three are most
        ([0.01, -0.01] * 3 + [0.01], False),
    ],
)
def test_a_curve_that_does_not_bend_keeps_its_pace(pace: list[float], goes: bool) -> None:
    assert keeps_its_pace(falling(pace)) is goes


@pytest.mark.parametrize(("level", "seen"), [(0.5, True), (0.31, False)])
def test_what_is_far_from_its_end_is_still_improving_by_a_small_share(tell: Tell, level: float, seen: bool) -> None:
    """Two thousandths an epoch are less than 3 % of it, and it falls as straight as it began."""
    losses = [level - 0.002 * at for at in range(10)]
    assert (still_improving(tell(losses)) is not None) is seen


@pytest.mark.parametrize(("decay", "better", "seen"), [(1.0, None, True), (0.9, None, False), (0.9, 0.8, True)])
def test_a_heavy_decay_needs_no_trial(tell: Tell, decay: float, better: float | None, seen: bool) -> None:
    told = tell(
        [0.9, 0.9, 0.9, 0.9, 0.9],
        left=0.9,
        optimizer=f"{{AdamW: {{learning_rate: 0.001, weight_decay: {decay}}}}}",
        loosened=lambda *tried: None if better is None else Loosened(1.0, better),
    )
    found = underfits(told)
    assert (found is not None) is seen
    if found is not None:
        assert [each.key for each in found.advice if isinstance(each, Setting)] == ["optimizer.weight_decay"]


@pytest.mark.parametrize(
    ("share", "left", "seen"), [(0.8, 0.11, True), (0.8, 0.09, False), (0.79, 0.2, False), (0.79, 0.51, True)]
)
def test_a_dropout_of_nearly_all_holds_back_what_is_nearly_good(
    tell: Tell, share: float, left: float, seen: bool
) -> None:
    dropout = Penalty("dropout", "rate", share, 0.0, "layers.1.rate")
    told = tell([0.9, left, left, left], left=left, penalties=lambda: [dropout])
    assert (underfits(told) is not None) is seen


@pytest.mark.parametrize(("cost", "left", "seen"), [(0.56, 0.11, True), (0.54, 0.11, False), (0.5, 0.04, False)])
def test_weights_that_cost_many_times_what_the_data_do_hold_back(
    tell: Tell, cost: float, left: float, seen: bool
) -> None:
    regularizer = Penalty("dense", "kernel_regularizer", 0.0, cost, "layers.0.kernel_regularizer")
    told = tell([0.9, left, left, left], left=left, penalties=lambda: [regularizer])
    assert (underfits(told) is not None) is seen


@pytest.mark.parametrize(
    ("strength", "left", "validation", "seen"),
    [(0.05, 0.16, 0.2, True), (0.049, 0.16, 0.2, False), (0.05, 0.14, 0.2, False), (0.05, 0.16, 0.22, False)],
)
def test_weights_that_cost_heavily_hold_back_however_small_they_became(
    tell: Tell, strength: float, left: float, validation: float, seen: bool
) -> None:
    regularizer = Penalty("dense", "kernel_regularizer", 0.0, 0.01, "layers.0.kernel_regularizer", strength)
    told = tell([0.9, validation, validation, validation], left=left, penalties=lambda: [regularizer])
    assert (underfits(told) is not None) is seen


@pytest.mark.parametrize(
    ("left", "known", "seen"), [(0.29, 0.18, True), (0.29, 0.2, False), (0.31, 0.31, True), (0.09, 0.0, False)]
)
def test_layers_that_stay_as_they_were_drawn_are_told_where_neighbours_know_more(
    tell: Tell, left: float, known: float, seen: bool
) -> None:
    told = tell(
        [0.9, left, left, left, left],
        left=left,
        capacity=lambda: Capacity(False, [], {"dense": "layers.0"}),
        neighbours=lambda: Neighbours(1 - known, 0.0, 100, False),
    )
    found = underfits(told)
    assert (found is not None) is seen
    if found is not None:
        assert [each.key for each in found.advice if isinstance(each, Setting)] == ["layers.0.trainable"]


@pytest.mark.parametrize(("known", "seen"), [(0.1, True), (0.11, False)])
def test_a_linear_model_cannot_fit_where_a_network_leaves_half_of_what_it_does(
    tell: Tell, known: float, seen: bool
) -> None:
    told = tell(
        [0.9, *[0.2] * 9],
        left=0.2,
        capacity=lambda: Capacity(True, [], {}),
        small_network=lambda: Neighbours(1 - known, 0.0, 100, False),
    )
    assert (cannot_fit(told) is not None) is seen


LARGE_FIRST = (
    "[Dense: {units: 4, activation: relu, kernel_initializer: {RandomNormal: {stddev: 5.0}}}, "
    "Dense: {units: 1, kernel_initializer: zeros}]"
)


@pytest.mark.parametrize(
    ("first", "layers", "seen"),
    [
        (2.1, LARGE_FIRST, True),
        (1.9, LARGE_FIRST, False),
        (3.1, "[Dense: {units: 4, activation: relu}, Dense: 1]", False),
    ],
)
def test_first_weights_that_put_the_first_answers_far_away_are_told(
    tell: Tell, first: float, layers: str, seen: bool
) -> None:
    gradients = [LayerGradient(f"dense_{at}", "Dense", None, 1.0, 1.0, False, entry=f"layers.{at}") for at in (0, 1)]
    told = tell(
        [first, 1.5, 1.4, 1.2], left=1.2, layers=layers, begun=lambda: LayersSeen(gradients, []), rate=lambda: 0.001
    )
    found = exploding_gradients(told)
    assert (found is not None) is seen
    if found is not None:
        assert [each.key for each in found.advice if isinstance(each, Setting)] == ["layers.0.kernel_initializer"]
        assert "2.100" in str(judgement_of_training(found))


@pytest.mark.parametrize(
    ("validation", "seen"), [([0.98, 0.97, 0.951], True), ([0.98, 0.96, 0.949], False), ([0.999, 1.0, 0.999], False)]
)
def test_a_slow_fall_is_seen_on_validation_where_noise_hides_it_in_training(
    tell: Tell, validation: list[float], seen: bool
) -> None:
    told = tell([1.0, *validation], train=[1.0, 1.001, 0.999, 1.0], left=0.999, rate=lambda: 0.2)
    assert (rate_too_low(told) is not None) is seen


@pytest.mark.parametrize(("limit", "last", "seen"), [(0.001, 0.98, True), (0.0011, 0.98, False), (0.001, 0.96, False)])
def test_gradients_that_are_cut_to_nothing_need_no_trial(tell: Tell, limit: float, last: float, seen: bool) -> None:
    losses = [1.0, (1 + last) / 2, last]
    told = tell(losses, left=last, optimizer=f"{{SGD: {{learning_rate: 0.1, clipnorm: {limit}}}}}")
    found = rate_too_low(told)
    assert (found is not None and found.facts["cut"] is not None) is seen


@pytest.mark.parametrize(
    ("limit", "last", "loosened", "seen"),
    [
        (0.001, 0.98, 0.97, True),
        (0.001, 0.98, 0.99, False),
        (0.001, 0.96, 0.97, False),  # it has moved: only far better steps tell
        (0.001, 0.96, 0.9, True),
        (0.0011, 0.98, 0.97, False),
    ],
)
def test_where_training_stood_still_clearly_better_steps_tell(
    tell: Tell, limit: float, last: float, loosened: float, seen: bool
) -> None:
    losses, optimizer = [1.0, (1 + last) / 2, last], f"{{SGD: {{learning_rate: 0.1, clipnorm: {limit}}}}}"
    told = tell(losses, left=last, optimizer=optimizer, loosened=lambda *tried: Loosened(1.0, loosened))
    found = rate_too_low(told)
    assert (found is not None and found.facts["cut"] is not None) is seen


@pytest.mark.parametrize(("scale", "seen"), [(1.0, True), (0.03, False)])
def test_a_rule_that_waits_on_next_to_nothing_was_patient_enough(tell: Tell, scale: float, seen: bool) -> None:
    told = tell(
        [scale * each for each in (0.9, 0.6, 0.6)],
        train=[scale * each for each in (1.9, 1.22, 0.9)],
        more=", early_stopping: {patience: 2}",
        stop=StopReason.EARLY_STOPPING,
    )
    assert (stopped_too_early(told) is not None) is seen


@pytest.mark.parametrize(("last", "commands"), [(0.3, 1), (0.4, 0)])
def test_a_forecast_that_is_still_getting_better_is_to_go_on(tell: Tell, last: float, commands: int) -> None:
    told = tell([0.9, 0.6, 0.5, 0.4, last])
    found = no_better_than_last_value(replace(told, baseline={**told.baseline, "last_value": {"loss": 0.2}}))
    assert found is not None
    assert len(found.advice) == commands


def test_neighbours_of_several_numbers_are_those_of_scikit_learn(tmp_path: Path) -> None:
    from sklearn.neighbors import NearestNeighbors

    generator = np.random.default_rng(8)
    x = generator.normal(size=(120, 3))
    y = np.stack([x[:, 0] ** 2, 3 * x[:, 1]], axis=1) + generator.normal(size=(120, 2)) / 9
    rows = "\n".join(",".join(f"{each:.6f}" for each in (*a, *b)) for a, b in zip(x, y, strict=True))
    (tmp_path / "t.csv").write_text(f"a,b,c,u,v\n{rows}\n", encoding="utf-8")
    text = f"""
data: {{source: {tmp_path / "t.csv"}, target: [u, v], split: {{by: time, validation: 0, test: 0}}}}
layers: [Dense: 2]
loss: mse
optimizer: SGD
train: {{epochs: 1}}
"""
    found = neighbours(experiment_of(tmp_path, text))
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    near = NearestNeighbors(n_neighbors=6).fit(scaled).kneighbors(scaled, return_distance=False)[:, 1:]
    error = ((y[near].mean(axis=1) - y) ** 2).mean()
    assert found is not None
    assert found.left() == pytest.approx(error / y.var(axis=0).mean(), rel=1e-3)


def test_how_often_words_stand_in_a_text_is_no_scale(tmp_path: Path) -> None:
    rows = "\n".join(f"{'word ' * (at % 40)}end,{at % 2}" for at in range(80))
    (tmp_path / "t.csv").write_text(f"words,y\n{rows}\n", encoding="utf-8")
    text = f"""
data:
  source: {tmp_path / "t.csv"}
  inputs: {{words: {{columns: words, kind: text, prepare: [TextVectorization: {{output_mode: count}}]}}}}
  target: y
  split: {{by: time, validation: 0, test: 0}}
layers: [Dense: 1]
loss: mse
optimizer: SGD
train: {{epochs: 1}}
"""
    assert inputs_seen(experiment_of(tmp_path, text)) == []


@pytest.mark.parametrize(("inside", "last", "seen"), [(0.019, 0.13, True), (0.021, 0.13, False), (0.019, 0.124, False)])
def test_what_is_known_by_heart_needs_a_smaller_rise(tell: Tell, inside: float, last: float, seen: bool) -> None:
    told = tell(
        [0.9, 0.1, 0.11, 0.11, 0.12, last], train=[0.9, 0.1, 0.05, 0.04, 0.03, inside], left=inside, rate=lambda: 0.001
    )
    assert (overfits(told) is not None) is seen


@pytest.mark.parametrize(
    ("weight", "said", "right", "seen"),
    [(200, [60, 40], [50, 20], True), (3, [60, 40], [50, 20], False), (200, [45, 55], [40, 25], False)],
)
def test_a_weight_that_outweighs_all_others_is_told_by_what_is_said(
    tell: Tell, weight: int, said: list[int], right: list[int], seen: bool
) -> None:
    classes = [ClassesSeen("y", "validation", 100, ["rare", "other"], [50, 50], said, right)]
    told = tell(
        [0.9, 0.6, 0.5], left=0.5, more=f", class_weight: {{rare: {weight}, other: 1}}", classes=lambda split: classes
    )
    found = predicts_one_class(told)
    assert (found is not None) is seen
    if found is not None:
        assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == [
            ("train.class_weight", "balanced")
        ]


@pytest.mark.parametrize(("epochs", "code"), [(2, None), (3, "does_not_learn")])
def test_labels_are_doubted_after_some_epochs(tell: Tell, epochs: int, code: str | None) -> None:
    told = tell(
        [1.1, 1.2, 1.3][:epochs],
        train=[1.0, 0.7, 0.5][:epochs],
        left=0.5,
        neighbours=lambda: Neighbours(0.0, 0.0, 100, False),
        samples={"train": 100, "validation": 100},
    )
    found = does_not_learn(told)
    assert (None if found is None else found.code) == code


@pytest.mark.parametrize(("patience", "fell", "seen"), [(0, 0.15, True), (0, 0.14, False), (2, 0.3, False)])
def test_one_worse_epoch_ends_no_training_that_falls_fast(tell: Tell, patience: int, fell: float, seen: bool) -> None:
    told = tell(
        [0.5, 0.1, 0.015, 0.03],
        train=[0.5, 0.2, 0.1, 0.1 * (1 - fell)],
        left=0.01,
        more=f", early_stopping: {{patience: {patience}}}",
        stop=StopReason.EARLY_STOPPING,
    )
    assert (stopped_too_early(replace(told, compared=Compared("validation", 0.015, 1.0))) is not None) is seen


@pytest.mark.parametrize(("rows", "seen"), [(60, True), (59, False)])
def test_a_class_that_few_rows_lack_by_chance_is_no_other_split(tell: Tell, rows: int, seen: bool) -> None:
    """Of a class that is a twentieth of training sixty rows make expect three."""
    counts = {"y": {"train": {"a": 950, "b": 50}, "validation": {"a": rows, "b": 0}}}
    counts["y"]["train"]["c"] = 0
    counts["y"]["validation"]["a"] -= 1
    counts["y"]["validation"]["c"] = 1
    assert (one_class_only(tell([0.9, 0.8, 0.7], counts=counts)) is not None) is seen


@pytest.mark.parametrize(("last", "epochs", "seen"), [([1.0], 1, 10), ([1.0, 1.0], 2, 10), ([1.0, 1.0, 1.0], 3, None)])
def test_a_first_epoch_is_to_go_on(tell: Tell, last: list[float], epochs: int, seen: int | None) -> None:
    found = no_better_than_trivial(tell(last, left=1.0))
    assert found is not None
    keys = {each.key: each.new for each in found.advice if isinstance(each, Setting)}
    assert keys.get("train.epochs") == seen


@pytest.mark.parametrize(
    ("written", "larger"),
    [
        ({"Orthogonal": {"gain": 1.21}}, True),
        ({"Orthogonal": {"gain": 1.2}}, False),
        ({"VarianceScaling": {"scale": 4.1}}, True),
        ({"VarianceScaling": {"scale": 4.0}}, False),
        ("orthogonal", False),
    ],
)
def test_a_gain_makes_usual_first_weights_unusual(written: Any, larger: bool) -> None:
    assert enlarges(written) is larger


@pytest.mark.parametrize(("moved", "seen"), [(0.2, True), (0.19, False)])
def test_classes_that_have_other_shares_in_validation_are_told(tell: Tell, moved: float, seen: bool) -> None:
    told = tell(
        [1.1, 1.2, 1.3],
        train=[1.0, 0.7, 0.5],
        left=0.5,
        drifts=lambda: [Drift("y", "classes", 0.0, moved, False)],
    )
    found = splits_differ(told)
    assert (found is not None) is seen
    if found is not None:
        assert "the shares of the classes of 'y' differ by 20%" in str(judgement_of_training(found))


def test_shares_of_classes_that_chance_moves_are_the_same() -> None:
    generator = np.random.default_rng(4)
    one, other = generator.integers(0, 4, 800), generator.integers(0, 4, 200)
    assert moved_shares(one, other) == 0.0
    turned = np.r_[np.zeros(100, int), generator.integers(0, 4, 100)]
    expected = np.abs(np.bincount(one, minlength=4) / 800 - np.bincount(turned, minlength=4) / 200).sum() / 2
    assert moved_shares(one, turned) == pytest.approx(expected)
    assert expected > 0.3


@pytest.mark.parametrize(
    ("first", "key"), [("Dense: 8", "layers"), ("Conv2D: {filters: 2, kernel_size: 3}", "data.augment")]
)
def test_pictures_are_moved_for_what_looks_for_the_same_in_every_place(tell: Tell, first: str, key: str) -> None:
    """A model of dense layers has to learn each place anew, and lost validation by it in 8 of 8 trainings."""
    told = tell(
        [0.9, 0.5, 0.6, 0.7, 0.8, 0.9],
        train=[0.9, 0.5, 0.3, 0.2, 0.1, 0.1],
        left=0.1,
        layers=f"[{first}, Flatten, Dense: 1]",
        pictures=True,
    )
    found = overfits(told)
    assert found is not None
    settings = [each.key for each in found.advice if isinstance(each, Setting)]
    assert settings == ["train.early_stopping", key]


@pytest.mark.parametrize(
    ("all_of_them", "words"), [(100, "0.9000"), (101, "0.9000; of 100 samples that were looked at")]
)
def test_counts_of_a_part_are_told_as_those_of_a_part(tell: Tell, all_of_them: int, words: str) -> None:
    said = ClassesSeen("y", "validation", 100, ["a", "b"], [90, 10], [100, 0], [90, 0])
    told = tell([0.9, 0.5, 0.4], classes=lambda split: [said], samples={"validation": all_of_them})
    found = imbalanced(told)
    assert found is not None
    assert str(judgement_of_training(found).evidence).endswith(words)


@pytest.mark.parametrize(("rate", "seen"), [(0.05, True), (0.049, False)])
def test_what_is_stuck_at_long_steps_is_thrown_by_them(tell: Tell, rate: float, seen: bool) -> None:
    told = tell([1.0, 1.01, 0.99, 1.02], rates=[rate] * 4, left=1.0, rate_unknown=lambda: True)
    assert (rate_too_high(told) is not None) is seen


@pytest.mark.parametrize(
    ("stop", "proposed", "seen"),
    [
        (StopReason.REACHED, 0.099, False),
        (StopReason.REACHED, 0.1, True),
        (StopReason.ALL_EPOCHS, 0.021, True),
    ],
)
def test_what_a_condition_ended_early_needs_a_far_higher_rate(
    tell: Tell, stop: StopReason, proposed: float, seen: bool
) -> None:
    told = tell([0.99, 0.98, 0.97], left=0.97, stop=stop, rate=lambda: proposed)
    assert (rate_too_low(told) is not None) is seen


@pytest.mark.parametrize(
    ("inside", "outside", "more", "seen"),
    [
        (0.019, 0.23, "", True),
        (0.021, 0.23, "", False),
        (0.019, 0.21, "", False),
        (0.019, 0.23, ", early_stopping: {patience: 5}", False),
    ],
)
def test_a_gap_to_what_is_known_by_heart_is_told_where_nothing_stops_it(
    tell: Tell, inside: float, outside: float, more: str, seen: bool
) -> None:
    told = tell([0.9, 0.5, 0.3, outside], train=[0.9, 0.5, 0.2, inside], left=inside, more=more)
    assert (overfits(told) is not None) is seen


@pytest.mark.parametrize(
    ("validation", "seen"),
    [
        ([1.0, 0.9, 0.85, 0.8, 0.77, 0.74, 0.71, 0.68, 0.66, 0.658], True),
        ([1.0, 0.9, 0.85, 0.8, 0.77, 0.74, 0.738, 0.736, 0.734, 0.733], False),  # less than a hundredth an epoch
        ([1.0, 0.9, 0.85, 0.8, 0.77, 0.9, 0.86, 0.83, 0.8, 0.8], False),  # its least is long ago
    ],
)
def test_a_schedule_that_lasted_as_long_as_the_training_has_not_ended_early(
    tell: Tell, validation: list[float], seen: bool
) -> None:
    rates = [0.003 * (1 + np.cos(np.pi * at / 10)) / 2 for at in range(10)]  # a twentieth is left after the ninth
    train = [1.0, 0.9, 0.85, 0.8, 0.75, 0.7, 0.66, 0.62, 0.6, 0.6]
    told = tell(validation, train=train, rates=rates, left=0.6, rate=lambda: 0.003)
    assert (schedule_ended(told) is not None) is seen
