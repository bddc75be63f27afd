"""Streaming: data in chunks becomes what it becomes in memory, trains to the same bits, and leaves nothing behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset, Schema
from dlcli.data.assemble import assembled
from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.lazy import Column
from dlcli.errors import DataError
from dlcli.spec import Wanted

ROWS = 240
SIZES = (50, 70, 0, 64, 56)
BATCH = 32


class Disk:
    """Arrays that are read in chunks; counts how many chunks are in memory, and can break."""

    def __init__(self, arrays: Mapping[str, np.ndarray[Any, Any]], sizes: Sequence[int] = SIZES) -> None:
        self.arrays, self.starts = arrays, np.cumsum([0, *sizes])
        self.alive, self.most, self.reads = 0, 0, 0
        self.broken: int | None = None
        self.lock = threading.Lock()
        self.chunks = Chunks(sizes, self.read)

    def read(self, number: int, names: Collection[str]) -> Mapping[str, np.ndarray[Any, Any]]:
        if number == self.broken:
            raise DataError("row group 3 is damaged", kind="damaged_file", file="trees.parquet")
        found = {name: self.arrays[name][self.starts[number] : self.starts[number + 1]].copy() for name in names}
        with self.lock:
            self.reads += 1
            self.alive += 1
            self.most = max(self.most, self.alive)
        for values in list(found.values())[:1]:
            weakref.finalize(values, self.gone)
        return found

    def gone(self) -> None:
        with self.lock:
            self.alive -= 1


def arrays_of(samples: int = ROWS) -> dict[str, np.ndarray[Any, Any]]:
    """Numbers and names, arrays, classes, and yes or no."""
    generator = np.random.default_rng(8)
    kinds = generator.integers(0, 3, samples)
    return {
        "height": generator.normal(10, 3, samples) + kinds,
        "width": generator.normal(1, 0.2, samples).astype(np.float32),
        "leaves": generator.integers(0, 50, samples),
        "colour": np.array(["빨강", "blue", "green", "노랑"], dtype=object)[generator.integers(0, 4, samples)],
        "bark": generator.integers(0, 255, (samples, 4, 4, 1)).astype(np.uint8),
        "kind": np.array(["fir", "oak", "참나무"], dtype=object)[kinds],
        "code": kinds,
        "dry": generator.integers(0, 2, samples),
        "old": generator.integers(0, 2, samples).astype(np.float64),
    }


def with_gaps(arrays: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """The same with empty cells among numbers and names."""
    generator = np.random.default_rng(9)
    found = {**arrays, "height": arrays["height"].copy(), "colour": arrays["colour"].copy()}
    found["height"][generator.random(len(found["height"])) < 0.1] = np.nan
    found["colour"][generator.random(len(found["colour"])) < 0.1] = None
    return found


def fields_of(arrays: Mapping[str, np.ndarray[Any, Any]], disk: Disk | None) -> Fields:
    """The fields in memory, or read from a disk in chunks."""
    rows = len(arrays["height"])
    places = [Place("나무 1.csv", rows // 3, 2), Place("나무 2.csv", rows - rows // 3, 2)]
    columns: dict[str, Column] = dict(arrays)
    if disk is not None:
        columns = {name: disk.chunks.column(name, values.dtype, values.shape[1:]) for name, values in arrays.items()}
    return Fields(columns, places, chunks=None if disk is None else disk.chunks)


def loaded(block: Mapping[str, Any], fields: Fields, labels: Any, *, seed: int = 0) -> Dataset:
    """The data set of a data block, whose source has read these fields; on disk if they are."""
    data = Data.model_validate({"source": "iris", **block}, context=Language())
    named = labels if isinstance(labels, dict) else {None: labels}
    return assembled(
        fields,
        inputs=data.inputs,
        targets={name: (each, Wanted(named.get(name))) for name, each in data.all_targets.items()},
        split=data.split,
        policy=data.missing,
        seed=seed,
        limit=None if fields.chunks is None else 0,
    )


def both(
    block: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]], labels: Any, sizes: Sequence[int] = SIZES
) -> tuple[Dataset, Dataset, Disk]:
    """The data set in memory and the one on a disk."""
    disk = Disk(arrays, sizes)
    return (
        loaded(block, fields_of(arrays, None), labels),
        loaded(block, fields_of(arrays, disk), labels),
        disk,
    )


TABLE = ["height", "width", "leaves", "colour"]
BLOCKS: dict[str, tuple[dict[str, Any], Any]] = {
    "classes by name": ({"inputs": TABLE, "target": "kind"}, "classes"),
    "classes by index": ({"inputs": TABLE, "target": "code"}, "classes"),
    "classes without a loss": ({"inputs": TABLE, "target": "code"}, None),
    "one-hot": ({"inputs": TABLE, "target": {"column": "kind", "encode": "one_hot"}}, "one_hot"),
    "numbers": ({"inputs": ["width", "colour"], "target": "leaves"}, "numbers"),
    "yes or no": ({"inputs": TABLE, "target": "dry"}, "binary"),
    "vector of yes or no": ({"inputs": TABLE, "target": ["dry", "old"]}, "binary"),
    "vector of numbers": ({"inputs": TABLE, "target": ["leaves", "old"]}, "numbers"),
    "array": ({"inputs": {"bark": {"columns": "bark"}}, "target": "kind"}, "classes"),
    "array as target": ({"inputs": TABLE, "target": "bark"}, "numbers"),
    "text": ({"inputs": {"says": {"columns": "colour", "kind": "text"}}, "target": "code"}, "classes"),
    "several inputs and targets": (
        {
            "inputs": {"table": {"columns": TABLE}, "bark": {"columns": "bark"}},
            "targets": {"kind": "kind", "old": "old", "signs": {"column": ["dry", "old"]}},
        },
        {"kind": "classes", "old": "numbers", "signs": "binary"},
    ),
    "all that is no target": ({"inputs": [*TABLE, "bark"], "target": "kind"}, "classes"),
    "by group": ({"inputs": TABLE, "target": "code", "split": {"by": "group:leaves"}}, "classes"),
    "by time": ({"inputs": TABLE, "target": "code", "split": {"by": "time:height"}}, "classes"),
    "by file": (
        {"inputs": TABLE, "target": "code", "split": {"by": "file", "test": 0.0, "validation": 0.4}},
        "classes",
    ),
}
POLICIES: list[Any] = ["drop", "mean", "median", "most_frequent", {"constant": 0}]


def rounded(schema: Schema) -> dict[str, Any]:
    """A schema whose means are not compared in their last digit: a sum of sums is rounded otherwise."""
    plain: dict[str, Any] = schema.model_dump()
    for each in plain["inputs"]:
        for column in each["columns"] or []:
            if isinstance(column["fill"], float):
                column["fill"] = float(f"{column['fill']:.13g}")
    return plain


def check_same(memory: Dataset, disk: Dataset) -> None:
    """Compares all that a data set says and holds."""
    assert rounded(disk.schema) == rounded(memory.schema)
    assert list(disk.splits) == list(memory.splits)
    held = 0
    for name, split in memory.splits.items():
        other = disk.splits[name]
        assert (split.streams, other.streams) == (False, True)
        assert other.rows.tolist() == split.rows.tolist()
        for kind in ("inputs", "targets"):
            mine, theirs = getattr(split, kind), getattr(other, kind)
            assert list(mine) == list(theirs)
            for key, values in mine.items():
                assert theirs[key].shape == values.shape
                np.testing.assert_array_equal(theirs[key][:], values, err_msg=f"{name} {key}")
                shuffled = np.random.default_rng(1).permutation(len(values))
                np.testing.assert_array_equal(theirs[key][shuffled], values[shuffled])
        held += len(other)
    assert held > 0
    for target in memory.schema.targets:
        if target.classes is not None and len(target.shape) < 2:
            assert disk.class_counts("train", target) == memory.class_counts("train", target)


@pytest.mark.parametrize("case", BLOCKS)
def test_what_streams_is_what_it_is_in_memory(case: str) -> None:
    block, labels = BLOCKS[case]
    memory, disk, _ = both(block, arrays_of(), labels)
    check_same(memory, disk)
    cuts = memory.splits["train"].rows.searchsorted(np.cumsum([0, *SIZES]))
    assert disk.chunks is not None
    assert (disk.chunks.cuts.tolist(), memory.chunks) == (cuts.tolist(), None)


@pytest.mark.parametrize("sizes", [SIZES, (ROWS,), (1,) * ROWS], ids=["five", "one", "each row"])
@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_empty_cells_are_filled_or_dropped_alike(policy: Any, sizes: Sequence[int]) -> None:
    block = {"inputs": TABLE, "target": "kind", "missing": policy}
    memory, disk, _ = both(block, with_gaps(arrays_of()), "classes", sizes)
    check_same(memory, disk)
    if policy == "drop":
        said = "42 rows with empty cells were left out"
        assert (memory.notes, disk.notes) == ((said,), (said,))
        place = memory.splits["test"].rows[3]
        assert disk.fields.where(int(place)) == memory.fields.where(int(place))
    else:
        assert sum(len(each) for each in disk.splits.values()) == ROWS
        assert [column.name for column in disk.schema.inputs[0].columns or [] if column.fill is not None] != []


def test_a_value_that_differs_on_disk_would_be_seen() -> None:
    arrays = arrays_of()
    memory = loaded({"inputs": TABLE, "target": "kind"}, fields_of(arrays, None), "classes")
    arrays["height"] = arrays["height"].copy()
    arrays["height"][130] += 1e-3
    disk = loaded({"inputs": TABLE, "target": "kind"}, fields_of(arrays, Disk(arrays)), "classes")
    with pytest.raises(AssertionError, match="features"):
        check_same(memory, disk)


def broken(name: str, row: int, value: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays with another value in one row."""
    arrays = arrays_of()
    values = arrays[name].copy() if arrays[name].dtype != np.int64 else arrays[name].astype(np.float64)
    values[row] = value
    return {**arrays, name: values}


