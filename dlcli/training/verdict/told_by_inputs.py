"""Whether inputs tell something of the target at all."""

from __future__ import annotations

from dlcli.training.verdict.standing import MARGIN, SAYS_NOTHING, is_chance, known_of_inputs
from dlcli.training.verdict.story import Story

KNOWN_OF_INPUTS = 0.85
"""Below this share of the mistakes of one answer inputs tell something of a target."""
BY_CHANCE = 1e-3
"""A relation between an input and the target that chance brings more rarely is none of chance."""


def never_better(story: Story) -> bool:
    """Whether validation was no better than the constant answer in any epoch: then nothing that holds was learnt at all.

    What is reached is without what weights cost, which the losses of epochs have in them.
    """
    seen, losses = story.beside_trivial, story.losses("validation")
    if seen is None or seen.weighed or seen.trivial <= seen.perfect:
        return False
    share = (min(*losses, seen.reached) - seen.perfect) / (seen.trivial - seen.perfect)
    return share >= MARGIN


def tells(story: Story) -> bool:
    """Whether inputs tell something of the target, so that a model that is no better than one answer has only learnt by heart."""
    known = known_of_inputs(story)
    if (known is not None and known < KNOWN_OF_INPUTS) or story.looks.related() < BY_CHANCE:
        return True
    network = story.looks.network_elsewhere()
    return network is not None and network.left() < KNOWN_OF_INPUTS and not is_chance(network)


def labels_say_nothing(story: Story) -> bool:
    """Whether inputs tell nothing of the target: validation never was better than one answer, no input is related to it, and
    neither neighbours nor a small network know more of it than chance does."""
    if not never_better(story) or tells(story):
        return False
    seen = [each for each in (story.looks.neighbours(), story.looks.small_network()) if each is not None]
    return bool(seen) and all(each.left() >= SAYS_NOTHING or is_chance(each) for each in seen)
