"""The samples of a split of which a model says no finite number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.training.setup.experiment import Experiment
from dlcli.training.unanswered import Unanswered, unanswered

SQUARED = 1e18
"""From here on the square of a number is more than 32 bits hold."""
LOOKED_AT, AT_ONCE = 20_000, 250  # unseen: time and memory alone


def unanswered_in(experiment: Experiment, split: str, model: Any = None) -> Unanswered | None:
    """What a model says no finite number of among samples of a split; its own where none is given."""
    import numpy as np

    model = experiment.model if model is None else model
    whole = experiment.splits[split]
    feed = whole.spread(LOOKED_AT) if len(whole) > LOOKED_AT or whole.streams else whole
    parts = []
    for start in range(0, len(feed), AT_ONCE):
        inputs, _ = feed.take(slice(start, start + AT_ONCE))
        output = model(inputs, training=False)
        parts.append(output if isinstance(output, dict) else {"": output})
    if not parts:
        return None
    joined = {name: np.concatenate([np.asarray(part[name], np.float32) for part in parts]) for name in parts[0]}
    # What no loss can square is no answer either.
    joined = {name: np.where(np.abs(values) < SQUARED, values, np.nan) for name, values in joined.items()}
    found = unanswered(joined, feed, experiment.dataset.schema.inputs)
    if found is None:
        return None
    file, line, words = experiment.dataset.fields.where(found.row - 1)
    return replace(found, at=words if line is None else f"line {line} of {Path(file).name}")
