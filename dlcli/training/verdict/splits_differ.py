"""Validation lies elsewhere than training, so that what is learnt there does not hold here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dlcli.data.findings.splits_apart import OUTSIDE, SHIFT
from dlcli.finding import Advice, Finding, Setting, only_name
from dlcli.training.evidence.drift import Drift
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.advice import of_file
from dlcli.training.verdict.relabelled import relabelled
from dlcli.training.verdict.rule import BROKEN_START, NO_GRADIENT, Rule
from dlcli.training.verdict.standing import MARGIN, left, left_in_training, may_be_chance
from dlcli.training.verdict.story import Story

KNOWN, UNKNOWN = 0.75, 0.97
"""Neighbours know a target that leave up to the first of the mistakes of one answer, and mislead where they leave the second."""
SHARES = 0.2
"""So much of the samples of validation would have to have another class for the shares that classes have in training."""
FAR_BETTER = 0.5
"""The share of the loss of the last value below which a forecast holds, wherever the series has gone."""
WORSE, GAP = 1.5, 0.1
"""So many times the training loss, and so much of the trivial loss more, validation has where it is far off."""
FEWER = 0.9
"""The share of the mistakes that must be left at most without columns that have moved, for these to be left out."""
AT_FIRST, FOREIGN = 0.9, 1.3
"""In a first epoch, whose samples are answered before they are learnt, training is below the first share of the trivial loss,
and validation never below so many times it, where what is learnt does not hold there."""
FIRST = 2
"""Where validation was best in one of so many epochs, of more than twice as many, the last one tells as well what it comes to."""
FEWEST_OF_CLASS = 10
"""Of fewer samples of a class neighbours say nothing."""
FARTHER, SMALLER = 2.0, 0.05
"""An input whose mean has moved by so many deviations makes the second enough of a gap."""
MANY, SMALLEST = 5.0, 0.03
"""Where validation leaves so many times what training does, the second is a gap for such an input."""


def splits_differ(story: Story) -> Finding | None:
    """Seen where validation is far off, from the first epoch on, at its best or at the end, and inputs or target have moved."""
    return other_names(story) or far_off(story) or far_off_at_end(story) or foreign(story)


def far_off(story: Story) -> Finding | None:
    """Seen where the kept epoch is far worse on validation, and inputs, target or what they have to do with each other moved."""
    validation, train = story.above("validation"), story.above("train")
    inside, outside = left_in_training(story), left(story)
    if not validation or not train or inside is None or outside is None or inside > MARGIN:
        return None
    seen = story.looks.train()
    kept = at(validation, story.kept_epoch)
    if seen is not None:
        # Where the target itself has moved the constant answer is so bad that anything is better.
        outside = max(outside, kept / max(seen.trivial - seen.perfect, 1e-12))
        own = story.beside_trivial
        if own is not None and own.perfect == story.perfect:  # a right answer may cost something else in training
            train = [max(loss + own.perfect - seen.perfect, 0.0) for loss in train]
    least = SMALLEST if outside >= MANY * inside else SMALLER
    if outside < inside + least or kept < WORSE * min(train) or far_better_than_last_value(story):
        return None
    moved, slight = what_moved(story), outside < inside + GAP
    if slight and not any(each.role == "input" and each.shift >= FARTHER for each in moved):
        return None
    relation = None if moved else other_relation(story)
    if not moved and relation is None:
        return None
    return differing(story, moved, story.kept_epoch, relation=relation)


def far_off_at_end(story: Story) -> Finding | None:
    """Seen where validation got worse from one of its first epochs on, to worse than one answer for all, while training learnt,
    and an input has moved: what is kept has learnt hardly anything, and shows no gap."""
    validation, train = story.above("validation"), story.above("train")
    if story.best_epoch > FIRST or len(validation) <= 2 * FIRST or not left_behind(story) or may_be_chance(story):
        return None
    moved = [each for each in what_moved(story) if each.role == "input" and each.shift >= SHIFT]
    if not moved or validation[-1] < WORSE * train[-1] or far_better_than_last_value(story):
        return None
    return differing(story, moved, len(validation))


def foreign(story: Story) -> Finding | None:
    """Seen where validation was never near one answer for all, though training was better than that before it could know a
    sample by heart: what is learnt there does not hold here, whatever has moved."""
    inside, outside = story.looks.train(), story.beside_trivial
    validation, train = story.losses("validation"), story.losses("train")
    if inside is None or outside is None or outside.split != "validation" or story.before or may_be_chance(story):
        return None
    if len(validation) < 2 or not train or outside.trivial <= outside.perfect or inside.trivial <= inside.perfect:
        return None
    if train[0] - inside.perfect > AT_FIRST * (inside.trivial - inside.perfect):
        return None
    if min(validation) - outside.perfect < FOREIGN * (outside.trivial - outside.perfect):
        return None
    return differing(story, [], 1, trivial=outside.trivial)


def differing(
    story: Story,
    moved: list[Drift],
    epoch: int,
    *,
    relation: tuple[float, float] | None = None,
    trivial: float | None = None,
) -> Finding:
    """The finding, with the losses of an epoch, and what has moved, or else neighbours, or one answer for all, say of it."""
    by = story.config.data.split.by
    facts = {
        "moved": [
            {"name": each.name, "role": each.role, "shift": each.shift, "outside": each.outside} for each in moved
        ],
        "by": by if isinstance(by, str) else None,
        "relation": relation,
        "names": None,
        "epoch": epoch,
        "trivial": trivial,
        "train": at(story.losses("train"), epoch),
        "validation": at(story.losses("validation"), epoch),
    }
    where = only_name([each.name for each in moved])
    return Finding(code="splits_differ", severity="warning", where=where, facts=facts, advice=without(story, moved))


def at(losses: Sequence[float], epoch: int) -> float:
    """The loss of an epoch, or of the last where it has none."""
    return losses[min(epoch, len(losses)) - 1]


def other_names(story: Story) -> Finding | None:
    """Seen where validation calls classes something else than training does, though its inputs are alike."""
    validation, train = story.losses("validation"), story.losses("train")
    seen = relabelled(story) if validation and left_behind(story) else None
    if seen is None:
        return None
    facts: dict[str, Any] = {"moved": [], "by": None, "relation": None, "names": seen}
    facts |= {"train": train[-1], "validation": validation[-1]}
    advice = shown_by_split(story)
    return Finding(code="splits_differ", severity="warning", where=seen["target"], facts=facts, advice=advice)


def left_behind(story: Story) -> bool:
    """Whether validation has come to be worse than one answer for all, while training is better."""
    inside, outside = story.looks.train(), story.beside_trivial
    if inside is None or outside is None:
        return False
    return story.losses("validation")[-1] > outside.trivial and min(story.losses("train")) < inside.trivial


def what_moved(story: Story) -> list[Drift]:
    """The inputs and targets that lie elsewhere in validation."""
    return [
        each
        for each in story.looks.drifts()
        if each.shift >= SHIFT or each.outside >= (SHARES if each.role == "classes" else OUTSIDE)
    ]


def far_better_than_last_value(story: Story) -> bool:
    """Whether a forecast is far better than saying the last value again, which moves with the series."""
    last_value, seen = story.baseline.get("last_value"), story.beside_trivial
    return last_value is not None and seen is not None and seen.reached < FAR_BETTER * last_value["loss"]


def other_relation(story: Story) -> tuple[float, float] | None:
    """What the nearest training samples leave of the mistakes of one answer in training and in validation, where they know much
    there and nothing here: the same inputs mean something else."""
    inside, outside = story.looks.neighbours(), story.looks.neighbours_elsewhere()
    if inside is None or outside is None:
        return None
    if any(0 < truth < FEWEST_OF_CLASS for seen in story.looks.classes("validation") for truth in seen.truth):
        return None
    left_here, left_there = inside.left(balanced=True), outside.left(balanced=True)
    return (left_here, left_there) if left_here <= KNOWN and left_there >= UNKNOWN else None


def without(story: Story, moved: list[Drift]) -> list[Advice]:
    """The inputs without the columns that have moved, where others are left that say more without them, and the target stayed,
    which they would tell of otherwise; else a look at the data."""
    stayed = all(each.role == "input" for each in moved)
    columns = [each.name for each in moved if each.role == "input" and each.column and stayed]
    named = story.config.data.inputs
    inputs = story.looks.columns if named is None else named if isinstance(named, list) else []
    kept = [name for name in inputs if name not in columns]
    fewer = columns and kept and len(columns) <= len(kept) and len(kept) < len(inputs)
    if fewer and better_without(story, columns):
        why = "what lies elsewhere in validation cannot be learnt from in training"
        return [Setting(key="data.inputs", old=named, new=kept, why=why)]
    return shown_by_split(story)


def better_without(story: Story, columns: Sequence[str]) -> bool:
    """Whether a small network says clearly more of validation without these columns."""
    learnt = story.looks.left_out(tuple(columns))
    return learnt is not None and 1 - learnt[1].known <= FEWER * (1 - learnt[0].known)


def shown_by_split(story: Story) -> list[Advice]:
    """A look at the data."""
    return of_file(story, "inspect-data", why="shows each split by itself")


RULE = Rule(
    "splits_differ", splits_differ, BROKEN_START | NO_GRADIENT | {"one_class_only", "cannot_fit", "statistics_lag"}
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def moving(shift: float, validation: float = 0.9) -> Story:
        train = story(validation=[0.3]).beside_trivial
        looks = Looks(drifts=lambda: [Drift("year", "input", shift, 0.0, True)], train=lambda: train)
        return replace(story(train=[0.6, 0.3], validation=[0.9, validation]), looks=looks)

    return [(moving(1.0), True), (moving(0.99), False), (moving(1.0, 0.44), False), (story(validation=[0.5]), False)]
