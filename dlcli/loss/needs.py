"""What a loss needs: as target, and from the model."""

from __future__ import annotations

from typing import Any

from dlcli.spec import KerasObject, Labels


def needs(loss: KerasObject) -> Labels | None:
    """What the loss compares with: class indices, one-hot vectors, 0 and 1, numbers; None of a plugin that does not say.

    A loss that can compare anything compares number by number.
    """
    target: Any = loss.traits.get("target")
    return "numbers" if target == "any" else target


def labels_of(loss: KerasObject) -> Labels | None:
    """What the data section is told of the target: a loss that can compare anything says nothing."""
    target: Any = loss.traits.get("target")
    return None if target == "any" else target


def reads_scores(loss: KerasObject) -> bool:
    """Whether the loss takes scores of which the sign decides, with targets of -1 and 1, as hinge losses do."""
    return loss.traits.get("reads") == "scores"


def reads_probabilities(loss: KerasObject) -> bool:
    """Whether the loss takes probabilities, or what becomes probabilities."""
    return loss.traits.get("reads") == "probabilities"


def logits(loss: KerasObject) -> bool:
    """Whether the loss takes raw scores instead of probabilities."""
    return bool(loss.arguments.get("from_logits", False))


def smoothing(loss: KerasObject) -> float:
    """How much of each label the loss spreads over all classes."""
    share: Any = loss.arguments.get("label_smoothing")
    return float(share) if isinstance(share, int | float) else 0.0
