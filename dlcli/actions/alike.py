"""Whether a value means the same in two runs: losses of other kinds, units or regularization are no better or worse."""

from __future__ import annotations

from collections.abc import Iterable

from dlcli.runs.summary import RunSummary

WEIGHED = ("loss", "loss_weights")
"""Keys that decide what a loss is."""


def keys_of_losses(path: str) -> bool:
    """Whether a key decides what the loss of a run means: its kind, the unit of the target, what weights and outputs cost."""
    parts = path.split(".")
    of_target = parts[:2] in (["data", "target"], ["data", "targets"]) and parts[-1] == "scale"
    return parts[0] in WEIGHED or of_target or any(part.endswith("_regularizer") for part in parts)


def other_meaning(first: RunSummary, second: RunSummary, names: Iterable[str]) -> dict[str, list[str]]:
    """By name the values, as `validation.loss`, that do not mean the same in two runs, with the keys in which these differ."""
    one, other = first.configuration, second.configuration
    paths = dict.fromkeys([*one.shape.by_path, *other.shape.by_path])
    differ = [path for path in paths if one.value(path) != other.value(path)]
    found = {name: [path for path in differ if decides(path, name.partition(".")[2])] for name in names}
    return {name: keys for name, keys in found.items() if keys}


def decides(path: str, metric: str) -> bool:
    """Whether a key decides what a metric counts; the loss of one target ends in `_loss`."""
    if metric == "loss" or metric.endswith("_loss"):
        return keys_of_losses(path)
    parts = path.split(".")
    return parts[0] == "metrics" and len(parts) > 2 and parts[-2] == metric
