"""The steps are too long: the loss is thrown about, or a smaller rate finds what this one jumps over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.rate import rate_key, shortest
from dlcli.training.evidence.settling import Settling
from dlcli.training.verdict.advice import best_of_many, tested_rate
from dlcli.training.verdict.batches import larger_batch
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.curve import noise_of, steady
from dlcli.training.verdict.exploding_gradients import begins_far
from dlcli.training.verdict.holding import are_pulled_in, decays
from dlcli.training.verdict.rate_signs import (
    STUCK,
    carried_up,
    has_run_out,
    heavy_momentum,
    is_hasty,
    is_long_step,
    is_too_sure,
    is_tossed,
    loses_validation,
    signs_of,
    thrown_about,
)
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import left, left_in_training, struggles
from dlcli.training.verdict.story import Story

BELOW, FAR_BELOW = 3.0, 10.0
"""So many times less is a rate that is proposed another rate; without other signs it has to be far less."""
TENTH = 10.0
"""So many times less a rate is proposed where the range test finds nothing against the one that is written."""
LITTLE, CALM = 0.15, 0.01
"""Up to this share of the trivial loss nothing is to be explained; where long steps threw the loss about, up to the second."""
FEWEST = 6
"""Epochs of which half tell whether a curve comes to rest."""
RESTLESS, WOBBLES = 0.01, 0.06
"""Such a share of the trivial loss the late training loss wobbles by where steps may be too long, and that of validation."""
SETTLED, CALMER = 0.8, 0.92
"""The share of its loss to which shorter steps bring a model at once where its own are too long; and where validation wobbles."""
THROWN = frozenset({"wild", "jumps", "lost"})
"""Signs of a loss that is thrown about, of which two at once say it by themselves."""


def rate_too_high(story: Story) -> Finding | None:
    """Seen where the curve is wild and the range test proposes a far lower rate, or nothing is learnt and it does."""
    share = left_in_training(story)
    if not story.history:
        return None
    sure, hasty = is_too_sure(story), is_hasty(story) and (left(story) or 0.0) > LITTLE and loses_validation(story)
    wild = is_long_step(story) and len(thrown_about(story)) > 1
    if share is not None and share <= (CALM if wild else LITTLE) and not (sure or hasty):
        return None
    if decays(story) or are_pulled_in(story):
        return None
    struggling = struggles(story, above=LITTLE)
    settled = settles(story)
    thrown = len(thrown_about(story)) > 1  # neighbours that know no more are no reason for that
    signs = [*(signs_of(story) if struggling or thrown else ()), *(["settles"] if settled else ())]
    signs += ["rises"] if carried_up(story) else []
    signs += ["sure"] if sure else []
    signs += ["tossed"] if is_tossed(story) else []
    signs += ["first"] if hasty and "first" not in signs else []
    stuck = struggling and (share or 0.0) > STUCK and not steady(story.losses("train")) and not has_run_out(story)
    signs += ["stuck"] if stuck and is_long_step(story) else []
    if not signs and not stuck:
        return None
    rate, proposed = story.rate, story.looks.rate()
    heavy = heavy_momentum(story) if signs else []
    lower = proposed is not None and proposed * (BELOW if signs else FAR_BELOW) <= rate
    if not (heavy or lower or (shows_by_itself(story, {*signs}) and cannot_fit(story) is None)):
        return None
    if begins_far(story) and not is_long_step(story):
        return None
    train = story.losses("train")
    facts: dict[str, Any] = {"rate": rate, "proposed": proposed, "signs": signs}
    facts |= {"first": train[0], "least": min(train), "last": train[-1]}
    facts |= {"same": None, "lower": None} if settled is None else {"same": settled.same, "lower": settled.other}
    # Where the range test has nothing against the rate, where steps of a tenth were tried, and of long steps, it is a tenth.
    untold = proposed is None and settled is None and not is_long_step(story)
    tested = lower or (untold and not {"back", "above", "sure"} & {*signs})
    advice = tested_rate(story, why="the range test on this model") if tested else far_lower(story)
    return Finding(
        code="rate_too_high",
        severity="warning",
        where="optimizer.learning_rate",
        facts=facts,
        advice=heavy or larger_batch(story) or advice,
    )


def shows_by_itself(story: Story, signs: set[str]) -> bool:
    """Whether the curve says it whatever the range test does, which knows what the first steps learn, and no later ones lose."""
    unknown = story.looks.rate() is None
    return bool(
        signs & {"back", "settles", "sure"}
        or (signs and is_long_step(story))
        or (unknown and ("above" in signs or {"dead", "wild"} <= signs or len(signs & THROWN) > 1))
    )


def far_lower(story: Story) -> list[Advice]:
    """A tenth of a rate that the range test has no better one for: what its first steps learn, later ones lose again."""
    why = "so that later steps do not lose what the first ones learn"
    old, new = shortest(story.rate), float(f"{story.rate / TENTH:.1g}")
    return [Setting(key=rate_key(story.config.optimizer), old=old, new=new, why=why), *best_of_many(story)]


def settles(story: Story) -> Settling | None:
    """What some steps at the proposed rate bring a model to, where that is far lower than what as many at its own do.

    It is tried only where a curve wobbles: steps that are too long never come to rest.
    """
    seen = story.beside_trivial
    stake = 0.0 if seen is None else seen.trivial - seen.perfect
    inside, outside = (noise_of(story.losses(split)[len(story.history) // 2 :]) for split in ("train", "validation"))
    rate, wild = story.history[-1]["learning_rate"], outside > WOBBLES * stake
    long = is_long_step(story)
    if len(story.history) < FEWEST or not stake or not (wild or long or inside > RESTLESS * stake):
        return None
    proposed = story.looks.rate()
    # A tenth is a guess, which from the first step on is too slow for what was learnt well but for some noise.
    guessed = proposed is None and story.looks.rate_unknown() and struggles(story)
    other = rate / TENTH if guessed else proposed
    if other is None or other * BELOW > rate:
        return None
    found = story.looks.settling(rate, other)
    if found is None:
        return None
    share = (found.other - story.perfect) / max(found.same - story.perfect, 1e-12)
    return found if share <= (CALMER if wild or long else SETTLED) else None


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
