"""Training ended while the loss was still falling."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from dlcli.finding import Finding
from dlcli.runs.state import StopReason
from dlcli.training.verdict.batches import smaller_batch
from dlcli.training.verdict.curve import (
    epochs_to_gain,
    keeps_its_pace,
    last_epochs,
    late_fall,
    noise_of,
    rounded,
    steady,
)
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.network_beside import stays_behind
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import left, left_in_training, may_be_chance
from dlcli.training.verdict.story import Story

GAIN, MATERIAL = 0.03, 0.002
"""The share of the loss, and of the first epoch's, that the last epochs have to take away to be worth more of them."""
AT_STAKE = 0.004
"""The share of the trivial loss that they have to take away."""
FAR = 0.3
"""So much of the trivial loss is left where a curve that does not bend is on its way."""
MOSTLY_LEFT = 0.7
"""So much of it is left where hardly anything is learnt yet, and what still falls is on its way however it wobbles."""
FAST = 0.1
"""So much of the training loss the last epochs took away where validation that wobbles goes down with it."""
SURE = 2.0
"""So many deviations of what a late curve wobbles by they have to take away, where it goes up and down."""
NEAR = 20
"""The best epoch is one of the last where no more than a twentieth of all came after it."""


def still_improving(story: Story) -> Finding | None:
    """Seen when all epochs are done, the best is among the last, and these still lowered the monitored loss by more than 3 %."""
    losses = story.losses(story.judged)
    falling = is_falling(story) or is_on_its_way(story) or wobbles_down(story)
    if story.stop is not StopReason.ALL_EPOCHS or not falling or may_be_chance(story):
        return None
    if stays_behind(story):  # more epochs alone would not do
        return None
    epochs = story.config.train.epochs
    more = rounded(len(losses) + epochs_to_gain(story.above(story.judged)))
    advice = smaller_batch(story) or longer(story, max(more, epochs + 1), why="there is more to gain")
    facts = {"epochs": last_epochs(losses), "before": stood_at(losses), "after": losses[-1]}
    return Finding(code="still_improving", severity="note", facts=facts, advice=advice)


def is_falling(story: Story) -> bool:
    """Whether the best epoch is one of the very last, and these lowered the loss by what is worth more of them."""
    above = story.above(story.judged)
    return story.best_epoch >= len(above) - len(above) // NEAR and took_away(story)


def wobbles_down(story: Story) -> bool:
    """Whether much is left, training falls fast, and validation does so too, but for an epoch or two behind its best one."""
    above, share, inside = story.above(story.judged), left(story), left_in_training(story)
    if share is None or inside is None or min(share, inside) < FAR or late_fall(story.above("train")) < FAST:
        return False
    return story.best_epoch > len(above) - last_epochs(above) and took_away(story)


def took_away(story: Story) -> bool:
    """Whether the last epochs lowered the loss by what is worth more of them."""
    above = story.above(story.judged)
    if len(above) < 2:
        return False
    before, seen = stood_at(above), story.beside_trivial
    fell, stake = before - above[-1], 0.0 if seen is None else seen.trivial - seen.perfect
    late = above[-1 - 2 * last_epochs(above) :]
    wobbles = SURE * noise_of(late) if 2 * len(late) < len(above) and not steady(late) else 0.0
    material = max(MATERIAL * above[0], AT_STAKE * stake, wobbles)
    far = (left(story) or 0.0) >= FAR and keeps_its_pace(
        above
    )  # of what is far above its end a loss takes away a small share
    return before > 0 and fell >= (material if far else max(GAIN * before, material))


def is_on_its_way(story: Story) -> bool:
    """Whether hardly anything is learnt yet, and the last epochs lowered the loss by more than its noise, to its least."""
    above, seen, share = story.above(story.judged), story.beside_trivial, left(story)
    if len(above) < 2 or seen is None or share is None or share < MOSTLY_LEFT or story.best_epoch < len(above):
        return False
    late = above[-1 - last_epochs(above) :]
    return stood_at(above) - above[-1] >= max(AT_STAKE * (seen.trivial - seen.perfect), SURE * noise_of(late))


def stood_at(losses: Sequence[float]) -> float:
    """Where a curve stood before its last epochs: no higher than it mostly was before, as at a peak of its noise."""
    window = last_epochs(losses)
    return min(losses[-1 - window], statistics.median(losses[-1 - 2 * window : -window]))


RULE = Rule(
    "still_improving",
    still_improving,
    CAUSES | {"suspiciously_good", "overfits", "does_not_learn", "underfits", "predicts_one_class"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [
        (story(validation=[1.0, 0.5, 0.49, 0.488, 0.4849]), True),
        (story(validation=[1.0, 0.5, 0.49, 0.488, 0.4851]), False),
        (story(validation=[1.0, 0.5, 0.4, 0.3], stop=StopReason.TIME_LIMIT), False),
        (story(validation=[100.0, 0.5, 0.45, 0.4, 0.35]), False),
        (story(validation=[1.0, 0.5, 0.49, 0.488, 0.52, 0.49, 0.487, 0.486]), False),
    ]
