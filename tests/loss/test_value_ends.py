"""What no value of a loss or a metric is below or above, tried with answers that are right, wrong, and anything between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from dlcli.actions.spreads import value_ends
from dlcli.config import config_of
from dlcli.config.catalogue import keras_catalogue

CONFIG = b"""
data: {source: iris}
layers: [Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: adam
metrics: [accuracy, r2_score, {SparseTopKCategoricalAccuracy: {name: area, k: 2}}]
train: {epochs: 4}
"""
OF_NUMBERS = {"LogCosh", "LogCoshError", "log_cosh", "huber", "Huber", "R2Score"}


def trials(target: str, name: str) -> Iterator[tuple[Any, Any]]:
    """Targets of a kind with answers for them: the right ones, the most wrong ones, and drawn ones."""
    import numpy as np

    draw = np.random.default_rng(4)
    index, eye = draw.integers(0, 3, 40), np.eye(3, dtype=np.float32)
    drawn = draw.dirichlet([0.3, 0.3, 0.3], 40).astype(np.float32)
    if target == "classes":
        for answer in (eye[index], eye[(index + 1) % 3], drawn):
            yield index, answer
    elif target == "binary":
        truth = (index[:, None] > 0).astype(np.float32)
        for answer in (truth, 1 - truth, drawn[:, :1]):
            yield truth, answer
    elif target == "one_hot" or name not in OF_NUMBERS:
        for answer in (eye[index], eye[(index + 1) % 3], drawn):
            yield eye[index], answer
    if target in {"numbers", "any"}:
        truth = draw.gamma(2.0, size=(40, 3)).astype(np.float32)
        for answer in (truth, truth + 100, draw.gamma(9.0, size=(40, 3)).astype(np.float32)):
            yield truth, answer


def values_of(kind: str, name: str, entry: Any) -> list[float]:
    """What a class says of all trials that are for it."""
    import keras
    import numpy as np

    needed = {key: yaml.safe_load(a["example"]) for key, a in entry["arguments"].items() if a.get("required")}
    target, found = entry["traits"]["target"], []
    if "IoU" in name:
        needed = {key: [0, 1] if key == "target_class_ids" else 3 for key in needed}
        needed |= {"threshold": 0.5} if name == "BinaryIoU" else {}
        target = "binary" if name == "BinaryIoU" else "one_hot" if name.startswith("OneHot") else "classes"
        needed |= {"sparse_y_pred": False} if name in {"IoU", "MeanIoU"} else {}
    for truth, answer in trials(target, name):
        made = getattr(getattr(keras, kind), name, None) or getattr(keras.losses, name)
        if not isinstance(made, type):
            value = made(truth, answer)
        elif kind == "losses":
            value = made(**needed)(truth, answer)
        else:
            metric = made(**needed)
            metric.update_state(truth, answer)
            value = metric.result()
        found.append(float(np.mean(value)))
    return found


@pytest.mark.parametrize("kind", ["losses", "metrics"])
def test_no_value_is_beyond_its_ends(kind: str) -> None:
    seen, reached, below = 0, 0, 0
    for name, entry in keras_catalogue().kinds[kind].items():
        if "refused" in entry["traits"] or name in {
            "minimize",
            "CTC",
            "Circle",
        }:  # these read other things than answers
            continue
        values = values_of(kind, name, entry)
        assert len(values) >= 3, name
        if "ends" not in entry["traits"]:
            below += min(values) < 0
            continue
        low, high = entry["traits"]["ends"]
        slack = 1e-5
        assert all(
            (low is None or each >= low - slack) and (high is None or each <= high + slack) for each in values
        ), name
        seen += 1
        ends = [(low, min(values)), (high, max(values))]
        reached += all(end is None or abs(value - end) < 0.02 for end, value in ends)
    assert (seen, below) == {"losses": (15, 3), "metrics": (44, 1)}[kind]
    assert reached > seen * 0.6


def test_the_ends_of_what_is_reported_are_found_by_its_name() -> None:
    found = value_ends(config_of(CONFIG, file="a.yaml").heads)
    assert found == {"loss": (0, None), "accuracy": (0, 1), "r2_score": (None, 1), "area": (0, 1)}


@pytest.mark.parametrize(
    ("loss", "weight", "least"),
    [("poisson", 1, None), ("mse", 1, 0), ("cosine_similarity", 1, -1), ("cosine_similarity", 0.5, -0.5)],
)
def test_a_loss_of_several_targets_ends_where_all_of_them_end(loss: str, weight: float, least: float | None) -> None:
    several = f"""
data:
  source: {{npz: a.npz}}
  targets: {{one: y, other: z}}
layers: [{{Dense: {{units: 3, name: one}}}}, {{Dense: {{units: 3, name: other}}}}]
loss: {{one: mse, other: {loss}}}
loss_weights: {{other: {weight}}}
optimizer: adam
metrics: {{one: [mae]}}
train: {{epochs: 4}}
"""
    ends = value_ends(config_of(several.encode(), file="a.yaml").heads)
    assert ends["loss"] == (least, None)
    assert ends["one_mae"] == (0, None)
    assert ends["other_loss"] == ({"poisson": None, "mse": 0, "cosine_similarity": -1}[loss], None)
