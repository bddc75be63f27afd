"""What looks wrong in the weights of a trained model: broken ones and dead units. A rule costs a function and a line in RULES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from dlcli.finding import Finding
from dlcli.view.layer_states import LayerStates

MANY_DEAD = 0.25
"""The share of dead units from which on something should be done."""


def model_findings(states: LayerStates) -> list[Finding]:
    """What the rules have seen, a finding a layer, in the order of the rules."""
    return [finding for rule in RULES for finding in rule(states)]


def mostly_dead(states: LayerStates) -> list[Finding]:
    """Layers of which more than a quarter of the units are 0 for every sample."""
    return [
        Finding(code="dead_units", severity="warning", where=each.layer, facts=asdict(each))
        for each in states.dead
        if each.dead > MANY_DEAD * each.units
    ]


def broken_weights(states: LayerStates) -> list[Finding]:
    """Layers with weights that are not finite."""
    return [
        Finding(
            code="broken_weights",
            severity="error",
            where=each.layer,
            facts={"layer": each.layer, "not_finite": each.not_finite},
        )
        for each in states.weights
        if each.not_finite
    ]


RULES: tuple[Callable[[LayerStates], list[Finding]], ...] = (mostly_dead, broken_weights)
