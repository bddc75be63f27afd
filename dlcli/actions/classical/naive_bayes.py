"""Naive Bayes: each feature tells of the class by itself; words by how often they occur, numbers by a normal distribution."""

from __future__ import annotations

from typing import Any

from dlcli.actions.classical.method import Method, Task


def naive_bayes(task: Task) -> Any:
    """The estimator."""
    from sklearn.naive_bayes import GaussianNB, MultinomialNB

    return MultinomialNB() if task.counts else GaussianNB()


NAIVE_BAYES = Method(naive_bayes, "naive_bayes", None, samples=500_000, numbers=50_000_000, sparse=False)
