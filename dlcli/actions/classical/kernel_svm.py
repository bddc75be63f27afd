"""A support vector machine with a Gaussian kernel, on features (and numbers to learn) of mean 0 and deviation 1."""

from __future__ import annotations

from typing import Any

from dlcli.actions.classical.method import Method, Task


def kernel_svm(task: Task) -> Any:
    """The estimator."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    scale = [] if task.counts else [("scale", StandardScaler())]
    if task.classes:
        return Pipeline([*scale, ("model", SVC(kernel="rbf"))])
    return TransformedTargetRegressor(Pipeline([*scale, ("model", SVR(kernel="rbf"))]), transformer=StandardScaler())


KERNEL_SVM = Method(
    kernel_svm,
    "kernel_svm",
    "kernel_svm",
    samples=10_000,
    numbers=4_000_000,
    several=False,
    weights="model__sample_weight",
)
