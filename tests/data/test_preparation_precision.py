"""Preparation in 64 bits: what differs in the data differs in what the model sees, and a constant stays small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.preparation.fitting import fit_preparation
from dlcli.data.preparation.precision import needed_precision
from dlcli.data.preparation.prepare import prepare
from dlcli.errors import BlockError, DataError

Run = Callable[..., Any]
ROWS = 200
FACTS: Mapping[str, int] = {}


def prepared(block: Mapping[str, Any]) -> Any:
    """What the model sees of each split, by input, and the data set."""
    data = Data.model_validate(block, context=Language())
    dataset = data.load(seed=0)
    model = fit_preparation(data, dataset, facts=FACTS).model
    return {split: prepare(model, samples.inputs) for split, samples in dataset.splits.items()}, dataset


def table(folder: Path, **columns: Any) -> str:
    rows = zip(*columns.values(), strict=True)
    text = "\n".join([",".join(columns), *(",".join(str(cell) for cell in row) for row in rows)])
    (folder / "t.csv").write_text(text + "\n", encoding="utf-8")
    return str(folder / "t.csv")


SECONDS = 1_700_000_000 + np.arange(ROWS)
LARGE = {
    "seconds": SECONDS,
    "milliseconds": SECONDS * 1000,
    "coordinates": 4_512_345.25 + np.arange(ROWS) / 100,
    "years with a small step": 2024 + np.arange(ROWS) / 1e6,
}


@pytest.mark.parametrize("name", LARGE)
def test_large_numbers_with_small_differences_are_normalized_as_numpy_does(name: str, tmp_path: Path) -> None:
    path = table(tmp_path, t=LARGE[name], y=(np.arange(ROWS) > ROWS // 2).astype(int))
    seen, dataset = prepared({"source": path, "target": "y", "prepare": ["Normalization"]})
    train = LARGE[name][dataset.splits["train"].rows].astype(np.float64)
    for split, samples in dataset.splits.items():
        expected = (LARGE[name][samples.rows] - train.mean()) / train.std()
        np.testing.assert_allclose(seen[split]["features"][:, 0], expected, atol=2e-6)
        assert seen[split]["features"].dtype == np.float32
    assert len(np.unique(seen["train"]["features"])) == len(train)


def test_an_array_of_64_bits_is_normalized_in_64_bits(tmp_path: Path) -> None:
    values = np.stack([SECONDS, SECONDS[::-1]], axis=1).astype(np.float64)
    np.savez(tmp_path / "a.npz", x=values, y=np.arange(ROWS) % 2)
    seen, _ = prepared({"source": str(tmp_path / "a.npz"), "target": "y", "prepare": ["Normalization"]})
    assert len(np.unique(seen["train"]["x"][:, 0])) == len(seen["train"]["x"])


def test_ids_beyond_24_bits_stay_apart_in_a_lookup(tmp_path: Path) -> None:
    ids = 16_777_216 + np.arange(ROWS) % 4
    path = table(tmp_path, user=ids, y=np.arange(ROWS) % 2)
    block = {
        "source": path,
        "target": "y",
        "prepare": [{"IntegerLookup": {"vocabulary": [16_777_216, 16_777_217, 16_777_218, 16_777_219]}}],
    }
    seen, dataset = prepared(block)
    expected = 1 + dataset.splits["train"].rows % 4
    np.testing.assert_array_equal(seen["train"]["features"][:, 0], expected)


@pytest.mark.parametrize(
    ("dtype", "bits"),
    [
        ("uint8", 32), ("int16", 32), ("uint16", 32), ("float16", 32), ("float32", 32), ("bool", 32),
        ("int32", 64), ("uint32", 64), ("int64", 64), ("uint64", 64), ("float64", 64),
    ],
)  # fmt: skip
def test_what_32_bits_hold_whole_is_prepared_in_them(dtype: str, bits: int) -> None:
    assert needed_precision(np.dtype(dtype)) == f"float{bits}"


@pytest.mark.parametrize("constant", [0.0, 3.0, 0.1, -1e-3, 1e9 / 3, 12345.678])
def test_what_is_constant_in_training_is_divided_by_one(constant: float, tmp_path: Path) -> None:
    flag = np.full(ROWS, constant)
    flag[-30:] += 1
    path = table(tmp_path, a=np.sin(np.arange(ROWS)), flag=flag, y=np.cos(np.arange(ROWS)))
    seen, _ = prepared({"source": path, "target": "y", "split": {"by": "time"}, "prepare": ["Normalization"]})
    np.testing.assert_allclose(seen["train"]["features"][:, 1], 0, atol=1e-6)
    np.testing.assert_allclose(seen["test"]["features"][:, 1], 1, atol=1e-6)


@pytest.mark.parametrize(("deviation", "divided"), [(1e-3, True), (1e-6, True), (1e-15, False)])
def test_a_small_deviation_is_one_and_what_rounding_leaves_is_none(
    deviation: float, divided: bool, tmp_path: Path
) -> None:
    values = 1.0 + deviation * np.sin(np.arange(ROWS))
    np.savez(tmp_path / "a.npz", x=values[:, None], y=np.arange(ROWS) % 2)
    seen, _ = prepared({"source": str(tmp_path / "a.npz"), "target": "y", "prepare": ["Normalization"]})
    assert (float(seen["train"]["x"].std()) > 0.9) is divided


@pytest.mark.parametrize("axis", [-1, [1, 2], [1], None, [2]])
def test_moments_are_those_of_numpy_along_every_axis(axis: Any, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(2, 3, (ROWS, 5, 4))
    np.savez(tmp_path / "a.npz", x=values, y=np.arange(ROWS) % 2)
    block = {"source": str(tmp_path / "a.npz"), "target": "y", "prepare": [{"Normalization": {"axis": axis}}]}
    seen, dataset = prepared(block)
    train = values[dataset.splits["train"].rows]
    kept = {-1: {2}, None: set()}.get(
        axis if not isinstance(axis, list) else -2, set(axis) if isinstance(axis, list) else set()
    )
    reduced = tuple(each for each in range(3) if each not in kept)
    expected = (train - train.mean(axis=reduced, keepdims=True)) / train.std(axis=reduced, keepdims=True)
    np.testing.assert_allclose(seen["train"]["x"], expected, atol=1e-6)


def test_moments_do_not_depend_on_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path, t=SECONDS, y=np.arange(ROWS) % 2)
    block = {"source": path, "target": "y", "prepare": ["Normalization"]}
    whole = prepared(block)[0]["train"]["features"]
    monkeypatch.setattr("dlcli.data.preparation.prepare.BATCH", 7)
    np.testing.assert_allclose(prepared(block)[0]["train"]["features"], whole, atol=1e-6)


def test_a_number_that_32_bits_do_not_hold_is_told_as_that(tmp_path: Path) -> None:
    path = table(tmp_path, t=[3.5e38] * 2 + [1.0] * 20, y=[0, 1] * 11)
    with pytest.raises(DataError) as caught:
        prepared({"source": path, "target": "y"})
    assert caught.value.message == "'t' is larger than 3.4e+38 in 2 rows, first in row 1"
    assert caught.value.hint is not None
    assert "larger units" in caught.value.hint


def test_seconds_tell_a_class_that_a_threshold_parts(tmp_path: Path, run_dlcli: Run) -> None:
    """The same in 64 bits by scikit-learn is right every time; in 32 bits three different values were left."""
    table(tmp_path, t=SECONDS, y=(np.arange(ROWS) > ROWS // 2).astype(int))
    (tmp_path / "e.yaml").write_text(
        "data: {source: t.csv, target: y, prepare: [Normalization]}\n"
        "layers: [Dense: {units: 1, activation: sigmoid}]\nloss: binary_crossentropy\noptimizer: {Adam: 0.1}\n"
        "metrics: [accuracy]\ntrain: {epochs: 150}\n"
    )
    done = run_dlcli("train", "e.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value["metrics"]["validation"]["accuracy"] > 0.95


@pytest.mark.parametrize(("first", "told"), [(1_700_000_000, True), (0, False)])
def test_bins_that_32_bits_cannot_part_are_refused(first: int, told: bool, tmp_path: Path) -> None:
    path = table(tmp_path, t=first + np.arange(ROWS), y=np.arange(ROWS) % 2)
    bins = {"Discretization": {"bin_boundaries": [first + 50.0, first + 100.0, first + 150.0]}}
    if told:
        with pytest.raises(BlockError, match="3 boundaries from 1,700,000,050 on are 2 in the 32 bits"):
            prepared({"source": path, "target": "y", "prepare": [bins]})
    else:
        seen, dataset = prepared({"source": path, "target": "y", "prepare": [bins]})
        expected = np.searchsorted([50, 100, 150], dataset.splits["train"].rows, side="right")
        np.testing.assert_array_equal(seen["train"]["features"][:, 0], expected)
    learnt = {"source": path, "target": "y", "prepare": ["Normalization", {"Discretization": {"num_bins": 4}}]}
    counts = np.unique(prepared(learnt)[0]["train"]["features"], return_counts=True)[1]
    assert len(counts) == 4
    assert counts.min() >= 0.7 * ROWS / 4 * 0.7


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sound_is_prepared_alike_beside_a_loud_one(dtype: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    sounds = (generator.normal(size=(40, 2000)) * np.where(np.arange(40) % 4, 1e-4, 1.0)[:, None]).astype(dtype)
    np.savez(tmp_path / "a.npz", x=sounds, y=np.arange(40) % 2)
    mel = {"MelSpectrogram": {"fft_length": 256, "sequence_stride": 128, "sampling_rate": 8000, "num_mel_bins": 20}}
    data = Data.model_validate({"source": str(tmp_path / "a.npz"), "target": "y", "prepare": [mel]}, context=Language())
    dataset = data.load(seed=0)
    model = fit_preparation(data, dataset, facts=FACTS).model
    raw = dataset.splits["train"].inputs["x"][:]
    together = prepare(model, {"x": raw})["x"]
    alone = np.concatenate([prepare(model, {"x": raw[[row]]})["x"] for row in range(len(raw))])
    np.testing.assert_allclose(together, alone, atol=1e-3)
    spread = together.max(axis=(1, 2)) - together.min(axis=(1, 2))
    assert spread.max() <= 80 + 1e-3
    assert len(raw) > 20
