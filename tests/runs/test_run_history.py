"""The history of a run: what is read of a file that is being written, torn or damaged."""

from __future__ import annotations

import json
import math
import random
import struct

import numpy as np
import pytest

from dlcli.errors import ArtifactError
from dlcli.runs import Run, history

ENTRIES = [{"epoch": number, "train": {"loss": 1 / number, "정확도": 0.5}} for number in (1, 2, 3)]


def written(run: Run) -> bytes:
    for entry in ENTRIES:
        history.append(run, entry)
    return run.metrics.read_bytes()


def test_a_run_without_history_has_none(run: Run) -> None:
    assert history.read(run) == []
    run.metrics.write_bytes(b"")
    assert history.read(run) == []


def test_each_epoch_is_one_line_of_readable_json(run: Run) -> None:
    content = written(run)
    assert content.count(b"\n") == 3
    assert content.decode().splitlines()[0] == '{"epoch": 1, "train": {"loss": 1.0, "정확도": 0.5}}'
    assert history.read(run) == ENTRIES


def test_equal_histories_are_equal_files(run: Run) -> None:
    content = written(run)
    run.metrics.unlink()
    assert written(run) == content


def test_a_torn_last_line_is_left_out(run: Run) -> None:
    content = written(run)
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    seen = 0
    for length in range(len(content) + 1):
        run.metrics.write_bytes(content[:length])
        assert history.read(run) == ENTRIES[: sum(end <= length for end in ends)]
        seen += 1
    assert seen == len(content) + 1 > 100


@pytest.mark.parametrize(
    "line", [b"", b"{", b'{"epoch": 2', b"[1]", b"7", b"null", b"\xff\xfe", b"\0\0\0\0", b"[" * 100_000]
)
def test_damage_in_the_middle_is_told_with_its_line(run: Run, line: bytes) -> None:
    lines = written(run).split(b"\n")
    run.metrics.write_bytes(b"\n".join([lines[0], line, *lines[2:]]))
    with pytest.raises(ArtifactError) as caught:
        history.read(run)
    assert caught.value.message == "line 2 of the history is damaged"
    assert caught.value.line == 2
    assert caught.value.file == str(run.metrics)
    assert caught.value.code == 5


def test_floats_come_back_exactly(run: Run) -> None:
    dice = random.Random(7)
    values = [0.1, 1 / 3, -0.0, 5e-324, 1.7976931348623157e308, 1e-7, 123456789.123456789]
    while len(values) < 2000:
        (value,) = struct.unpack("<d", dice.randbytes(8))
        if math.isfinite(value):
            values.append(value)
    history.append(run, {"values": values})
    (entry,) = history.read(run)
    assert struct.pack("<2000d", *entry["values"]) == struct.pack("<2000d", *values)


def test_numbers_of_numpy_are_numbers(run: Run) -> None:
    third = np.float32(1) / np.float32(3)
    history.append(run, {"a": third, "b": np.int64(7), "c": np.array([1.5, 2.5]), "d": np.bool_(True)})
    assert history.read(run) == [{"a": float(third), "b": 7, "c": [1.5, 2.5], "d": True}]
    assert np.float32(history.read(run)[0]["a"]) == third


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("-inf")])
def test_what_is_not_finite_is_null(run: Run, value: float) -> None:
    history.append(run, {"train": {"loss": value}})
    text = run.metrics.read_text()
    assert text == '{"train": {"loss": null}}\n'
    assert json.loads(text) == history.read(run)[0]


def test_half_a_surrogate_pair_comes_back(run: Run) -> None:
    history.append(run, {"file": "a\udcff"})
    assert run.metrics.read_bytes() == b'{"file": "a\\udcff"}\n'
    assert history.read(run) == [{"file": "a\udcff"}]


def test_curves_are_by_split_with_gaps(run: Run) -> None:
    for entry in (
        {"epoch": 1, "train": {"loss": 3.0}, "validation": {"loss": 4.0}},
        {"epoch": 2, "train": {"loss": None}},
        {"epoch": 3, "train": {"loss": 1.0, "accuracy": 0.5}, "validation": {"loss": 2.0}},
    ):
        history.append(run, entry)
    entries = history.read(run)
    found = history.curves(entries, "loss")
    assert list(found) == ["train", "validation"]
    assert (found["train"][0], found["train"][2]) == (3.0, 1.0)
    assert (found["validation"][0], found["validation"][2]) == (4.0, 2.0)
    assert math.isnan(found["train"][1])
    assert math.isnan(found["validation"][1])
    assert list(history.curves(entries, "accuracy")) == ["train"]
    assert history.curves(entries, "nothing") == {}
    assert history.curves([], "loss") == {}
