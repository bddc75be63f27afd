"""The order of an epoch: all samples once, decided by seed and epoch alone, mixed well, and chunks read whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.lazy import Selected
from dlcli.data.fields.order import Layout, order


def parts_of(samples: int, *, seed: int, epoch: int, layout: Layout | None = None) -> list[np.ndarray[Any, Any]]:
    return list(order(samples, seed=seed, epoch=epoch, layout=layout))


def whole_of(samples: int, *, seed: int, epoch: int, layout: Layout | None = None) -> np.ndarray[Any, Any]:
    return np.concatenate(parts_of(samples, seed=seed, epoch=epoch, layout=layout))


def layout_of(sizes: Sequence[int], together: int) -> Layout:
    return Layout(np.cumsum([0, *sizes]), together)


def random_layout(generator: np.random.Generator) -> Layout:
    """One to thirty chunks of 0 to 40 samples, with at least one sample."""
    sizes = generator.integers(0, 41, generator.integers(1, 31)).tolist()
    return layout_of([*sizes, 1], int(generator.integers(1, 9)))


@pytest.mark.parametrize("seed", range(40))
def test_every_sample_comes_once_whatever_the_layout(seed: int) -> None:
    layout = random_layout(np.random.default_rng(seed))
    samples = int(layout.cuts[-1])
    for epoch in range(3):
        whole = whole_of(samples, seed=seed, epoch=epoch, layout=layout)
        assert np.sort(whole).tolist() == list(range(samples))


@pytest.mark.parametrize("samples", [1, 2, 31, 1000])
def test_without_a_layout_it_is_one_permutation_of_all(samples: int) -> None:
    for epoch in range(3):
        [whole] = parts_of(samples, seed=5, epoch=epoch)
        assert np.sort(whole).tolist() == list(range(samples))


@pytest.mark.parametrize("layout", [None, layout_of([30, 50, 20, 60, 40], 2)], ids=["all", "chunks"])
def test_seed_and_epoch_alone_decide(layout: Layout | None) -> None:
    first = whole_of(200, seed=1, epoch=0, layout=layout)
    np.random.default_rng(9).random(10)
    np.testing.assert_array_equal(first, whole_of(200, seed=1, epoch=0, layout=layout))
    others = [(1, 1), (1, 2), (2, 0), (0, 1), (0, 0)]
    differ = [not np.array_equal(first, whole_of(200, seed=seed, epoch=epoch, layout=layout)) for seed, epoch in others]
    assert differ == [True] * 5
    # An epoch can be asked for on its own: those before it need not be gone through.
    np.testing.assert_array_equal(
        whole_of(200, seed=1, epoch=7, layout=layout),
        [whole_of(200, seed=1, epoch=epoch, layout=layout) for epoch in range(8)][7],
    )


@pytest.mark.parametrize("seed", range(20))
def test_chunks_that_are_together_stay_together_and_no_chunk_is_read_twice(seed: int) -> None:
    layout = random_layout(np.random.default_rng(50 + seed))
    samples, count = int(layout.cuts[-1]), len(layout.cuts) - 1
    chunk_of = np.repeat(np.arange(count), np.diff(layout.cuts))
    parts = parts_of(samples, seed=seed, epoch=1, layout=layout)
    assert len(parts) == -(-count // layout.together)
    seen: list[int] = []
    for part in parts:
        held = np.unique(chunk_of[part])
        assert len(held) <= layout.together
        assert sum(np.diff(layout.cuts)[held]) == len(part)  # whole chunks
        seen += held.tolist()
    assert sorted(seen) == np.flatnonzero(np.diff(layout.cuts)).tolist()


def test_chunks_meet_other_chunks_in_other_epochs() -> None:
    layout = layout_of([10] * 12, 3)
    chunk_of = np.repeat(np.arange(12), 10)
    first: list[int] = []
    met: set[tuple[int, int]] = set()
    for epoch in range(60):
        parts = parts_of(120, seed=2, epoch=epoch, layout=layout)
        first.append(int(chunk_of[parts[0][0]]))
        for part in parts:
            held = np.unique(chunk_of[part]).tolist()
            met |= {(one, other) for one in held for other in held if one < other}
    assert len(met) == 12 * 11 // 2
    assert set(first) == set(range(12))


def correlation(order: np.ndarray[Any, Any]) -> float:
    """Between where a sample comes and where it stood."""
    return float(np.corrcoef(order, np.arange(len(order)))[0, 1])


def test_samples_are_mixed_well_within_what_is_together() -> None:
    sizes, together, epochs = [100] * 20, 4, 200
    layout = layout_of(sizes, together)
    chunk_of = np.repeat(np.arange(20), 100)
    neighbours, correlations, batches = [], [], []
    for epoch in range(epochs):
        for part in parts_of(2000, seed=11, epoch=epoch, layout=layout):
            # Of two samples that follow each other about one pair in 200 stood side by side before.
            neighbours.append(float(np.mean(np.abs(np.diff(part)) == 1)))
            correlations.append(correlation(np.argsort(np.argsort(part))))
            batches.append(np.bincount(np.searchsorted(np.unique(chunk_of[part]), chunk_of[part[:100]]), minlength=4))
    assert len(neighbours) == epochs * 5
    assert 0.003 < np.mean(neighbours) < 0.007
    # The mean of 1000 correlations of 400 ranks has a standard deviation of 1 / sqrt(1000 · 399).
    assert abs(np.mean(correlations)) < 5 / np.sqrt(1000 * 399)
    assert np.std(correlations) == pytest.approx(1 / np.sqrt(399), rel=0.15)
    # A batch of 100 holds about 25 samples of each of the four chunks: hypergeometric, variance 100 · ¼ · ¾ · 300 / 399.
    held = np.stack(batches)
    assert held.mean(axis=0) == pytest.approx([25] * 4, abs=5 * np.sqrt(14.1 / len(held)))
    assert held.var(axis=0) == pytest.approx([14.1] * 4, rel=0.25)


def test_over_many_epochs_every_sample_comes_at_every_time() -> None:
    layout = layout_of([7, 13, 10, 20], 2)
    epochs = 3000
    where = np.zeros(50)
    early = np.zeros(50)
    for epoch in range(epochs):
        whole = whole_of(50, seed=3, epoch=epoch, layout=layout)
        position = np.argsort(whole)
        where += position
        early += position < 25
    assert len(where) == 50
    assert np.abs(where / epochs - 24.5).max() < 1.5
    assert np.abs(early / epochs - 0.5).max() < 0.05


def test_an_order_that_is_not_mixed_would_be_seen() -> None:
    still = np.arange(400)
    assert np.mean(np.abs(np.diff(still)) == 1) == 1.0
    assert correlation(still) == pytest.approx(1.0)
    half = np.concatenate([np.random.default_rng(0).permutation(200), 200 + np.random.default_rng(1).permutation(200)])
    assert correlation(half) > 5 / np.sqrt(399)


def test_a_layout_counts_the_training_samples_of_each_chunk() -> None:
    chunks = Chunks([10, 0, 20, 5], lambda number, names: {}, keep=3)
    train = np.array([0, 3, 9, 10, 11, 29, 34])
    layout = Layout.of([np.zeros(35), chunks.column("x", np.float32, (4,))], train)
    assert layout is not None
    assert (layout.cuts.tolist(), layout.together) == ([0, 3, 3, 6, 7], 3)
    assert Layout.of([np.zeros(35), Selected(np.zeros(35), np.arange(35))], train) is None


def test_of_several_inputs_as_many_chunks_are_together_as_the_least_keeps() -> None:
    two, five = (Chunks([4] * 9, lambda number, names: {}, keep=keep) for keep in (2, 5))
    layout = Layout.of([five.column("a", np.float32), two.column("b", np.float32)], np.arange(36))
    assert layout is not None
    assert layout.together == 2
    assert len(parts_of(36, seed=0, epoch=0, layout=layout)) == 5
