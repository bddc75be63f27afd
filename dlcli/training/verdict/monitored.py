"""What a training was told to keep its best epoch by, where that is no loss."""

from __future__ import annotations

from dlcli.config.monitors import directions
from dlcli.config.train import EarlyStopping
from dlcli.training.stopping import monitored_values
from dlcli.training.verdict.story import Story


def monitored(story: Story, early: EarlyStopping) -> list[float]:
    """The values of the monitor epoch by epoch, NaN where it had none; less is better, as the training took it."""
    known = directions(story.config.heads, validation=bool(story.losses("validation"))).get(early.monitor)
    sign = -1.0 if (early.mode == "max" or (early.mode == "auto" and known == "up")) else 1.0
    return [sign * monitored_values(entry).get(early.monitor, float("nan")) for entry in story.history]


def kept_by_metric(story: Story) -> bool:
    """Whether the epoch that is kept is the best by a metric that was chosen for it, and better by it than the first."""
    early = story.config.train.early_stopping
    if early is None or early.monitor.endswith("loss") or len(story.history) < 2:
        return False
    values = monitored(story, early)
    return values[min(story.kept_epoch, len(values)) - 1] < values[0]