MISTAKES: dict[str, tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]], Any, str, str, int]] = {
    "empty cells": (
        {"inputs": TABLE, "target": "kind"},
        with_gaps(arrays_of()),
        "classes",
        "empty cells: 'height' 17, 'colour' 26; the first in row 4",
        "나무 1.csv",
        5,
    ),
    "an empty target": (
        {"inputs": TABLE, "target": "kind", "missing": "mean"},
        broken("kind", 200, None),
        "classes",
        "the target 'kind' is empty in 1 row, first in row 121",
        "나무 2.csv",
        122,
    ),
    "an infinite number": (
        {"inputs": TABLE, "target": "kind"},
        broken("height", 130, np.inf),
        "classes",
        "'height' is infinite in 1 row, first in row 51",
        "나무 2.csv",
        52,
    ),
    "neither yes nor no": (
        {"inputs": TABLE, "target": ["dry", "old"]},
        broken("old", 199, 1.25),
        "binary",
        "'old' is 1.25 in row 120; a loss for yes and no needs numbers from 0 to 1",
        "나무 2.csv",
        121,
    ),
    "a label that is no whole number": (
        {"inputs": TABLE, "target": "code"},
        broken("code", 150, 1.5),
        "classes",
        "label 1.5 in row 71 is no whole number, but the loss needs classes",
        "나무 2.csv",
        72,
    ),
    "a label that is none of the classes": (
        {"inputs": TABLE, "target": {"column": "kind", "classes": ["fir", "oak", "참나무"]}},
        broken("kind", 236, "pine"),
        "classes",
        "label 'pine' in row 157 is none of the classes: fir, oak, 참나무",
        "나무 2.csv",
        158,
    ),
    "text under a loss of numbers": (
        {"inputs": TABLE, "target": "kind"},
        arrays_of(),
        "numbers",
        "target 'kind' is text ('참나무' in row 1), but the loss compares numbers",
        "나무 1.csv",
        2,
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_in_the_data_are_told_alike_with_their_row(case: str) -> None:
    block, arrays, labels, message, file, line = MISTAKES[case]
    told = []
    for disk in (None, Disk(arrays), Disk(arrays, (1,) * ROWS)):
        with pytest.raises(DataError) as caught:
            loaded(block, fields_of(arrays, disk), labels)
        error = caught.value
        told.append((error.message, error.file, error.line, error.hint))
    assert told[0][:3] == (message, file, line)
    assert told[1:] == [told[0], told[0]]


def test_few_chunks_are_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcli.data.encode.BUFFER_BYTES", 1)
    arrays = arrays_of(4000)
    disk = Disk(arrays, [40] * 100)
    gc.collect()
    dataset = loaded(
        BLOCKS["several inputs and targets"][0],
        fields_of(arrays, disk),
        {"kind": "classes", "old": "numbers", "signs": "binary"},
    )
    assert dataset.chunks is not None
    assert dataset.chunks.together == 2
    train = dataset.splits["train"]
    for part in orders(dataset, epochs=2):
        for column in [*train.inputs.values(), *train.targets.values()]:
            column[part]
    assert disk.reads > 400
    assert disk.most <= 8, f"{disk.most} of 100 chunks were in memory at once"
    control = Disk(arrays, [40] * 100)
    held = [control.chunks.read(number, {"height"}) for number in range(100)]
    assert (len(held), control.most) == (100, 100)


def orders(dataset: Dataset, *, epochs: int) -> Iterator[np.ndarray[Any, Any]]:
    """The parts of the order of some epochs."""
    from dlcli.data.fields.order import order

    for epoch in range(epochs):
        yield from order(len(dataset.splits["train"]), seed=0, epoch=epoch, layout=dataset.chunks)


def feed_of(dataset: Dataset, split: str = "train") -> Any:
    """A split as the model takes it."""
    from dlcli.training.setup.feed import Feed

    return Feed(dataset.splits[split], None, dataset.schema.targets)


def model_of(dataset: Dataset) -> Any:
    """A compiled model for two inputs and three targets, with dropout and normalization, from a seed."""
    import keras

    keras.utils.set_random_seed(4)
    inputs = {
        each.name: keras.Input(tuple(each.shape), name=each.name, dtype="float32") for each in dataset.schema.inputs
    }
    table = keras.layers.Dense(8, activation="relu")(inputs["table"])
    table = keras.layers.Dropout(0.3, seed=1)(table)
    bark = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs["bark"]))
    both = keras.layers.BatchNormalization()(keras.layers.Concatenate()([table, bark]))
    outputs = {
        "kind": keras.layers.Dense(3, activation="softmax", name="kind")(both),
        "old": keras.layers.Dense(1, name="old")(both),
        "signs": keras.layers.Dense(2, activation="sigmoid", name="signs")(both),
    }
    model = keras.Model(inputs, outputs)
    model.compile(
        loss={"kind": "sparse_categorical_crossentropy", "old": "mse", "signs": "binary_crossentropy"},
        optimizer="adam",
        metrics={"kind": ["accuracy"]},
    )
    return model


