"""Samples of unequal length: groups of a table and ragged lists, padded behind; padding counts nowhere."""

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
from dlcli.data.description.columns import input_descriptions
from dlcli.data.description.tensors import describe_dataset
from dlcli.data.fields.padded import PADDING
from dlcli.data.findings import findings
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError

LENGTHS = [3, 1, 5, 2, 4, 5, 1, 3] * 5
RANDOM = np.random.default_rng(3)
CURVES = [RANDOM.normal(size=(length, 2)).round(4).tolist() for length in LENGTHS]
IDS = [RANDOM.integers(1, 9, length).tolist() for length in LENGTHS]
TAGS = [[each % 3 for each in ids] for ids in IDS]
LEVELS = [np.cumsum([first for first, _ in curve]).tolist() for curve in CURVES]
LABELS = ["ab"[number % 2] for number in range(len(LENGTHS))]
ROWS = [
    {
        "ids": ids,
        "curve": curve,
        "single": [first for first, _ in curve],
        "tags": tags,
        "levels": levels,
        "label": label,
    }
    for ids, curve, tags, levels, label in zip(IDS, CURVES, TAGS, LEVELS, LABELS, strict=True)
]
LONGER = "10 series are longer than 4 rows, and the last ones alone are taken"
NONE = {"validation": 0.0, "test": 0.0}


def written(folder: Path, form: str) -> Any:
    """The source of the rows in a form."""
    path = folder / f"rows.{form}"
    if form == "jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS), encoding="utf-8")
    elif form == "json":
        path.write_text(json.dumps(ROWS), encoding="utf-8")
    elif form == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path, row_group_size=7)
    else:
        lists = {name: [row[name] for row in ROWS] for name in ("ids", "curve", "single", "tags", "levels")}
        arrays = {f"{name}_values": np.concatenate([np.asarray(each) for each in its]) for name, its in lists.items()}
        np.savez(path, label=np.array(LABELS), **arrays, **{f"{name}_lengths": np.array(LENGTHS) for name in lists})
    return {form: {"path": str(path)}}


