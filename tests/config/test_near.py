"""The nearest known name, and the hint that is made of it."""

from __future__ import annotations

import pytest

from dlcli.spec import did_you_mean, near

CASES = [
    ("Dens", ["Dense", "Dropout"], "Dense"),
    ("adam", ["Adam", "adam"], "adam"),
    ("Adm", ["Adam", "adam"], "Adam"),
    ("it's here", ["it's hear", "other"], "it's hear"),
    ("xyz", ["Dense"], None),
    ("xyz", [], None),
]


@pytest.mark.parametrize(("name", "known", "meant"), CASES)
def test_near_gives_a_name_and_the_hint_quotes_it(name: str, known: list[str], meant: str | None) -> None:
    assert near(name, known) == meant
    assert did_you_mean(name, known) == (None if meant is None else f"did you mean '{meant}'?")