SEVERAL, SEVERAL_LABELS = BLOCKS["several inputs and targets"]


def trained(kind: str, dataset: Dataset, layout: Any, *, seed: int = 6) -> tuple[list[Any], list[dict[str, float]]]:
    """All weights after three epochs in an engine, and the history."""
    from dlcli.training.engine.engines import ResidentEngine, StreamingEngine
    from dlcli.training.engine.steps import Work
    from dlcli.training.setup.weights import Weights

    weight = np.linspace(0.5, 1.5, len(dataset.splits["train"])).astype(np.float32)
    model = model_of(dataset)
    weights = Weights(dataset.schema.targets, {}, weight)
    work = Work(feed_of(dataset), weights, BATCH, seed, layout=layout)
    assert work.feed.streams == (kind == "streaming")
    engine = (StreamingEngine if kind == "streaming" else ResidentEngine)(model, work)
    history = [engine.epoch(number, between=lambda step, loss: True) for number in range(3)]
    return [each.numpy() for each in model.weights], history


def test_a_stream_trains_to_the_same_weights_and_history_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcli.training.engine.read_ahead.MOST_BATCHES", 2)
    memory, disk, _ = both(SEVERAL, arrays_of(), SEVERAL_LABELS)
    layout = disk.chunks
    assert layout is not None
    assert len(memory.splits["train"]) % BATCH != 0
    streamed, told = trained("streaming", disk, layout)
    resident, said = trained("resident", memory, layout)
    assert len(streamed) == len(resident) > 8
    for index, (mine, other) in enumerate(zip(streamed, resident, strict=True)):
        np.testing.assert_array_equal(mine, other, err_msg=f"weight {index}")
    assert told == said
    for epoch in told:  # the last batch is ragged, and counts by its size
        parts = sum(epoch[f"{name}_loss"] for name in ("kind", "old", "signs"))
        assert epoch["loss"] == pytest.approx(parts, rel=1e-5)
    assert sorted(told[0]) == ["kind_accuracy", "kind_loss", "loss", "old_loss", "signs_loss"]
    another, _ = trained("resident", memory, None)
    assert any(not np.array_equal(mine, other) for mine, other in zip(streamed, another, strict=True))


