"""A forecast is no better than the last value of its window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dlcli.finding import Finding
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.story import Story


def no_better_than_last_value(story: Story) -> Finding | None:
    """Seen when the loss is not below that of saying the last value again, on the same split."""
    last_value, seen = story.baseline.get("last_value"), story.beside_trivial
    if not last_value or seen is None or seen.weighed or seen.reached < last_value["loss"]:
        return None
    facts = {"split": seen.split, "reached": seen.reached, "last_value": last_value["loss"]}
    going = still_improving(story)
    advice = [] if going is None else going.advice
    return Finding(code="no_better_than_last_value", severity="warning", facts=facts, advice=advice)


# A split over seasons moves nearly always, and the last value moves with it.
RULE = Rule(
    "no_better_than_last_value",
    no_better_than_last_value,
    CAUSES - {"splits_differ"} | {"overfits", "does_not_learn", "underfits"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def forecast(reached: float, last_value: float) -> Story:
        told = story(validation=[0.9, reached])
        return replace(told, baseline={**told.baseline, "last_value": {"loss": last_value}})

    return [
        (forecast(0.3, 0.3), True),
        (forecast(0.3, 0.3001), False),
        (story(validation=[0.9, 0.3]), False),
    ]
