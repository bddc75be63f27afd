"""Logistic regression for classes, on features of mean 0 and deviation 1, and least squares for numbers."""

from __future__ import annotations

from typing import Any

from dlcli.actions.classical.method import Method, Task

ITERATIONS = 1000


def linear(task: Task) -> Any:
    """The estimator."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if not task.classes:
        return Pipeline([("model", LinearRegression())])
    model = ("model", LogisticRegression(max_iter=ITERATIONS))
    return Pipeline([model] if task.counts else [("scale", StandardScaler()), model])


LINEAR = Method(
    linear,
    "logistic_regression",
    "linear_regression",
    samples=200_000,
    numbers=20_000_000,
    weights="model__sample_weight",
)
