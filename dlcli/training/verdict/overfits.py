"""The model knows its training samples by heart: the validation loss has turned, or stands far above that of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.layers.stack import innermost
from dlcli.training.compared import Compared
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.advice import earlier_stop
from dlcli.training.verdict.curve import noise_of
from dlcli.training.verdict.holding import held_back
from dlcli.training.verdict.monitored import kept_by_metric
from dlcli.training.verdict.network_beside import holds_less
from dlcli.training.verdict.predicts_one_class import balanced, overweighs
from dlcli.training.verdict.rule import BROKEN_START, Rule
from dlcli.training.verdict.standing import (
    LEARNT,
    is_over,
    learnt_in_training,
    least_left_in_training,
    left,
    left_in_training,
    may_be_chance,
)
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.told_by_inputs import never_better, tells
from dlcli.training.verdict.unread import hardly_read
from dlcli.training.verdict.written import takes_by_name

RISE = 1.10
MATERIAL = 0.02
"""A rise counts from this share of the first epoch's loss on: near zero every curve wobbles."""
LOST = 0.05
"""A rise counts from this share of the trivial loss on."""
FEWEST = 3
WEIGHED_GAP = 0.15
"""Where samples weigh differently in training, the plain validation loss may rise while the weighed one falls: so much more of
that must be left on validation than in training."""
GAP, TIMES = 0.35, 2.0
"""So much more of the trivial loss is left on validation than in training, and so many times as much, where the gap is wide."""
BESIDE = 0.1
"""The same where a small network that has learnt of the same samples leaves far less of validation."""
BY_HEART = 0.2
"""So much of the trivial loss learnt in training, of which nothing reached validation, was learnt by heart."""
NOTHING, MUCH = 0.02, 0.1
"""Such shares of the trivial loss are nothing in training, and much on validation."""
FEW_UNITS = 16
"""Units of a hidden layer that cannot learn hundreds of samples by heart in an epoch."""
SURE = 2.0
"""So many deviations of the curve's noise a rise is above its lowest point."""


def overfits(story: Story) -> Finding | None:
    """Seen where, some epochs after its lowest point, the validation loss is 10 % above it, and by more than it wobbles, and the
    training loss below, or where the gap at the epoch that is kept is wide.

    A model that never was better than the constant answer has nothing to lose.
    """
    turned, gap = turning(story), gap_of(story)
    turned = parted(story) if turned is None else turned
    if (turned is None and gap is None) or held_back(story) or may_be_chance(story):
        return None
    if (never_better(story) and not tells(story)) or hardly_read(story) is not None:
        return None
    if (least_left_in_training(story) or 0.0) >= 1:
        return None
    validation, train = story.losses("validation"), story.losses("train")
    lowest = min(range(len(validation)), key=validation.__getitem__) if turned is None else turned
    # What came after the epoch that is kept is lost with its weights, where that is the best one: how far it rose counts no more.
    lost = turned is None or story.kept_epoch == lowest + 1 or kept_by_metric(story)
    if gap is None and lost:
        return None
    facts: dict[str, Any] = {
        "since_epoch": None if lost else lowest + 2,
        "validation_lowest": validation[lowest],
        "validation_last": validation[story.kept_epoch - 1] if lost else validation[-1],
        "train_then": train[lowest],
        "train_last": train[story.kept_epoch - 1] if lost else train[-1],
        "turned": not lost,
        "gap": gap,
        "left": None if gap is None else [learnt_in_training(story), left(story)],
    }
    return Finding(code="overfits", severity="warning", facts=facts, advice=held_to_less(story))


def held_to_less(story: Story) -> list[Advice]:
    """Other weights where one class outweighs all others, whose few samples are learnt by heart; else what relies on less."""
    for seen in story.looks.classes(story.judged):
        if overweighs(story, seen):
            return balanced(story, seen)
    stop = earlier_stop(story) or other_monitor(story)
    return [*stop, *(replace(each, joined=bool(stop)) for each in leaning(story))]


def other_monitor(story: Story) -> list[Advice]:
    """Early stopping by the validation loss, where it watches what of training gets better by heart as well."""
    if not stops_by_training(story):
        return []
    key, early = "train.early_stopping.monitor", story.config.train.early_stopping
    old = None if early is None else early.monitor
    why = "what is measured in training gets better while validation gets worse"
    return [Setting(key=key, old=old, new="val_loss", why=why)]


def stops_by_training(story: Story) -> bool:
    """Whether early stopping watches training alone, where there is validation."""
    early = story.config.train.early_stopping
    return early is not None and story.judged == "validation" and not early.monitor.startswith("val_")


def turning(story: Story) -> int | None:
    """The epoch, counted from 0, of the lowest validation loss, where it has risen since while the training loss fell."""
    validation, train = story.losses("validation"), story.losses("train")
    if not validation:
        return None
    # A loss that rises for an epoch is noise. Three things together are not: some epochs have passed since the lowest point,
    # the training loss went on falling meanwhile (else the training itself fails), and the rise is far above what it wobbles by.
    lowest = validation.index(min(validation))
    if not is_over(story) or train[-1] >= train[lowest]:
        return None
    # What counts is how far the loss is above that of a perfect answer, which some losses put below zero.
    seen = story.beside_trivial
    perfect = min(0.0 if seen is None else seen.perfect, validation[lowest])
    rise = validation[-1] - validation[lowest]
    risen = rise > 0 and rise >= (RISE - 1) * (validation[lowest] - perfect)
    if seen is not None and seen.weighed and wider(story) < WEIGHED_GAP:
        return None
    lost = LOST / 2 if by_heart(story) else LOST
    stake = 0.0 if seen is None or seen.weighed else lost * (seen.trivial - seen.perfect)
    stake = max(stake, SURE * noise_of(validation[lowest:]))
    return lowest if risen and rise >= max(MATERIAL * (validation[0] - perfect), stake) else None


