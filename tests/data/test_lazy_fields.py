"""Lazy fields are the arrays that they stand for: for any rows, in any order, asked for by several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.lazy import Column, Joined, Lazy, Selected, block_rows, is_lazy, loaded, nbytes

SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 4)]


class OnDisk(Lazy):
    """An array behind the interface of a lazy field."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        super().__init__(values.shape, values.dtype)
        self.values = values

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = self.values[rows]
        return found


class Disk:
    """Arrays that are read in chunks, and a list of what was read."""

    def __init__(self, sizes: Sequence[int], *, keep: int = 2, **arrays: np.ndarray[Any, Any]) -> None:
        self.arrays = arrays
        self.starts = np.cumsum([0, *sizes])
        assert {len(values) for values in arrays.values()} == {int(self.starts[-1])}
        self.seen: list[tuple[int, tuple[str, ...]]] = []
        self.chunks = Chunks(sizes, self.read, keep=keep)

    def read(self, number: int, names: Collection[str]) -> Mapping[str, np.ndarray[Any, Any]]:
        self.seen.append((number, tuple(sorted(names))))
        rows = slice(self.starts[number], self.starts[number + 1])
        return {name: self.arrays[name][rows].copy() for name in names}

    def column(self, name: str) -> Column:
        values = self.arrays[name]
        return self.chunks.column(name, values.dtype, values.shape[1:])


