"""Choices of a draft and words beside a sample, at the limit itself where one more decides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.actions.judged import bare
from dlcli.actions.looks import MOST_CATEGORIES, too_many
from dlcli.actions.samples import caption


def names(present: int, different: int, *, empty: int = 0) -> Any:
    return np.array([f"n{at % different}" for at in range(present)] + [None] * empty, object)


@pytest.mark.parametrize(
    ("present", "different", "told"),
    [(20, 20, False), (21, 21, True), (30, 27, False), (30, 28, True), (100, 90, False)],
)
def test_nearly_as_many_names_as_rows_name_rows(present: int, different: int, told: bool) -> None:
    assert too_many(names(present, different)) is told
    assert too_many(names(present, different, empty=50)) is told


def test_more_names_than_categories_can_be_name_rows() -> None:
    assert not too_many(names(10 * MOST_CATEGORIES, MOST_CATEGORIES))
    assert too_many(names(10 * MOST_CATEGORIES, MOST_CATEGORIES + 1))


@pytest.mark.parametrize(
    ("values", "classes", "encode", "words"),
    [
        ([0, 1], ["u", "v"], "index", "v"),
        ([[1, 0], [0, 1]], ["u", "v"], "one_hot", "v"),
        ([0.5, 1.25], None, "none", "y 1.25"),
        ([[1.0, 2.0], [3.0, 4.0]], None, "none", ""),
        ([[0, 1], [1, 1]], ["u", "v"], "index", ""),  # a class for each of several places
    ],
)
def test_a_sample_is_called_by_its_target_where_that_is_one_thing(
    values: Any, classes: list[str] | None, encode: str, words: str
) -> None:
    array = np.array(values)
    one_hot = encode == "one_hot"
    target = SimpleNamespace(name="y", classes=classes, is_one_hot=one_hot, shape=array.shape[1:], void=())
    x = SimpleNamespace(name="x")
    dataset: Any = SimpleNamespace(
        schema=SimpleNamespace(targets=[target], inputs=[x]),
        splits={"train": SimpleNamespace(targets={"y": array})},
    )
    assert caption(dataset, x, 1) == words  # type: ignore[arg-type]
    dataset.schema.inputs.append(SimpleNamespace(name="z"))
    assert caption(dataset, x, 1) == f"x: {words}"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "shown"),
    [([[1], [2]], [1, 2]), ([[1, 2], [3]], [[1, 2], [3]]), ([[1, 2]], [1, 2]), ([5], 5), ([[5]], 5), ([], []), (5, 5)],
)
def test_a_single_number_is_shown_without_a_list_around_it(value: Any, shown: Any) -> None:
    assert bare(value) == shown