def by_heart(story: Story) -> bool:
    """Whether nothing is left in training, of which much is on validation."""
    inside, outside = left_in_training(story), left(story)
    return inside is not None and outside is not None and inside <= NOTHING and outside >= MUCH


def gap_of(story: Story) -> float | None:
    """How much more of the trivial loss is left on validation than in training, where that is much and training is learnt."""
    if story.judged != "validation" or len(story.history) < FEWEST:
        return None
    inside, gap = learnt_in_training(story), wider(story)
    if inside is None or inside >= 1:  # what is worse than the constant answer has learnt nothing by heart
        return None
    unstopped = story.config.train.early_stopping is None or stops_by_training(story)
    if gap >= max(BESIDE, TIMES * inside) and holds_less(story):
        return gap
    if (never_better(story) and inside <= LEARNT and is_over(story)) or (by_heart(story) and unstopped):
        return gap if gap >= BY_HEART else None
    return gap if gap >= max(GAP, (TIMES - 1) * inside) else None


def parted(story: Story) -> int | None:
    """The epoch, counted from 0, of the lowest validation loss, where training has learnt much since and validation nothing."""
    validation, train, seen = story.losses("validation"), story.losses("train"), story.beside_trivial
    if seen is None or seen.weighed or not validation or validation[-1] <= train[-1]:
        return None
    lowest = validation.index(min(validation))
    learnt = train[lowest] - train[-1]
    much = max(BY_HEART * (seen.trivial - story.perfect), SURE * noise_of(validation[lowest:]))
    return lowest if is_over(story) and learnt >= much > 0 else None


def wider(story: Story) -> float:
    """How much more of the trivial loss is left on validation than in training; 0 where that is not known."""
    inside, outside = learnt_in_training(story), left(story)
    return 0.0 if inside is None or outside is None else outside - inside


def leaning(story: Story) -> list[Setting]:
    """What makes a model rely on less: changes of pictures where it looks for the same thing in every place, else a Dropout where
    there is none."""
    moves = any("Conv" in layer.name for layer in innermost(story.config.layers))
    if moves and story.looks.pictures and not story.config.data.augment and story.looks.flat_target:
        new: list[Any] = [{"RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1}}]
        return [Setting(key="data.augment", old=[], new=new, why="pictures that are moved a little are new ones")]
    fewer = narrower(story) if never_better(story) else []
    if fewer:
        return fewer
    if any(layer.traits.get("drops") for layer in innermost(story.config.layers)):
        return []
    return [*with_dropout(story.config.written_layers())]


def narrower(story: Story) -> list[Setting]:
    """Few units in the hidden layers that have many: a model that learns by heart before anything else is too rich to be stopped
    in time."""
    capacity = story.looks.capacity()
    why = "with so many it learns the samples by heart before it is better than one answer"
    return [
        Setting(key=f"{each.entry}.{each.key}", old=each.units, new=FEW_UNITS, why=why, joined=number > 0)
        for number, each in enumerate([] if capacity is None else capacity.hidden)
        if each.entry is not None and each.units > FEW_UNITS
    ]


def with_dropout(entries: list[Any]) -> list[Setting]:
    """The entries of the layers with a Dropout before the last; none where that is connected by name, and
    would not take it, or is no layer that weighs what it takes."""
    if len(entries) < 2 or takes_by_name(entries[-1]) or not is_dense(entries[-1]):
        return []
    why = "a Dropout before the last layer makes the model rely on less"
    return [Setting(key="layers", old=entries, new=[*entries[:-1], {"Dropout": 0.3}, entries[-1]], why=why)]


def is_dense(entry: Any) -> bool:
    """Whether an entry is a layer that weighs all that it takes: behind it a Dropout would leave out answers."""
    return isinstance(entry, dict) and next(iter(entry), None) == "Dense"


RULE = Rule(
    "overfits",
    overfits,
    BROKEN_START
    | {"one_class_only", "suspiciously_good", "exploding_gradients", "splits_differ", "cannot_fit", "statistics_lag"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def apart(inside: float) -> Story:
        told = story(train=[0.9, 0.5, inside], validation=[0.9, 0.7, 0.7])
        return replace(told, looks=Looks(train=lambda: Compared("train", inside, 1.0)))

    return [
        (story(train=[0.9, 0.5, 0.4, 0.35, 0.31], validation=[0.9, 0.6, 0.62, 0.65, 0.661]), True),
        (story(train=[0.9, 0.5, 0.4, 0.35, 0.31], validation=[0.9, 0.6, 0.62, 0.65, 0.659]), False),
        (story(train=[0.9, 0.5, 0.55, 0.6, 0.7], validation=[0.9, 0.6, 0.62, 0.65, 0.7]), False),
        (story(train=[0.9, 0.5, 0.3, 0.2, 0.1], validation=[0.0] * 5), False),
        (story(train=[-20.0, -26.0, -27.0, -28.0, -29.0], validation=[-20.0, -26.0, -26.0, -26.0, -25.98]), False),
        (apart(0.36), False),
        (story(train=[0.9, 0.5, 0.3, 0.2, 0.1], validation=[1.1, 0.99, 1.2, 1.3, 1.4]), False),
        (story(train=[0.9, 0.7, 0.6, 0.55, 0.51], validation=[0.9, 0.7, 0.71, 0.7, 0.71]), False),
    ]