def random_array(generator: np.random.Generator, samples: int, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Numbers of 32 or 64 bits, whole or not, or names with empty cells."""
    values = generator.normal(0, 100, (samples, *shape))
    kind = int(generator.integers(4))
    if kind == 3 and not shape:
        names = np.array(["가", "b", "c", None], dtype=object)
        chosen: np.ndarray[Any, Any] = names[generator.integers(0, 4, samples)]
        return chosen
    return values.astype([np.float32, np.float64, np.int64, np.int16][kind])


def random_sizes(generator: np.random.Generator) -> list[int]:
    """The sizes of one to six chunks, some of them empty, with at least one sample."""
    sizes: list[int] = generator.integers(0, 12, generator.integers(1, 7)).tolist()
    return [*sizes, 1]


def check_like(lazy: Column, values: np.ndarray[Any, Any], generator: np.random.Generator) -> int:
    """Compares a lazy field with its array in every way of asking; gives how many ways these were."""
    samples = len(values)
    assert (lazy.shape, lazy.dtype, lazy.ndim, len(lazy)) == (values.shape, values.dtype, values.ndim, samples)
    low, high = sorted(generator.integers(0, samples + 1, 2).tolist())
    questions: list[Any] = [
        slice(None),
        slice(low, high),
        slice(low, high, 3),
        slice(None, None, -1),
        slice(-3, None),
        slice(high, low),
        np.zeros(0, np.int64),
        np.arange(samples),
        generator.permutation(samples),
        generator.integers(0, samples, 25),
        generator.integers(0, samples, 25).astype(np.int32),
        [0, samples - 1, 0],
    ]
    for rows in questions:
        found = lazy[rows]
        assert isinstance(found, np.ndarray)
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, values[rows])
    return len(questions)


@pytest.mark.parametrize("seed", range(20))
def test_a_lazy_field_is_its_array_for_any_rows(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sizes = random_sizes(generator)
    asked = 0
    for shape in SHAPES:
        values = random_array(generator, sum(sizes), shape)
        asked += check_like(OnDisk(values), values, generator)
        chunked = Disk(sizes, keep=int(generator.integers(0, 4)), x=values).column("x")
        asked += check_like(chunked, values, generator)
        chosen = generator.integers(0, len(values), 30)
        asked += check_like(Selected(chunked, chosen), values[chosen], generator)
        twice = generator.permutation(30)[:11]
        asked += check_like(Selected(Selected(chunked, chosen), twice), values[chosen][twice], generator)
        asked += check_like(Joined([chunked, values, OnDisk(values)]), np.concatenate([values] * 3), generator)
    assert asked == 12 * 5 * len(SHAPES)


@pytest.mark.parametrize("seed", range(20))
def test_chunks_with_rows_left_out_and_chunks_of_several_files_are_their_arrays(seed: int) -> None:
    generator = np.random.default_rng(100 + seed)
    asked = 0
    for shape in SHAPES:
        first, second = random_sizes(generator), random_sizes(generator)
        whole = random_array(generator, sum(first) + sum(second), shape)
        disks = [Disk(first, x=whole[: sum(first)]), Disk(second, x=whole[sum(first) :])]
        joined = Chunks.joined([each.chunks for each in disks])
        assert (joined.rows, joined.samples) == ([*first, *second], len(whole))
        asked += check_like(joined.column("x", whole.dtype, shape), whole, generator)
        kept = np.flatnonzero(generator.random(len(whole)) < 0.6)
        kept = kept if len(kept) else np.array([len(whole) - 1])
        some = joined.of(kept)
        assert (some.samples, len(some.rows)) == (len(kept), len(first) + len(second))
        asked += check_like(some.column("x", whole.dtype, shape), whole[kept], generator)
        again = np.sort(generator.permutation(len(kept))[: max(1, len(kept) // 2)])
        asked += check_like(some.of(again).column("x", whole.dtype, shape), whole[kept][again], generator)
    assert asked == 12 * 3 * len(SHAPES)


def test_a_wrong_start_of_a_chunk_would_be_seen() -> None:
    values = np.arange(20)
    disk = Disk([8, 12], x=values)
    disk.chunks.starts = np.array([0, 9, 20])
    with pytest.raises((AssertionError, IndexError)):
        check_like(disk.column("x"), values, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        (["int64", "float64"], "float64"),
        (["int8", "int64"], "int64"),
        (["float32", "float64"], "float64"),
        (["bool", "uint8"], "uint8"),
    ],
)
def test_joined_fields_have_a_type_that_holds_all_of_them(types: list[str], wanted: str) -> None:
    parts = [np.array([0, 1, 1]).astype(each) for each in types]
    joined = Joined(parts)
    assert joined.dtype == wanted
    assert joined[[4, 0, 5, 2]].tolist() == [1, 0, 1, 1]
    assert joined[:].dtype == wanted


def test_several_threads_get_what_one_gets() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(400, 3))
    labels = generator.integers(0, 5, 400)
    disk = Disk([37] * 10 + [30], keep=2, x=values, y=labels)
    kept = np.flatnonzero(generator.random(400) < 0.8)
    fields = {"x": (disk.column("x"), values), "y": (disk.column("y"), labels)}
    some = disk.chunks.of(kept)
    fields["of"] = (some.column("x", values.dtype, (3,)), values[kept])
    fields["selected"] = (Selected(disk.column("x"), kept[::-1]), values[kept[::-1]])
    together = threading.Barrier(8)

    def ask(number: int) -> int:
        own = np.random.default_rng(number)
        together.wait(timeout=30)
        right = 0
        for _ in range(40):
            for column, array in fields.values():
                rows = own.integers(0, len(array), 60)
                right += bool(np.array_equal(column[rows], array[rows]))
        return right

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [40 * 4] * 8


def test_the_last_chunks_are_kept_and_only_what_is_asked_for_is_read() -> None:
    values = np.arange(40.0)
    disk = Disk([10, 10, 10, 10], keep=2, x=values, y=-values)
    column = disk.column("x")
    for rows in ([1], [2, 9], [11], [3], [25], [4], [12]):
        assert column[rows].tolist() == values[rows].tolist()
    assert disk.seen == [(0, ("x",)), (1, ("x",)), (2, ("x",)), (1, ("x",))]
    # Chunk 0 was asked for last each time, so chunk 1 and 2 made room; a column of its own is read on its own.
    disk.seen.clear()
    assert disk.column("y")[[39, 0]].tolist() == [-39.0, 0.0]
    assert sorted(disk.seen) == [(0, ("y",)), (3, ("y",))]


def test_nothing_is_read_before_it_is_asked_for() -> None:
    values = np.arange(30.0)
    disk = Disk([10, 20], x=values)
    column = disk.column("x")
    derived = [column, Selected(column, np.arange(5)), Joined([column, column])]
    assert [(len(each), nbytes(each), is_lazy(each)) for each in derived] == [
        (30, 240, True),
        (5, 40, True),
        (60, 480, True),
    ]
    disk.chunks.of(np.arange(3)).column("x", values.dtype)
    Chunks.joined([disk.chunks, disk.chunks]).column("x", values.dtype)
    assert disk.seen == []
    assert len(loaded(column)) == 30
    assert len(disk.seen) == 2


def test_blocks_of_a_field_have_at_least_one_sample() -> None:
    assert block_rows(np.zeros((10, 4), np.float32)) == (1 << 25) // 16
    wide = np.broadcast_to(np.zeros(1), (3, 1 << 30))
    assert block_rows(wide) == 1
    assert block_rows(np.zeros(0)) == 1 << 25


@pytest.mark.parametrize("seed", range(10))
def test_fields_in_pieces_are_the_fields(seed: int) -> None:
    generator = np.random.default_rng(200 + seed)
    sizes = random_sizes(generator)
    samples = sum(sizes)
    x, y, beside = (random_array(generator, samples, shape) for shape in [(), (2,), ()])
    disk = Disk(sizes, x=x, y=y)
    arrays: dict[str, Column] = {"x": disk.column("x"), "y": disk.column("y"), "beside": beside}
    half = samples // 2
    places = [Place("a.csv", half, 2), Place("b.csv", samples - half, 2)]
    fields = Fields(arrays, places, chunks=disk.chunks)
    plain = Fields({"x": x, "y": y, "beside": beside}, places)
    kept = np.flatnonzero(generator.random(samples) < 0.7)
    kept = kept if len(kept) else np.arange(1)
    for lazy, memory in [(fields, plain), (fields.chosen(kept), plain.chosen(kept))]:
        parts = list(lazy.parts({"x", "y", "beside"}))
        assert (len(parts), [part.samples for part in parts]) == (
            len(sizes),
            list(lazy.chunks.rows if lazy.chunks else []),
        )
        for name in ("x", "y", "beside"):
            found = np.concatenate([part.arrays[name][:] for part in parts])
            np.testing.assert_array_equal(found, memory.arrays[name][:])
        told = [part.where(row) for part in parts for row in range(part.samples)]
        assert told == [memory.where(row) for row in range(memory.samples)]
    assert fields.chosen(kept).where(0) == plain.where(int(kept[0]))


def test_images_stay_on_disk_where_they_would_not_fit_once_they_are_prepared(tmp_path: Any, monkeypatch: Any) -> None:
    from PIL import Image

    from dlcli.config.language import Language
    from dlcli.data import Data

    for number in range(10):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        Image.new("L", (10, 10), number).save(tmp_path / "ab"[number % 2] / f"{number}.png")
    # A value takes 1 byte as it is, 4 prepared and 4 as a tensor; a label 8, 4 and 4.
    needed = 10 * 10 * 10 * 9 + 10 * 16
    data = Data.model_validate({"source": {"images": str(tmp_path)}}, context=Language())
    for free, streams in ((2 * needed, False), (2 * needed - 2, True)):
        monkeypatch.setattr("dlcli.data.free_memory", lambda free=free: free)
        assert data.load(seed=0).streams is streams
