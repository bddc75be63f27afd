"""Whatever text becomes a key or a value of YAML on one line is read as the same text again."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAW

from dlcli.actions.written import inline_yaml
from dlcli.config.yaml import read_yaml

SIGNS = st.text(" :#-?,[]{}&*!|>'\"%@`~<=\\\t\n.0x1e+_anyo가\u0301é😀\u2028\x85\x1b", max_size=8)
TEXTS = st.one_of(
    SIGNS,
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.sampled_from(
        ["yes", "No", "null", "~", "1e3", "0x1f", "012", ".nan", "${name}", "2024-01-31", "true", "", "- a"]
    ),
).map(lambda text: unicodedata.normalize("NFC", text))
VALUES = st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans())


def read_again(text: str) -> Any:
    return read_yaml(text.encode(), file="-", folder=Path()).plain()


@LAW
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), st.lists(VALUES, max_size=2))
def test_a_text_is_read_as_the_same_text_again(entries: dict[str, Any], items: list[Any]) -> None:
    written = inline_yaml({**entries, "items": items})
    assert "\n" not in written
    found = read_again(written)
    assert found == {**entries, "items": items}
    assert [type(each) is bool for each in found["items"]] == [type(each) is bool for each in items]


@LAW
@given(TEXTS, VALUES)
def test_behind_a_key_of_a_block_it_is_the_same_value(key: str, value: Any) -> None:
    assert read_again(f"{inline_yaml(key)}: {inline_yaml(value)}") == {key: value}


def test_what_could_be_taken_for_something_else_is_in_quotes() -> None:
    assert inline_yaml(["plain", "yes", "1", "a: b", "#", ""]) == '[plain, "yes", "1", "a: b", "#", ""]'


@pytest.mark.parametrize("sign", ["\x7f", "\x85", "\x9b", "\u2028", "\u2029"])
def test_a_sign_that_no_file_may_hold_or_that_ends_a_line_is_escaped(sign: str) -> None:
    assert inline_yaml(f"{sign}a") == f'"\\U{ord(sign):08x}a"'
    assert read_again(f"{{{inline_yaml(sign)}: {inline_yaml(sign)}}}") == {sign: sign}
