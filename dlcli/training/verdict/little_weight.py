"""A target whose loss hardly counts beside that of the others, so that its layers hardly learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dlcli.finding import Finding, Setting
from dlcli.training.verdict.story import Story

COUNTS = 0.01
"""Up to this share of what one answer for all costs in all targets together, one is hardly learnt."""
LEFT = 0.3
"""So much of its own trivial loss is left in training where that is a pity."""


@dataclass(frozen=True)
class LittleWeight:
    """A target, the weight of its loss, its share of what the constant answer costs, and how much of its own loss is left."""

    target: str
    weight: float
    share: float
    left: float
    even: float
    """The weight with which it counts as much as the others do on average."""
    by_scale: bool = False
    """Whether it would count if all targets had unit scale."""


def little_weights(story: Story) -> Iterator[LittleWeight]:
    """The targets of several that count next to nothing and of which much is left."""
    trivial, reached = story.baseline.get("metrics", {}), story.metrics.get("train", {})
    heads = {head.name: head for head in story.config.heads if head.name is not None and head.own_loss in trivial}
    costs = {name: head.weight * trivial[head.own_loss] for name, head in heads.items()}
    total = sum(costs.values())
    if len(heads) < 2 or not all(cost >= 0 for cost in costs.values()) or not total:
        return
    seen = story.looks.target_rather()
    scaled = {} if seen is None else {name: head.weight for name, head in heads.items() if name in seen.deviations}
    for name, head in heads.items():
        own, left = trivial[head.own_loss], reached.get(str(head.own_loss))
        if left is None or own <= 0 or costs[name] > COUNTS * total or left < LEFT * own:
            continue
        even = (total - costs[name]) / (len(heads) - 1) / own
        in_units = {**costs, **scaled}  # of unit scale the constant answer costs about 1
        by_scale = bool(scaled) and in_units[name] > COUNTS * sum(in_units.values())
        yield LittleWeight(name, head.weight, costs[name] / total, left / own, float(f"{even:.1g}"), by_scale)


def held_by_weight(story: Story) -> Finding | None:
    """That the first of these underfits, with a weight at which it counts as the others do."""
    seen = next(little_weights(story), None)
    if seen is None:
        return None
    facts: dict[str, Any] = {"why": "weight", "left": seen.left, "target": seen.target, "weight": seen.weight}
    facts |= {"counts": seen.share, "by": [], "cost": 0.0, "share": 0.0}
    key = f"loss_weights.{seen.target}"
    old = seen.weight if seen.target in story.config.loss_weights else None
    advice = [Setting(key=key, old=old, new=seen.even, why="its loss then counts as much as that of the others")]
    return Finding(code="underfits", severity="warning", where=seen.target, facts=facts, advice=advice)
