"""Early stopping that watches what counts answers, what is measured in training, or the wrong direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from dlcli.finding import Setting
from dlcli.runs.state import StopReason
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.imbalanced import imbalanced
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.stopped_too_early import stopped_too_early
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def watched(tell: Tell, metric: Sequence[float], validation: Sequence[float]) -> Story:
    """Early stopping has watched a metric of validation."""
    more = ", early_stopping: {monitor: val_mae, patience: 1}"
    told = tell(validation, more=more, stop=StopReason.EARLY_STOPPING, left=validation[-1])
    history = [
        {**entry, "validation": {**entry["validation"], "mae": value}}
        for entry, value in zip(told.history, metric, strict=True)
    ]
    return replace(told, history=history)


@pytest.mark.parametrize(
    ("metric", "validation", "why"),
    [
        ([0.5, 0.5], [0.9, 0.8], "first"),
        ([0.5, 0.5], [0.9, 0.82], None),  # less than a tenth of it
        ([0.6, 0.5, 0.5], [0.95, 0.9, 0.8], "coarse"),
        ([0.6, 0.5, 0.5], [0.95, 0.9, 0.82], None),
        ([0.6, 0.5, 0.51], [0.95, 0.9, 0.8], None),  # it has moved, and so says something
    ],
)
def test_what_does_not_move_while_the_loss_falls_is_no_reason_to_stop(
    metric: list[float], validation: list[float], why: str | None, tell: Tell
) -> None:
    found = stopped_too_early(watched(tell, metric, validation))
    monitored = found is not None and [each.about for each in found.advice] == ["train.early_stopping.monitor"]
    assert monitored is (why is not None)
    if found is not None and why is not None:
        assert found.facts["why"] == why
        words = {
            "first": "val_mae was best in the first",
            "coarse": "val_mae stayed at 0.5000, while the validation loss",
        }
        assert words[why] in judgement_of_training(found).evidence


@pytest.mark.parametrize(("last", "code"), [(0.8, "stopped_too_early"), (0.89, "imbalanced")])
def test_a_rare_class_that_there_was_no_time_for_is_not_told_first(last: float, code: str, tell: Tell) -> None:
    seen = ClassesSeen("y", "validation", 100, ["a", "b"], [90, 10], [100, 0], [90, 0])
    told = watched(tell, [0.5, 0.5], [0.9, last])
    told = replace(told, looks=replace(told.looks, classes=lambda split: [seen]))
    assert (imbalanced(told) is not None) is (code == "imbalanced")


@pytest.mark.parametrize(
    ("monitor", "new"), [("loss", "val_loss"), ("mae", "val_loss"), ("val_loss", None), ("val_mae", None)]
)
def test_what_watches_training_is_to_watch_validation(monitor: str, new: str | None, tell: Tell) -> None:
    told = tell(
        [0.9, 0.6, 0.62, 0.65, 0.7],
        train=[0.9, 0.5, 0.4, 0.3, 0.2],
        left=0.2,
        more=f", early_stopping: {{monitor: {monitor}, patience: 3}}",
    )
    found = overfits(told)
    assert found is not None
    first = found.advice[0]
    assert isinstance(first, Setting)
    assert (first.key, first.new) == (("train.early_stopping.monitor", new) if new else ("layers", first.new))


@pytest.mark.parametrize(("mode", "kept", "seen"), [("max", 1, True), ("max", 3, False), ("auto", 1, False)])
def test_what_is_kept_as_the_best_is_the_worst(mode: str, kept: int, seen: bool, tell: Tell) -> None:
    """With a patience that no training of so few epochs comes to."""
    more = f", early_stopping: {{patience: 9, mode: {mode}}}"
    told = replace(tell([0.9, 0.5, 0.3], more=more, left=0.9), kept=kept)
    assert ([each.code for each in verdict(told)] == ["stopped_too_early"]) is seen


@pytest.mark.parametrize(
    ("validation", "epochs", "stop", "seen"),
    [
        ([0.8], 9, StopReason.REACHED, True),
        ([0.8, 0.81], 9, StopReason.REACHED, True),
        ([0.8, 0.81, 0.82], 9, StopReason.REACHED, False),
        ([0.8], 8, StopReason.REACHED, False),
        ([0.021], 9, StopReason.REACHED, True),
        ([0.019], 9, StopReason.REACHED, False),
        ([0.8], 9, StopReason.SIGNAL, False),
    ],
)
def test_a_condition_that_is_met_before_there_is_a_curve_ends_it_too_early(
    tell: Tell, validation: list[float], epochs: int, stop: StopReason, seen: bool
) -> None:
    told = tell(validation, stop=stop, more=", until: val_loss < 0.9")
    train = told.config.train.model_copy(update={"epochs": epochs})
    found = stopped_too_early(replace(told, config=told.config.model_copy(update={"train": train})))
    assert (found is not None) is seen
    if found is not None:
        (advice,) = found.advice
        assert isinstance(advice, Setting)
        assert (advice.key, advice.new) == ("train.until", None)
        assert str(judgement_of_training(found).evidence).startswith(
            f"it ended after {len(validation)} epoch{'s' * (len(validation) > 1)}: its condition was met there"
        )
