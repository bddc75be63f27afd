"""A random forest: a hundred trees, each grown on other samples, that answer together."""

from __future__ import annotations

from typing import Any

from dlcli.actions.classical.method import Method, Task


def random_forest(task: Task) -> Any:
    """The estimator."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    return (RandomForestClassifier if task.classes else RandomForestRegressor)(random_state=task.seed)


RANDOM_FOREST = Method(random_forest, "random_forest", "random_forest", samples=100_000, numbers=10_000_000)
