"""Gradient boosting: a hundred small trees (of each class), each of which mends what those before it got wrong."""

from __future__ import annotations

from typing import Any

from dlcli.actions.classical.method import Method, Task


def gradient_boosting(task: Task) -> Any:
    """The estimator; features are taken in 255 ranges each."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    return (HistGradientBoostingClassifier if task.classes else HistGradientBoostingRegressor)(random_state=task.seed)


GRADIENT_BOOSTING = Method(
    gradient_boosting,
    "gradient_boosting",
    "gradient_boosting",
    samples=200_000,
    numbers=20_000_000,
    sparse=False,
    several=False,
    each_class=True,
)
