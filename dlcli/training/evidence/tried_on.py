"""The samples on which it is tried whether other samples, or another model, would teach more."""

from __future__ import annotations

from typing import Any

from dlcli.data.dataset import spread_samples
from dlcli.training.setup.experiment import Experiment

SAMPLES = 500  # unseen: time alone
FEWEST, MOST = 20, 120  # unseen: time alone
"""Fewer steps say nothing, and more are not made."""


def spread_validation(experiment: Experiment) -> Any:
    """Some samples of validation, inputs and targets; None where there are none."""
    feed = experiment.splits.get("validation")
    return feed.take(spread_samples(len(feed), SAMPLES)) if feed is not None and len(feed) else None
