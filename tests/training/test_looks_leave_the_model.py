"""What the verdict looks at leaves the model as it was measured: statistics of normalization too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.looks
NORMALIZED = {
    "layers": [
        {"Dense": {"units": 8, "use_bias": False}},
        {"BatchNormalization": {}},
        {"ReLU": {}},
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "train.epochs": 2,
}


def test_a_kept_model_is_the_one_of_the_last_epoch(
    tmp_path: Path,
    run_dlcli: Callable[..., Any],
    write_experiment: Callable[..., Path],
    read_history: Callable[..., Any],
) -> None:
    config = write_experiment(tmp_path, NORMALIZED)
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    again = json.loads(run_dlcli("evaluate", "a", "--split", "validation", "--json", cwd=tmp_path).out)
    assert again["metrics"] == pytest.approx(read_history(tmp_path, "a")[-1]["validation"], rel=1e-6)


def test_gradients_and_where_they_end_change_no_variable(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    import numpy as np

    from dlcli.config import load_config
    from dlcli.training.evidence.blocked import blocked_at
    from dlcli.training.evidence.gradients import layer_gradients
    from dlcli.training.setup.experiment import set_up_config

    experiment = set_up_config(load_config(str(write_experiment(tmp_path, NORMALIZED)))[0])
    before = [each.numpy() for each in experiment.model.variables]
    for look in (layer_gradients, blocked_at):
        look(experiment, np.arange(32))
        after = [each.numpy() for each in experiment.model.variables]
        assert len(before) == len(after) > 6
        assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True)), look.__name__
