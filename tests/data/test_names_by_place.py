"""Lists of names as a class at each place: which place has which class, and what a place without a name is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from dlcli.data import Dataset
from dlcli.data.target_labels import VOID

LENGTHS = [1, 2, 3, 5, 8, 1, 4, 6] * 3
LISTS = [["a" if (row + place) % 3 else "b" for place in range(length)] for row, length in enumerate(LENGTHS)]
CURVES = [[[float(row), float(place)] for place in range(length)] for row, length in enumerate(LENGTHS)]
Refuse = Callable[..., Any]


def write(folder: Path, lists: list[Any], file: str) -> dict[str, Any]:
    """A block of data whose labels are these lists."""
    if file.endswith(".parquet"):
        table = pyarrow.table({"x": CURVES, "t": pyarrow.array(lists, pyarrow.list_(pyarrow.string()))})
        pyarrow.parquet.write_table(table, folder / file)
    else:
        rows = [{"x": curve, "t": each} for curve, each in zip(CURVES, lists, strict=True)]
        (folder / file).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return {"source": str(folder / file), "inputs": ["x"], "target": {"column": "t", "encode": "index"}}


def without(row: int, place: int, value: str | None) -> list[Any]:
    """The lists with another value at one place."""
    return [
        [value if (row, place) == (number, at) else name for at, name in enumerate(each)]
        for number, each in enumerate(LISTS)
    ]


@pytest.mark.parametrize("value", [None, "", "  "])
@pytest.mark.parametrize("file", ["t.jsonl", "t.parquet"])
@pytest.mark.parametrize(("row", "place"), [(0, 0), (4, 0), (4, 3), (4, 7)])
def test_a_place_without_a_name_is_refused_or_void(
    row: int, place: int, value: str | None, file: str, tmp_path: Path, load: Callable[..., Dataset], refuse: Refuse
) -> None:
    block = write(tmp_path, without(row, place, value), file)
    refusal = refuse(block)
    assert refusal.code == 4
    assert f"place {place + 1} of {LENGTHS[row]} in row {row + 1}" in refusal.message
    assert refusal.line == (row + 1 if file == "t.jsonl" else None)
    assert 'void: ""' in (refusal.hint or "")
    block["target"]["void"] = ""
    dataset = load(block)
    codes = np.full((len(LENGTHS), 8), VOID)
    for number, each in enumerate(LISTS):
        codes[number, : len(each)] = ["ab".index(name) for name in each]
    codes[row, place] = VOID
    assert dataset.schema.targets[0].classes == ["a", "b"]
    for split in dataset.splits.values():
        assert split.targets["t"][:].tolist() == codes[split.rows].tolist()


def test_a_name_that_is_void_is_no_class(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    block = write(tmp_path, without(4, 3, "unknown"), "t.jsonl")
    assert load(block).schema.targets[0].classes == ["a", "b", "unknown"]
    block["target"]["void"] = "unknown"
    dataset = load(block)
    assert dataset.schema.targets[0].classes == ["a", "b"]
    counts = [dataset.class_counts(split, dataset.schema.targets[0]) or {} for split in dataset.splits]
    assert sum(sum(each.values()) for each in counts) == sum(LENGTHS) - 1


def test_a_list_that_is_not_there_is_an_empty_cell(
    tmp_path: Path, load: Callable[..., Dataset], refuse: Refuse
) -> None:
    block = write(tmp_path, [None if row == 4 else each for row, each in enumerate(LISTS)], "t.jsonl")
    refusal = refuse(block)
    assert (refusal.code, refusal.line) == (4, 5)
    dataset = load({**block, "missing": "drop"})
    assert sum(len(split) for split in dataset.splits.values()) == len(LENGTHS) - 1


def test_a_label_that_is_not_written_takes_no_other_away(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    block = write(tmp_path, without(4, 0, None), "t.jsonl")
    dataset = load({**block, "target": "t"}, labels="binary")
    for split in dataset.splits.values():
        held = [[float(name in {*LISTS[row][int(row == 4) :]}) for name in "ab"] for row in split.rows]
        assert split.targets["t"][:].tolist() == held
