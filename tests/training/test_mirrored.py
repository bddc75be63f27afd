"""Several devices of one machine: the numbers are those of one device, whatever is trained, and training goes on exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[1] / "mirrored.py"
ROUNDING = 1e-5
QUICK = ["normalized", "targets", "beside keras", "stopped", "noise"]


def found(folder: Path, *cases: str) -> dict[str, Any]:
    """What a process whose processor is divided into two says of cases."""
    done = subprocess.run(
        [sys.executable, PROGRAM, folder, *cases], capture_output=True, text=True, check=False, cwd=PROGRAM.parent
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {each["case"]: each for each in map(json.loads, done.stdout.splitlines())}


def check(told: dict[str, Any], *, count: int) -> None:
    """All cases are what one device gives."""
    noise = told.pop("noise")
    assert len(told) == count
    for case, each in told.items():
        # Numbers of 16 bits have three decimals.
        assert each["weights"] < (1e-3 if case == "half numbers" else ROUNDING), each
        assert each.get("history", 0.0) < (1e-3 if case == "half numbers" else ROUNDING), each
    assert told["stopped"] == {"case": "stopped", "weights": 0.0, "history": 0.0}
    first, second = noise["own"]
    assert first == noise["one"]
    assert not set(first) & set(second)
    assert noise["plain"][0] == noise["plain"][1]  # what it would be without


def test_two_devices_give_the_numbers_of_one(tmp_path: Path) -> None:
    check(found(tmp_path, *QUICK), count=4)


@pytest.mark.nightly
def test_two_devices_give_the_numbers_of_one_whatever_is_trained(tmp_path: Path) -> None:
    check(found(tmp_path), count=15)


def test_shares_that_count_the_same_are_noticed() -> None:
    """A negative control: the mean of means over unequal parts is another number."""
    import numpy as np

    values = np.array([1.0, 2.0, 6.0])
    assert abs(values.mean() - np.mean([values[:2].mean(), values[2:].mean()])) > ROUNDING


@pytest.mark.parametrize(("samples", "count"), [(32, 2), (33, 2), (1, 2), (7, 3), (2, 3), (0, 2)])
def test_shares_are_even_and_leave_nothing_out(samples: int, count: int) -> None:
    from dlcli.training.setup.replicas import Replicas, share

    parts = [list(range(samples))[share(samples, count, number)] for number in range(count)]
    assert [each for part in parts for each in part] == list(range(samples))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    both = Replicas(None, ["GPU:0", "GPU:1"], 2 * count, first=2)
    own = list(range(samples))[both.own_part(samples)]
    assert [each for number in (2, 3) for each in own[both.part_of(number, samples)]] == own


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (
            {"train.devices": ["gpu:0", "gpu:1"]},
            "devices_not_distributed",
            "training runs on one device, and 'devices'",
        ),
        (
            {"train.distribute": "mirrored", "train.engine": "keras"},
            "not_distributed",
            "'engine' is not for training on",
        ),
        (
            {"train.distribute": "mirrored", "train.xla": True},
            "not_distributed",
            "'xla' is not for training on several",
        ),
        (
            {
                "train.distribute": "mirrored",
                "optimizer": {"SGD": {"learning_rate": 0.1, "gradient_accumulation_steps": 2}},
            },
            "not_distributed",
            "gradients of several steps cannot be collected",
        ),
    ],
)
def test_what_does_not_go_with_several_devices_is_told_at_its_line(
    changes: dict[str, Any],
    kind: str,
    message: str,
    tmp_path: Path,
    write_experiment: Callable[..., Path],
    run_dlcli: Callable[..., Any],
) -> None:
    path = write_experiment(tmp_path, changes)
    (file,) = run_dlcli("validate", path.name, "--json", cwd=tmp_path).value["files"]
    (problem,) = file["problems"]
    assert problem["kind"] == kind
    assert problem["message"].startswith(message)
    assert problem["line"] > 1


def test_a_batch_smaller_than_the_devices_is_told_at_its_line() -> None:
    from dlcli.errors import BlockError
    from dlcli.training.setup.replicas import check_batch

    check_batch(2, 2)
    with pytest.raises(BlockError, match="a batch of 1 cannot be shared by 2 devices") as caught:
        check_batch(1, 2)
    assert caught.value.path == ("train", "batch_size")


def test_one_device_is_mirrored_too_and_it_says_so(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Callable[..., Any], read_history: Any
) -> None:
    path = write_experiment(tmp_path)
    assert run_dlcli("train", path.name, "--name", "one", cwd=tmp_path).code == 0
    done = run_dlcli("train", path.name, "--name", "two", "--set", "train.distribute=mirrored", "-v", cwd=tmp_path)
    assert done.code == 0
    assert "distributed (each batch is shared by CPU:0)" in " ".join(done.err.split())
    assert len(read_history(tmp_path, "one")) == 3
    assert read_history(tmp_path, "one") == read_history(tmp_path, "two")


def test_normalization_by_batches_is_spoken_of_where_it_sees_more_than_one_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from types import SimpleNamespace

    import keras

    from dlcli.training.distributed.twin import notes_on_sharing, synchronize
    from dlcli.training.setup.replicas import Replicas

    layers = [keras.layers.BatchNormalization(name=f"norm{number}") for number in range(5)]
    model = keras.Sequential([keras.Input((3,)), *layers, keras.layers.Dense(1)])
    experiment: Any = SimpleNamespace(model=model)
    assert notes_on_sharing(experiment, Replicas(None, ["CPU:0"], 1)) == []
    (note,) = notes_on_sharing(experiment, Replicas(None, ["CPU:0", "CPU:1"], 2))
    assert note == "the statistics of norm0, norm1, norm2 and 2 more are those of the whole batch (synchronized)"
    synchronize(model)
    assert [each.synchronized for each in layers] == [True] * 5
