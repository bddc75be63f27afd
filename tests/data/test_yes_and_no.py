"""Words for yes and no: in several columns they are 1 and 0; truth values are spelt as the data spells them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.errors import DataError

Load = Callable[..., Dataset]
BITS = np.random.default_rng(0).integers(0, 2, (40, 2))


def write(path: Path, words: tuple[str, str], **cells: str) -> dict[str, Any]:
    rows = [[words[bit] for bit in row] for row in BITS]
    for place, cell in cells.items():
        rows[int(place[1:]) - 1][0] = cell
    path.write_text("x,u,v\n" + "".join(f"{at},{','.join(row)}\n" for at, row in enumerate(rows)))
    return {"source": str(path), "inputs": ["x"], "target": ["u", "v"]}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("words", [("no", "yes"), ("No", "Yes"), ("NO", "yes"), ("false", "true"), ("False", "True")])
def test_columns_of_words_are_1_and_0(words: tuple[str, str], stream: bool, tmp_path: Path, load: Load) -> None:
    dataset = load({**write(tmp_path / "t.csv", words), "stream": stream}, labels="binary")
    for part in dataset.splits.values():
        np.testing.assert_array_equal(part.target[:], BITS[part.rows].astype(np.float32))


@pytest.mark.parametrize(
    ("words", "cells", "told", "line"),
    [
        (("n", "y"), {}, "'{}' in row 1", 2),
        (("F", "T"), {}, "'{}' in row 1", 2),
        (("no", "yes"), {"r6": "maybe"}, "'maybe' in row 6", 7),
    ],
)
def test_other_words_are_told_with_what_to_write(
    words: tuple[str, str], cells: dict[str, str], told: str, line: int, tmp_path: Path, load: Load
) -> None:
    with pytest.raises(DataError) as caught:
        load(write(tmp_path / "t.csv", words, **cells), labels="binary")
    first = told.format(words[BITS[0, 0]])
    assert caught.value.message == f"the target joins the columns u, v, but 'u' holds text ({first})"
    assert caught.value.line == line
    assert str(caught.value.hint).startswith("write 0 and 1, yes and no, or true and false for a yes or no in each")


@pytest.mark.parametrize("words", [("False", "True"), ("FALSE", "TRUE"), ("false", "true")])
@pytest.mark.parametrize("classes", [None, [True, False], [False, True]])
def test_truth_values_keep_the_spelling_of_the_data(
    classes: list[bool] | None, words: tuple[str, str], tmp_path: Path, load: Load
) -> None:
    block = write(tmp_path / "t.csv", words)
    target = "u" if classes is None else {"column": "u", "classes": classes}
    expected = list(words) if classes is None else [words[each] for each in classes]
    dataset = load({**block, "target": target}, labels="binary")
    assert dataset.classes == expected
    part = dataset.splits["train"]
    assert [expected[code] for code in part.target[:]] == [words[bit] for bit in BITS[part.rows, 0]]
