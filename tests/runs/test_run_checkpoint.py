"""Checkpoints that nothing has damaged: what comes back, what is kept."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from dlcli.errors import ResourceError
from dlcli.runs import Run
from dlcli.runs.atomic import damage
from dlcli.runs.checkpoint import best, folders, load_checkpoint, mark_best, newest, remove_all, save, thin_out

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "dense/kernel": np.arange(12, dtype="float32").reshape(3, 4),
    "dense/bias": np.array([0.1, -0.0, 5e-324, 1.7e308], dtype="float64"),
    "half": np.array([1.5, 65504], dtype="float16"),
    "brain": np.array([[1.5, -2.0], [3e38, 0.0]], dtype=ml_dtypes.bfloat16),
    "brain scalar": np.array(0.25, dtype=ml_dtypes.bfloat16),
    "iterations": np.array(2**40, dtype="int64"),
    "seed": np.array([1, 2**32 - 1], dtype="uint32"),
    "flag": np.array([True, False]),
    "empty": np.zeros((0, 3), dtype="float32"),
    "층/가중치": np.array([7], dtype="int8"),
    "file": np.array([1], dtype="int8"),
    "a0": np.array([2], dtype="int8"),
    "turned": np.arange(6, dtype="float32").reshape(2, 3).T,
}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def store(run: Run, step: int, *, keep: int = 2) -> Path:
    return save(run, step=step, arrays={"w": np.full(3, float(step))}, state={"step": step}, keep=keep)


def steps(run: Run) -> list[int]:
    return [load_checkpoint(path).step for path in folders(run)]


def test_arrays_come_back_bit_for_bit_in_their_order(run: Run) -> None:
    path = save(run, step=120, arrays=ARRAYS, state={}, keep=2)
    assert path == run.path / "checkpoints" / "step-0000000120"
    assert names_in(path) == ["MANIFEST.json", "state.json", "vars.npz"]
    checkpoint = load_checkpoint(path)
    assert checkpoint.step == 120
    assert list(checkpoint.arrays) == list(ARRAYS)
    seen = 0
    for name, array in ARRAYS.items():
        found = checkpoint.arrays[name]
        assert (found.dtype, found.shape) == (array.dtype, array.shape), name
        assert found.tobytes() == array.tobytes(), name
        seen += 1
    assert seen == 13


def test_the_state_comes_back_as_json_holds_it(run: Run) -> None:
    state = {
        "epoch": np.int64(3),
        "rate": np.float32(0.1),
        "third": 1 / 3,
        "best": float("nan"),
        "worst": -math.inf,
        "done": np.bool_(True),
        "order": (1, np.array([2.5, math.inf])),
        "이름": "값",
        "folder": Path("a/b"),
        "bytes of a name": "a\udcff",
        "none": None,
    }
    assert load_checkpoint(save(run, step=1, arrays={}, state=state, keep=2)).state == {
        "epoch": 3,
        "rate": 0.10000000149011612,
        "third": 1 / 3,
        "best": None,
        "worst": None,
        "done": True,
        "order": [1, [2.5, None]],
        "이름": "값",
        "folder": "a/b",
        "bytes of a name": "a\udcff",
        "none": None,
    }


def test_a_run_without_checkpoints_has_no_newest(run: Run) -> None:
    assert newest(run) is None
    assert folders(run) == []
    run.checkpoints.mkdir()
    assert newest(run) is None


def test_the_newest_is_the_highest_step_whatever_the_clock_says(run: Run) -> None:
    for step in (9, 10, 100):
        path = store(run, step, keep=5)
        os.utime(path, (10_000 - step, 10_000 - step))
    checkpoint = newest(run)
    assert checkpoint is not None
    assert checkpoint.step == 100
    assert steps(run) == [9, 10, 100]


def test_only_folders_of_steps_are_checkpoints(run: Run) -> None:
    store(run, 1)
    for name in (".tmp-step-0000000009-1", ".del-step-0000000009-1", "step-9", "step-00000000099", "other"):
        (run.checkpoints / name).mkdir()
    assert steps(run) == [1]


@pytest.mark.parametrize(("keep", "kept"), [(1, [5]), (2, [4, 5]), (3, [3, 4, 5]), (9, [1, 2, 3, 4, 5]), (0, [5])])
def test_the_newest_are_kept(run: Run, keep: int, kept: list[int]) -> None:
    for step in range(1, 6):
        store(run, step, keep=keep)
    assert steps(run) == kept
    assert names_in(run.checkpoints) == [f"step-{step:010d}" for step in kept]


def test_the_best_is_kept_beside_the_newest(run: Run) -> None:
    assert best(run) is None
    for step in range(1, 7):
        store(run, step)
        if step in (2, 3):
            mark_best(run, step=step)
    assert best(run) == "step-0000000003"
    assert steps(run) == [3, 5, 6]


def test_a_step_saved_again_replaces_the_first(run: Run) -> None:
    store(run, 1)
    path = save(run, step=1, arrays={"v": np.zeros(2)}, state={"again": True}, keep=2)
    assert names_in(run.checkpoints) == ["step-0000000001"]
    checkpoint = load_checkpoint(path)
    assert list(checkpoint.arrays) == ["v"]
    assert checkpoint.state == {"again": True}


def test_damaged_checkpoints_of_later_steps_do_not_push_a_new_one_out(run: Run) -> None:
    for step in (10, 20, 30):
        store(run, step, keep=3)
    for step in (20, 30):
        (run.checkpoints / f"step-00000000{step}" / "vars.npz").unlink()
    store(run, 12)
    store(run, 14)
    store(run, 16)
    assert [path.name for path in folders(run) if not damage(path)] == ["step-0000000014", "step-0000000016"]
    checkpoint = newest(run)
    assert checkpoint is not None
    assert checkpoint.step == 16
    store(run, 30)
    assert [path.name[-2:] for path in folders(run)] == ["20", "30"]
    checkpoint = newest(run)
    assert checkpoint is not None
    assert checkpoint.step == 30


def test_a_checkpoint_that_cannot_be_made_says_so(run: Run) -> None:
    run.checkpoints.write_bytes(b"")
    with pytest.raises(ResourceError) as caught:
        store(run, 1)
    assert caught.value.file == str(run.checkpoints / "step-0000000001")
    assert newest(run) is None


@pytest.mark.parametrize(("keep", "left"), [(0, [5]), (1, [5]), (2, [4, 5]), (9, [1, 2, 3, 4, 5])])
def test_a_run_that_is_done_keeps_as_many_as_are_asked_for(run: Run, keep: int, left: list[int]) -> None:
    for step in range(1, 6):
        store(run, step, keep=9)
    mark_best(run, step=2)
    thin_out(run, keep=keep)
    assert steps(run) == left
    newest_one = newest(run)
    assert newest_one is not None
    assert newest_one.hollow is (keep == 0)
    assert newest_one.state == {"step": 5}
    assert ("w" in newest_one.arrays) is (keep > 0)
    thin_out(run, keep=keep)
    assert steps(run) == left


def test_a_hollow_checkpoint_says_where_a_run_ended_and_no_more(run: Run) -> None:
    state = {"progress": {"epoch": 3}, "random": list(range(1000))}
    save(run, step=7, arrays={"w": np.zeros(1000)}, state=state, keep=1, best={"w": np.zeros(1000)})
    thin_out(run, keep=0)
    kept = newest(run)
    assert kept is not None
    assert (kept.step, kept.state, kept.best, kept.hollow) == (7, {"progress": {"epoch": 3}}, None, True)
    assert sum(path.stat().st_size for path in run.checkpoints.rglob("*") if path.is_file()) < 1000
    assert best(run) is None
    remove_all(run)
    assert folders(run) == []
