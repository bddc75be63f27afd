"""The steps are too short: the loss falls straight and slowly, and a far higher rate is safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dlcli.finding import Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.advice import tested_rate, usual_rate
from dlcli.training.verdict.augmented_away import augmented_away
from dlcli.training.verdict.curve import keeps_its_pace, steady
from dlcli.training.verdict.exploding_gradients import CLIPS
from dlcli.training.verdict.holding import held_back
from dlcli.training.verdict.rule import BROKEN_START, NO_GRADIENT, Rule
from dlcli.training.verdict.standing import (
    HARDLY,
    MOST_STEPS,
    SAYS_NOTHING,
    left,
    left_in_training,
    neighbours_left,
    struggles,
)
from dlcli.training.verdict.stopped_too_early import is_cut_short
from dlcli.training.verdict.story import Story

SLOW, MOVED = 0.025, 0.97
"""The share that a slow epoch takes away, and what is left of the first loss where hardly anything was."""
ENDED_BY_HAND = frozenset({StopReason.REACHED, StopReason.TIME_LIMIT, StopReason.SIGNAL})
"""What ends a training wherever its rate would have led."""
LITTLE = 0.95
"""What is left of the first validation loss where it falls little by little."""
STILL = 0.5
"""The share of its largest that a rate has kept where it is what it was."""
LONG = 6
"""Epochs that have two halves."""
FEWEST = 2
"""Epochs that show a fall."""
NEARER, FAR, FARTHEST = 8.0, 20.0, 100.0
"""So many times the rate is one that is proposed another rate: where nothing but the constant answer was learnt, where more
was, and where something else ended the learning early, or layers are frozen."""
WAY, SHORT_WAY = 0.02, 0.1
"""So far from their first values, beside these, weights have moved that a rate has moved at all; and where there was no time to
try a higher one."""
UNMOVED = 0.005
"""So far they have not moved at all, whatever the losses do."""
USUAL, TINY = 1.0, 0.001
"""The length to which gradients are often cut, and one that leaves nothing of them."""
ABOVE = 1.5
"""So many times the trivial loss is left where steps have not even come to it."""
FAR_ABOVE = 3.0
"""So many times what saying the last value again costs a forecast costs that has hardly begun."""
BENT = 0.3
"""The share of what the first half took away that the second still takes where a curve is straight."""

RISES = 0.1
"""The part of what training falls by that validation rises by where it gets worse."""
FELL, OVER = 0.1, 0.15
"""Validation has fallen from such a share of its first loss on; it is over where its second half brings less than the other
share of what its first did."""


def rate_too_low(story: Story) -> Finding | None:
    """Seen where the training loss falls in nearly every epoch, much of it is left, be it beside the last value of a forecast,
    and the range test says so."""
    train = story.losses("train")
    much, behind = struggles(story, above=0.2), is_far_above_last_value(story)
    if len(train) >= FEWEST and much and (cut := cut_short_gradients(story)) is not None:
        return cut
    still = len(train) >= FEWEST and stands_still(story)
    if len(train) < FEWEST or not (much or behind) or not (len(train) < 3 or still or falls(story)):
        return None
    rates = [entry["learning_rate"] for entry in story.history]
    ended = rates[-1] < STILL * story.rate
    if ended and not hardly_moved(story):  # where a schedule has taken the rate away another rule speaks
        return None
    over = validation_is_over(story) or validation_rises(story)
    if not still and (not (behind or is_slow(story)) or not is_straight(story) or over):
        return None
    rate, proposed = story.rate, story.looks.rate()
    unknown, above = story.looks.rate_unknown(), unknown_above(story)
    stays = still or ((unknown or hardly_moved(story)) and stayed(story, known=not unknown))
    if proposed is None and not (above or stays):
        return None
    if proposed is not None and proposed < how_far(story, ended=ended) * rate:
        return None
    if augmented_away(story) is not None:  # no rate brings back what augmentation takes
        return None
    facts = {"rate": rate, "proposed": proposed, "first": train[0], "last": train[-1], "cut": None}
    advice = usual_rate(story) if proposed is None and (still or not unknown) else []
    advice = usual_rate(story, so_far="all epochs have not come to the constant answer") if above else advice
    advice = advice or tested_rate(story, why="the range test on this model")
    return Finding(code="rate_too_low", severity="warning", where="optimizer.learning_rate", facts=facts, advice=advice)


def unknown_above(story: Story) -> bool:
    """Whether there was no time to try rates, and all epochs at one far below the usual have not even come to what one answer for
    all costs, in training and on validation, though they fall as fast as at first."""
    inside, judged = left_in_training(story), left(story)
    if not story.looks.rate_unknown() or min(inside or 0.0, judged or 0.0) <= 1 or held_back(story):
        return False
    return keeps_its_pace(story.above("train")) and bool(usual_rate(story))


def stands_still(story: Story) -> bool:
    """Whether a rate far below the usual has not moved the weights in many steps: what the losses do is then chance."""
    above = (left_in_training(story) or 0.0) >= 1 and not held_back(story)
    stood = hardly_moved(story) or above
    if story.history[-1].get("step", MOST_STEPS) < MOST_STEPS or not stood or is_frozen(story):
        return False
    way = story.looks.moved()
    return way is not None and way < UNMOVED and bool(usual_rate(story))


def falls(story: Story) -> bool:
    """Whether the loss falls in nearly every epoch: in training, or, little by little or without a bend, on validation, which
    no noise of training throws about."""
    validation = story.above("validation")
    little = bool(validation) and validation[-1] > LITTLE * validation[0]
    return steady(story.losses("train")) or (little and steady(validation)) or keeps_its_pace(validation)


def how_far(story: Story, *, ended: bool) -> float:
    """How many times the rate is one that is proposed another one."""
    if ended or is_cut_short(story) or story.stop in ENDED_BY_HAND or is_frozen(story):
        return FARTHEST
    return NEARER if at_constant(story) else FAR


def at_constant(story: Story) -> bool:
    """Whether training has learnt no more than the constant answer, though validation falls too and inputs tell more.

    A curve bends on its way there, and not at its end.
    """
    share = left_in_training(story)
    if share is None or share < HARDLY or not steady(story.losses(story.judged)) or is_frozen(story):
        return False
    known = neighbours_left(story)
    return known is None or known < SAYS_NOTHING


def is_frozen(story: Story) -> bool:
    """Whether layers do not learn as they are written."""
    capacity = story.looks.capacity()
    return capacity is not None and bool(capacity.frozen)


def cut_short_gradients(story: Story) -> Finding | None:
    """Seen where steps are short because gradients are cut: the first ones come to far less with those that are cut as usual."""
    cut = {name: value for name, value in story.config.optimizer.arguments.items() if name in CLIPS and value < USUAL}
    if not cut:
        return None
    [argument, limit], *_ = cut.items()
    seen, train = story.looks.loosened(story.rate, argument, USUAL), story.losses("train")
    stood = limit <= TINY and hardly_moved(story)
    if not (stood if seen is None else seen.is_better(story.perfect, stood=stood)):
        return None
    key = f"optimizer.{argument}"
    facts = {"rate": story.rate, "proposed": None, "first": train[0], "last": train[-1], "cut": limit}
    advice = [Setting(key=key, old=limit, new=USUAL, why="gradients that are cut to so little make short steps")]
    return Finding(code="rate_too_low", severity="warning", where=key, facts=facts, advice=advice)


def is_slow(story: Story) -> bool:
    """Whether an epoch took away a small share of the loss on average, or all of them have not come down to what one answer for
    all costs."""
    above, share = story.above("train"), left_in_training(story)
    if share is not None and share > ABOVE and len(above) >= LONG:
        return True
    return above[-1] > above[0] * (1 - SLOW) ** (len(above) - 1)


def is_far_above_last_value(story: Story) -> bool:
    """Whether a forecast costs far more than saying the last value again, and would after as many epochs of its pace again."""
    last_value, seen, losses = story.baseline.get("last_value"), story.beside_trivial, story.losses(story.judged)
    if not last_value or seen is None or seen.weighed or len(losses) < LONG or losses[0] <= 0:
        return False
    later = losses[-1] * losses[-1] / losses[0]
    naive: float = last_value["loss"]
    return seen.reached > FAR_ABOVE * naive and later > naive


def is_straight(story: Story) -> bool:
    """Whether the second half of the curve took away much of what the first did: one that bends comes to its end by itself."""
    above = story.above("train")
    middle = above[len(above) // 2]
    return (
        len(above) < LONG
        or hardly_moved(story)
        or at_constant(story)
        or middle - above[-1] >= BENT * (above[0] - middle)
    )


def validation_is_over(story: Story) -> bool:
    """Whether validation has fallen, and comes to its end by itself while training goes on: longer steps would end it sooner."""
    above = story.above("validation")
    if len(above) < LONG or hardly_moved(story) or at_constant(story):
        return False
    middle = above[len(above) // 2]
    return above[0] - middle > FELL * above[0] and middle - above[-1] < OVER * (above[0] - middle)


def validation_rises(story: Story) -> bool:
    """Whether validation gets worse while training falls: what is learnt, slowly or not, are the samples themselves."""
    validation, train = story.above("validation"), story.above("train")
    if len(validation) < LONG:
        return False
    return min(validation) in validation[: len(validation) // 2] and (
        validation[-1] - min(validation) >= RISES * (train[0] - train[-1]) > 0
    )


def stayed(story: Story, *, known: bool) -> bool:
    """Whether the weights are next to where they were drawn: all steps together were short; `known` that no rate was found."""
    way = story.looks.moved()
    if way is None or (known and is_frozen(story)):
        return way is None and not known
    return way < (WAY if known else SHORT_WAY)


def hardly_moved(story: Story) -> bool:
    """Whether all epochs together took next to nothing away, though there were some."""
    above = story.above("train")
    return len(above) >= 3 and above[-1] > MOVED * above[0] and not held_back(story)


RULE = Rule("rate_too_low", rate_too_low, BROKEN_START | NO_GRADIENT | {"one_class_only", "cannot_fit"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def tested(losses: list[float], rate: float | None) -> Story:
        told = story(validation=losses)
        return replace(told, looks=Looks(rate=lambda: rate))

    return [
        (tested([0.99, 0.98, 0.97], 0.2), True),
        (tested([0.99, 0.98, 0.97], 0.19), False),
        (tested([0.99, 0.98, 0.985, 0.984], 0.2), False),
        (tested([0.99, 0.98, 0.97], None), False),
        (tested([0.99], 0.2), False),
    ]
