"""Columns of names of kinds that look like numbers, crosses of them, and a split with a seed of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.preparation.fitting import fit_preparation
from dlcli.data.preparation.prepare import prepare

ROWS = 90
RNG = np.random.default_rng(5)
TABLE = {
    "hour": RNG.integers(0, 24, ROWS),
    "temp": RNG.normal(15, 5, ROWS).round(2),
    "month": RNG.integers(1, 4, ROWS),
    "wind": RNG.normal(3, 1, ROWS).round(2),
    "y": RNG.integers(0, 2, ROWS),
}


@pytest.fixture
def source(tmp_path: Path) -> str:
    rows = [",".join(map(str, row)) for row in zip(*TABLE.values(), strict=True)]
    (tmp_path / "t.csv").write_text("\n".join([",".join(TABLE), *rows]), encoding="utf-8")
    return str(tmp_path / "t.csv")


def prepared(block: dict[str, Any]) -> tuple[Any, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    data = Data.model_validate(block, context=Language())
    dataset = data.load(seed=0, labels="binary")
    train = dataset.splits["train"]
    made = prepare(fit_preparation(data, dataset, facts={}).model, train.inputs)
    return dataset, train.rows, made["features"]


@pytest.mark.parametrize("stream", [False, True])
def test_preparations_touch_the_numbers_alone(source: str, stream: bool) -> None:
    block = {
        "source": source,
        "target": "y",
        "category": ["hour", "month"],
        "prepare": ["Normalization"],
        "stream": stream,
    }
    dataset, rows, made = prepared(block)
    numbers = np.stack([TABLE["temp"], TABLE["wind"]], axis=1)[rows]
    expected = (numbers - numbers.mean(0)) / numbers.std(0)
    np.testing.assert_allclose(made[:, :2], expected, atol=1e-5)
    columns = {each.name: each for each in dataset.schema.inputs[0].columns}
    assert columns["hour"].kind == columns["month"].kind == "category"
    hours = np.array(
        [[float(str(value) == name) for name in columns["hour"].categories] for value in TABLE["hour"][rows]]
    )
    months = np.array(
        [[float(str(value) == name) for name in columns["month"].categories] for value in TABLE["month"][rows]]
    )
    np.testing.assert_array_equal(made[:, 2:], np.concatenate([hours, months], axis=1))


def test_all_columns_may_be_categories(source: str) -> None:
    block = {"source": source, "target": "y", "inputs": ["month"], "category": ["month"], "prepare": ["Normalization"]}
    _, rows, made = prepared(block)
    np.testing.assert_array_equal(made, np.eye(3)[TABLE["month"][rows] - 1])


def test_a_category_that_is_no_input_is_told(source: str, refuse: Callable[..., Any]) -> None:
    block = {"source": source, "target": "y", "inputs": ["temp"], "category": ["month"]}
    assert refuse(block).message == "'month' is a category, and none of the inputs"
    refusal = refuse({"source": source, "target": "y", "category": ["moth"]})
    assert refusal.message.startswith("there is no column 'moth'")
    assert refusal.hint == "did you mean 'month'?"


@pytest.mark.parametrize("kind", ["category", "text"])
def test_names_are_crossed(kind: str, source: str) -> None:
    import keras

    cross = {"HashedCrossing": {"num_bins": 16, "output_mode": "one_hot"}}
    inputs = {"features": {"columns": ["hour", "month"], "kind": kind, "prepare": [cross]}}
    _, rows, made = prepared({"source": source, "target": "y", "inputs": inputs})
    layer = keras.layers.HashedCrossing(num_bins=16, output_mode="one_hot")
    pairs = [np.array([str(value) for value in TABLE[name][rows]])[:, None] for name in ("hour", "month")]
    np.testing.assert_array_equal(made, np.asarray(layer(tuple(pairs))))


def test_a_split_has_a_seed_of_its_own(source: str, load: Callable[..., Any]) -> None:
    def validation(whole: int, **split: Any) -> list[int]:
        rows: list[int] = (
            load({"source": source, "target": "y", "split": split}, seed=whole).splits["validation"].rows.tolist()
        )
        return rows

    assert validation(0, seed=3) == validation(1, seed=3) == validation(3)
    assert validation(0, seed=3) != validation(0)
    assert validation(0, seed=0) == validation(0)
