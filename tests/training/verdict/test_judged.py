"""What a batch of unseen trainings showed of the verdict, each kind just below and above its limit, without a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dlcli.config.train import EarlyStopping
from dlcli.finding import Setting
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.evidence.capacity import Capacity, Hidden
from dlcli.training.evidence.drift import Drift
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.dead_units import DROPPED, dead_units
from dlcli.training.verdict.inputs_far_from_scale import inputs_far_from_scale
from dlcli.training.verdict.schedule_ended import schedule_ended
from dlcli.training.verdict.splits_differ import splits_differ
from dlcli.training.verdict.too_early_to_say import too_early_to_say
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