def test_measures_and_predictions_of_a_stream_are_those_in_memory() -> None:
    from dlcli.training.engine.measure import Measure

    memory, disk, _ = both(SEVERAL, arrays_of(3000), SEVERAL_LABELS, [300] * 10)
    model = model_of(memory)
    measure = Measure(model)
    assert measure.measure(feed_of(disk)) == measure.measure(feed_of(memory))
    mine, other = measure.predict(feed_of(disk)), measure.predict(feed_of(memory))
    assert {name: values.shape for name, values in mine.items()} == {
        "kind": (2100, 3),
        "old": (2100, 1),
        "signs": (2100, 2),
    }
    for name, values in mine.items():
        np.testing.assert_array_equal(values, other[name])


def test_the_feed_of_a_stream_gives_any_samples_in_any_order() -> None:
    memory, disk, _ = both(SEVERAL, arrays_of(), SEVERAL_LABELS)
    generator = np.random.default_rng(0)
    for _ in range(5):
        rows = generator.integers(0, len(memory.splits["train"]), 40)
        for mine, other in zip(feed_of(disk).take(rows), feed_of(memory).take(rows), strict=True):
            assert list(mine) == list(other)
            for name in mine:
                assert mine[name].dtype == other[name].dtype
                np.testing.assert_array_equal(mine[name], other[name])
    assert feed_of(disk).target("kind").tolist() == feed_of(memory).target("kind").tolist()


