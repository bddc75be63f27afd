"""The pieces that engines are made of: parts of an order, the pace of calls, where they pause, how tensors are placed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.training.engine.read_ahead import batches_at_once
from dlcli.training.engine.steps import Pace, Work, placed_tensor, started_at, without


class Samples:
    """A feed of so many samples of 8 bytes."""

    def __init__(self, samples: int, *, numbers: int = 1) -> None:
        self.inputs, self.targets = np.zeros((samples, numbers), np.float32), np.zeros(samples, np.float32)

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"x": self.inputs[rows]}, {"y": self.targets[rows]}


def work(samples: int, batch_size: int, **more: Any) -> Work:
    feed: Any = Samples(samples)
    return Work(feed, None, batch_size, 0, **more)


def parts(*sizes: int) -> Iterator[np.ndarray[Any, Any]]:
    """0, 1, 2, … in parts of these sizes."""
    yield from np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])


@pytest.mark.parametrize(
    ("left_out", "kept"),
    [(0, [[0, 1, 2], [3, 4]]), (2, [[2], [3, 4]]), (3, [[3, 4]]), (4, [[4]]), (5, []), (9, [])],
)
def test_an_order_goes_on_behind_the_samples_that_are_done(left_out: int, kept: list[list[int]]) -> None:
    assert [part.tolist() for part in without(parts(3, 2), left_out)] == kept


def test_an_epoch_has_as_many_steps_as_batches_and_ends_where_it_pauses() -> None:
    assert [work(samples, 32).steps for samples in (1, 32, 33, 64)] == [1, 1, 2, 2]
    free = work(320, 32)
    assert [free.end_of(3, step, wanted) for step, wanted in ((0, 4), (4, 99))] == [4, 10]
    assert (free.one_by_one, free.compiled_from) == (False, None)
    stops = work(320, 32, pause=lambda step, last: min(last, 37))
    assert [stops.end_of(3, step, wanted) for step, wanted in ((0, 4), (0, 99), (5, 99))] == [4, 7, 7]


def test_a_call_has_at_least_one_step_and_at_most_sixteen_times_as_many_as_the_last() -> None:
    pace = Pace(10**9)
    pace.seen(1, 1e-9)
    assert pace.steps == 16
    pace.seen(16, 1.0)
    assert pace.steps == 4
    pace.seen(4, 1e9)
    assert pace.steps == 1


def test_metrics_begin_anew_with_an_epoch_and_go_on_within_one() -> None:
    class Model:
        resets = 0

        def reset_metrics(self) -> None:
            self.resets += 1

    model = Model()
    assert (started_at(model, 5), model.resets) == (5, 0)
    assert (started_at(model, 0), model.resets) == (0, 1)


def test_a_block_has_at_least_one_batch_and_no_more_than_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcli.training.engine.read_ahead.BLOCK_BYTES", 1000)
    feed: Any = Samples(200)
    assert batches_at_once(feed, 10) == 12  # batches of 80 bytes
    assert batches_at_once(feed, 1000) == 1
    monkeypatch.setattr("dlcli.training.engine.read_ahead.MOST_BATCHES", 5)
    assert batches_at_once(feed, 10) == 5
    nothing: Any = Samples(0)
    assert batches_at_once(nothing, 10) == 5


def test_measuring_takes_as_many_samples_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.training.engine.measure import batch_of

    feed: Any = Samples(10, numbers=5)
    assert batch_of(feed) == 1024
    monkeypatch.setattr("dlcli.training.engine.measure.LARGE_BATCH_BYTES", 1000)
    assert batch_of(feed) == 50
    monkeypatch.setattr("dlcli.training.engine.measure.LARGE_BATCH_BYTES", 1)
    assert batch_of(feed) == 1
    nothing: Any = Samples(0)
    assert batch_of(nothing) == 1


def test_an_array_that_lies_as_tensorflow_needs_it_is_not_copied() -> None:
    whole = np.zeros(4096, np.float32)
    offset = -whole.ctypes.data % 64 // 4
    aligned = whole[offset : offset + 16]
    tensor = placed_tensor(aligned)
    assert tensor.numpy().tolist() == [0] * 16
    aligned[3] = 5
    assert tensor.numpy()[3] == 5
    for other in (whole[offset + 1 : offset + 17], whole[offset : offset + 32 : 2]):
        other[:] = 7
        copied = placed_tensor(other)
        other[3] = 5
        assert copied.numpy().tolist() == [7] * 16
    assert placed_tensor(np.array(["a", "ä"], object)).numpy().tolist() == [b"a", "ä".encode()]
    assert placed_tensor(np.zeros((0, 3), np.float32)).shape == (0, 3)


@pytest.fixture
def experiment(tmp_path: Path, write_experiment: Callable[..., Path]) -> Any:
    """Three classes of 16 numbers, in memory."""
    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    config, _ = load_config(str(write_experiment(tmp_path)))
    dataset = read_data(config)
    start_keras(seed=config.seed)
    return set_up(config, dataset)


def chosen(experiment: Any, *, by_batch: bool = False, **train: Any) -> tuple[Any, str]:
    from dataclasses import replace

    from dlcli.training.engine.engine_choice import choose_engine

    block = experiment.config.train.model_copy(update=train)
    config = experiment.config.model_copy(update={"train": block})
    return choose_engine(
        replace(experiment, config=config),
        by_batch=by_batch,
        pause=lambda step, last: last,
        changed=lambda what, way: None,
    )


def test_xla_takes_over_where_it_pays_before_the_end(experiment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory = "the training data is in memory"
    random = "with random numbers by Philox"
    macs = 16 * 8 + 8 * 3
    step = math.ceil(0.7 / (2e-4 + 3 * macs * 32 / 4e10))
    assert chosen(experiment)[1] == f"{in_memory}; not by XLA, which pays from step {step:,} on, and there are 9"
    monkeypatch.setattr("dlcli.training.engine.xla.COMPILE_SECONDS", 8e-4)
    assert chosen(experiment)[1] == f"{in_memory}; compiled by XLA from step 4 on, {random}"
    assert chosen(experiment, epochs=1)[1] == f"{in_memory}; not by XLA, which pays from step 4 on, and there are 3"
    monkeypatch.setattr("dlcli.training.engine.xla.COMPILE_SECONDS", 5.9e-4)
    engine, way = chosen(experiment, epochs=1)
    assert way == f"{in_memory}; not by XLA, which pays from step 3 on, and there are 3"
    assert engine.work.compiled_from is None
    engine, way = chosen(experiment, epochs=2)
    assert (engine.work.compiled_from, way) == (3, f"{in_memory}; compiled by XLA from step 3 on, {random}")
    assert chosen(experiment, by_batch=True)[1] == f"{in_memory}; not by XLA, because of callbacks by batch"
    engine, way = chosen(experiment, by_batch=True, xla=True)
    assert (engine.work.compiled_from, way) == (0, f"{in_memory}; compiled by XLA, as xla: true says")
    assert chosen(experiment, xla=False)[1] == in_memory
    assert chosen(experiment, engine="keras")[1] == "Keras's own fit, as engine: keras says"


def test_what_cannot_be_compiled_or_held_is_refused_where_it_was_asked_for(experiment: Any) -> None:
    from dlcli.errors import BlockError

    with pytest.raises(BlockError, match="^'xla: true' compiles steps over data in memory, and here Keras's own fit"):
        chosen(experiment, engine="keras", xla=True)
    engine, _ = chosen(experiment, xla=True)
    with pytest.raises(BlockError, match=r"^XLA cannot compile these steps: odd$"):
        engine.work.not_compiled(ValueError("odd"))
    with pytest.raises(BlockError, match=r"^XLA cannot compile these steps$"):
        engine.work.not_compiled(None)


def test_an_embedding_fits_where_all_numbers_of_all_its_inputs_have_a_row() -> None:
    import keras

    from dlcli.training.engine.xla import fits

    embedding = keras.layers.Embedding(10, 2)
    one, two = keras.Input((3,), name="one"), keras.Input((3,), name="two")
    model = keras.Model({"one": one, "two": two}, keras.layers.Add()([embedding(one), embedding(two)]))

    def given(least: int, most: int) -> np.ndarray[Any, Any]:
        return np.array([[least, 5, most]])

    assert fits(embedding, model, {"one": given(0, 9), "two": given(0, 9)})
    for wrong in (given(0, 10), given(-1, 9)):
        assert not fits(embedding, model, {"one": given(0, 9), "two": wrong})
        assert not fits(embedding, model, {"one": wrong, "two": given(0, 9)})
    assert not fits(embedding, model, {"one": given(0, 9)})
