"""On validation the model says one class, whatever it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.advice import asked
from dlcli.training.verdict.holding import decays, held_back
from dlcli.training.verdict.one_of_several import unlearnt_target
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import FREQUENT, HARDLY, MARGIN, left, left_in_training, looked_at
from dlcli.training.verdict.still_improving import is_falling, still_improving
from dlcli.training.verdict.stopped_too_early import is_cut_short
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.underfits import frozen_as_drawn
from dlcli.training.verdict.unread import hardly_read

NEARLY_ALL = 0.985
"""The share of answers that one class makes up where others are hardly ever said."""
FEWEST, MANY, FOUND = 5, 10, 0.1
"""Of fewer others one class alone says nothing, and of fewer than the second where they are rare; where more than such a share
of them is found it is not said alone."""
OUTWEIGHS, HALF = 0.9, 0.5
"""The share of all weights that a class has which outweighs the others, and of answers that are it, and others that are found,
where it does."""


def predicts_one_class(story: Story) -> Finding | None:
    """Seen where nearly all answers are one class and others are there, though classes that come equally often would only
    say that nothing was learnt."""
    if held_back(story) or decays(story) or is_cut_short(story) or hardly_read(story) is not None:
        return None
    if frozen_as_drawn(story) is not None:  # what does not learn says one class because of that
        return None
    coming, unlearnt = comes_from_above(story), unlearnt_target(story)
    for seen in story.looks.classes(story.judged):
        name, share = seen.most_said
        others = sum(seen.truth) - seen.truth[[*seen.classes].index(name)]
        found = (sum(seen.right) - seen.right[[*seen.classes].index(name)]) / max(others, 1)
        # Of so few even a perfect model says one class nearly always.
        rare = others <= (1 - NEARLY_ALL) * sum(seen.truth)
        outweighed = found <= HALF and share >= HALF and outweighing(story, seen) >= OUTWEIGHS
        if not outweighed and (found > FOUND or share < NEARLY_ALL):
            continue
        if others < (MANY if rare else FEWEST):
            continue
        if unlearnt is not None and unlearnt.where == seen.target and seen.majority < FREQUENT:
            continue  # of classes that come as often one is said where nothing of them is learnt
        learnt = left(story)
        if max(seen.majority, outweighing(story, seen)) < FREQUENT and (learnt is None or learnt >= MARGIN):
            continue
        facts = {"target": seen.target, "split": seen.split, "class": name, "share": share, "others": others}
        facts |= {"falling": coming, "counted": seen.counted, "looked_at": looked_at(story, seen)}
        weighed = [] if learnt_nothing(story, seen) else balanced(story, seen)
        advice = [*(further(story) if coming else []), *weighed] or asked(story)
        return Finding(code="predicts_one_class", severity="warning", where=seen.target, facts=facts, advice=advice)
    return None


def learnt_nothing(story: Story, seen: ClassesSeen) -> bool:
    """Whether training has hardly come to more than one answer for all: weights of classes would make it the other one."""
    share = left_in_training(story)
    return share is not None and share >= HARDLY and outweighing(story, seen) < FREQUENT


def comes_from_above(story: Story) -> bool:
    """Whether the loss began above that of the constant answer and still falls towards it: one class is said on the way."""
    seen, above = story.beside_trivial, story.above(story.judged)
    if seen is None or left(story) is None or not is_falling(story):
        return False
    return seen.reached >= seen.trivial and above[0] > seen.trivial - seen.perfect


def further(story: Story) -> list[Advice]:
    """To go on, which is what a loss that still falls asks for first."""
    found = still_improving(story)
    return [] if found is None else [*found.advice]


def written_weights(story: Story, seen: ClassesSeen) -> Any:
    """What is written of the weights of a target's classes."""
    written = story.config.train.class_weight
    return written.get(seen.target) if isinstance(written, dict) and len(story.config.heads) > 1 else written


def outweighing(story: Story, seen: ClassesSeen) -> float:
    """The share of all weights that the class has which is said most, where weights are written by class; else 0."""
    held = held_by_class(story, seen)
    return held[[*seen.classes].index(seen.most_said[0])] / (sum(held) or 1.0)


def overweighs(story: Story, seen: ClassesSeen) -> bool:
    """Whether a class that others are more frequent than has more weight as written than all of them should leave it."""
    held = held_by_class(story, seen)
    heaviest = held.index(max(held))
    return seen.truth[heaviest] < max(seen.truth) and held[heaviest] >= OUTWEIGHS * sum(held) > 0


def held_by_class(story: Story, seen: ClassesSeen) -> list[float]:
    """What the samples of each class weigh together, where weights are written by class; else nothing."""
    written = written_weights(story, seen)
    if not isinstance(written, dict):
        return [0.0] * len(seen.classes)
    by_name = {str(name): float(weight) for name, weight in written.items()}
    return [count * by_name.get(str(name), 1.0) for name, count in zip(seen.classes, seen.truth, strict=True)]


def balanced(story: Story, seen: ClassesSeen) -> list[Advice]:
    """Weights by class where classes come unequally often and none are written, or where one is written that outweighs all."""
    train = story.config.train
    several = len(story.config.heads) > 1
    key = f"train.class_weight.{seen.target}" if several else "train.class_weight"
    if outweighing(story, seen) >= FREQUENT or overweighs(story, seen):
        why = "the weight that is written for one class counts more than all samples of the others"
        return [Setting(key=key, old=written_weights(story, seen), new="balanced", why=why)]
    if train.class_weight is not None or train.sample_weight is not None or seen.majority < FREQUENT:
        return []
    if answers_coarsely(story):  # where it is said cannot be told, and so what is beside it is said as well
        return []
    why = "the rare class then counts as much as the frequent one"
    return [Setting(key=key, old=None, new="balanced", why=why)]


def answers_coarsely(story: Story) -> bool:
    """Whether answers at each place come through far fewer places."""
    short = story.looks.sight()
    return short is not None and short.why == "coarse"


RULE = Rule("predicts_one_class", predicts_one_class, CAUSES | {"suspiciously_good"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def saying(other: int, *, majority: int = 80, of: int = 100, reached: float = 0.9) -> Story:
        rest = of - majority
        seen = ClassesSeen("y", "validation", of, ["a", "b"], [majority, rest], [of - other, other], [majority, other])
        return replace(story(validation=[0.95, reached]), looks=Looks(classes=lambda split: [seen]))

    return [
        (saying(1), True),
        (saying(2), False),
        (saying(0, majority=60, reached=0.99), False),
        (saying(0, majority=96), False),
        (saying(0, majority=991, of=1000), False),
    ]
