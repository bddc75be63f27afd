"""A rule, or the person, ended the training while the loss was still falling."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dlcli.config.monitors import directions
from dlcli.config.train import EarlyStopping
from dlcli.finding import Advice, Command, Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.stopping import monitored_values
from dlcli.training.verdict.curve import late_fall
from dlcli.training.verdict.monitored import monitored
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import HARDLY, left
from dlcli.training.verdict.still_improving import GAIN, is_falling
from dlcli.training.verdict.story import Story

IMPATIENT, CLOSE = 2, 0.02
"""Epochs that noise may take, and the share of all that was gained by which it moves a loss."""
FAST = 0.15
"""The share of the training loss that the last epoch took away where it falls fast."""
LITTLE = 0.02
"""Up to this share of the trivial loss gains that are left are none."""
FELL = 0.1
"""The share of its first loss that a training takes away whose first epoch was not its best."""
HALF = 0.5
"""The share of a training loss that is left of one that fell by far while validation stood still."""
SOON, MANY = 3, 3
"""Epochs that say nothing yet of one that is to have so many times as many."""
PATIENT = 10
"""Epochs that noise of a curve takes to be told from its end."""


def stopped_too_early(story: Story) -> Finding | None:
    """Seen where another reason than the last epoch ended it and the loss still fell, or its monitor had no value."""
    early = story.config.train.early_stopping
    if early is not None and (story.stop is StopReason.EARLY_STOPPING or keeps_worst(story)):
        return by_early_stopping(story, early)
    train, whole = story.losses("train"), {None, StopReason.ALL_EPOCHS, StopReason.EARLY_STOPPING}
    soon = is_reached_at_once(story)
    if story.stop in whole or (len(train) < 2 and not soon):
        return None
    if not soon and not is_falling(story) and late_fall(story.above("train")) < GAIN:
        return None
    facts = {"why": "until" if soon else str(story.stop), "epochs": len(train), "last": story.losses(story.judged)[-1]}
    return Finding(code="stopped_too_early", severity="note", facts=facts, advice=gone_on(story))


def is_reached_at_once(story: Story) -> bool:
    """Whether a condition was met before there was a curve, of a training that was to have far more epochs, and much is left."""
    share, epochs = left(story), len(story.history)
    many = story.config.train.epochs >= MANY * SOON and epochs < SOON
    return story.stop is StopReason.REACHED and many and share is not None and share > LITTLE


def is_turned_round(story: Story, early: EarlyStopping) -> bool:
    """Whether a monitor of which it is known what is better is written to get worse."""
    known = directions(story.config.heads, validation=bool(story.losses("validation"))).get(early.monitor)
    return early.mode != "auto" and known is not None and (early.mode == "max") != (known == "up")


def keeps_worst(story: Story) -> bool:
    """Whether early stopping that is turned round kept an epoch than which another was better by its own monitor.

    Nothing that is kept then tells anything else.
    """
    early = story.config.train.early_stopping
    if early is None or len(story.history) < 2 or not is_turned_round(story, early):
        return False
    signed = monitored(story, early)
    return (
        max(signed) > signed[min(story.kept_epoch, len(signed)) - 1]
    )  # less is better as it is written: more in truth


def is_cut_short(story: Story) -> bool:
    """Whether a rule that is written wrongly ended it, so that nothing is known of how far it would have come."""
    stopped = stopped_too_early(story)
    return stopped is not None and stopped.severity != "note"


def gone_on(story: Story) -> list[Advice]:
    """How to go on from where the person let it end."""
    until, why = story.config.train.until, "the loss was still falling"
    if story.stop is StopReason.REACHED:
        return [Setting(key="train.until", old=until, new=None, why=why)]
    if story.stop is StopReason.SIGNAL and story.run:
        return [Command(command=shlex.join(["dlcli", "resume", *story.run]), why=why)]
    seconds = story.config.train.seconds()
    if story.stop is StopReason.TIME_LIMIT and story.run and seconds is not None:
        limit = f"{2 * seconds:g}s"
        return [Command(command=shlex.join(["dlcli", "resume", *story.run, "--time-limit", limit]), why=why)]
    return []


def by_early_stopping(story: Story, early: EarlyStopping) -> Finding | None:
    """Seen where its monitor was no number, its direction is turned round, or its least change or patience is at fault."""
    values = [monitored_values(entry).get(early.monitor, math.nan) for entry in story.history]
    facts: dict[str, Any] = {"epochs": len(values), "monitor": early.monitor}
    if not any(map(math.isfinite, values)):
        why = "a value that is never a number never gets better"
        facts |= {"why": "not_finite", "last": story.losses(story.judged)[-1]}
        return at_fault("monitor", early.monitor, "val_loss", why, facts)
    signed = monitored(story, early)
    best = min(range(len(signed)), key=lambda at: signed[at] if math.isfinite(signed[at]) else math.inf)
    facts |= {"last": values[-1], "best": values[best]}
    if is_turned_round(story, early):
        why = f"{'less' if early.mode == 'max' else 'more'} of {early.monitor} is better"
        return at_fault("mode", early.mode, "auto", why, facts | {"why": "mode", "mode": early.mode})
    losses, share = story.above(story.judged), left(story)
    if is_coarse(story, early, values, best):
        own = story.losses(story.judged)
        facts |= {"why": "coarse" if best else "first", "split": story.judged, "before": own[best], "after": min(own)}
        known_early = "stood still" if best else "was best at once"
        why = f"{early.monitor} {known_early}, and the loss went on to fall"
        return at_fault("monitor", early.monitor, "val_loss", why, facts)
    if (
        early.min_delta > 0
        and (share is None or share > LITTLE)
        and best >= len(signed) - 1
        and late_fall(losses, min(early.patience or 1, len(losses) - 1)) > 0
    ):
        facts |= {"why": "min_delta", "min_delta": early.min_delta}
        return at_fault("min_delta", early.min_delta, 0.0, "smaller gains count too", facts)
    if is_impatient(story, early, best):
        facts |= {"why": "patience", "patience": early.patience}
        patience = max(PATIENT, 2 * early.patience)
        return at_fault("patience", early.patience, patience, "the training loss was still falling", facts)
    return None


def is_coarse(story: Story, early: EarlyStopping, values: Sequence[float], best: int) -> bool:
    """Whether a monitor that is no loss got no better than in its first epoch, or did not move at all any more, while both
    losses went on to fall: it counts answers, and these are still the same."""
    if early.monitor.endswith("loss") or best >= len(values) - 1 or (best and len({*values[best:]}) > 1):
        return False
    return all(went_on(losses[best:]) for losses in (story.above(story.judged), story.above("train")))


def at_fault(key: str, old: Any, new: Any, why: str, facts: dict[str, Any]) -> Finding:
    """The finding that a key of early stopping is at fault, with what to set it to."""
    advice = [Setting(key=f"train.early_stopping.{key}", old=old, new=new, why=why)]
    return Finding(code="stopped_too_early", severity="warning", facts=facts, advice=advice)


def is_impatient(story: Story, early: EarlyStopping, best: int) -> bool:
    """Whether the training loss still fell while it waited, and validation stood near its best.

    Of more than two epochs only where training is what limits it: its loss has halved meanwhile, and is no lower than that of
    validation, so that nothing was learnt by heart.
    """
    losses, train = story.above(story.judged), story.above("train")
    if early.patience < IMPATIENT and len(train) > IMPATIENT and late_fall(train, 1) >= FAST:
        return True  # one epoch that is worse is noise while training falls so fast
    share = left(story)
    if share is not None and share <= LITTLE:
        return False
    if early.patience < IMPATIENT and len(train) <= SOON and story.config.train.epochs >= MANY * SOON:
        return (share is None or share >= HARDLY) and train[-1] == min(train) < train[0]  # nothing is known yet
    if len(train) <= IMPATIENT or losses[-1] > losses[min(best, len(losses) - 1)] + CLOSE * (losses[0] - min(losses)):
        return False
    if early.patience <= IMPATIENT:
        return late_fall(train) >= 2 * GAIN
    return train[-1] <= HALF * train[min(best, len(train) - 1)] and train[-1] >= losses[-1]


def went_on(losses: Sequence[float]) -> bool:
    """Whether a loss fell by a good share after its first epoch."""
    return losses[0] - min(losses) >= FELL * losses[0]


RULE = Rule(
    "stopped_too_early",
    stopped_too_early,
    CAUSES | {"suspiciously_good", "overfits", "does_not_learn", "underfits", "still_improving", "predicts_one_class"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def stopped(validation: list[float], *, train: list[float] | None = None, **early: Any) -> Story:
        told = story(validation=validation, train=train, stop=StopReason.EARLY_STOPPING)
        block = told.config.train.model_copy(update={"early_stopping": EarlyStopping(**early)})
        return replace(told, config=told.config.model_copy(update={"train": block}))

    return [
        (stopped([0.9, 0.8, 0.7, 0.6], min_delta=0.5, patience=3), True),
        (stopped([0.9, 0.8, 0.6, 0.61], min_delta=0.5, patience=10), False),
        (stopped([0.9, 0.6, 0.6, 0.6, 0.6], patience=2), False),
        (stopped([0.9, 0.6, 0.6, 0.6, 0.6], train=[1.9, 1.22, 0.9, 0.7, 0.62], patience=3), False),
        (story(validation=[0.9, 0.8]), False),
    ]
