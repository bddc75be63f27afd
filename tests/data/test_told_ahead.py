"""Columns of a series that hold what its target will be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config import load_config
from dlcli.data.findings.leak import target_given_away
from dlcli.data.findings.told_ahead import columns_ahead
from dlcli.training.setup.experiment import read_data

SERIES = """
data:
  source: {{series: {{path: t.csv, window: 6, horizon: {horizon}}}}}
  inputs: [load, other]
  target: load
  split: {{by: time, validation: 0.2, test: 0}}
layers: [Flatten, Dense: 1]
loss: mse
optimizer: adam
train: {{epochs: 1}}
"""


def series(folder: Path, other: str, *, horizon: int = 3, smooth: bool = False) -> Any:
    draw = np.random.default_rng(0)
    time = np.arange(400)
    load = 500 + 80 * np.sin(time / 4) + draw.normal(size=400) * (0 if smooth else 20)
    noise = {"copied": 0.03, "forecast": 8.0}.get(other, 0.0)
    columns = {
        "copied": np.roll(load, -3) + draw.normal(size=400) * noise,
        "forecast": np.roll(load, -3) + draw.normal(size=400) * noise,
        "later": np.roll(load, -4),
        "now": load * 2 + 1,
        "step": np.roll(load, -3),
    }
    rows = [f"{one},{two}" for one, two in zip(load, columns[other], strict=True)]
    (folder / "t.csv").write_text("\n".join(["load,other", *rows]) + "\n", encoding="utf-8")
    (folder / "c.yaml").write_text(SERIES.format(horizon=horizon), encoding="utf-8")
    return read_data(load_config(str(folder / "c.yaml"))[0])


@pytest.mark.parametrize(
    ("other", "horizon", "smooth", "seen"),
    [
        ("copied", 3, False, True),
        ("copied", 2, False, False),
        ("forecast", 3, False, False),  # one that was made before has errors
        ("later", 3, False, False),
        ("now", 3, False, False),
        ("step", 3, True, False),  # a wave is known ahead from two of its rows
    ],
)
def test_a_column_that_is_the_target_at_the_horizon_gives_it_away(
    other: str, horizon: int, smooth: bool, seen: bool, tmp_path: Path
) -> None:
    dataset = series(tmp_path, other, horizon=horizon, smooth=smooth)
    assert [*columns_ahead(dataset)] == (["other"] if seen else [])
    found = target_given_away(dataset)
    assert (found is not None and found.facts["ways"] == {"other": "ahead"}) is seen
    if found is not None:
        [setting] = found.advice
        assert getattr(setting, "new", None) == ["load"]
