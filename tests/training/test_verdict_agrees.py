"""The findings of a verdict do not contradict each other, nor the numbers in the table above them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dlcli.config import load_config
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.verdict import Story, agreeing, verdict
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, write_experiment: Callable[..., Path]) -> Callable[..., Story]:
    config = load_config(str(write_experiment(tmp_path_factory.mktemp("verdict"))))[0]

    def made(train: Sequence[float], validation: Sequence[float], baseline: float = 1.0) -> Story:
        history = [
            {"learning_rate": 0.001, "train": {"loss": one}, "validation": {"loss": other}}
            for one, other in zip(train, validation, strict=True)
        ]
        best = min(range(len(validation)), key=validation.__getitem__)
        metrics = {"train": {"loss": train[best]}, "validation": {"loss": validation[best]}}
        known = {"method": "majority class", "split": "validation", "metrics": {"loss": baseline}}
        return Story(config, history, metrics, known, best + 1, StopReason.ALL_EPOCHS)

    return made


def proposed(story: Story) -> list[tuple[str, str]]:
    """Code and key of each setting that a verdict proposes."""
    return [(finding.code, each.about) for finding in verdict(story) for each in finding.advice]


def test_more_epochs_and_a_higher_rate_are_not_advised_where_it_overfits(story: Callable[..., Story]) -> None:
    overfitted = story([1.2, 0.8, 0.5, 0.3, 0.2], [1.05, 1.1, 1.2, 1.3, 1.4])
    # It was never better than the constant answer: there was nothing to lose, and only that is said.
    assert [each.code for each in verdict(overfitted)] == ["no_better_than_trivial"]
    assert proposed(overfitted) == []
    better = story([1.2, 0.8, 0.5, 0.3, 0.2], [0.8, 0.81, 0.9, 1.3, 1.4])
    assert [each.code for each in verdict(better)] == ["overfits"]
    assert proposed(better) == [("overfits", "train.early_stopping"), ("overfits", "layers")]


def test_a_setting_is_proposed_once(story: Callable[..., Story]) -> None:
    improving = story([1.5, 1.3, 1.1], [1.5, 1.3, 1.1])
    assert [each.code for each in verdict(improving)] == ["no_better_than_trivial", "still_improving"]
    assert proposed(improving) == [("still_improving", "train.epochs")]
    both = agreeing([*verdict(improving), *verdict(improving)])
    assert [each.about for finding in both for each in finding.advice] == ["train.epochs"]


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        (
            2.303,
            "no better than the trivial baseline: the validation loss is 2.303; the majority class alone reaches 2.303",
        ),
        (
            2.31,
            "no better than the trivial baseline: the validation loss is 2.310; the majority class alone reaches 2.303",
        ),
        (
            2.298,
            "hardly better than the trivial baseline: the validation loss is 2.298; the majority class alone reaches 2.303",
        ),
        (
            2.3029,
            "hardly better than the trivial baseline: the validation loss is 2.302900; the majority class alone reaches 2.303000",
        ),
    ],
)
def test_a_tie_is_told_as_one(reached: float, words: str, story: Callable[..., Story]) -> None:
    told = judgement_of_training(verdict(story([2.3, 2.2], [reached, reached], baseline=2.303))[0])
    assert f"{told.finding}: {told.evidence}" == words


def test_what_is_judged_by_other_numbers_than_those_shown_says_so(story: Callable[..., Story]) -> None:
    plain = story([0.9, 0.7, 0.7], [0.9, 0.9, 0.9], baseline=0.8)
    weighed: Any = replace(plain, compared=Compared("validation", 0.4, 0.7, weighed=True))
    penalized = replace(plain, compared=Compared("validation", 0.4, 0.8))
    agreeing = replace(
        story([0.9, 0.7, 0.7], [0.71, 0.71, 0.7], baseline=0.8), compared=Compared("validation", 0.4, 0.7, weighed=True)
    )
    worse = replace(plain, compared=Compared("validation", 0.7, 0.7, weighed=True))
    [trivial] = [judgement_of_training(each) for each in verdict(worse)]
    assert trivial.evidence == "the weighed validation loss is 0.7000; the majority class alone reaches 0.7000"
    told = [judgement_of_training(verdict(each)[0]) for each in (weighed, penalized, agreeing)]
    assert [each.finding for each in told] == ["healthy", "healthy", "healthy"]
    assert told[0].evidence == (
        "weighed as in training the validation loss is 0.4000, and the majority class alone reaches 0.7000; best at epoch 1"
    )
    assert told[1].evidence == (
        "without what regularization adds the validation loss is 0.4000, and the majority class alone reaches 0.8000; "
        "best at epoch 1"
    )
    assert told[2].evidence.endswith("best at epoch 3")
