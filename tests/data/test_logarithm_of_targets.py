"""Targets of which a few are far above all others are learnt as logarithms, and only these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dlcli.config import load_config
from dlcli.data.findings.target_scale import kind_of_scale, target_far_from_unit_scale
from dlcli.finding import Setting
from dlcli.training.setup.experiment import read_data

Draw = Callable[[np.random.Generator], np.ndarray]
TEXT = """\
data: {source: rows.csv, target: y}
layers: [Dense: 1]
loss: mse
optimizer: Adam
train: {epochs: 1}
"""


@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (lambda draws: np.exp(2.5 * draws.normal(size=800) + 10), "log1p"),
        (lambda draws: np.where(draws.random(800) < 0.05, 0.0, np.exp(2.5 * draws.normal(size=800) + 10)), "log1p"),
        (lambda draws: np.exp(2.5 * draws.normal(size=800) - 14), "log"),
        (lambda draws: np.exp(0.5 * draws.normal(size=800) + 10), "standard"),
        (lambda draws: 1e5 * draws.exponential(size=800), "standard"),
        (lambda draws: 1e5 * draws.normal(size=800), "standard"),
        (lambda draws: np.exp(2.5 * draws.normal(size=800) + 10) - 100, "standard"),  # some are below 0
        (lambda draws: np.where(np.arange(800) == 7, 1e9, 1e5 + 1e4 * draws.normal(size=800)), "standard"),  # one alone
    ],
    ids=["long", "with zeros", "small", "short", "exponential", "normal", "below 0", "one"],
)
def test_the_scale_of_numbers_far_from_unit_scale(draw: Draw, kind: str, tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    rows = "\n".join(f"{a:.4f},{b!r}" for a, b in zip(draws.normal(size=800), draw(draws).tolist(), strict=True))
    (tmp_path / "rows.csv").write_text(f"x,y\n{rows}\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text(TEXT, encoding="utf-8")
    config, _ = load_config(str(tmp_path / "c.yaml"))
    dataset = read_data(config)
    assert kind_of_scale(dataset, dataset.schema.targets[0]) == kind
    found = target_far_from_unit_scale(dataset)
    assert found is not None
    (advice,) = found.advice
    assert isinstance(advice, Setting)
    assert advice.new == {"column": "y", "scale": kind}
    assert ("as the few largest are far above all others" in advice.why) is (kind != "standard")
