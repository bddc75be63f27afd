"""Layers of Keras that stand elsewhere than in the list of layers: what they are, and where to write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcli.spec import KerasObject, Mistake


def misplaced(layer: KerasObject) -> Mistake | None:
    """The mistake of a layer that cannot stand in the list of layers."""
    if "misplaced" not in layer.traits:
        return None
    return Mistake(
        f"{layer.written} {layer.traits['misplaced']}",
        suggestion=layer.traits.get("write"),
        at="name",
        kind="misplaced_layer",
    )


def possible_places(traits: Mapping[str, Any]) -> list[str]:
    """Where a layer can stand, the most natural place first: `layers`, `prepare`, `augment`, or `cell` of an RNN."""
    return list(traits.get("stands", ["layers"]))
