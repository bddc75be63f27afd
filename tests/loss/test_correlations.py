"""Correlations along the values of a sample, against NumPy; over one value they are told before training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.loss import build_metrics
from dlcli.loss.metric_fit import metric_mistakes
from dlcli.loss.target_loss import Head

LOSS = keras_catalogue().read("losses", "mse")


def concordance(truth: np.ndarray[Any, Any], said: np.ndarray[Any, Any]) -> float:
    covariance = ((truth - truth.mean()) * (said - said.mean())).mean()
    return float(2 * covariance / (truth.var() + said.var() + (truth.mean() - said.mean()) ** 2))


@pytest.mark.parametrize("name", ["PearsonCorrelation", "ConcordanceCorrelation"])
def test_a_correlation_is_the_mean_of_those_of_each_sample(name: str) -> None:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=(40, 6))
    said = truth * generator.uniform(-1, 2, (40, 1)) + generator.normal(size=(40, 6))
    rows = list(zip(truth, said, strict=True))
    wanted = np.mean([np.corrcoef(*row)[0, 1] if name.startswith("Pearson") else concordance(*row) for row in rows])
    (metric,) = build_metrics([keras_catalogue().read("metrics", name)], LOSS, width=6, facts={})
    for start in range(0, 40, 16):
        metric.update_state(truth[start : start + 16].astype(np.float32), said[start : start + 16].astype(np.float32))
    assert float(metric.result()) == pytest.approx(wanted, abs=1e-5)
    assert 0.05 < wanted < 0.95


@pytest.mark.parametrize("name", ["PearsonCorrelation", "ConcordanceCorrelation"])
@pytest.mark.parametrize(
    ("width", "arguments", "told"),
    [(1, {}, True), (1, {"axis": -1}, True), (1, {"axis": 0}, False), (2, {}, False), (None, {}, False)],
)
def test_a_correlation_over_one_value_is_told(
    name: str, width: int | None, arguments: dict[str, Any], told: bool
) -> None:
    written = {name: arguments} if arguments else name
    head = Head(None, LOSS, [keras_catalogue().read("metrics", written)])
    messages = [each.message for each in metric_mistakes(head, width=width)]
    assert messages == ([f"{name} compares how several values of a sample vary, but here each has one"] if told else [])
