from __future__ import annotations

import csv
import statistics
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.errors import DataError

WHAT = "write data.missing: drop, mean, median, most_frequent or {constant: 0}"
UNSPLIT = {"validation": 0.0, "test": 0.0}
EMPTY = {3, 17, 18, 40, 55}
COLOURS = ["red", "green", "blue"]


@pytest.fixture
def block(write: Callable[..., Path]) -> dict[str, Any]:
    """Sixty rows, in five of which the number and the colour are empty."""
    lines = ["size,colour,y"]
    for row in range(60):
        number, colour = f"{(row * 37 % 60) ** 2 / 4:g}", COLOURS[row * row % 7 % 3]
        lines.append(",".join(["" if row in EMPTY else number, "" if row in EMPTY else colour, "uv"[row % 2]]))
    return {"source": {"csv": str(write("\n".join(lines)))}, "target": "y"}


def raw(block: dict[str, Any]) -> list[dict[str, str]]:
    with Path(block["source"]["csv"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_training(block: dict[str, Any], dataset: Dataset, name: str) -> list[str]:
    """The cells of a column in the training split that are not empty, read by other means."""
    rows = raw(block)
    return [rows[row][name] for row in dataset.splits["train"].rows if rows[row][name]]


def test_empty_cells_are_an_error_that_counts_them_in_all_columns(
    block: dict[str, Any], refuse: Callable[..., Any]
) -> None:
    message = "empty cells: 'size' 5, 'colour' 5; the first in row 4"
    for policy in ({}, {"missing": "error"}):
        assert refuse({**block, **policy}) == (DataError, 4, message, block["source"]["csv"], 5, WHAT)


def test_empty_cells_of_a_column_that_is_not_used_do_no_harm(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write("a,b,y\n1,,u\n2,,v\n")
    assert load({"source": str(path), "target": "y", "inputs": ["a"], "split": UNSPLIT}).notes == ()


def test_an_empty_target_is_an_error_with_its_row(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,y\n1,u\n2,\n3,v\n4,\n")
    refusal = refuse({"source": str(path), "target": "y"})
    hint = "write data.missing: drop: a target cannot be filled"
    assert refusal == (DataError, 4, "empty cells: 'y' 2; the first in row 2", str(path), 3, hint)


@pytest.mark.parametrize("policy", ["mean", "median", "most_frequent", {"constant": 0}])
@pytest.mark.parametrize(("cells", "labels"), [("u,v", None), ("1,0", "classes"), ("1.5,2.5", "numbers")])
def test_nothing_stands_for_an_empty_target(
    policy: Any, cells: str, labels: str | None, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    first, second = cells.split(",")
    path = write(f"a,y\n1,{first}\n2,\n3,{second}\n4,\n5,{second}\n")
    assert refuse({"source": str(path), "target": "y", "missing": policy}, labels=labels) == (
        *(DataError, 4, "the target 'y' is empty in 2 rows, first in row 2", str(path), 3),
        "write data.missing: drop to leave such rows out",
    )


def test_drop_leaves_rows_out_and_the_others_keep_their_numbers(
    block: dict[str, Any], load: Callable[..., Dataset]
) -> None:
    dataset = load({**block, "missing": "drop"})
    rows = sorted(row for part in dataset.splits.values() for row in part.rows.tolist())
    assert rows == [row for row in range(60) if row not in EMPTY]
    assert dataset.notes == ("5 rows with empty cells were left out",)
    cells, seen = raw(block), 0
    for part in dataset.splits.values():
        for row, features, target in zip(part.rows, part.inputs["features"], part.target, strict=True):
            assert features[0] == float(cells[row]["size"])
            assert (dataset.classes or [])[target] == cells[row]["y"]
            seen += 1
    assert seen == 55


def test_drop_without_an_empty_cell_says_nothing(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a,y\n1,u\n2,v\n")
    assert load({"source": str(path), "target": "y", "missing": "drop", "split": UNSPLIT}).notes == ()


def test_drop_leaves_out_rows_with_an_empty_target(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a,y\n1,0\n2,\n3,1\n,1\n5,0\n")
    dataset = load({"source": str(path), "target": "y", "missing": "drop", "split": UNSPLIT}, labels="classes")
    assert dataset.splits["train"].rows.tolist() == [0, 2, 4]
    assert dataset.splits["train"].target.tolist() == [0, 1, 0]
    assert dataset.splits["train"].target.dtype == np.int64


def test_drop_that_leaves_no_row_is_an_error(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,b,y\n,1,u\n2,,v\n,,u\n")
    refusal = refuse({"source": str(path), "target": "y", "missing": "drop"})
    message = "no row is left: each has an empty cell ('a' 2, 'b' 2)"
    hint = "leave out of data.inputs what is mostly empty: a, b"
    assert refusal == (DataError, 4, message, str(path), None, hint)
    even = write("a,b,y\n,1,u\n2,,v\n3,,u\n,4,v\n")
    assert refuse({"source": str(even), "target": "y", "missing": "drop"}).hint == "write data.missing: median"


def test_what_an_empty_target_or_weight_lacks_is_said(
    write: Callable[..., Path], refuse: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    path = write("a,w,y\n1,0.5,\n2,,\n3,1,\n")
    bare = refuse({"source": str(path), "target": "y", "inputs": ["a"], "missing": "drop"})
    assert bare.hint == "'y' is the target, and nothing can stand for it: write another column"
    for policy in ("error", "mean"):
        light = refuse({"source": str(path), "target": "a", "inputs": ["a"], "missing": policy}, weight="w")
        assert (light.line, light.hint) == (3, "each sample needs its weight; write data.missing: drop")


def test_a_fault_below_dropped_rows_has_the_row_and_line_of_the_file(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    first, second = write("a,y\n1,u\n,v\n3,v\n", "a.csv"), write("a,y\n,u\n5,u\n6,w\n", "b.csv")
    target = {"column": "y", "classes": ["u", "v"]}
    refusal = refuse({"source": {"csv": [str(first), str(second)]}, "target": target, "missing": "drop"})
    assert refusal[2:5] == ("label 'w' in row 3 is none of the classes: u, v", str(second), 4)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("policy", ["mean", "median", "most_frequent"])
def test_what_stands_for_an_empty_cell_is_learnt_from_the_training_split_alone(
    policy: str, seed: int, block: dict[str, Any], load: Callable[..., Dataset]
) -> None:
    dataset = load({**block, "missing": policy}, seed=seed)
    size, colour = dataset.schema.inputs[0].columns or []
    numbers = sorted(float(cell) for cell in of_training(block, dataset, "size"))
    expected = {
        "mean": statistics.fmean(numbers),
        "median": statistics.median(numbers),
        "most_frequent": min(number for number in numbers if numbers.count(number) == 1),
    }[policy]
    assert size.fill == pytest.approx(expected, rel=1e-12)
    assert colour.fill == Counter(of_training(block, dataset, "colour")).most_common(1)[0][0]
    everything = [float(row["size"]) for row in raw(block) if row["size"]]
    if policy == "mean":
        assert size.fill != pytest.approx(statistics.fmean(everything), rel=1e-6)
    seen = 0
    for part in dataset.splits.values():
        for row, features in zip(part.rows, part.inputs["features"], strict=True):
            if row in EMPTY:
                assert features[0] == pytest.approx(expected, rel=1e-12)
                assert features[1:].tolist() == [float(name == colour.fill) for name in colour.categories]
                seen += 1
    assert seen == 5


def test_cells_that_are_there_are_left_as_they_are(block: dict[str, Any], load: Callable[..., Dataset]) -> None:
    dataset, cells = load({**block, "missing": "mean"}), raw(block)
    seen = 0
    for part in dataset.splits.values():
        for row, features in zip(part.rows, part.inputs["features"], strict=True):
            if row not in EMPTY:
                assert features[0] == float(cells[row]["size"])
                seen += 1
    assert seen == 55


@pytest.mark.parametrize(("numbers", "most"), [("3,1,3,2", 3.0), ("2,1,2,1", 1.0)])
def test_the_most_frequent_number_is_the_least_of_equals(
    numbers: str, most: float, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = [f"{number},{'uv'[row % 2]}" for row, number in enumerate(numbers.split(","))]
    path = write("\n".join(["a,y", *rows, ",u"]))
    dataset = load({"source": str(path), "target": "y", "missing": "most_frequent", "split": UNSPLIT})
    assert (dataset.schema.inputs[0].columns or [])[0].fill == most


@pytest.mark.parametrize(("names", "most"), [("c,a,c,b", "c"), ("b,a,b,a", "a")])
@pytest.mark.parametrize("policy", ["most_frequent", "mean", "median"])
def test_names_are_filled_with_the_most_frequent_and_of_equals_the_first(
    policy: str, names: str, most: str, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = [f"{name},{'uv'[row % 2]}" for row, name in enumerate(names.split(","))]
    path = write("\n".join(["a,y", *rows, ",u"]))
    dataset = load({"source": str(path), "target": "y", "missing": policy, "split": UNSPLIT})
    [column] = dataset.schema.inputs[0].columns or []
    assert column.fill == most
    assert dataset.splits["train"].inputs["features"][-1].tolist() == [
        float(name == most) for name in column.categories
    ]


def test_a_constant_stands_for_every_empty_cell(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a,b,y\n1,,u\n,2.5,v\n")
    dataset = load({"source": str(path), "target": "y", "missing": {"constant": -1}, "split": UNSPLIT})
    assert dataset.splits["train"].inputs["features"].tolist() == [[1, -1], [-1, 2.5]]


def test_a_constant_name_is_a_category_of_its_own(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a,b,y\nred,1,u\n,2,v\nblue,3,u\n")
    dataset = load({"source": str(path), "target": "y", "missing": {"constant": "unknown"}, "split": UNSPLIT})
    described = {column.name: column for column in dataset.schema.inputs[0].columns or []}
    assert described["a"].categories == ["blue", "red", "unknown"]
    assert dataset.splits["train"].inputs["features"].tolist() == [[0, 1, 0, 1], [0, 0, 1, 2], [1, 0, 0, 3]]


def test_a_constant_number_among_names_is_written_short(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write("a,y\nred,u\n,v\nblue,u\n")
    dataset = load({"source": str(path), "target": "y", "missing": {"constant": 0}, "split": UNSPLIT})
    assert (dataset.schema.inputs[0].columns or [])[0].categories == ["0", "blue", "red"]


def test_a_constant_name_cannot_stand_among_numbers(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,y\n1,u\n,v\n3,u\n")
    refusal = refuse({"source": str(path), "target": "y", "missing": {"constant": "unknown"}, "split": UNSPLIT})
    message = "column 'a' holds numbers and cannot be filled with 'unknown'"
    assert refusal == (DataError, 4, message, None, None, "write data.missing: {constant: 0}")


@pytest.mark.parametrize("constant", [float("inf"), float("nan"), None, True, [0]])
def test_a_constant_that_is_neither_number_nor_name_is_refused(constant: Any, mistakes: Callable[..., Any]) -> None:
    assert mistakes({"source": "iris", "missing": {"constant": constant}})


@pytest.mark.parametrize("policy", ["mean", "median", "most_frequent"])
def test_nothing_can_be_learnt_from_a_column_without_cells(
    policy: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write("a,b,y\n,1,u\n,2,v\n")
    assert refuse({"source": str(path), "target": "y", "missing": policy, "split": UNSPLIT}) == (
        *(DataError, 4, "no cell of column 'a' holds a number in the training rows", str(path), None),
        "leave 'a' out of data.inputs",
    )


def test_numbers_that_are_names_are_filled_as_names(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a,y\n1,u\n2,v\n,u\n2,v\n")
    inputs = {"code": {"columns": ["a"], "kind": "category"}}
    block = {"source": str(path), "target": "y", "inputs": inputs, "split": UNSPLIT}
    dataset = load({**block, "missing": "most_frequent"})
    assert (dataset.schema.inputs[0].columns or [])[0].categories == ["1", "2"]
    assert dataset.splits["train"].inputs["code"].tolist() == [[1, 0], [0, 1], [0, 1], [0, 1]]
    dataset = load({**block, "missing": {"constant": "none"}})
    assert dataset.splits["train"].inputs["code"].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("policy", ["mode", "zero", 0, {"constant": 0, "value": 1}, {}])
def test_a_policy_that_there_is_not_is_refused(policy: Any, mistakes: Callable[..., Any]) -> None:
    assert mistakes({"source": "iris", "missing": policy})


def test_the_first_of_the_empty_cells_of_all_columns_is_named(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    rows = [[str(row), str(row * row), "uv"[row % 2]] for row in range(20)]
    rows[9][0] = rows[3][1] = rows[12][1] = ""
    (tmp_path / "t.csv").write_text("a,b,y\n" + "".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    refusal = refuse({"source": str(tmp_path / "t.csv"), "target": "y"})
    assert (refusal.line, refusal.message) == (5, "empty cells: 'a' 1, 'b' 2; the first in row 4")


@pytest.mark.parametrize("policy", ["most_frequent", "median"])
def test_names_that_a_preparation_takes_are_filled_by_the_most_frequent_of_training(
    tmp_path: Path, load: Callable[..., Dataset], policy: str
) -> None:
    rng = np.random.default_rng(5)
    one, other = rng.choice(["x", "x", "y", ""], 80), rng.choice(["p", "q", "q", ""], 80)
    lines = ["a,b,n,y", *(f"{a},{b},{row},{'uv'[row % 2]}" for row, (a, b) in enumerate(zip(one, other, strict=True)))]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    cross = {"HashedCrossing": {"num_bins": 16, "output_mode": "one_hot"}}
    inputs = {
        "both": {"columns": ["a", "b"], "kind": "category", "prepare": [cross]},
        "alone": {"columns": "b", "kind": "category", "prepare": ["StringLookup"]},
        "n": {"columns": ["n"]},
    }
    data = {"source": str(tmp_path / "t.csv"), "inputs": inputs, "target": "y", "missing": policy}
    for stream in (False, True):
        dataset = load({**data, "stream": stream}, labels="classes")
        rows = dataset.splits["train"].rows
        fills = [max("xy", key=one[rows].tolist().count), max("pq", key=other[rows].tolist().count)]
        checked = 0
        for part in dataset.splits.values():
            both, alone = part.inputs["both"][:], part.inputs["alone"][:]
            wanted = [[one[row] or fills[0], other[row] or fills[1]] for row in part.rows]
            assert both.tolist() == wanted
            assert alone.tolist() == [b for _, b in wanted]
            checked += len(part)
        assert checked == 80
    with pytest.raises(DataError, match="empty cells"):
        load({**data, "missing": "error"}, labels="classes")
