"""Laws of data: splits are partitions, chunks are the arrays that they are read from, a CSV reads as it was written."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import LAW

from dlcli.data.fields.chunks import Chunks
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.split import Split

SHARES = st.sampled_from([0.0, 0.1, 0.15, 0.3, 0.45])
SEEDS = st.integers(0, 9)


def rows_of(split: Split, samples: int, *, seed: int, **rows: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The rows of each split, after it was seen that they are a partition and the seed alone decides."""
    found = split.rows(samples, seed=seed, classes=rows.get("classes"), column=rows.get("column"))
    again = split.rows(samples, seed=seed, classes=rows.get("classes"), column=rows.get("column"))
    assert {name: part.tolist() for name, part in found.items()} == {
        name: part.tolist() for name, part in again.items()
    }
    assert sorted(np.concatenate(list(found.values())).tolist()) == list(range(samples))
    assert all((np.diff(part) > 0).all() for part in found.values())
    return found


@LAW
@given(st.integers(20, 300), SHARES, SHARES, SEEDS, st.sampled_from(["random", "stratified", "time"]))
def test_a_split_is_a_partition_of_its_sizes(samples: int, validation: float, test: float, seed: int, by: str) -> None:
    classes = np.random.default_rng(seed).integers(0, 3, samples)
    found = rows_of(Split(validation=validation, test=test, by=by), samples, seed=seed, classes=classes)
    sizes = {"validation": round(samples * validation), "test": round(samples * test)}
    sizes["train"] = samples - sum(sizes.values())
    assert {name: len(part) for name, part in found.items()} == {name: size for name, size in sizes.items() if size}
    if by == "time" and test:
        assert found["test"].min() > found["train"].max()
    if by == "stratified":
        for part in found.values():
            for each in range(3):
                assert abs((classes[part] == each).sum() - (classes == each).mean() * len(part)) <= 2


@LAW
@given(st.lists(st.integers(0, 8), min_size=30, max_size=120), SHARES, SHARES, SEEDS)
def test_no_group_is_torn(groups: list[int], validation: float, test: float, seed: int) -> None:
    assume(len(set(groups)) >= 3)
    column = np.array(groups)
    found = rows_of(Split(validation=validation, test=test, by="group:g"), len(groups), seed=seed, column=column)
    members = [set(column[part].tolist()) for part in found.values()]
    assert sum(map(len, members)) == len(set(groups))


SIZES = st.lists(st.integers(0, 7), min_size=1, max_size=6).filter(any)


def chunks_of(sizes: list[int], values: np.ndarray[Any, Any]) -> Chunks:
    starts = np.cumsum([0, *sizes])

    def read(number: int, names: Collection[str]) -> Mapping[str, np.ndarray[Any, Any]]:
        return dict.fromkeys(names, values[starts[number] : starts[number + 1]])

    return Chunks(sizes, read)


@LAW
@given(SIZES, SIZES, st.data())
def test_chunks_are_the_arrays_that_they_are_read_from(one: list[int], two: list[int], data: Any) -> None:
    values = np.arange(2 * (sum(one) + sum(two))).reshape(-1, 2)
    first, second = values[: sum(one)], values[sum(one) :]
    joined = Chunks.joined([chunks_of(one, first), chunks_of(two, second)])
    assert (joined.samples, joined.rows) == (len(values), [*one, *two])
    np.testing.assert_array_equal(joined.in_memory({"x"})["x"], values)
    kept = np.array(sorted(data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1))))
    some = joined.of(kept)
    assert some.samples == len(kept)
    np.testing.assert_array_equal(some.in_memory({"x"})["x"], values[kept])
    rows = np.array(data.draw(st.lists(st.integers(0, len(kept) - 1), max_size=9)), dtype=int)
    np.testing.assert_array_equal(some.column("x", values.dtype, (2,))[rows], values[kept][rows])


CELLS = st.text(st.sampled_from("ab 가é,;\"'\t#=😀\n"), min_size=1, max_size=6).map(lambda text: f"z{text}z")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@LAW
@given(
    st.lists(st.tuples(CELLS, NUMBERS, st.integers(-(2**31), 2**31)), min_size=2, max_size=8), st.sampled_from(",;\t")
)
def test_a_table_written_as_csv_is_read_as_it_was(tmp_path: Path, rows: list[Any], separator: str) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator).writerows([("name", "real", "whole"), *rows])
    source = Csv(path=str(path), separator=separator)
    arrays = {name: column[:] for name, column in source.read(Reading()).arrays.items()}
    names, reals, wholes = zip(*rows, strict=True)
    assert arrays["name"].tolist() == list(names)
    np.testing.assert_array_equal(arrays["real"].astype(np.float64), np.array(reals))
    np.testing.assert_array_equal(arrays["whole"], np.array(wholes))
