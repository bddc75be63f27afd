"""A model of which no place sees enough of a sample: one that sees more learns at once what it does not."""

from __future__ import annotations

from typing import Any

from dlcli.finding import Finding, Setting
from dlcli.training.evidence.sight import Sight, by_network
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.curve import late_fall
from dlcli.training.verdict.holding import held_back
from dlcli.training.verdict.network_beside import as_facts, behind_at_all, is_out_of_reach
from dlcli.training.verdict.standing import (
    MARGIN,
    counts_classes_alike,
    frozen_from_the_first,
    has_settled,
    left_in_training,
    mistakes_left,
)
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.unread import padding_share

MUCH = 0.3
"""So much of the trivial loss is left in training where it is asked how much places see."""
GAINED = 0.1
"""So much less of it a model that sees more leaves on validation than the one at hand, and than the same layers in as many
steps from first weights."""
LEFT, KNOWN = 0.15, 0.1
"""So much is left where it is asked what stands about places, of which a small network leaves so much less."""
FALLING = 0.2
"""Where the last epochs took away more than this share of the loss it is not known yet what these layers come to."""
WHY = {
    "averaged": "layers that see more, and keep apart where something stands",
    "alone": "what stands beside a place tells what it is",
    "forgotten": "what stands first is near the answer of the way back",
    "skipped": "what is small is still there when something is learnt of it",
    "coarse": "beside them each place keeps what stands there",
}
FELT = 1e-3
"""Below such a share of the gradient by the last steps that by the first ones teaches nothing."""
UNLEARNT = 0.95
"""The share of the trivial loss above which training has learnt nothing."""
HIGHER = 20.0
"""So much higher a rate, where one is safe, comes before what places see."""
FASTER = 4.0
"""So much higher a rate, where one is safe, comes first where coarse answers have not come to rest."""


def short_sighted(story: Story) -> Finding | None:
    """Seen where each place sees little of a sample, and another model whose places see more learns far more in a few steps."""
    if any(frozen_from_the_first(story).values()):  # that they learn is the first thing to do
        return None
    share, beside = left_in_training(story), story.beside_trivial
    if share is None or share < LEFT or beside is None or story.judged != "validation":
        return None
    if (only := place_by_place(story)) is not None:
        return only
    if share < MUCH or late_fall(story.above("train")) > FALLING or not beside.trivial > beside.perfect:
        return None
    if (all_seen := told_by_network(story)) is not None:
        return all_seen
    seen = story.looks.seen_more(story.rate)
    if seen is None or min(beside.reached, seen.same) - seen.reached < GAINED * (beside.trivial - beside.perfect):
        return None
    facts = {"left": share, "reached": beside.reached, "other": seen.reached, "same": seen.same, "steps": seen.steps}
    return told_of(seen.sight, facts)


def told_by_network(story: Story) -> Finding | None:
    """Seen where a small network that sees all of a sample leaves far less of validation, and no far higher rate is safe."""
    short = story.looks.sight()
    if short is None or by_network(short) or held_back(story):
        return None
    behind = behind_at_all(story)
    if behind is None or not is_out_of_reach(story, behind):
        return None
    rate = story.looks.rate()
    return told_of(short, as_facts(behind)) if rate is None or rate < HIGHER * story.rate else None


def place_by_place(story: Story) -> Finding | None:
    """Seen where answers at a place are of it alone, or of far fewer places, and a small network that sees what stands about it
    knows much more, of what has not come to rest far more; or where the first steps are not felt that it takes as well as the
    last ones."""
    short = story.looks.sight()
    if short is None or not by_network(short):
        return None
    own, settled = mistakes_left(story), has_settled(story)
    if own is None or own < LEFT or (short.why == "coarse" and not settled and may_be_slow(story)):
        return None
    if short.why == "forgotten" and (own < MUCH or reads_padding(story) or is_felt(story)):
        return None
    network = story.looks.by_place() if short.why == "forgotten" else story.looks.small_network()
    if network is None:
        return None
    known = network.left(balanced=counts_classes_alike(story))
    enough = KNOWN if settled else max(KNOWN, own / 2)  # of what still falls nobody knows yet where it ends
    return told_of(short, {"left": own, "known": known, "by": "network"}) if own - known >= enough else None


def reads_padding(story: Story) -> bool:
    """Whether nothing is learnt of samples of which most is padding that a mask passes over: without it the way is short."""
    padding, share = story.looks.padding_read(), left_in_training(story)
    if padding is None or not (padding.entries or padding.maskable) or not padding_share(story):
        return False
    return share is not None and share >= UNLEARNT


def is_felt(story: Story) -> bool:
    """Whether what stands first reached the answer from the beginning on, or nothing is known of it."""
    felt = story.looks.first_steps_felt()
    return felt is None or felt >= FELT


def may_be_slow(story: Story) -> bool:
    """Whether nothing is learnt yet, or a far higher rate is safe or none is known: filters may say where in a place something
    stands, once they have learnt it."""
    share, rate = left_in_training(story), story.looks.rate()
    return share is None or share >= MARGIN or rate is None or rate >= FASTER * story.rate


def told_of(short: Sight, facts: dict[str, Any]) -> Finding:
    """The finding, with the settings by which places see more."""
    facts = {"why": short.why, "layer": short.layer, "places": short.places, "size": short.size, **facts}
    settings = [(short.key, short.old, short.new), *short.also]
    changed = [each for each in settings if each[1] != each[2]]
    advice = together(Setting(key=key, old=old, new=new, why=WHY[short.why]) for key, old, new in changed)
    return Finding(code="cannot_fit", severity="warning", where=short.layer, facts=facts, advice=advice)