def padded(lists: Any, *, value: float = PADDING, longest: int = 5) -> np.ndarray[Any, Any]:
    """Lists as one array with a value behind the shorter ones, one number after the other."""
    found = np.full((len(lists), longest, *np.shape(lists[0])[1:]), value, float)
    for row, each in enumerate(lists):
        found[row, : len(each)] = each
    return found


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The rows of the curves, of which those of two groups stand between each other."""
    lines = [
        f"g{group},{group % 2},{first},{second},{place % 3}"
        for group, curve in enumerate(CURVES)
        for place, (first, second) in enumerate(curve)
    ]
    lines[0:4] = [lines[0], lines[3], lines[1], lines[2]]  # g1 between the rows of g0
    path = tmp_path / "groups.csv"
    path.write_text("\n".join(["g,kind,a,b,step", *lines]), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet", "npz"])
def test_ragged_lists_are_padded_behind(form: str, tmp_path: Path, load: Callable[..., Dataset]) -> None:
    inputs = {name: {"columns": name} for name in ("ids", "curve", "single")}
    block = {"source": written(tmp_path, form), "inputs": inputs, "target": "tags", "split": NONE}
    dataset = load(block, labels="classes")
    train, schemas = dataset.splits["train"], {each.name: each for each in dataset.schema.inputs}
    np.testing.assert_array_equal(train.inputs["ids"][:], padded(IDS, value=0))
    np.testing.assert_allclose(train.inputs["curve"][:], padded(CURVES))
    np.testing.assert_allclose(train.inputs["single"][:, :, 0], padded([[a for a, _ in each] for each in CURVES]))
    np.testing.assert_array_equal(train.targets["tags"][:], padded(TAGS, value=-1))
    assert {name: (each.shape, each.padding) for name, each in schemas.items()} == {
        "ids": ([5], 0),
        "curve": ([5, 2], PADDING),
        "single": ([5, 1], PADDING),
    }
    (target,) = dataset.schema.targets
    assert (target.classes, target.padded, target.has_void) == (["0", "1", "2"], True, True)


def test_padding_is_in_no_statistic(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    block = {"source": written(tmp_path, "jsonl"), "inputs": ["curve"], "target": "levels", "split": NONE}
    dataset = load(block, labels="numbers")
    seen = {each.name: each for each in describe_dataset(dataset)}
    curve, levels = np.concatenate([np.asarray(each) for each in CURVES]), np.concatenate(LEVELS)
    assert seen["curve"].mean == pytest.approx(curve.mean())
    assert (seen["curve"].min, seen["curve"].max) == (curve.min(), curve.max())
    assert seen["levels"].mean == pytest.approx(levels.mean(), rel=1e-5, abs=1e-6)
    assert not {each.code for each in findings(dataset)} & {"far_from_unit_scale", "equal_in_32_bits"}


def test_a_group_is_a_sample_wherever_its_rows_stand(table: Path, load: Callable[..., Dataset]) -> None:
    source = {"series": {"path": str(table), "group": "g"}}
    dataset = load({"source": source, "inputs": ["a", "b"], "target": "kind", "split": NONE}, labels="classes")
    train = dataset.splits["train"]
    np.testing.assert_allclose(train.inputs["features"][:], padded(CURVES))
    assert train.targets["kind"][:].tolist() == [group % 2 for group in range(len(CURVES))]
    ends = np.cumsum(LENGTHS) - 1
    ends[:2] = [3, 1]
    assert train.rows.tolist() == ends.tolist()
    columns = {each.name: each for each in input_descriptions(dataset)}
    assert columns["a"].mean == pytest.approx(np.mean([a for curve in CURVES for a, _ in curve]))


@pytest.mark.parametrize(
    ("length", "note"),
    [(5, ()), (6, ()), (4, (LONGER,))],
)
def test_length_keeps_the_last_rows(
    length: int, note: tuple[str, ...], table: Path, load: Callable[..., Dataset]
) -> None:
    source = {"series": {"path": str(table), "group": "g", "length": length, "each_step": True}}
    dataset = load({"source": source, "inputs": ["a", "b"], "target": "step", "split": NONE}, labels="classes")
    train = dataset.splits["train"]
    last = [curve[-length:] for curve in CURVES]
    steps = [[place % 3 for place in range(len(curve))][-length:] for curve in CURVES]
    np.testing.assert_allclose(train.inputs["features"][:], padded(last, longest=length))
    np.testing.assert_array_equal(train.targets["step"][:], padded(steps, value=-1, longest=length))
    assert dataset.notes == note
    assert dataset.schema.windows is not None
    assert dataset.schema.windows.steps == length


def test_groups_stay_together_in_the_splits(table: Path, load: Callable[..., Dataset]) -> None:
    source = {"series": {"path": str(table), "group": "g"}}
    dataset = load({"source": source, "inputs": ["a"], "target": "kind"}, labels="classes", seed=4)
    inside = [set(each.source_rows.tolist()) for each in dataset.splits.values()]
    assert sum(map(len, inside)) == sum(LENGTHS) == len(set.union(*inside))
    assert [len(each) for each in dataset.splits.values()] == [28, 6, 6]


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "a series needs a window"),
        ({"window": 3, "group": "g", "length": 4}, "'window' cuts series into samples"),
        ({"length": 4}, "a series needs a window"),
        ({"group": "g", "horizon": 2}, "'horizon' is of windows"),
        ({"group": "g", "sampling": 2}, "'sampling' is of windows"),
        ({"group": "g", "stride": 2}, "'stride' is of windows"),
    ],
)
def test_keys_that_do_not_go_together_are_told(
    series: dict[str, Any], message: str, table: Path, mistakes: Callable[..., Any]
) -> None:
    told = mistakes({"source": {"series": {"path": str(table), **series}}, "inputs": ["a"], "target": "kind"})
    assert len(told) == 1
    assert message in told[0][0]


def test_an_id_of_padding_is_told_at_its_row(
    tmp_path: Path, refuse: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    path = tmp_path / "ids.jsonl"
    path.write_text('{"x": [1, 2], "y": 0}\n{"x": [3, 0, 1], "y": 1}\n', encoding="utf-8")
    told = refuse({"source": str(path), "inputs": ["x"], "target": "y", "split": NONE}, labels="classes")
    assert (told.code, told.line) == (4, 2)
    assert "holds the id 0 in row 2" in told.message
    numbers = {"x": {"columns": "x", "kind": "number"}}
    dataset = load({"source": str(path), "inputs": numbers, "target": "y", "split": NONE}, labels="classes")
    assert dataset.splits["train"].inputs["x"][:, :, 0].tolist() == [[1, 2, PADDING], [3, 0, 1]]


@pytest.mark.parametrize(
    ("rows", "gaps", "told"),
    [
        (['{"x": [null, 1.0], "y": 1}', '{"x": [2.0, 1.0, 3.0], "y": 2}'], [1, 0], None),
        (['{"x": [[null, 1.0]], "y": 1}', '{"x": [[2.0, 1.0], [3.0, 4.0]], "y": 2}'], [1, 0], None),
        (['{"x": [2.0, 1.0], "y": 1}', '{"x": [null, null, 3.0], "y": 2}'], [0, 2], None),
        (['{"x": [[null]], "y": 1}', '{"x": [[2.0], ["q"]], "y": 2}'], [], (2, "a list of other things than numbers")),
        (
            ['{"x": [[1.0, 2.0]], "y": 1}', '{"x": [[1.0, "q"]], "y": 2}'],
            [],
            (2, "a list of other things than numbers"),
        ),
    ],
)
def test_null_in_a_list_is_an_empty_cell_wherever_it_stands(
    rows: list[str], gaps: list[int], told: tuple[int, str] | None, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    from dlcli.data.sources.tables.jsonl import Jsonl

    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    if told is None:
        fields = Jsonl(path=str(tmp_path / "a.jsonl")).read(Reading())
        held = fields.arrays["x"][:].reshape(2, -1)
        assert np.isnan(held).sum(axis=1).tolist() == gaps
        known = [np.ravel(np.array(json.loads(row)["x"], float)) for row in rows]
        for own, row in zip(known, held, strict=True):
            np.testing.assert_array_equal(row[row != PADDING], own)
        done = run_dlcli("inspect-data", "a.jsonl", cwd=tmp_path)
        assert f"empty cells: 'x' {len([each for each in gaps if each])}" in done.out
        assert "drop or {constant: 0}" in done.out
    else:
        done = run_dlcli("inspect-data", "a.jsonl", "--json", cwd=tmp_path)
        assert (done.code, done.error["line"]) == (4, told[0])
        assert told[1] in done.error["message"]


@pytest.mark.parametrize(
    ("last", "told"),
    [([], "an empty list in row 10"), ([[1.0, 2.0, 3.0]], "in row 10 each place is (3,), and before (2,)")],
)
def test_a_row_of_parquet_with_another_form_is_named(
    last: Any, told: str, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    import pyarrow
    import pyarrow.parquet

    column = [*[[[1.0, 2.0]] * (1 + row % 2) for row in range(9)], last]
    table = pyarrow.table({"x": column, "y": [float(row) for row in range(10)]})
    pyarrow.parquet.write_table(table, tmp_path / "z.parquet", row_group_size=4)
    assert told in refuse({"source": str(tmp_path / "z.parquet"), "inputs": ["x"], "target": "y"}).message


@pytest.mark.parametrize("lists", ["[[1], []]", "[[[1, 2], [3]], [[4, 5]]]", "[[1, null], [2]]"])
def test_lists_that_differ_in_more_than_their_length_are_refused(
    lists: str, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    rows = [f'{{"x": {json.dumps(each)}, "y": {number}}}' for number, each in enumerate(json.loads(lists))]
    path = tmp_path / "odd.jsonl"
    path.write_text("\n".join(rows), encoding="utf-8")
    assert refuse({"source": str(path), "inputs": ["x"], "target": "y"}).code == 4


@pytest.mark.parametrize(
    ("lengths", "told"), [([2, 2], "sum up to 4"), ([0, 5], "the least is 0"), ([2.0, 3.0], "whole numbers")]
)
def test_lengths_that_values_do_not_have_are_told(
    lengths: Any, told: str, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    path = tmp_path / "odd.npz"
    np.savez(path, x_values=np.arange(5.0), x_lengths=np.array(lengths), y=np.array([0, 1]))
    message = refuse({"source": str(path), "target": "y"}).message
    assert told in message


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_ragged_lists_do_not_stream(form: str, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    told = refuse({"source": written(tmp_path, form), "inputs": ["curve"], "target": "label", "stream": True})
    assert (told.code, told.hint) == (4, "write data.stream: false")


@pytest.mark.parametrize("lists", ["[[[1, 2]], [[1, null], [3, 4]]]", "[[1, 2, 3], [1, null]]", "[[1, 2], [1, null]]"])
def test_an_empty_value_in_a_list_is_told_at_its_row(lists: str, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "x.jsonl"
    rows = [f'{{"x": {json.dumps(each)}, "y": {number}}}' for number, each in enumerate(json.loads(lists))]
    path.write_text("\n".join(rows), encoding="utf-8")
    told = refuse({"source": str(path), "inputs": {"x": {"columns": "x", "kind": "number"}}, "target": "y"})
    assert (told.code, told.line) == (4, 2)
    assert told.message == "empty cells: 'x' 1; the first in row 2"


def test_how_long_samples_are_is_a_finding(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    block = {"source": written(tmp_path, "jsonl"), "inputs": ["ids", "curve"], "target": "label", "split": NONE}
    (finding,) = (each for each in findings(load(block)) if each.code == "unequal_lengths")
    told = {"shortest": 1, "median": 3.0, "longest": 5, "places": 5, "padding": pytest.approx(1 - np.mean(LENGTHS) / 5)}
    assert finding.facts["inputs"] == {"ids": told, "curve": told}


def test_a_list_that_is_not_there_is_an_empty_cell(
    tmp_path: Path, refuse: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    path = tmp_path / "x.jsonl"
    rows = [{"x": None if number == 3 else [0.5] * (1 + number % 4), "y": number % 2} for number in range(20)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    told = refuse({"source": str(path), "inputs": ["x"], "target": "y"})
    assert (told.code, told.line, told.message) == (4, 4, "empty cells: 'x' 1; the first in row 4")
    dataset = load({"source": str(path), "inputs": ["x"], "target": "y", "missing": "drop", "split": NONE})
    assert dataset.splits["train"].rows.tolist() == [number for number in range(20) if number != 3]


@pytest.mark.parametrize("form", ["[[1.0, 2.0], [3.0]]", "[[1, 2], [3]]", "[]"])
def test_lists_in_lists_of_several_lengths_are_no_bug(form: str, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f'{{"x": {form}, "y": 0}}\n{{"x": [[1.0, 2.0]], "y": 1}}\n', encoding="utf-8")
    told = refuse({"source": str(path), "inputs": ["x"], "target": "y"})
    assert (told.code, told.line) == (4, 1)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"x_values": np.array([1.0, PADDING, 2.0]), "x_lengths": np.array([1, 2])}, "holds -49152"),
        ({"x_values": np.arange(3.0)}, "the file has no array 'x'"),
        ({"x_values": np.arange(3.0), "x_lengths": np.array([[1], [2]])}, "the shape (2, 1)"),
    ],
)
def test_arrays_of_unequal_length_are_looked_at(
    arrays: Any, told: str, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    np.savez(tmp_path / "a.npz", **arrays, y=np.array([0, 1]))
    source = {"npz": {"path": str(tmp_path / "a.npz"), "inputs": "x", "target": "y"}}
    assert told in refuse({"source": source}).message


@pytest.mark.parametrize("horizon", [[], -1, 1.5, [1, 1], [1, -2], True, None])
def test_a_horizon_is_told_once_in_its_own_words(horizon: Any, table: Path, mistakes: Callable[..., Any]) -> None:
    told = mistakes({"source": {"series": {"path": str(table), "window": 3, "horizon": horizon}}, "target": "a"})
    assert len(told) == 1
    assert "horizon" in told[0][0]
    assert "constrained" not in told[0][0]


def test_padding_that_no_memory_holds_is_told_before_it_is_made(
    table: Path, load: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.data.fields import samples

    monkeypatch.setattr(samples, "free_memory", lambda: 4 * 8 * 1000)  # a quarter holds 1000 numbers
    samples.check_padding_fits(1000, 3)
    samples.check_padding_fits(2000, 2000)  # so long is a series, and what it takes is told of the whole
    with pytest.raises(DataError, match="samples of 1,001 rows take 0.0 GB each for every column") as caught:
        samples.check_padding_fits(1001, 3)
    assert caught.value.hint == "write length: 3"
