"""What chance, or what is written, makes of a score: rows that are alike, weights of one class, labels that belong to nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Finding, Setting
from dlcli.training.evidence.classes_seen import ClassesSeen, fresh_samples
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.no_better_than_trivial import no_better_than_trivial
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.predicts_one_class import overweighs
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.suspiciously_good import suspiciously_good

pytestmark = pytest.mark.looks
Tell = Callable[..., Story]


@pytest.mark.parametrize(
    ("copies", "fresh", "seen"),
    [
        (60, 20, True),  # of 80 whose inputs stand in training three quarters have the same target
        (59, 20, False),
        (60, 21, True),
        (40, None, True),  # where it takes too much to read nothing is known
    ],
)
def test_rows_that_are_alike_by_chance_are_no_copies(tell: Tell, copies: int, fresh: int | None, seen: bool) -> None:
    found = Finding(code="same_rows", severity="warning", facts={"splits": {"validation": copies}})
    told = tell([0.9, 0.4], data=[found], samples={"train": 300, "validation": 100}, fresh_samples=lambda: fresh)
    assert (suspiciously_good(told) is not None) is seen


def test_samples_whose_inputs_stand_in_training_are_counted(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x, part = draw.integers(0, 4, (200, 3)), draw.random(200) < 0.3
    lines = [
        "a,b,c,part,y",
        *(
            f"{a},{b},{c},{'validation' if p else 'train'},{i}"
            for i, ((a, b, c), p) in enumerate(zip(x, part, strict=True))
        ),
    ]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = """
data: {source: t.csv, target: y, inputs: [a, b, c], split: {by: "column:part", test: 0}}
layers: [{Dense: 1}]
loss: mse
optimizer: adam
train: {epochs: 1}
"""
    known = {tuple(row) for row in x[~part]}
    expected = sum(tuple(row) not in known for row in x[part])
    assert 0 < expected < part.sum()
    assert fresh_samples(experiment_of(tmp_path, text)) == expected


WEIGHTS = ", class_weight: {a: 1, b: %s}"


@pytest.mark.parametrize(
    ("truth", "weight", "seen"),
    [
        ([90, 10], 81.1, True),  # 811 of 901 beside 90
        ([90, 10], 80.9, False),
        ([10, 90], 81.1, False),  # what is frequent outweighs anyhow
    ],
)
def test_a_rare_class_that_outweighs_all_is_balanced_before_anything(
    tell: Tell, truth: list[int], weight: float, seen: bool
) -> None:
    classes = ClassesSeen("y", "validation", 100, ["a", "b"], truth, [50, 50], [truth[0] // 2, truth[1] // 2])
    told = tell(
        [0.9, 0.6, 0.62, 0.65, 0.7, 0.75], train=[0.9, 0.5, 0.4, 0.3, 0.2, 0.1], left=0.1,
        more=WEIGHTS % weight, classes=lambda split: [classes],
    )  # fmt: skip
    assert overweighs(told, classes) is seen
    found = overfits(told)
    assert found is not None
    keys = [each.key for each in found.advice if isinstance(each, Setting)]
    assert (keys == ["train.class_weight"]) is seen


@pytest.mark.parametrize(("last", "seen"), [(1.0021, False), (1.0019, True)])
def test_a_rate_is_not_too_low_where_validation_rises_as_training_falls(tell: Tell, last: float, seen: bool) -> None:
    train = [1.0 - 0.004 * at for at in range(6)]  # by 0.02, of which a tenth is 0.002
    told = tell([1.01, 1.0, 1.0001, 1.0005, 1.001, last], train=train, left=0.98, rate=lambda: 0.1)
    assert (rate_too_low(told) is not None) is seen


@pytest.mark.parametrize(("others", "first"), [(4, "validation_too_small"), (5, "predicts_one_class")])
def test_few_samples_of_other_classes_tell_nothing_of_them(tell: Tell, others: int, first: str) -> None:
    truth = [60 - others, others]
    classes = ClassesSeen("y", "validation", 60, ["a", "b"], truth, [60, 0], [truth[0], 0])
    told = tell([1.1, 1.05, 1.06], left=0.9, classes=lambda split: [classes], samples={"validation": 60})
    assert verdict(told)[0].code == first
    assert (no_better_than_trivial(told) is not None) is (others == 5)
