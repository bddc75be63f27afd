"""Values that are allowed and hardly ever meant: a learning rate above 1, very many epochs that nothing ends earlier."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.config.train import Train
from dlcli.spec import KerasObject, Mistake

LARGEST_RATE, MOST_EPOCHS_MEANT = 1.0, 10_000
"""The largest that is not spoken of."""


def unusual_values(optimizer: KerasObject, train: Train) -> Iterator[Mistake]:
    """Notes on such values."""
    rate = optimizer.arguments.get("learning_rate")
    if isinstance(rate, int | float) and rate > LARGEST_RATE:
        yield Mistake(
            f"a learning rate of {rate:g} makes the loss grow in nearly every training; usual are 0.0001 to 0.1",
            ("optimizer", optimizer.written, "learning_rate"),
            "dlcli check CONFIG --lr finds one",
            kind="large_learning_rate",
        )
    ends = (train.early_stopping, train.until, train.time_limit)
    if train.epochs > MOST_EPOCHS_MEANT and not any(ends):
        yield Mistake(
            f"{train.epochs:,} epochs, which nothing ends earlier",
            ("train", "epochs"),
            "write train.early_stopping: {patience: 20}, or train.time_limit: 1h",
            kind="many_epochs",
        )
