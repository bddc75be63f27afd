"""The training loss stays at the trivial level, or what it learns says nothing of samples that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.compared import Compared
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.padding_read import PaddingRead
from dlcli.training.verdict.advice import asked, together
from dlcli.training.verdict.augmented_away import augmented_away, cropped_away
from dlcli.training.verdict.curve import late_fall
from dlcli.training.verdict.holding import decays, held_back
from dlcli.training.verdict.one_of_several import unlearnt_target
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import (
    MOST_STEPS,
    better_by_metric,
    known_of_inputs,
    knows_by_heart,
    least_left_in_training,
    left_in_training,
    neighbours_left,
)
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.told_by_inputs import never_better, tells
from dlcli.training.verdict.underfits import melted
from dlcli.training.verdict.unread import hardly_read, padding_share
from dlcli.training.verdict.written import takes_by_name

FLAT = 0.95
"""The share of the trivial loss above which training has learnt nothing."""
FEWEST_EPOCHS, FALLS = 3, 0.03
"""Epochs that tell whether anything is learnt; a loss that falls by more in the last ones is on its way."""
FEWEST = 20
"""Fewer samples of validation say nothing of what holds there."""


def does_not_learn(story: Story) -> Finding | None:
    """Seen where nothing is learnt in training, or of one target of several, or where samples are learnt by heart whose labels
    tell nothing of others."""
    share = left_in_training(story)
    if hardly_read(story) is not None:
        return None
    if (alone := unlearnt_target(story)) is not None:
        return alone
    if share is None or (better_by_metric(story) and story.looks.learning != 0):
        return None
    if cropped_away(story) is not None or augmented_away(story) is not None:
        return None
    facts: dict[str, Any] = {"left": share, "learning": story.looks.learning, "neighbours": None, "padding": 0.0}
    learnt = knows_by_heart(story)
    if (share >= FLAT and not learnt) or story.looks.learning == 0:
        above = story.above("train")
        slow = held_back(story) or decays(story) or len(above) < FEWEST_EPOCHS or late_fall(above) > FALLS
        slow = slow or story.history[-1].get("step", MOST_STEPS) < MOST_STEPS
        if slow and story.looks.learning != 0:
            return None
        capacity = story.looks.capacity()
        # What a later phase froze has learnt before.
        frozen = capacity.frozen if capacity is not None and not story.config.train.phases else {}
        known = neighbours_left(story)
        padding, share = story.looks.padding_read(), padding_share(story)
        facts |= {"why": "flat", "frozen": [*frozen], "neighbours": known, "padding": share}
        facts["numbers"] = padding is not None and padding.numbers
        advice = melted(frozen) or (masked(story, padding) if padding is not None and share else asked(story))
        return Finding(code="does_not_learn", severity="warning", facts=facts, advice=advice)
    samples = story.looks.samples.get("validation", 0)
    if len(story.losses("validation")) < FEWEST_EPOCHS or samples < FEWEST or not learnt or not never_better(story):
        return None
    if tells(story) or held_back(story):
        return None
    facts |= {"why": "by_heart", "frozen": [], "neighbours": known_of_inputs(story)}
    facts |= {"trivial": story.beside_trivial.trivial if story.beside_trivial else None}
    facts |= {"least": min(story.losses("validation")), "left": least_left_in_training(story)}
    return Finding(code="does_not_learn", severity="warning", facts=facts, advice=asked(story))


def masked(story: Story, padding: PaddingRead) -> list[Advice]:
    """Ids of 0 that stand for nothing, or a mask in front where rows of numbers do, so that a layer passes them over."""
    why = "what stands behind the end of a sample is then passed over"
    entries = story.config.written_layers()
    if padding.maskable and entries and not any(map(takes_by_name, entries)):
        return [Setting(key="layers", old=entries, new=["Masking", *entries], why=why)]
    return together(Setting(key=f"{entry}.mask_zero", old=False, new=True, why=why) for entry in padding.entries)


RULE = Rule("does_not_learn", does_not_learn, CAUSES | {"overfits", "suspiciously_good", "predicts_one_class"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def learnt(share: float, known: float = 0.0, validation: float = 1.1, least: float = 1.0) -> Story:
        told = story(train=[1.0, least, least], validation=[1.0, validation, validation])
        looks = Looks(
            train=lambda: Compared("train", share, 1.0),
            neighbours=lambda: Neighbours(known, 0.0, 100, True),
            samples={"train": 100, "validation": 100},
        )
        return replace(told, looks=looks)

    return [
        (learnt(0.95), True),
        (learnt(0.94), False),
        (learnt(0.94, least=0.81), False),
        (learnt(0.5, known=0.2), False),
        (learnt(0.5, validation=0.5), False),
        (story(validation=[0.5]), False),
    ]
