"""Several steps ahead, and a target at each step of a window: cut by hand with NumPy, trained, judged and predicted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.actions.samples import drawable_samples
from dlcli.data import Dataset

ROWS = 200
X = np.round(np.sin(np.arange(ROWS) / 5) * 10 + np.arange(ROWS) % 3, 3)
Z = np.arange(ROWS) % 4
WAYS: list[tuple[Any, bool, int, int]] = [
    ([1, 2, 3], False, 1, 1),
    ("2..4", False, 2, 3),
    ([5, 0, 2], False, 1, 1),
    (1, True, 1, 1),
    (0, True, 3, 2),
    ([1, 4], True, 2, 1),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows = [f"{number},{x},{z}" for number, (x, z) in enumerate(zip(X, Z, strict=True))]
    path = tmp_path / "s.csv"
    path.write_text("\n".join(["t,x,z", *rows]), encoding="utf-8")
    return path


def by_hand(start: int, horizon: Any, each: bool, sampling: int) -> Any:
    """The target of a window of 6 steps that begins at a row."""
    steps = list(range(2, 5)) if horizon == "2..4" else horizon
    places = range(6) if each else [5]
    listed = steps if isinstance(steps, list) else [steps]
    values = [[X[start + sampling * (place + step)] for step in listed] for place in places]
    plain = values if isinstance(steps, list) else [row[0] for row in values]
    return plain if each else plain[0]


@pytest.mark.parametrize(("horizon", "each", "sampling", "stride"), WAYS)
@pytest.mark.parametrize("stream", [False, True])
def test_each_target_stands_where_it_should(
    horizon: Any, each: bool, sampling: int, stride: int, stream: bool, source: Path, load: Callable[..., Dataset]
) -> None:
    series = {"path": str(source), "window": 6, "horizon": horizon, "sampling": sampling, "stride": stride}
    block = {"source": {"series": {**series, "each_step": each}}, "inputs": ["x", "z"], "target": "x"}
    dataset = load({**block, "split": {"by": "time"}, "stream": stream}, labels="numbers")
    (schema,) = dataset.schema.targets
    furthest = sampling * (
        5 + max([2, 3, 4] if horizon == "2..4" else horizon if isinstance(horizon, list) else [horizon])
    )
    seen = 0
    for split in dataset.splits.values():
        values, inputs = split.targets["x"][:], split.inputs["features"][:]
        for value, window, row in zip(values, inputs, split.rows, strict=True):
            start = int(row) - furthest
            assert start % stride == 0
            assert np.allclose(value, by_hand(start, horizon, each, sampling), atol=1e-6)
            assert np.allclose(window[:, 0], X[start : start + 6 * sampling : sampling])
            seen += 1
        assert list(values.shape[1:]) == schema.shape
    assert seen > 30


def test_a_class_at_each_step(source: Path, load: Callable[..., Dataset]) -> None:
    series = {"path": str(source), "window": 5, "horizon": 0, "each_step": True}
    dataset = load({"source": {"series": series}, "inputs": ["x"], "target": "z"}, labels="classes")
    for split in dataset.splits.values():
        assert split.targets["z"][:].tolist() == [Z[row - 4 : row + 1].tolist() for row in split.rows]
    assert (dataset.schema.targets[0].classes, dataset.schema.targets[0].axes) == (
        ["0", "1", "2", "3"],
        ["samples", "time"],
    )


@pytest.mark.parametrize("horizon", ["3..1", "1..", [], -1, [1, -2], "1..99999999"])
def test_steps_that_are_none_are_told(horizon: Any, source: Path, mistakes: Callable[..., Any]) -> None:
    series = {"path": str(source), "window": 5, "horizon": horizon}
    assert mistakes({"source": {"series": series}, "target": "x"})


@pytest.mark.parametrize("each", [False, True])
def test_a_forecast_is_judged_and_named_by_its_steps(each: bool, source: Path, run_dlcli: Callable[..., Any]) -> None:
    folder = source.parent
    gru = {"GRU": {"units": 4, "return_sequences": each}}
    config = {
        "name": "r",
        "data": {
            "source": {"series": {"path": "s.csv", "window": 6, "horizon": [1, 3], "each_step": each}},
            "inputs": ["x"],
            "target": "x",
            "split": {"by": "time"},
        },
        "layers": [gru, {"Dense": 2}],
        "loss": "mse",
        "optimizer": {"Adam": 0.01},
        "metrics": ["mae"],
        "train": {"epochs": 2},
    }
    (folder / "c.yaml").write_text(json.dumps(config), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--name", "r", "-q", "--json", cwd=folder)
    assert done.code == 0, done.err
    rows = np.load(folder / "runs" / "r" / "splits.npz")["validation"] - 8
    wanted = np.array([by_hand(int(start), [1, 3], each, 1) for start in rows])
    steps = np.array([X[start : start + 6] if each else X[start + 5 : start + 6] for start in rows])
    last = np.repeat(steps[..., None], 2, axis=-1).reshape(wanted.shape)
    told = done.value["baseline"]["last_value"] if "last_value" in done.value["baseline"] else done.value["last_value"]
    assert told["loss"] == pytest.approx(((last - wanted) ** 2).mean(), rel=1e-5)
    assert told["mae"] == pytest.approx(np.abs(last - wanted).mean(), rel=1e-5)
    said = run_dlcli("predict", "r", "s.csv", "-o", "p.npz", cwd=folder)
    assert said.code == 0, said.err
    columns = dict(np.load(folder / "p.npz"))
    shown = columns["x"] if each else np.stack([columns["x+1"], columns["x+3"]], axis=1)
    assert len(shown) == ROWS - 5
    value = run_dlcli("evaluate", "r", "--split", "validation", "--worst", "3", "--json", cwd=folder).value
    check_named_rows(
        value["worst"], run_dlcli("predict", "r", "s.csv", "--keep", "x", "-o", "k.npz", cwd=folder), folder
    )
    starts = rows
    assert value["metrics"]["mae"] == pytest.approx(np.abs(shown[starts] - wanted).mean(), rel=1e-4)


def check_last_value(value: Any, each: bool, folder: Path) -> None:
    """What saying the last value again reaches on the samples that are judged, against the numbers of the series."""
    splits = np.load(folder / "runs" / "r" / "splits.npz")
    starts = splits["test"] - 8 if value["split"] == "test" else np.arange(ROWS - 8)
    assert value["samples"] == len(starts)
    wanted = np.array([by_hand(int(start), [1, 3], each, 1) for start in starts])
    known = np.array([X[start : start + 6] if each else X[start + 5 : start + 6] for start in starts])
    last = np.repeat(known[..., None], 2, axis=-1).reshape(wanted.shape)
    assert value["baseline"]["last_value"]["loss"] == pytest.approx(((last - wanted) ** 2).mean(), rel=1e-5)
    assert value["baseline"]["last_value"]["mae"] == pytest.approx(np.abs(last - wanted).mean(), rel=1e-5)
    off = np.abs(last - wanted)
    naive = [off.mean()] if each else off.mean(axis=0)
    assert [told["naive_mae"] for told in value["numbers"]] == pytest.approx([*naive], rel=1e-5)


def check_named_rows(worst: list[Any], said: Any, folder: Path) -> None:
    """A row means the same in `evaluate --worst` and in `predict`: the last of the window, from which the steps count."""
    assert said.code == 0, said.err
    columns = dict(np.load(folder / "k.npz"))
    assert columns["row"].tolist() == [*range(6, ROWS + 1)]
    kept = columns["x (data)"] if "x (data)" in columns else columns["x"]
    assert np.allclose(kept, X[5:], atol=1e-6)
    assert len(worst) == 3
    for each in worst:
        [at] = np.flatnonzero(columns["row"] == each["row"])
        shown = (
            columns["x"][at] if "x" in columns and columns["x"].ndim > 1 else [columns["x+1"][at], columns["x+3"][at]]
        )
        assert np.allclose(np.ravel(each["predicted"]), np.ravel(shown), rtol=1e-5)
        start = each["row"] - 6
        steps = columns["x"].ndim > 1 if "x" in columns else False
        assert np.allclose(np.ravel(each["target"]), np.ravel(by_hand(start, [1, 3], steps, 1)), rtol=1e-5)
        assert each["line"] == each["row"] + 1


def test_windows_are_shown_from_all_of_the_series_with_the_names_of_their_columns(
    source: Path, load: Callable[..., Dataset]
) -> None:
    series = {"path": str(source), "window": 6, "horizon": 1}
    dataset = load({"source": {"series": series}, "inputs": ["x"], "target": "x", "split": {"by": "time"}})
    shown = drawable_samples(dataset)
    train = dataset.splits["train"].inputs["features"]
    picked = [next(at for at in range(len(train)) if (train[at] == each.values).all()) for each in shown]
    assert picked[0] == 0
    assert len(picked) == 3
    assert min(np.diff(picked)) > 6
    assert [each.names for each in shown] == [["x"]] * 3
