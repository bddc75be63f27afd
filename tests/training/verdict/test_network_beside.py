"""Trainings that are far behind a small network that learnt of the same samples, though little of the trivial loss is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.evidence.capacity import Capacity
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.reference import network_elsewhere
from dlcli.training.scaling import RATHER_LARGE, RATHER_SMALL, TargetSeen, target_seen
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.network_beside import far_behind
from dlcli.training.verdict.target_far_from_scale import target_far_from_scale
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
ON_ITS_WAY = [0.9, 0.6, 0.5, 0.45, 0.4, 0.36, 0.3, 0.25, 0.18, 0.12]


def knows(left: float, *, classes: bool = False) -> Callable[[], Neighbours]:
    return lambda: Neighbours(1 - left, 0.0, 100, classes)


def flat(left: float) -> list[float]:
    """A curve that has come to rest."""
    return [0.9, *[left] * 9]


@pytest.mark.parametrize(
    ("own", "inside", "known", "seen"),
    [
        (0.15, 0.1, 0.0499, True),
        (0.15, 0.1, 0.0501, False),  # less than three times as much
        (0.15, 0.099, 0.0499, False),  # training is near to it
        (0.06, 0.06, 0.0099, True),
        (0.06, 0.06, 0.0101, False),  # it does not matter
        (0.049, 0.049, 0.0, False),
    ],
)
def test_far_less_on_validation_than_training_itself_leaves(
    tell: Tell, own: float, inside: float, known: float, seen: bool
) -> None:
    told = tell(flat(own), left=inside, network_elsewhere=knows(known))
    assert far_behind(told) == ((own, pytest.approx(known)) if seen else None)
    [found] = verdict(told)
    assert (found.code, found.facts.get("missing")) == (("too_early_to_say", "network") if seen else ("healthy", None))
    if seen:
        assert "where a small network leaves" in str(judgement_of_training(found))


def test_weights_and_trainings_without_validation_are_not_asked(tell: Tell) -> None:
    def never() -> Neighbours:
        raise AssertionError

    weighed = tell(flat(0.2), left=0.2, network_elsewhere=never, more=", class_weight: balanced")
    alone = tell(flat(0.2), left=0.2, network_elsewhere=never)
    alone = replace(alone, baseline={**alone.baseline, "split": "train"})
    for told in (weighed, alone):
        assert far_behind(told) is None


@pytest.mark.parametrize(("samples", "right", "seen"), [(400, 340, True), (60, 51, False)])
def test_fewer_mistakes_are_fewer_by_more_than_chance(tell: Tell, samples: int, right: int, seen: bool) -> None:
    half = samples // 2
    classes = ClassesSeen(
        "y", "train", samples, ["a", "b"], [half, half], [half, half], [right // 2, right - right // 2]
    )
    known = Neighbours(0.97, 0.5, samples, True)
    told = tell(flat(0.4), left=0.4, classes=lambda split: [classes], network_elsewhere=lambda: known)
    assert (far_behind(told) is not None) is seen


@pytest.mark.parametrize(
    ("size", "uneven", "known", "losses", "seen"),
    [
        (3.1, 1.0, 0.03, flat(0.12), True),
        (2.9, 1.0, 0.03, flat(0.12), False),
        (1.0, 31.0, 0.03, flat(0.12), True),
        (1.0, 29.0, 0.03, flat(0.12), False),
        (30.0, 1.0, 0.05, flat(0.12), False),
        (4.9, 1.0, 0.03, ON_ITS_WAY, False),
        (5.1, 1.0, 0.03, ON_ITS_WAY, True),
    ],
)
def test_inputs_rather_far_are_told_where_scaled_ones_tell_far_more(
    tell: Tell, size: float, uneven: float, known: float, losses: list[float], seen: bool
) -> None:
    taken = InputSeen("dense", "x", "x", size, 1.0, size, 0.0, 2 * size, 1.0, True, 4, uneven)
    told = tell(losses, left=losses[-1], inputs=lambda: [taken], network_elsewhere=knows(known))
    found = next((each for each in verdict(told) if each.code == "inputs_far_from_scale"), None)
    assert (found is not None) is seen
    if found is not None:
        assert [each.new for each in found.advice if isinstance(each, Setting)] == [["Normalization"]]
        said = judgement_of_training(found).evidence
        assert said.endswith("leaves 12% of what one answer for all gets wrong, where a small network leaves 3%")
        assert ("deviations 31 times apart" in said) is (uneven > 30)


@pytest.mark.parametrize(("known", "losses", "seen"), [(0.03, 0.1, True), (0.04, 0.1, False), (0.001, 0.04, False)])
def test_a_linear_model_that_is_far_behind_has_too_little(tell: Tell, known: float, losses: float, seen: bool) -> None:
    told = tell(
        flat(losses),
        left=losses,
        capacity=lambda: Capacity(True, [], {}),
        network_elsewhere=knows(known),
        layers="[Dense: 1]",
    )
    codes = [each.code for each in verdict(told)]
    assert (codes == ["cannot_fit"]) is seen


@pytest.mark.parametrize(
    ("known", "losses", "rate", "seen"),
    [
        (0.03, flat(0.12), 0.003, True),
        (0.05, flat(0.12), 0.003, False),
        (0.03, ON_ITS_WAY, 0.003, False),
        (0.03, [3.0, 2.5, 2.0, *[0.12] * 7], 0.003, True),
        (0.03, flat(0.12), 0.021, False),  # the rate is as far from one that fits
        (0.03, flat(0.12), None, True),
    ],
)
def test_a_target_rather_far_is_told_where_one_in_its_units_is_learnt_far_better(
    tell: Tell, known: float, losses: list[float], rate: float | None, seen: bool
) -> None:
    scale = Setting(key="data.target", old="y", new={"column": "y", "scale": "standard"}, why="far")
    target = TargetSeen({"y": 25.0}, {"y": 0.0}, [scale])
    told = tell(
        losses,
        left=losses[-1],
        target_rather=lambda: target,
        rate_in_rather=lambda: rate,
        network_elsewhere=knows(known),
    )
    found = next((each for each in verdict(told) if each.code == "target_far_from_scale"), None)
    assert (found is not None) is seen
    if found is not None:
        assert found.advice[0] == scale
        assert "where a small network leaves 3%" in judgement_of_training(found).evidence


TABLE = """
data: {{source: t.csv, inputs: [a, b], target: y, split: {{by: time, validation: 0.4, test: 0}}}}
layers: [Dense: {units}]
loss: {loss}
optimizer: adam
train: {{epochs: 1}}
"""


def table(folder: Path, *, loss: str = "mse", scale: float = 1.0, classes: bool = False) -> Any:
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(2, 300))
    told = a * b > 0 if classes else scale * a * abs(b)
    lines = [f"{one},{other},{f'c{int(y)}' if classes else y}" for one, other, y in zip(a, b, told, strict=True)]
    (folder / "t.csv").write_text("\n".join(["a,b,y", *lines]) + "\n", encoding="utf-8")
    return experiment_of(folder, TABLE.format(loss=loss, units="{units: 2, activation: softmax}" if classes else 1))


@pytest.mark.parametrize(("loss", "most"), [("mse", 0.1), ("mae", 0.3), ("huber", 0.1)])
def test_a_network_is_asked_of_validation_by_the_loss_of_the_model(tmp_path: Path, loss: str, most: float) -> None:
    found = network_elsewhere(table(tmp_path, loss=loss, scale=3.0))
    assert found is not None
    assert 0 < found.left() < most
    assert (found.samples, found.classes) == (120, False)


def test_a_network_is_asked_of_classes_by_mistakes(tmp_path: Path) -> None:
    found = network_elsewhere(table(tmp_path, loss="sparse_categorical_crossentropy", classes=True))
    assert found is not None
    assert (found.left() < 0.2, found.classes) == (True, True)


def test_a_loss_in_which_a_right_answer_costs_something_is_not_compared(tmp_path: Path) -> None:
    assert network_elsewhere(table(tmp_path, loss="cosine_similarity")) is None


@pytest.mark.parametrize(("scale", "seen"), [(0.02, True), (0.1, False), (5.0, False), (20.0, True)])
def test_a_target_rather_far_from_scale(tmp_path: Path, scale: float, seen: bool) -> None:
    experiment = table(tmp_path, scale=scale)
    assert target_seen(experiment) is None
    assert (target_seen(experiment, large=RATHER_LARGE, small=RATHER_SMALL) is not None) is seen


@pytest.mark.parametrize(("very", "seen"), [(True, True), (False, False)])
def test_a_target_very_far_need_not_have_settled(tell: Tell, very: bool, seen: bool) -> None:
    scale = Setting(key="data.target", old="y", new={"column": "y", "scale": "log1p"}, why="far")
    target = TargetSeen({"y": 2e5}, {"y": 0.0}, [scale])
    told = tell(
        ON_ITS_WAY, left=ON_ITS_WAY[-1], target_rather=lambda: target, target=lambda: target if very else None,
        network_elsewhere=knows(0.03),
    )  # fmt: skip
    assert (target_far_from_scale(told) is not None) is seen