def readers() -> list[str]:
    """The threads that read ahead."""
    return [each.name for each in threading.enumerate() if each.name.startswith("read ahead")]


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a single batch."""
    monkeypatch.setattr("dlcli.training.engine.read_ahead.MOST_BATCHES", 1)


def streaming_engine(dataset: Dataset, *, one_by_one: bool = True) -> Any:
    from dlcli.training.engine.engines import StreamingEngine
    from dlcli.training.engine.steps import Work

    return StreamingEngine(
        model_of(dataset), Work(feed_of(dataset), None, BATCH, 0, layout=dataset.chunks, one_by_one=one_by_one)
    )


@pytest.mark.parametrize("end", ["stop", "interrupt"])
def test_a_training_that_is_ended_between_blocks_leaves_no_thread(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch)
    _, disk, _ = both(SEVERAL, arrays_of(), SEVERAL_LABELS)
    engine = streaming_engine(disk)
    steps: list[int] = []
    seen: list[str] = []

    def between(step: int, loss: float) -> bool:
        steps.append(step)
        seen.extend(readers())
        if step == 2 and end == "interrupt":
            raise KeyboardInterrupt
        return step < 2

    if end == "interrupt":
        with pytest.raises(KeyboardInterrupt):
            engine.epoch(0, between=between)
    else:
        assert engine.epoch(0, between=between)["loss"] > 0
    assert steps == [1, 2]
    assert seen  # there was a thread, and it is gone
    assert readers() == []
    steps.clear()
    engine.epoch(1, between=lambda step, loss: bool(steps.append(step) or True))  # type: ignore[func-returns-value]
    assert steps == list(range(1, engine.steps + 1))
    assert readers() == []


def test_an_error_while_a_block_is_read_reaches_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch)
    _, disk, source = both(SEVERAL, arrays_of(), SEVERAL_LABELS)
    engine = streaming_engine(disk)
    assert len(engine.epoch(0, between=lambda step, loss: True)) == 5
    source.broken = 3
    source.chunks._kept.clear()
    for split in disk.splits.values():
        for column in split.inputs.values():
            column.column.chunks._kept.clear()  # type: ignore[attr-defined]
    with pytest.raises(DataError) as caught:
        engine.epoch(1, between=lambda step, loss: True)
    assert (caught.value.message, caught.value.file) == ("row group 3 is damaged", "trees.parquet")
    assert readers() == []


@pytest.mark.parametrize("seed", range(10))
def test_blocks_are_the_order_cut_into_whole_batches(seed: int) -> None:
    from dlcli.training.engine.read_ahead import cut_order

    generator = np.random.default_rng(seed)
    sizes = generator.integers(0, 90, 8).tolist()
    batch, batches = int(generator.integers(1, 12)), int(generator.integers(1, 5))
    parts = np.split(generator.permutation(sum(sizes)), np.cumsum(sizes)[:-1])
    pieces = list(cut_order(parts, batch * batches, batch_size=batch))
    assert np.concatenate(pieces).tolist() == np.concatenate(parts).tolist()
    assert [len(each) % batch for each in pieces[:-1]] == [0] * (len(pieces) - 1)
    assert max(map(len, pieces)) <= batch * batches
    assert min(map(len, pieces)) > 0


def test_blocks_are_read_ahead_by_one_thread_and_no_more_than_two(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.training.engine.read_ahead import batch_blocks

    small_blocks(monkeypatch)
    asked: list[Any] = []
    threads: set[str] = set()

    class Watched:
        """A feed that notes what is asked of it."""

        def __len__(self) -> int:
            return 100

        def take(self, rows: Any) -> Any:
            if not isinstance(rows, slice):
                asked.append(rows.tolist())
                threads.add(threading.current_thread().name)
            return {"x": np.zeros((1, 1), np.float32)}, {"y": np.zeros(1, np.float32)}

    feed: Any = Watched()
    made = batch_blocks(feed, [np.arange(100)], batch_size=10)
    for number in range(1, 11):
        rows, _, _ = next(made)
        assert rows.tolist() == list(range(10 * number - 10, 10 * number))
        assert number <= len(asked) <= min(10, number + 2)
    assert next(made, None) is None
    assert len(threads) == 1
    assert readers() == []
