"""Units that were dead before the first step: 0 for every sample, so that no gradient passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.capacity import NARROW
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.augmented_away import augmented_away
from dlcli.training.verdict.holding import are_pulled_in, decays
from dlcli.training.verdict.rule import BROKEN_START, Rule
from dlcli.training.verdict.shut import MOST, NOTHING, drops_most, in_front, ways_around
from dlcli.training.verdict.standing import frozen_from_the_first, left_in_training, struggles
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.told_by_inputs import labels_say_nothing
from dlcli.training.verdict.unread import hardly_read
from dlcli.training.verdict.vanishing_gradients import smallest
from dlcli.training.verdict.written import usual_weights, written_argument


def dead_units(story: Story) -> Finding | None:
    """Seen where nearly all units of a hidden layer are 0 for all samples of a batch, and little is learnt."""
    now = story.looks.layers()
    dead = [each for each in now.dead if each.hidden and each.share >= MOST] if now is not None else []
    dead = in_front(dead, ways_around(story))
    if not dead or not struggles(story) or decays(story) or are_pulled_in(story):
        return None
    if all(each.units <= NARROW for each in dead):
        return None  # of so few some die easily, and more would not
    if augmented_away(story) is not None or any(frozen_from_the_first(story).values()):
        return None  # samples as they are teach it again, or what stands in front, once it learns
    begun = story.looks.begun()
    if (
        begun is not None
        and smallest(begun.gradients) is not None
        and not any(each.share >= MOST for each in begun.dead)
    ):
        return None  # no gradient arrived from the start on: they were not killed by steps
    before = {each.layer: each.share for each in begun.dead} if begun is not None else {}
    worst = next((each for each in dead if before.get(each.layer, 0.0) >= MOST), dead[0])
    on_the_way = before.get(worst.layer, 0.0) < MOST
    if on_the_way and (
        (left_in_training(story) or 1.0) < NOTHING or drops_most(story) or hardly_read(story) is not None
    ):
        return None  # what died on the way did not keep the others from learning, or has died of what is left out
    if on_the_way and labels_say_nothing(story):
        return None  # what only raises the loss drives units to where they say nothing
    facts = {
        "layer": worst.layer,
        "dead": worst.dead,
        "units": worst.units,
        "layers": [each.layer for each in dead],
        "from_start": not on_the_way,
    }
    return Finding(
        code="dead_units",
        severity="warning",
        where=worst.layer,
        facts=facts,
        advice=revived(story, [worst, *(each for each in dead if each is not worst)]),
    )


def revived(story: Story, dead: Sequence[DeadSeen]) -> list[Advice]:
    """First weights that do not kill where others are written, else an activation that always passes something on: in all of
    these layers, for one that stays dead passes nothing on either."""
    entries = [each.entry for each in dead if each.entry is not None]
    why = "the first weights that are written make every unit 0"
    biases = [(entry, written_argument(story.config, entry, "bias_initializer")) for entry in entries]
    settings = [
        Setting(key=f"{entry}.bias_initializer", old=written, new="zeros", why=why)
        for entry, written in biases
        if written is not None and str(written).lower() != "zeros"
    ]
    if settings:
        return together(settings)
    now = story.looks.layers()
    if usual := usual_weights(
        story.config, [*entries, *(each.entry for each in (now.gradients if now else ()))], kernel="he_normal", why=why
    ):
        return usual
    why = "units that are 0 for every sample pass nothing on; leaky_relu always does"
    return together(
        Setting(key=f"{each.entry}.activation", old="relu", new="leaky_relu", why=why)
        for each in dead
        if each.entry is not None and each.arguments
    )


RULE = Rule("dead_units", dead_units, BROKEN_START | {"one_class_only", "statistics_lag"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def dying(dead: int, *, hidden: bool = True) -> Story:
        layers = LayersSeen([], [DeadSeen("dense", 10, dead, None, hidden, True)])
        return replace(story(validation=[0.9, 0.9]), looks=Looks(layers=lambda: layers, begun=lambda: layers))

    return [(dying(8), True), (dying(7), False), (dying(10, hidden=False), False), (story(validation=[0.9]), False)]
