"""What holds a model back or throws it away before its first step, each kind just below and above its limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.compared import Compared
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.layers_seen import LayersSeen, layers_seen
from dlcli.training.evidence.padding_read import PaddingRead, padding_read
from dlcli.training.evidence.penalties import Penalty, penalties
from dlcli.training.evidence.reach import Reach, reaches
from dlcli.training.evidence.statistics_seen import MovingLayer, StatisticsSeen
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.holding import held_back
from dlcli.training.verdict.rate_too_high import rate_too_high
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.statistics_lag import statistics_lag
from dlcli.training.verdict.vanishing_gradients import vanishing_gradients
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
WRITTEN = "[Dense: {units: 4, activation: relu, kernel_initializer: {RandomNormal: {stddev: 1.0}}}, Dense: 1]"
USUAL = "[Dense: {units: 4, activation: relu}, Dense: 1]"


def gradient(norm: float, entry: str = "layers.0", *, saturates: bool = False) -> LayerGradient:
    return LayerGradient("dense", "Dense", None, norm, 1.0, False, saturates, entry)


@pytest.mark.parametrize(
    ("layers", "norm", "loss", "rate", "blamed"),
    [
        (WRITTEN, 1001.0, None, 0.001, "exploding_gradients"),
        (WRITTEN, 999.0, 10.1, 0.001, "exploding_gradients"),
        (WRITTEN, 999.0, 9.9, 0.001, "rate_too_high"),  # it began near the targets
        (USUAL, 1001.0, 10.1, 0.001, "rate_too_high"),  # nothing is written that could be the cause
        (WRITTEN, 1001.0, 10.1, 0.06, "rate_too_high"),  # no weights are as they were after such a step
    ],
)
def test_weights_that_throw_answers_away_before_any_step_come_before_the_rate(
    tell: Tell, layers: str, norm: float, loss: float | None, rate: float, blamed: str
) -> None:
    losses = [40.0, 9.0, 4.0, 7.0, 3.0, 5.0, 2.5, 4.0]
    told = tell(
        losses,
        layers=layers,
        rates=[rate] * len(losses),
        left=2.5,
        rate=lambda: rate / 10,
        begun=lambda: LayersSeen([gradient(norm)], [], loss),
    )
    assert verdict(told)[0].code == blamed
    assert (rate_too_high(told) is not None) is (blamed == "rate_too_high")


@pytest.mark.parametrize(
    ("left", "ends", "seen"),
    [(0.09, 0.037, True), (0.09, 0.035, False), (0.021, 0.02, True), (0.019, 0.018, False)],
)
def test_ends_that_cost_much_of_what_is_left_are_seen_however_little_it_is(
    tell: Tell, left: float, ends: float, seen: bool
) -> None:
    reach = Reach("y", "dense_1", "tanh", -1.0, 1.0, -1.8, 1.8, 0.3, "layers.1", 0.07, least_loss=ends)
    found = cannot_fit(tell([0.5, 0.2, left], left=left, reaches=lambda: [reach]))
    assert (found is not None) is seen
    if found is not None:
        assert [each.key for each in found.advice if isinstance(each, Setting)] == ["layers.1.activation"]


@pytest.mark.parametrize(("loss", "each"), [("mse", np.square), ("mae", np.abs)])
def test_what_ends_cost_is_said_in_the_loss_that_is_trained(
    tmp_path: Path, loss: str, each: Callable[..., float]
) -> None:
    values = np.linspace(-2, 2, 40)
    rows = "\n".join(f"{at},{value}" for at, value in enumerate(values))
    (tmp_path / "t.csv").write_text(f"a,y\n{rows}\n", encoding="utf-8")
    text = f"""
