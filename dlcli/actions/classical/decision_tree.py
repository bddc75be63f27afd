"""A decision tree, grown until its leaves are pure."""

from __future__ import annotations

from typing import Any

from dlcli.actions.classical.method import Method, Task


def decision_tree(task: Task) -> Any:
    """The estimator."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    return (DecisionTreeClassifier if task.classes else DecisionTreeRegressor)(random_state=task.seed)


DECISION_TREE = Method(decision_tree, "decision_tree", "decision_tree", samples=200_000, numbers=20_000_000)
