"""The learning rate has reached its end, and the loss had not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.config.train import ReduceOnPlateau
from dlcli.finding import Advice, Finding, Setting
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import Epochs, KerasObject
from dlcli.training.evidence.rate import shortest
from dlcli.training.evidence.settling import Settling
from dlcli.training.verdict.advice import IMPATIENT, together
from dlcli.training.verdict.curve import epochs_to_gain, rounded
from dlcli.training.verdict.rule import BROKEN_START, NO_GRADIENT, Rule
from dlcli.training.verdict.standing import is_over, left, left_in_training
from dlcli.training.verdict.story import Story

ENDED = 0.05
"""Below this share of its largest a rate has nearly ended."""
LEFT, LITTLE, FURTHER, EARLY = 0.25, 0.05, 0.8, 0.95
"""So much of the trivial loss is left where something was still to be learnt; or the second where some steps more at the largest
rate bring it below the third of what it is, or the fourth where most of the epochs had none."""
CURVE, PART = 3, 3
"""Fewer epochs are no curve, and this part of all of them is no training."""
LASTED = 0.8
"""The share of all epochs after which a rate may be worth nothing that was to last as long as they do."""
FELL = 0.01
"""So much the loss fell in each epoch, on average, before the rate ended."""
GONE, HALF, LEAST = 0.001, 0.5, 0.01
"""Up to such a share of its largest nothing is left of a rate; where that is so in more than the second of all epochs, so much
of the trivial loss is enough to be learnt."""


def schedule_ended(story: Story) -> Finding | None:
    """Seen where the loss fell as long as the rate was worth anything, and much of it is left."""
    rates = [entry["learning_rate"] for entry in story.history]
    share = left_in_training(story) or left(story)
    if len(rates) < 3 or story.rate <= 0 or rates[-1] > ENDED * story.rate or share is None or share < LEAST:
        return None
    train = story.above("train")
    peak = rates.index(story.rate)
    ended = next(at for at in range(peak, len(rates)) if rates[at] <= ENDED * story.rate)
    if ended >= LASTED * len(rates) and not fell_to_the_end(story, ended):
        return None  # it lasted as long as the training, which was over by then
    if share < LITTLE and not (mostly_had_none(story) and fell_before(story, ended) and goes_on(story, FURTHER)):
        return None
    if LITTLE <= share < LEFT and not goes_on(story, EARLY if PART * ended <= len(rates) else FURTHER):
        return None
    alive = train[: ended + 1]
    steps = max(1, min(len(alive) - 1, 3))
    fell = (alive[-1 - steps] - alive[-1]) / steps if len(alive) > steps else 0.0
    if alive[-1 - steps] <= 0 or (
        share >= LEFT
        and fell < FELL * alive[-1 - steps]
        and not (ended_at_once(ended, len(rates)) or could_go_on(story, rates[-1]))
    ):
        return None
    facts = {
        "rate": rates[-1],
        "largest": story.rate,
        "since_epoch": ended + 1,
        "left": share,
        "last": story.losses("train")[-1],
        "further": tried_further(story) if share < LITTLE else None,
    }
    return Finding(
        code="schedule_ended",
        severity="warning",
        where="optimizer.learning_rate",
        facts=facts,
        advice=lasting(story, ended),
    )


def fell_to_the_end(story: Story, ended: int) -> bool:
    """Whether what the model is judged by fell in the last epochs of a rate that is worth anything, and stands at its least."""
    return not is_over(story) and fell_before(story, ended)


def mostly_had_none(story: Story) -> bool:
    """Whether most of the epochs had next to nothing of the largest rate."""
    gone = [entry for entry in story.history if entry["learning_rate"] <= GONE * story.rate]
    return len(gone) > HALF * len(story.history)


def fell_before(story: Story, ended: int) -> bool:
    """Whether what the model is judged by fell in the last epochs before an epoch."""
    losses = story.above(story.judged)[: ended + 1]
    steps = min(len(losses) - 1, 3)
    return steps > 0 and (losses[-1 - steps] - losses[-1]) / steps >= FELL * losses[-1 - steps]


def ended_at_once(alive: int, epochs: int) -> bool:
    """Whether the rate was worth anything for so few of the epochs that nothing tells where the loss would have gone."""
    return alive < CURVE and PART * alive <= epochs


def goes_on(story: Story, share: float) -> bool:
    """Whether some steps more at the largest rate bring the model below such a share of what as many at the last one do."""
    found = settled(story)
    return found is not None and found.other - story.perfect <= share * (found.same - story.perfect)


def settled(story: Story) -> Settling | None:
    """What some steps more come to at the last rate and at the largest one."""
    return story.looks.settling(story.history[-1]["learning_rate"], story.rate)


def tried_further(story: Story) -> tuple[float, float] | None:
    """The losses of these, where they are known."""
    found = settled(story)
    return None if found is None else (found.same, found.other)


def could_go_on(story: Story, rate: float) -> bool:
    """Whether the range test proposes a far higher rate than that of the end."""
    proposed = story.looks.rate()
    return proposed is not None and proposed > rate / ENDED


def lasting(story: Story, ended: int) -> list[Advice]:
    """A schedule that lasts as long as the training, and where it has already lasted so long more epochs with it."""
    epochs, schedule = story.config.train.epochs, story.config.optimizer.arguments.get("learning_rate")
    if isinstance(schedule, OneCycle):
        longer = rounded(epochs + epochs_to_gain(story.above("train")))
        return [Setting(key="train.epochs", old=epochs, new=longer, why="the cycle of the rate then lasts longer")]
    reducing = story.config.train.reduce_on_plateau
    if reducing is not None and not isinstance(schedule, KerasObject):
        return more_patient(reducing)
    if not isinstance(schedule, KerasObject) or "decay_steps" not in schedule.arguments:
        constant = f"the rate stays at {story.rate:g}"
        return [Setting(key="optimizer.learning_rate", old=None, new=shortest(story.rate), why=constant)]
    old = schedule.arguments["decay_steps"]
    shown = str(old) if isinstance(old, Epochs) else old
    longer = rounded(epochs + epochs_to_gain(story.above("train")[: ended + 1])) if ended >= LASTED * epochs else epochs
    key, why = "optimizer.learning_rate.decay_steps", "the rate then falls as long as the training goes on"
    steps = (story.history[0].get("step") or 0) if isinstance(old, int) else 0
    if "decay_rate" in schedule.arguments:
        # So many epochs lie between two decays that a twentieth of the rate is left at the end, as cosines have it.
        import math

        rate = float(schedule.arguments["decay_rate"])
        parts = max(1.0, math.log(ENDED) / math.log(rate)) if 0 < rate < 1 else 1.0
        each = max(1, round(longer / parts))
    else:
        each = longer
    new: Any = each * steps if steps else f"{each} epochs"
    settings: list[Advice] = [Setting(key=key, old=shown, new=new, why=why)] if str(new) != str(shown) else []
    if longer != epochs:
        settings.append(
            Setting(
                key="train.epochs",
                old=epochs,
                new=longer,
                why="the loss still fell while the rate did not",
                joined=True,
            )
        )
    return settings


def more_patient(reducing: ReduceOnPlateau) -> list[Advice]:
    """A rate that waits longer, and for which smaller gains count; without both at fault one that stays."""
    key, settings = "train.reduce_on_plateau", list[Setting]()
    hurried, usual = reducing.patience < IMPATIENT, ReduceOnPlateau().min_delta
    if reducing.mode != "auto" or not (hurried or reducing.min_delta > usual):
        old = reducing.model_dump(exclude_unset=True)
        return [Setting(key=key, old=old, new=None, why="the rate then stays what it is")]
    if reducing.min_delta > 0:
        why = "smaller gains count too"
        settings.append(Setting(key=f"{key}.min_delta", old=reducing.min_delta, new=0.0, why=why))
    if hurried:
        why = "an epoch that is no better is noise"
        settings.append(Setting(key=f"{key}.patience", old=reducing.patience, new=IMPATIENT, why=why))
    return together(settings)


RULE = Rule(
    "schedule_ended", schedule_ended, BROKEN_START | NO_GRADIENT | {"one_class_only", "cannot_fit", "rate_too_low"}
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def decaying(losses: list[float], last: float) -> Story:
        told = story(validation=losses)
        rates = [0.01, 0.005, *[last] * (len(losses) - 2)]
        history = [{**entry, "learning_rate": rate} for entry, rate in zip(told.history, rates, strict=True)]
        return replace(told, history=history)

    falling = [0.9, 0.7, 0.6, 0.6, 0.6]
    return [
        (decaying(falling, 0.0005), True),
        (decaying(falling, 0.0006), False),
        (decaying([0.9, 0.4, 0.24, 0.24, 0.24], 0.0005), False),
        (decaying([0.9, 0.9, 0.9, 0.9, 0.9], 0.0005), False),
    ]
