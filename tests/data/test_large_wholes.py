"""Whole numbers of any size: they stay whole, are counted as written, and what bits make equal is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROWS = 60
COLUMNS: dict[str, tuple[str, list[int]]] = {
    "top of 64 bits": ("uint64", [(1 << 64) - 1 - row for row in range(ROWS)]),
    "beyond a sign": ("uint64", [(1 << 63) + row for row in range(ROWS)]),
    "small and large": ("uint64", [row if row % 2 else (1 << 64) - row - 1 for row in range(ROWS)]),
    "bottom of 64 bits": ("int64", [-(1 << 63) + row for row in range(ROWS)]),
    "top with a sign": ("int64", [(1 << 63) - 1 - row for row in range(ROWS)]),
    "nineteen digits": ("int64", [10**18 + row for row in range(ROWS)]),
    "both signs": ("float64", [(1 << 63) + row if row else -1 for row in range(ROWS)]),
    "more than 64 bits": ("float64", [10**25 + row for row in range(ROWS)]),
}


def write(folder: Path, form: str, values: list[int]) -> Path:
    rows = [{"id": value, "x": row * 7 % 11 / 2, "y": "ab"[row % 2]} for row, value in enumerate(values)]
    path = folder / f"t.{form}"
    if form == "csv":
        lines = [",".join(map(str, row.values())) for row in rows]
        path.write_text("\n".join(["id,x,y", *lines]), encoding="utf-8")
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("stream", [False, True])
def test_whole_numbers_stay_whole(name: str, form: str, stream: bool, tmp_path: Path) -> None:
    from dlcli.config.language import Language
    from dlcli.data import Data
    from dlcli.data.sources.source import Reading

    dtype, values = COLUMNS[name]
    data = Data.model_validate({"source": str(write(tmp_path, form, values))}, context=Language())
    column = data.source.read(Reading(stream=stream)).arrays["id"][:]
    assert column.dtype == dtype
    assert column.tolist() == (values if dtype != "float64" else [float(value) for value in values])


@pytest.mark.parametrize("name", [name for name, (dtype, _) in COLUMNS.items() if dtype != "float64"])
@pytest.mark.parametrize("prepared", [False, True])
def test_ids_are_counted_as_they_are_written(
    name: str, prepared: bool, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    import numpy as np

    values = COLUMNS[name][1]
    path = write(tmp_path, "csv", values)
    settings = ["--set", "data.split={validation: 0, test: 0}"]
    settings += ["--set", "data.prepare=[Normalization]"] if prepared else []
    outcome = run_dlcli("inspect-data", path, "--target", "y", "--json", *settings, cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    (seen,) = [column for column in outcome.value["columns"] if column["name"] == "id"]
    assert (seen["min"], seen["max"], seen["different"]) == (min(values), max(values), ROWS)
    spread = float(np.std(np.array([value - min(values) for value in values], dtype=object).astype(float)))
    assert seen["deviation"] == pytest.approx(spread, rel=1e-6)
    findings = {each["code"]: each for each in outcome.value["findings"]}
    assert "constant_columns" not in findings
    left = len({*np.array(values).astype(np.float64 if prepared else np.float32).tolist()})
    assert findings["equal_in_32_bits"]["facts"]["columns"] == {"id": {"different": ROWS, "left": left}}
    assert f"{ROWS} values, {left} of them" in findings["equal_in_32_bits"]["evidence"]
    assert "Normalization" not in json.dumps(findings["equal_in_32_bits"]["advice"])


def test_more_digits_than_64_bits_hold_are_said(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    path = write(tmp_path, "csv", COLUMNS["more than 64 bits"][1])
    outcome = run_dlcli("inspect-data", path, "--target", "y", "--json", cwd=tmp_path)
    (note,) = outcome.value["notes"]
    assert note.startswith("column 'id' holds whole numbers that 64 bits do not hold exactly")
    plain = write(tmp_path, "csv", COLUMNS["nineteen digits"][1])
    assert run_dlcli("inspect-data", plain, "--target", "y", "--json", cwd=tmp_path).value["notes"] == []


@pytest.mark.parametrize(("start", "shown"), [((1 << 64) - 60, True), (1 << 24, True), ((1 << 24) - 60, False)])
def test_arrays_of_whole_numbers_are_looked_at_too(
    start: int, shown: bool, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    import numpy as np

    values = np.array([start + row for row in range(60)], np.uint64)
    np.savez(tmp_path / "a.npz", x=values[:, None], y=np.arange(60) % 2)
    told = run_dlcli(
        "inspect-data", "a.npz", "--target", "y", "--json", "--set", "data.source.inputs=x", cwd=tmp_path
    ).value
    assert ("equal_in_32_bits" in [each["code"] for each in told["findings"]]) is shown


def test_numbers_two_apart_count_no_rows(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    path = write(tmp_path, "csv", [(1 << 63) + 2 * row for row in range(ROWS)])
    found = run_dlcli("inspect-data", path, "--target", "y", "--json", cwd=tmp_path).value["findings"]
    assert "identifier_columns" not in [each["code"] for each in found]
    path = write(tmp_path, "csv", [(1 << 63) + row for row in range(ROWS)])
    found = run_dlcli("inspect-data", path, "--target", "y", "--json", cwd=tmp_path).value["findings"]
    assert "identifier_columns" in [each["code"] for each in found]
