"""The shortcut that is proposed where the two ways of a residual have different shapes."""

from __future__ import annotations

import pytest

from dlcli.layers.from_key import is_name
from dlcli.layers.residual import bridge


@pytest.mark.parametrize(
    ("long", "short", "words"),
    [
        ((4, 3, 8), (8, 6, 4), "write shortcut: [Conv2D: {filters: 8, kernel_size: 1, strides: 2}]"),
        ((8, 6, 8), (8, 6, 4), "write shortcut: [Conv2D: {filters: 8, kernel_size: 1}]"),
        ((3, 2, 8), (9, 6, 8), "write shortcut: [Conv2D: {filters: 8, kernel_size: 1, strides: 3}]"),
        ((4, 6, 8), (8, 6, 8), "write padding: same in the layers, which otherwise lose the border"),
        ((6, 4, 8), (8, 6, 8), "write padding: same in the layers, which otherwise lose the border"),
        ((5, 8), (9, 8), "write shortcut: [Conv1D: {filters: 8, kernel_size: 1, strides: 2}]"),
        ((1, 8), (8, 8), "write shortcut: [Conv1D: {filters: 8, kernel_size: 1, strides: 8}]"),
        ((1, 8), (9, 8), "write padding: same in the layers, which otherwise lose the border"),
        ((16,), (8,), "write shortcut: [Dense: 16]"),
        ((4, 8), (8,), "give both ways the same number of axes"),
    ],
)
def test_one_stride_must_explain_every_axis(long: tuple[int, ...], short: tuple[int, ...], words: str) -> None:
    assert bridge(long, short) == words


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("a", True), (["a", "b"], True), (["a", 3], False), ([3, "a"], False), ([], False), (3, False)],
)
def test_names_are_text_or_a_list_of_nothing_else(value: object, is_one: bool) -> None:
    assert is_name(value) is is_one
