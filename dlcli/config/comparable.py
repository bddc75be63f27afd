"""Which keys of a configuration decide what a value of a training means, and on which samples it is judged."""

from __future__ import annotations

WEIGHED = ("loss", "loss_weights")
"""Keys that decide what a loss is."""
SEED, SPLIT_SEED = "seed", "data.split.seed"
"""The key that decides which samples are drawn where that of the split says nothing, and that of the split."""
OF_SAMPLES = ("source", "split", "missing")
"""Keys of data that decide which samples there are, and which of them are for validation."""


def keys_of_losses(path: str) -> bool:
    """Whether a key decides what the loss of a run means: its kind, the unit of the target, what weights and outputs cost."""
    parts = path.split(".")
    of_target = parts[:2] in (["data", "target"], ["data", "targets"]) and parts[-1] == "scale"
    return parts[0] in WEIGHED or of_target or any(part.endswith("_regularizer") for part in parts)


def decides(path: str, metric: str) -> bool:
    """Whether a key decides what a metric counts; the loss of one target ends in `_loss`."""
    if metric == "loss" or metric.endswith("_loss"):
        return keys_of_losses(path)
    parts = path.split(".")
    return parts[0] == "metrics" and len(parts) > 2 and parts[-2] == metric


def decides_samples(path: str) -> bool:
    """Whether a key decides on which samples a model is judged."""
    parts = path.split(".")
    return path == SEED or (len(parts) > 1 and parts[0] == "data" and parts[1] in OF_SAMPLES)
