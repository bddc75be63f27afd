"""What `check` looks at: one batch as training has it but for the largest, and rates where they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def checked(folder: Path, write_experiment: Callable[..., Path], *, batch: int, **options: Any) -> Any:
    from dlcli.actions.check import check
    from dlcli.config import load_config

    config, _ = load_config(str(write_experiment(folder, {"train.batch_size": batch, "data.split": {"test": 0.2}})))
    return check(config, runs=Path("runs"), allow_code=False, **options)


@pytest.mark.parametrize(("batch", "samples"), [(16, 16), (64, 64), (80, 64)])
def test_the_batch_of_a_training_is_memorized_up_to_64_samples(
    batch: int, samples: int, tmp_path: Path, write_experiment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.training.evidence.one_batch.MOST_STEPS", 3)
    shown = checked(tmp_path, write_experiment, batch=batch)
    assert shown.overfit.samples == samples
    assert shown.overfit.steps == 3
    assert shown.rates is None
    assert [each.layer for each in shown.gradients] == ["dense", "dense_1"]


def test_rates_are_tried_from_the_smallest_to_the_largest(
    tmp_path: Path, write_experiment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.training.evidence.one_batch.MOST_STEPS", 3)
    monkeypatch.setattr("dlcli.training.evidence.rate_range.EXPLODED", 1e9)
    shown = checked(tmp_path, write_experiment, batch=32, rates=True)
    rates = [point.rate for point in shown.rates.points]
    assert (len(rates), rates[0], rates[-1]) == (120, pytest.approx(1e-7), pytest.approx(10))
    assert rates[40] / rates[39] == pytest.approx((10 / 1e-7) ** (1 / 119), rel=1e-4)
    assert shown.rates.key == "optimizer.learning_rate"