data: {{source: {tmp_path / "t.csv"}, target: y, split: {{validation: 0, test: 0}}}}
layers: [Dense: {{units: 1, activation: tanh}}]
loss: {loss}
optimizer: SGD
train: {{epochs: 1}}
"""
    experiment = experiment_of(tmp_path, text)
    [found] = reaches(experiment)
    assert found.least_loss == pytest.approx(float(np.mean(each(values - values.clip(-1, 1)))), rel=1e-5)
    answers = np.asarray(experiment.model(experiment.splits["train"].take(experiment.first_rows()[:64])[0])).ravel()
    truth = experiment.splits["train"].take(experiment.first_rows()[:64])[1]["y"]
    assert layers_seen(experiment).loss == pytest.approx(float(np.mean(each(truth.ravel() - answers))), rel=1e-4)


@pytest.mark.parametrize(
    ("left", "cost", "strength", "validation", "seen"),
    [
        (0.021, 0.022, 0.05, 0.021, True),
        (0.019, 0.1, 0.05, 0.019, False),  # nothing is left to be explained
        (0.021, 0.02, 0.05, 0.021, False),  # the data cost more
        (0.04, 0.15, 0.049, 0.04, False),  # not far from what is usual
        (0.04, 0.15, 0.3, 0.095, False),  # it keeps the model from learning its samples by heart
        (0.12, 0.13, 0.3, 0.12, True),
    ],
)
def test_weights_that_cost_more_than_the_data_hold_back_though_little_is_left(
    tell: Tell, left: float, cost: float, strength: float, validation: float, seen: bool
) -> None:
    heavy = Penalty("dense", "kernel_regularizer", 0.0, cost, "layers.0.kernel_regularizer", strength)
    told = tell([0.9, 0.3, validation], train=[0.9, 0.3, left], left=left, penalties=lambda: [heavy])
    assert bool(held_back(told)) is seen


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("LSTM: {units: 3, dropout: 0.9, recurrent_dropout: 0.25}", [("dropout", 0.9), ("recurrent_dropout", 0.25)]),
        ("LSTM: 3", []),
        ("Bidirectional: {layer: {GRU: {units: 3, dropout: 0.75}}}", [("layer.dropout", 0.75)]),
        ("MultiHeadAttention: {num_heads: 1, key_dim: 2, dropout: 0.5, from: [x, x]}", [("dropout", 0.5)]),
        ("Dropout: 0.5", [("rate", 0.5)]),
    ],
)
def test_what_layers_leave_out_by_an_argument_is_told_once(
    tmp_path: Path, layer: str, expected: list[tuple[str, float]]
) -> None:
    x = np.zeros((8, 5, 2), np.float32)
    np.savez(tmp_path / "t.npz", x=x, y=np.arange(8.0))
    text = f"""
data:
  source: {{npz: {{path: {tmp_path / "t.npz"}, inputs: x, target: y}}}}
  split: {{validation: 0, test: 0}}
layers: [{layer}, Flatten, Dense: 1]
loss: mse
optimizer: SGD
train: {{epochs: 1}}
"""
    found = penalties(experiment_of(tmp_path, text.replace("[" + layer, "[" + "{" + layer + "}")))
    assert [(each.key, each.share) for each in found] == [(f"layers.0.{key}", share) for key, share in expected]


@pytest.mark.parametrize(
    ("quarter", "left", "ratio", "seen"),
    [
        (0.51, 0.2, 9e-6, True),
        (0.49, 0.2, 9e-6, False),  # it got under way
        (0.51, 0.051, 9e-6, True),
        (0.51, 0.049, 9e-6, False),
        (0.51, 0.2, 11e-6, False),  # gradients arrive
    ],
)
def test_what_gets_under_way_late_behind_flat_activations_is_told(
    tell: Tell, quarter: float, left: float, ratio: float, seen: bool
) -> None:
    losses = [0.99, 0.8, quarter, *np.linspace(quarter - 0.02, left, 9).tolist()]
    layer = "Dense: {units: 4, activation: sigmoid}"
    gradients = [
        replace(gradient(norm, f"layers.{at}", saturates=True), layer=f"dense_{at}")
        for at, norm in enumerate([ratio, 1e-3, 0.1])
    ]
    told = tell(
        losses, left=left, layers=f"[{layer}, {layer}, {layer}, Dense: 1]", begun=lambda: LayersSeen(gradients, [])
    )
    found = vanishing_gradients(told)
    assert (found is not None) is seen
    if found is not None:
        assert [each.key for each in found.advice if isinstance(each, Setting)][:1] == ["layers"]


@pytest.mark.parametrize(
    ("padded", "prepare", "equal", "expected"),
    [
        (True, "[]", False, True),
        (True, "[]", True, None),
        (False, "[]", False, None),
        (True, "[Normalization]", False, None),
    ],
)
def test_rows_of_zeros_behind_sequences_are_padding(
    tmp_path: Path, padded: bool, prepare: str, equal: bool, expected: bool | None
) -> None:
    x = np.random.default_rng(0).normal(1, 1, (8, 10, 2)).astype(np.float32)
    for at, each in enumerate(x) if padded else ():
        each[3 if equal else 2 + at % 3 :] = 0
    np.savez(tmp_path / "t.npz", x=x, y=np.arange(8.0))
    text = f"""
