"""How lists of names and the page of one thing are drawn."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from dlcli.config.reference import kinds, names, things
from dlcli.view.reference import NamesShown, draw_kinds, draw_names, draw_thing, names_shown, short_default


def drawn(draw: Callable[..., None], value: Any, *, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False)
    draw(console, value)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


@pytest.mark.parametrize("kind", kinds().kinds)
@pytest.mark.parametrize("width", [60, 120])
def test_every_kind_is_drawn_in_the_width(kind: str, width: int) -> None:
    value = names(kind)
    text = drawn(draw_names, names_shown(value), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert all(name[: width - 4] in text for name in value.names)
    assert sorted(name for group in value.groups.values() for name in group) == sorted(value.names)
    assert kinds().counts[kind] == len(value.names) > 0


def test_the_kinds_are_told_with_what_they_are_for() -> None:
    text = drawn(draw_kinds, kinds(), width=100)
    assert "dlcli's own words among the layers, which hold layers themselves" in text
    assert "losses" in text


def test_a_thing_tells_kind_arguments_and_an_example() -> None:
    text = drawn(draw_thing, things("Dense"), width=80)
    assert text.startswith("Dense (layer)\n")
    assert "units                  required         whole number, at least 1" in text
    assert "  - Dense: {units: 64}" in text


def test_a_name_of_two_kinds_tells_both() -> None:
    found = things("MeanSquaredError")
    assert [found.kind, *(each.kind for each in found.also)] == ["loss", "metric"]
    text = drawn(draw_thing, found, width=80)
    assert "loss: MeanSquaredError" in text
    assert "metrics: [MeanSquaredError]" in text


def test_a_name_stands_two_cells_in_with_its_summary_beside_it() -> None:
    shown = NamesShown({"k": ["a", "bcd"]}, {"one": {"a": "first", "bcd": "word " * 12}, "two": {"e": ""}})
    text = drawn(draw_names, shown, width=40)
    assert text.splitlines() == [
        "one",
        "  a    first",
        "  bcd  word word word word word word",
        "       word word word word word word",
        "",
        "two",
        "  e  ",
    ]


@pytest.mark.parametrize(("letters", "beside"), [(28, True), (29, False)])
def test_a_name_of_more_than_28_letters_has_its_summary_below(letters: int, beside: bool) -> None:
    name = "n" * letters
    lines = drawn(draw_names, NamesShown({"k": [name]}, {"": {name: "summary"}}), width=60).splitlines()
    assert lines == ([f"  {name}  summary"] if beside else [f"  {name}", " " * 32 + "summary"])


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "none"), (True, "true"), (False, "false"), ("x" * 40, "x" * 40), ("x" * 41, "x" * 39 + "…"), (0.5, "0.5")],
)
def test_a_default_is_told_in_a_cell(value: object, words: str) -> None:
    assert short_default(value) == words


def test_the_name_of_an_argument_keeps_its_line_in_sixty_columns() -> None:
    text = drawn(draw_thing, things("adam"), width=60)
    assert "\ngradient_accumulation_steps   none" in text
    assert max(map(len, text.splitlines())) <= 60
