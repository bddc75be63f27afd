"""A long flat end: most of the epochs brought nothing."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.verdict.advice import earlier_stop
from dlcli.training.verdict.curve import noise_of
from dlcli.training.verdict.network_beside import stays_behind
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import left
from dlcli.training.verdict.story import Story

FEWEST = 20
"""So many epochs a training has whose end may be long."""
CLOSE = 0.01
"""Within this share of all that was gained the least loss was reached."""
WOBBLES = 2.0
"""So many deviations of its noise a flat curve goes below where it came to rest."""
LEARNS = 0.2
"""So much more of the trivial loss training learns where its end is no flat one."""
HALF = 0.5
"""Such a share of a loss is less by far."""
LEFT, MANY = 0.3, 100
"""So much of the trivial loss is left where it is worth asking whether the end is the end; of so many epochs nine tenths are
wasted in any case."""


def plateau(story: Story) -> Finding | None:
    """Seen where the loss was as low as it ever was within a third of the epochs, no rule stopped it, and much is left."""
    losses, share = story.above(story.judged), left(story)
    seen = story.beside_trivial
    if len(losses) < FEWEST or share is None or seen is None or story.config.train.early_stopping is not None:
        return None
    gained = min(max(losses) - min(losses), seen.trivial - seen.perfect)  # what regularization gave back is none
    near = min(losses) + max(CLOSE * gained, WOBBLES * noise_of(losses[len(losses) // 2 :]))
    reached = next(at for at, loss in enumerate(losses) if loss <= near) + 1
    train = story.above("train")
    if train[reached - 1] - train[-1] > LEARNS * (seen.trivial - seen.perfect):
        return None  # training goes on to learn, and what a curve wobbles by hides what comes of it
    if share < LEFT and min(losses) < HALF * losses[reached - 1]:
        return None  # little is left, and it went on to be less
    if reached > len(losses) // 3 or (share < LEFT and (len(losses) < MANY or reached > len(losses) // 10)):
        return None
    if stays_behind(story):  # the end is none
        return None
    facts = {"since_epoch": reached + 1, "epochs": len(losses), "last": story.losses(story.judged)[-1]}
    return Finding(code="plateau", severity="note", facts=facts, advice=earlier_stop(story, through=reached))


RULE = Rule(
    "plateau",
    plateau,
    CAUSES | {"overfits", "does_not_learn", "underfits", "no_better_than_trivial", "predicts_one_class"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    falling = [0.9, 0.7, 0.6, 0.5, 0.45, 0.4]
    return [
        (story(validation=[*falling, *[0.4] * 15]), True),
        (story(validation=[*falling, *[0.4] * 11]), False),
        (story(validation=[*falling, *[0.19] * 15]), False),
    ]
