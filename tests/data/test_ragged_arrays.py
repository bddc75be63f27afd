"""Rows of different lengths and single values are told, whoever hands them over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlcli.data.sources.arrays.shared import check_samples
from dlcli.data.sources.python import Python
from dlcli.data.sources.samples.public import dataset_columns, plain_fields
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("[[1, 2], []]", "the rows of 'x' differ in length: row 1 has 2 values, row 2 has 0"),
        ("[[1], 3]", "the rows of 'x' differ in length: row 1 has 1 values, row 2 has 0"),
        ("[[[1], [2]], [[3], [4, 5]]]", "'x' cannot be made an array: "),
        ("[[1, 2], [3, 4]]", None),
    ],
)
def test_a_function_gives_rows_of_one_length(rows: str, message: str | None, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"def load():\n    return {{'x': {rows}, 'y': [0, 1]}}\n")
    source = Python(path=str(tmp_path / "mine.py"))
    if message is None:
        assert source.read(Reading(allow_code=True)).arrays["x"].shape == (2, 2)
        return
    with pytest.raises(DataError) as caught:
        source.read(Reading(allow_code=True))
    assert caught.value.message.startswith(message)
    assert (caught.value.kind, caught.value.file) == ("unsupported_type", str(tmp_path / "mine.py"))


def test_a_single_value_has_no_samples(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        check_samples({"x": np.zeros((3, 2)), "y": np.float64(3).reshape(())}, tmp_path / "a.npz")
    assert caught.value.message == "'y' is a single value; expected samples on the first axis"
    assert caught.value.kind == "no_sample_axis"


class Table(dict[str, list[object]]):
    """A split as Hugging Face has it."""

    @property
    def features(self) -> list[str]:
        return list(self)


def test_a_ragged_column_of_a_public_set_is_left_out() -> None:
    columns = dataset_columns(Table(x=[[1, 2], [3]], y=[0, 1], s=["a", "b"]))
    fields = plain_fields(columns, {}, "y")
    assert sorted(fields.arrays) == ["s", "y"]
    assert fields.notes == ("the field 'x' is neither numbers nor text and was left out",)
