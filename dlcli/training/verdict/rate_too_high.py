"""The steps are too long: the loss is thrown about, or a smaller rate finds what this one jumps over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.settling import Settling
from dlcli.training.verdict.advice import tested_rate
from dlcli.training.verdict.cannot_fit import unreachable
from dlcli.training.verdict.curve import noise_of
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import beside_trivial_in_training, left_in_training, struggles
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.underfits import decays

WILD = 3.0
"""So many times the trivial loss, a first epoch was thrown away from where it began."""
JUMP, JUMPS = 1.5, 2
"""A loss so many times that of the epoch before has jumped; one jump may be chance."""
LOST = 1.5
"""So many times its least a training loss ends where it has lost what it had found."""
BELOW, FAR_BELOW = 3.0, 10.0
"""So many times less is a rate that is proposed another rate; without other signs it has to be far less."""
STUCK = 0.9
"""Above this share of the trivial loss hardly anything was learnt."""
HEAVY = 0.95
"""A momentum above this carries a step on for more than twenty others."""
NOISY = 0.6
"""A share that is left out from which on the training loss is that of noise."""
DEAD = 0.5
LITTLE = 0.15
"""Up to this share of the trivial loss nothing is to be explained."""
FEWEST = 6
"""Epochs of which half tell whether a curve comes to rest."""
RESTLESS, WOBBLES = 0.01, 0.06
"""Such a share of the trivial loss the late training loss wobbles by where steps may be too long, and that of validation."""
SETTLED, CALMER = 0.8, 0.92
"""The share of its loss to which shorter steps bring a model at once where its own are too long; and where validation wobbles."""
FEW, BATCH = 8, 32
"""A batch below the first follows single samples; the usual one."""


def rate_too_high(story: Story) -> Finding | None:
    """Seen where the curve is wild and the range test proposes a far lower rate, or nothing is learnt and it does."""
    share = left_in_training(story)
    if not story.history or (share is not None and share <= LITTLE):
        return None
    if decays(story):
        return None
    struggling = struggles(story, above=LITTLE)
    settled = settles(story)
    signs = [*(signs_of(story) if struggling else ()), *(["settles"] if settled else ())]
    stuck = struggling and (share or 0.0) > STUCK
    if not signs and not stuck:
        return None
    rate, proposed = story.rate, story.looks.rate()
    heavy = heavy_momentum(story) if signs else []
    lower = proposed is not None and proposed * (BELOW if signs else FAR_BELOW) <= rate
    died_of_it = "dead" in signs and ("wild" in signs or story.looks.rate_unknown())
    thrown = proposed is None and died_of_it and unreachable(story) is None
    if not heavy and not lower and not thrown:
        return None
    train = story.losses("train")
    facts: dict[str, Any] = {"rate": rate, "proposed": proposed, "signs": signs}
    facts |= {"first": train[0], "least": min(train), "last": train[-1]}
    facts |= {"same": None, "lower": None} if settled is None else {"same": settled.same, "lower": settled.other}
    advice = heavy or larger_batch(story) or tested_rate(story, why="the range test on this model")
    return Finding(
        code="rate_too_high", severity="warning", where="optimizer.learning_rate", facts=facts, advice=advice
    )


def settles(story: Story) -> Settling | None:
    """What some steps at the proposed rate bring a model to, where that is far lower than what as many at its own do.

    It is tried only where a curve wobbles: steps that are too long never come to rest.
    """
    seen = story.beside_trivial
    stake = 0.0 if seen is None else seen.trivial - seen.perfect
    inside, outside = (noise_of(story.losses(split)[len(story.history) // 2 :]) for split in ("train", "validation"))
    rate, wild = story.history[-1]["learning_rate"], outside > WOBBLES * stake
    if len(story.history) < FEWEST or not stake or not (wild or inside > RESTLESS * stake):
        return None
    proposed = story.looks.rate()
    if proposed is None or proposed * BELOW > rate:
        return None
    found = story.looks.settling(rate, proposed)
    if found is None:
        return None
    share = (found.other - story.perfect) / max(found.same - story.perfect, 1e-12)
    return found if share <= (CALMER if wild else SETTLED) else None


def larger_batch(story: Story) -> list[Advice]:
    """The usual batch in the place of one of so few samples that no rate can be tested: each step follows one of them."""
    size = story.config.train.batch_size
    if size >= FEW or story.looks.rate() is not None:
        return []
    why = f"a step that follows {size} sample{'s' * (size > 1)} alone is thrown about"
    return [Setting(key="train.batch_size", old=size, new=BATCH, why=why)]


def signs_of(story: Story) -> list[str]:
    """What of the curve, or of the units, says that the steps were too long."""
    train, perfect = story.above("train"), story.perfect
    seen = beside_trivial_in_training(story)
    signs = list[str]()
    if any(each.share >= NOISY for each in story.looks.penalties()):  # what noise throws about is not thrown by steps
        return signs
    if seen is not None and train[0] > WILD * (seen.trivial - perfect):
        signs.append("wild")
    if sum(after > JUMP * before for before, after in pairwise(train)) >= JUMPS:
        signs.append("jumps")
    if len(train) > 2 and train[-1] > LOST * min(train):
        signs.append("lost")
    if died(story):
        signs.append("dead")
    return signs


def died(story: Story) -> bool:
    """Whether units of a hidden layer are dead that were not before the first step."""
    now, begun = story.looks.layers(), story.looks.begun()
    if now is None or begun is None:
        return False
    before = {each.layer: each.share for each in begun.dead}
    return any(each.hidden and each.share > DEAD and before.get(each.layer, 1.0) < DEAD / 2 for each in now.dead)


def heavy_momentum(story: Story) -> list[Advice]:
    """The usual momentum in the place of one that adds up too many steps."""
    momentum = story.config.optimizer.arguments.get("momentum")
    if not isinstance(momentum, float) or momentum <= HEAVY:
        return []
    why = (
        f"a momentum of {momentum:g} adds up about {1 / (1 - momentum):.0f} steps" if momentum < 1 else "it never ends"
    )
    return [Setting(key="optimizer.momentum", old=momentum, new=0.9, why=why)]


RULE = Rule(
    "rate_too_high",
    rate_too_high,
    frozenset({"diverged", "one_class_only", "inputs_far_from_scale", "target_far_from_scale"}),
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def tested(losses: list[float], rate: float | None) -> Story:
        told = story(validation=losses)
        train = replace(told.beside_trivial, split="train") if told.beside_trivial else None
        return replace(told, looks=Looks(rate=lambda: rate, train=lambda: train))

    def calm(lower: float) -> Story:
        told = tested([0.55, 0.5, 0.45, 0.5, 0.45, 0.5], 0.003)
        return replace(told, looks=replace(told.looks, settling=lambda rate, other: Settling(other, 0.5, lower)))

    return [
        (tested([3.1, 0.9, 0.8], 0.003), True),
        (calm(0.41), False),
        (tested([3.1, 0.9, 0.8], 0.004), False),
        (tested([2.9, 0.85, 0.8], 0.003), False),
        (tested([3.1, 0.9, 0.8], None), False),
    ]
