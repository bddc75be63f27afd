"""Numbers of any size are described: against NumPy where that can, against exact fractions where it cannot."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data.description.spread import mean_of, spread_of
from dlcli.data.description.tensors import Range

Run = Callable[..., Any]
GENERATOR = np.random.default_rng(5)
USUAL = {
    "normal": GENERATOR.normal(size=1000),
    "small floats": GENERATOR.exponential(size=1000).astype(np.float32),
    "whole": GENERATOR.integers(-50, 1000, 1000),
    "bytes": GENERATOR.integers(0, 256, 1000).astype(np.uint8),
    "signed bytes": GENERATOR.integers(-128, 128, 1000).astype(np.int8),
    "flags": GENERATOR.random(1000) < 0.3,
    "half": GENERATOR.normal(size=1000).astype(np.float16),
}
HUGE = {
    "nanoseconds": np.array([1_700_000_000_000_000_000 + row for row in range(40)]),
    "beyond signed": np.array([12_345_678_901_234_567_890 + row for row in range(40)], dtype=np.uint64),
    "beyond 53 bits": np.array([9_007_199_254_740_992 + row % 2 for row in range(40)]),
    "all of 64 bits": np.array([-(2**63), 2**63 - 1, 0, 5]),
    "rounding": np.array([1.0, 1.0000000000000002] * 20),
    "denormal": np.array([5e-324, 1e-323] * 20),
    "greatest": np.array([-1.7e308, 1.7e308, 1.7e308, 1.7e308]),
    "great and small": np.array([1.7e308, 1.0, -1.0, 0.0]),
    "halves": np.array([6e4, -6e4, 6.5e4], dtype=np.float16),
    "one value": np.array([7, 7, 7]),
    "one number": np.array([1.7e308]),
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_numbers_are_described_as_numpy_does(name: str) -> None:
    values = USUAL[name]
    plain = values.astype(np.float64)
    spread = spread_of(values)
    assert (spread.least, spread.greatest) == (values.min(), values.max())
    assert spread.mean == pytest.approx(plain.mean(), rel=1e-12)
    assert spread.deviation == pytest.approx(plain.std(), rel=1e-12)
    assert spread.histogram == np.histogram(plain, bins=16)[0].tolist()
    assert mean_of(values) == pytest.approx(plain.mean(), rel=1e-12)


@pytest.mark.parametrize("name", HUGE)
def test_numbers_of_any_size_are_described_without_a_warning(name: str) -> None:
    values = HUGE[name]
    exact = [Fraction(value) for value in values.tolist()]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / len(exact)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spread = spread_of(values)
        total = mean_of(values)
    assert (spread.least, spread.greatest) == (min(exact), max(exact))
    width = max(exact) - min(exact)
    least = Fraction(5e-324)  # nothing is nearer than that
    assert abs(Fraction(spread.mean) - mean) <= max(width, abs(mean)) * Fraction(1, 10**12) + least
    assert abs(Fraction(total) - mean) <= max(map(abs, exact)) * Fraction(1, 10**12) + least
    assert abs(Fraction(spread.deviation) ** 2 - variance) <= width**2 * Fraction(1, 10**9) + least**2
    assert sum(spread.histogram) == len(values)
    if width:
        shares = [min(15, int(16 * (value - min(exact)) / width)) for value in exact]
        assert spread.histogram == np.bincount(shares, minlength=16).tolist()


def test_the_mean_of_blocks_is_that_of_all() -> None:
    blocks = [np.arange(10.0), np.array([1e6]), np.array([np.nan, 3.0])]
    seen = Range()
    for block in blocks:
        seen.add(block)
    known = np.concatenate([*blocks[:2], [3.0]])
    assert (seen.low, seen.high, seen.count) == (0.0, 1e6, 12)
    assert seen.mean == pytest.approx(known.mean(), rel=1e-12)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_nanoseconds_are_looked_at(form: str, tmp_path: Path, run_dlcli: Run) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    first = 1_700_000_000_000_000_000
    rows = [(first + row, row % 2) for row in range(40)]
    path = tmp_path / f"t.{form}"
    if form == "jsonl":
        path.write_text("".join(f'{{"id": {number}, "y": {label}}}\n' for number, label in rows))
    else:
        parquet.write_table(pa.table({"id": [row[0] for row in rows], "y": [row[1] for row in rows]}), path)
    done = run_dlcli("inspect-data", str(path), "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    column = done.value["columns"][0]
    assert (column["min"], column["max"], column["different"]) == (first, first + 39, 40)
    assert column["deviation"] == pytest.approx(np.std(np.arange(40)), rel=1e-9)
    shown = run_dlcli("inspect-data", str(path), "--target", "y", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert "1,700,000,000,000,000,0" in shown.out


def test_pictures_with_channels_first_are_drawn_and_told(tmp_path: Path, run_dlcli: Run) -> None:
    np.savez(tmp_path / "p.npz", x=GENERATOR.random((80, 3, 8, 8)), y=np.arange(80) % 2)
    done = run_dlcli("inspect-data", "p.npz", "--target", "y", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "samples×channels×height×width" in done.out
    assert "'x' is channels, height, width: (3, 8, 8)" in done.out
    assert "Permute: {dims: [2, 3, 1]}" in done.out
