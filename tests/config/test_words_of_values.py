"""How a value is told in an error, and what is counted of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlcli.config.yaml import extent, read_yaml
from dlcli.spec import describe, unquoted


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x" * 40, f"the text '{'x' * 40}'"),
        ("x" * 41, f"the text '{'x' * 39}…'"),
        (True, "the boolean true"),
        (0.5, "the number 0.5"),
        (None, "nothing"),
        ([1], "a list"),
        ({"a": 1}, "a mapping"),
    ],
)
def test_a_value_is_told_in_words(value: object, words: str) -> None:
    assert describe(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("3", "write 3 without quotes"),
        (" 0.5 ", "write 0.5 without quotes"),
        ("inf", None),
        ("nan", None),
        ("１２", None),
        ("three", None),
    ],
)
def test_a_number_in_quotes_is_told_without_them(value: str, words: str | None) -> None:
    assert unquoted(value) == words


@pytest.mark.parametrize(("most", "values"), [(1, 2), (4, 5), (5, 5), (6, 5)])
def test_values_are_counted_up_to_one_more_than_a_bound(most: int, values: int) -> None:
    node = read_yaml(b"a: [1, 2]\nb: 3\n", file="-", folder=Path())
    assert extent(node, at_most=most)[0] == values