data:
  source: {{npz: {{path: {tmp_path / "t.npz"}, inputs: x, target: y}}}}
  prepare: {prepare}
  split: {{validation: 0, test: 0}}
layers: [LSTM: 3, Dense: 1]
loss: mse
optimizer: SGD
train: {{epochs: 1}}
"""
    found = padding_read(experiment_of(tmp_path, text))
    assert (None if found is None else found.maskable) is expected
    masked = padding_read(experiment_of(tmp_path, text.replace("[LSTM", "[Masking, LSTM")))
    assert masked is None


@pytest.mark.parametrize(("share", "seen"), [(0.51, True), (0.49, False)])
def test_rows_of_zeros_that_are_read_are_masked_in_front(tell: Tell, share: float, seen: bool) -> None:
    read = PaddingRead(share, (), numbers=True, maskable=True)
    found = does_not_learn(tell([1.0] * 4, left=1.0, layers="[LSTM: 3, Dense: 1]", padding_read=lambda: read))
    assert found is not None
    settings = [(each.key, each.new) for each in found.advice if isinstance(each, Setting)]
    assert [(key, new[0]) for key, new in settings] == ([("layers", "Masking")] if seen else [])
    assert ("behind the end of its sample" in str(judgement_of_training(found))) is seen


@pytest.mark.parametrize(("share", "left", "seen"), [(0.49, 1.0, True), (0.51, 1.0, False), (0.51, 0.89, True)])
def test_gradients_that_vanish_behind_padding_are_no_cause(tell: Tell, share: float, left: float, seen: bool) -> None:
    layers = [replace(gradient(norm, f"layers.{at}"), layer=f"dense_{at}") for at, norm in enumerate([1e-9, 0.1])]
    told = tell(
        [1.0] * 4,
        left=left,
        begun=lambda: LayersSeen(layers, []),
        padding_read=lambda: PaddingRead(share, (), numbers=True, maskable=True),
    )
    assert (vanishing_gradients(told) is not None) is seen


@pytest.mark.parametrize(
    ("left", "rate", "unknown", "seen"),
    [
        (1.01, 0.001, True, True),
        (0.99, 0.001, True, False),  # it has come to what one answer costs
        (1.01, 0.002, True, False),  # not far from what is usual
        (1.01, 0.001, False, False),  # other rates were tried, and none was better
    ],
)
def test_what_falls_straight_from_above_the_constant_answer_is_too_slow(
    tell: Tell, left: float, rate: float, unknown: bool, seen: bool
) -> None:
    losses = np.linspace(left + 0.1, left, 8).tolist()
    told = tell(
        losses,
        rates=[rate] * 8,
        left=left,
        optimizer=f"{{SGD: {rate}}}",
        rate_unknown=lambda: unknown,
        moved=lambda: 0.2,
    )
    found = rate_too_low(told)
    assert (found is not None) is seen
    if found is not None:
        assert next((each.key, each.new) for each in found.advice if isinstance(each, Setting)) == (
            "optimizer.learning_rate",
            0.01,
        )


@pytest.mark.parametrize(("dropped", "settled", "seen"), [(0.8, 0.11, False), (0.8, 0.09, True), (0.79, 0.11, True)])
def test_fresh_statistics_are_no_cause_where_noise_keeps_the_rest(
    tell: Tell, dropped: float, settled: float, seen: bool
) -> None:
    losses = {"train": 0.3, "validation": 0.3}
    fresh = StatisticsSeen([MovingLayer("bn", "layers.0", 0.99)], losses, dict.fromkeys(losses, settled))
    told = tell(
        [0.9, 0.3],
        left=0.3,
        moving=True,
        statistics=lambda: fresh,
        penalties=lambda: [Penalty("dropout", "rate", dropped, 0.0, "layers.1.rate")],
    )
    assert told.looks.train() == Compared("train", 0.3, 1.0)
    assert (statistics_lag(told) is not None) is seen
