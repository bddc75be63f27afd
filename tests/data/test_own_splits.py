"""Splits that stand in files of their own: kept as they are, and refused where the files do not belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset

COLUMNS = "x,y,kind"
Parts = dict[str, str]


def rows_of(count: int, *, start: int = 0, kinds: str = "가나다") -> list[str]:
    return [f"{start + row},{(row * row) % 7},{kinds[row % len(kinds)]}" for row in range(count)]


@pytest.fixture
def parts(write: Callable[..., Path]) -> Parts:
    """Files of 60, 9 and 6 rows for the three splits."""
    found = {}
    for name, count, start in [("train", 60, 0), ("validation", 9, 100), ("test", 6, 200)]:
        path = write("\n".join([COLUMNS, *rows_of(count, start=start)]) + "\n", f"{name} 자료.csv")
        found[name] = str(path)
    return found


def x_of(dataset: Dataset, split: str) -> list[float]:
    """The first column of a split."""
    values: list[float] = dataset.splits[split].inputs["features"][:][:, 0].tolist()
    return values


def test_each_file_is_its_split_in_its_order(parts: Parts, load: Callable[..., Dataset]) -> None:
    for source in (parts, {"splits": parts}, {name: {"csv": path} for name, path in parts.items()}):
        dataset = load({"source": source, "target": "kind"}, labels="classes")
        assert {split: len(each) for split, each in dataset.splits.items()} == {"train": 60, "validation": 9, "test": 6}
        assert x_of(dataset, "train") == list(range(60))
        assert x_of(dataset, "validation") == list(range(100, 109))
        assert x_of(dataset, "test") == list(range(200, 206))
        assert dataset.splits["test"].target[:].tolist() == [0, 1, 2, 0, 1, 2]
        assert dataset.classes == ["가", "나", "다"]


@pytest.mark.parametrize("seed", [0, 1])
def test_files_that_are_given_are_not_shuffled_by_any_seed_nor_cut_by_any_share(
    seed: int, parts: Parts, load: Callable[..., Dataset]
) -> None:
    block = {"source": parts, "target": "kind", "split": {"validation": 0.4, "test": 0.4}}
    dataset = load(block, labels="classes", seed=seed)
    assert [len(each) for each in dataset.splits.values()] == [60, 9, 6]


def test_without_a_file_validation_is_a_share_of_the_training_file_by_class(
    parts: Parts, load: Callable[..., Dataset]
) -> None:
    source = {"train": parts["train"], "test": parts["test"]}
    block = {"source": source, "target": "kind", "split": {"validation": 0.2, "test": 0.5}}
    seen = []
    for seed in (3, 3, 4):
        dataset = load(block, labels="classes", seed=seed)
        assert {split: len(each) for split, each in dataset.splits.items()} == {
            "train": 48,
            "validation": 12,
            "test": 6,
        }
        assert sorted(x_of(dataset, "train") + x_of(dataset, "validation")) == list(range(60))
        assert x_of(dataset, "test") == list(range(200, 206))
        assert np.bincount(dataset.splits["validation"].target[:]).tolist() == [4, 4, 4]
        seen.append(x_of(dataset, "validation"))
    assert (seen[0] == seen[1], seen[0] == seen[2]) == (True, False)


def test_where_no_validation_is_asked_for_there_is_none(parts: Parts, load: Callable[..., Dataset]) -> None:
    block = {"source": {"train": parts["train"], "test": parts["test"]}, "target": "kind"}
    dataset = load({**block, "split": {"validation": 0.0}}, labels="classes")
    assert {split: len(each) for split, each in dataset.splits.items()} == {"train": 60, "test": 6}
    only = load({"source": {"train": parts["train"]}, "target": "kind", "split": {"validation": 0.1}}, labels="classes")
    assert {split: len(each) for split, each in only.splits.items()} == {"train": 54, "validation": 6}


def test_nothing_is_learnt_from_the_other_files(parts: Parts, load: Callable[..., Dataset]) -> None:
    Path(parts["validation"]).write_text(f"{COLUMNS}\n1000,,가\n1000,5,나\n", encoding="utf-8")
    dataset = load({"source": parts, "target": "kind", "missing": "mean"}, labels="classes")
    mean = np.mean([(row * row) % 7 for row in range(60)])
    assert dataset.splits["validation"].inputs["features"][:][0, 1] == mean
    assert mean != np.mean([*((row * row) % 7 for row in range(60)), *((row * row) % 7 for row in range(6)), 5])


DIFFERENT: dict[str, tuple[str, str, int | None, str | None]] = {
    "a column less": (
        "x,kind\n1,가\n",
        "it lacks the column 'y'; the training data has: x, y, kind",
        None,
        None,
    ),
    "a column of another name": (
        "x,yy,kind\n1,2,가\n",
        "it lacks the column 'y'; the training data has: x, y, kind",
        None,
        "did you mean 'yy'?",
    ),
    "a column more": (
        "x,y,z,kind\n1,2,3,가\n",
        "it has besides the column 'z'; the training data has: x, y, kind",
        None,
        None,
    ),
    "text for numbers": (
        "x,y,kind\n1,2,가\n1,two,가\n",
        "column 'y' holds text, in the training data numbers",
        None,
        None,
    ),
    "numbers for text": (
        "x,y,kind\n1,2,3\n",
        "column 'kind' holds numbers, in the training data text",
        None,
        None,
    ),
    "another class": (
        "x,y,kind\n1,2,가\n1,2,나\n1,2,라\n",
        "label '라' in row 3 is none of the classes: 가, 나, 다",
        4,
        None,
    ),
}


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("case", DIFFERENT)
def test_a_file_unlike_the_training_data_is_refused_by_name(
    case: str, split: str, parts: Parts, refuse: Callable[..., Any]
) -> None:
    content, message, line, hint = DIFFERENT[case]
    Path(parts[split]).write_text(content, encoding="utf-8")
    refusal = refuse({"source": parts, "target": "kind"}, labels="classes")
    assert (refusal.code, refusal.message, refusal.file, refusal.line, refusal.hint) == (
        4,
        message,
        parts[split],
        line,
        hint,
    )


def test_the_order_of_the_columns_does_not_matter(parts: Parts, load: Callable[..., Dataset]) -> None:
    Path(parts["test"]).write_text("kind,x,y\n다,7,1.5\n", encoding="utf-8")
    test = load({"source": parts, "target": "kind"}, labels="classes").splits["test"]
    assert (test.inputs["features"][:].tolist(), test.target[:].tolist()) == ([[7.0, 1.5]], [2])


def test_a_class_that_is_written_may_be_missing_in_training(parts: Parts, load: Callable[..., Dataset]) -> None:
    Path(parts["test"]).write_text("x,y,kind\n1,2,라\n", encoding="utf-8")
    target = {"column": "kind", "classes": ["가", "나", "다", "라"]}
    assert load({"source": parts, "target": target}, labels="classes").splits["test"].target[:].tolist() == [3]


def test_arrays_of_another_form_are_refused(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((8, 4), np.float32), y=np.arange(8) % 2)
    np.savez(tmp_path / "b.npz", x=np.zeros((8, 5), np.float32), y=np.arange(8) % 2)
    source = {
        name: {"npz": {"path": str(tmp_path / f"{file}.npz"), "inputs": "x", "target": "y"}}
        for name, file in [("train", "a"), ("test", "b")]
    }
    refusal = refuse({"source": source}, labels="classes")
    assert refusal.message == "'x' has the shape (5,) a sample, in the training data (4,)"
    assert refusal.file == str(tmp_path / "b.npz")


def test_series_cut_into_other_windows_are_refused(parts: Parts, refuse: Callable[..., Any]) -> None:
    def cut(split: str, window: int) -> dict[str, Any]:
        return {"series": {"path": parts[split], "window": window}}

    source = {"train": cut("train", 3), "test": cut("test", 4)}
    refusal = refuse({"source": source, "target": "y"}, labels="numbers")
    assert refusal.message == "its series are cut into other windows than those of the training data"
    assert refusal.file == parts["test"]


def test_series_of_two_splits_share_no_window(parts: Parts, load: Callable[..., Dataset]) -> None:
    source = {split: {"series": {"path": path, "window": 3}} for split, path in parts.items()}
    dataset = load({"source": source, "inputs": ["x"], "target": "x"}, labels="numbers")
    assert {split: len(each) for split, each in dataset.splits.items()} == {"train": 57, "validation": 6, "test": 3}
    for start, split in [(0, "train"), (100, "validation"), (200, "test")]:
        each = dataset.splits[split]
        count = len(each)
        assert each.target[:].tolist() == list(range(start + 3, start + 3 + count))
        wanted = [[start + row + step for step in range(3)] for row in range(count)]
        assert each.inputs["features"][:][..., 0].tolist() == wanted


def test_a_split_without_a_row_that_is_left_is_refused(parts: Parts, refuse: Callable[..., Any]) -> None:
    Path(parts["validation"]).write_text(f"{COLUMNS}\n1,,가\n,2,나\n", encoding="utf-8")
    refusal = refuse({"source": parts, "target": "kind", "missing": "drop"}, labels="classes")
    assert refusal.message == "the validation split would be empty: none of its rows is left"
    Path(parts["validation"]).write_text("\n".join([COLUMNS, *rows_of(9)]), encoding="utf-8")
    short = {split: {"series": {"path": path, "window": 8}} for split, path in parts.items()}
    refusal = refuse({"source": short, "target": "x", "inputs": ["x"]}, labels="numbers")
    assert refusal.message == "the test split would be empty: none of its series is as long as a window"


def test_rows_that_are_dropped_are_dropped_from_their_own_split(parts: Parts, load: Callable[..., Dataset]) -> None:
    Path(parts["validation"]).write_text(f"{COLUMNS}\n100,,가\n101,2,나\n102,3,다\n", encoding="utf-8")
    dataset = load({"source": parts, "target": "kind", "missing": "drop"}, labels="classes")
    assert dataset.notes == ("1 row with empty cells was left out",)
    assert (len(dataset.splits["train"]), len(dataset.splits["test"])) == (60, 6)
    validation = dataset.splits["validation"]
    assert (x_of(dataset, "validation"), validation.rows.tolist()) == ([101.0, 102.0], [61, 62])
    assert dataset.fields.where(61)[1:] == (3, "row 2")


@pytest.mark.parametrize("by", ["time", "time:x", "group:x", "column:kind", "file"])
def test_files_of_their_own_cannot_be_split_another_way(by: str, parts: Parts, refuse: Callable[..., Any]) -> None:
    refusal = refuse({"source": parts, "target": "kind", "split": {"by": by}}, labels="classes")
    assert refusal.message == (
        f"the data has splits of its own (train, validation, test), so it cannot be split by {by}"
    )
    assert (refusal.code, refusal.hint) == (4, "leave data.split.by out")


def many_files(write: Callable[..., Path], counts: list[int]) -> list[str]:
    """Files of so many rows, each of which bears the number of its file."""
    return [
        str(write("\n".join(["file,y", *[f"{number},{row % 5}" for row in range(count)]]) + "\n", f"{number:02}.csv"))
        for number, count in enumerate(counts)
    ]


def test_by_file_no_file_is_in_two_splits(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    for counts in ([3, 9, 14, 6, 20, 8, 11, 5, 17, 7], [9] * 10):
        check_files_apart(counts, write, load)


def check_files_apart(counts: list[int], write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    """Splits ten files of so many rows by five seeds."""
    paths = many_files(write, counts)
    block: dict[str, Any] = {"source": {"csv": paths}, "inputs": ["file"], "target": "y"}
    found = set()
    for seed in range(5):
        dataset = load({**block, "split": {"by": "file", "validation": 0.2, "test": 0.2}}, labels="numbers", seed=seed)
        files = {split: set(each.inputs["features"][:][:, 0].tolist()) for split, each in dataset.splits.items()}
        assert sum(len(each) for each in files.values()) == len(set.union(*files.values())) == 10
        assert sum(len(each) for each in dataset.splits.values()) == sum(counts)
        for split, share in [("train", 0.6), ("validation", 0.2), ("test", 0.2)]:
            assert abs(len(dataset.splits[split]) - share * sum(counts)) <= max(counts) / 2
        found.add(tuple(sorted(files["test"])))
    assert len(set(counts)) > 1 or len(found) > 1  # of files of one size the seed decides which
    mixed = load({**block, "split": {"validation": 0.2, "test": 0.2}}, labels="numbers")
    everywhere = [set(each.inputs["features"][:][:, 0].tolist()) for each in mixed.splits.values()]
    assert set.intersection(*everywhere)


def test_by_file_after_rows_were_dropped(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    paths = many_files(write, [8, 8, 8, 8, 8])
    Path(paths[1]).write_text("file,y\n1,\n1,\n1,2\n", encoding="utf-8")
    block = {"source": {"csv": paths}, "inputs": ["file"], "target": "y", "missing": "drop"}
    dataset = load({**block, "split": {"by": "file", "validation": 0.2, "test": 0.2}}, labels="numbers")
    files = [set(each.inputs["features"][:][:, 0].tolist()) for each in dataset.splits.values()]
    assert sum(map(len, files)) == len(set.union(*files)) == 5
    assert sum(len(each) for each in dataset.splits.values()) == 33


def test_by_time_without_a_column_the_last_rows_are_the_test(parts: Parts, load: Callable[..., Dataset]) -> None:
    source = {"csv": [parts["train"], parts["test"]]}
    split = {"by": "time", "validation": 0.2, "test": 0.1}
    for seed in (0, 1):
        dataset = load({"source": source, "target": "kind", "split": split}, labels="classes", seed=seed)
        rows = {name: each.rows.tolist() for name, each in dataset.splits.items()}
        assert rows == {"train": list(range(46)), "validation": list(range(46, 59)), "test": list(range(59, 66))}
        assert x_of(dataset, "test") == [59.0, *range(200, 206)]
