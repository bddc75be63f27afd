"""Augmentation that changes what the label says: samples as they are teach at once what the augmented ones do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.compared import Compared
from dlcli.training.evidence.unaugmented import Unaugmented
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.curve import last_epochs
from dlcli.training.verdict.network_beside import behind_at_all
from dlcli.training.verdict.standing import lasting, left, left_in_training, share_left, weighs
from dlcli.training.verdict.story import Story

MUCH = 0.3
"""So much of the trivial loss is left in training, on samples as they are, where augmentation is asked about."""
GAINED = 0.1
"""So much of it a few steps on samples as they are take away on validation, where these say something else."""
MOSTLY = 0.5
"""So much of what a model leaves beyond a small network one leaves as well that has learnt of augmented samples."""
FASTER = 3.0
"""So many times as fast as the last epochs did."""
SMALL, CHANGES = 0.25, 0.5
"""A crop that keeps less of a picture shows too little where what it leaves out deviates so much of what the centre does."""
FAR, SOME = 0.2, 0.05
"""So much of it is left of augmented samples at the end, and so much on validation, where training has learnt samples as they
are."""
HALVED, TWICE = 0.5, 2.0
"""No more of that on validation is left by steps on these, which take away so many times what the last epochs would have."""


def augmented_away(story: Story) -> Finding | None:
    """Seen where much is left, and some steps without augmentation lower validation far faster than the last epochs did."""
    written, seen, outside = story.config.plain()["data"]["augment"], story.beside_trivial, left(story)
    share = left_in_training(story)
    if not written or seen is None or outside is None or share is None or story.judged != "validation":
        return None
    if share < MUCH and not (outside >= SOME and far_from_augmented(story, seen)):
        return None
    tried = story.looks.unaugmented(story.rate)
    facts: dict[str, Any] = {"why": "augmented", "left": share if share >= MUCH else outside}
    facts |= {"by": names_of(written), "cost": 0.0, "share": 0.0}
    if tried is not None and (gains_much(story, seen, tried) if share >= MUCH else halves(story, seen, tried)):
        facts |= {"before": tried.before, "after": tried.after, "steps": tried.steps}
    elif (lost := lost_to_network(story)) is not None:
        facts |= {"known": lost[0], "changed": lost[1]}
    else:
        return None
    return Finding(code="underfits", severity="warning", where="data.augment", facts=facts, advice=as_they_are(written))


def lost_to_network(story: Story) -> tuple[float, float] | None:
    """What a small network leaves on validation that has learnt of samples as they are, and of augmented ones, where the model is
    far behind the first, and the second leaves most of what that is; None where it is not so."""
    behind = behind_at_all(story) if story.config.plain()["data"]["augment"] else None
    changed = None if behind is None else story.looks.network_of_augmented()
    if behind is None or changed is None or changed.left() - behind[1] < MOSTLY * (behind[0] - behind[1]):
        return None
    return behind[1], changed.left()


def cropped_away(story: Story) -> Finding | None:
    """Seen where much is left with a crop to a small part of pictures that change as much in what it leaves out."""
    share, written = left_in_training(story), story.config.plain()["data"]["augment"]
    if not written or share is None or share < MUCH or not story.looks.flat_target:
        return None
    crop = story.looks.larger_crop()
    if crop is None or crop.varies < CHANGES or (crop.part >= SMALL and lost_to_network(story) is None):
        return None
    facts: dict[str, Any] = {"why": "cropped", "left": share, "by": [crop.name], "cost": 0.0, "share": 0.0}
    facts |= {"part": crop.part}
    why = "what a crop leaves out is never seen, on validation neither"
    sides = zip(("height", "width"), crop.written, crop.larger, strict=True)
    advice = together(
        Setting(key=f"data.augment.{crop.number}.{side}", old=old, new=new, why=why)
        for side, old, new in sides
        if new != old
    )
    return Finding(code="underfits", severity="warning", where="data.augment", facts=facts, advice=advice)


def far_from_augmented(story: Story, seen: Compared) -> bool:
    """Whether the losses of training, which are those of augmented samples, ended far above what is perfect."""
    losses = story.losses("train")
    share = None if seen.weighed or weighs(story) or not losses else share_left(replace(seen, reached=losses[-1]))
    return share is not None and share >= FAR


def gains_much(story: Story, seen: Compared, tried: Unaugmented) -> bool:
    """Whether validation falls by much of the trivial loss, and far faster than it did."""
    whole = seen.trivial - seen.perfect
    return (tried.before - tried.after) / whole >= max(GAINED, FASTER * pace_of(story) / whole * tried.epochs)


def halves(story: Story, seen: Compared, tried: Unaugmented) -> bool:
    """Whether little of what was left on validation stays, and that is more than the last epochs' own share would take away."""
    before, after = tried.before - seen.perfect, tried.after - seen.perfect
    awaited = before * (1 - lasting(story, seen) ** tried.epochs)
    return after < HALVED * before and before - after >= TWICE * awaited


def pace_of(story: Story) -> float:
    """How much validation fell in each of the last epochs."""
    losses = story.losses("validation")
    window = last_epochs(losses)
    return max(losses[-1 - window] - losses[-1], 0.0) / window if window else 0.0


def names_of(written: list[Any]) -> list[str]:
    """What the layers are called."""
    return [each if isinstance(each, str) else next(iter(each)) for each in written]


def as_they_are(written: list[Any]) -> list[Advice]:
    """The samples as they are."""
    why = "what samples are changed into is no more what their label says"
    return [Setting(key="data.augment", old=written, new=[], why=why)]
