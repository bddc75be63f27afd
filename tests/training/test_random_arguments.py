"""A draw of the program that tries random arguments: each case is right and trains, or is wrong at its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Outcome
from random_arguments import Case, Draw, Figures, trial, tried, write_data

COUNT = 46


def test_random_arguments_are_right_or_wrong_at_their_line(tmp_path: Path) -> None:
    figures = trial(COUNT, 4, folder=tmp_path)
    assert figures.failures == []
    built = {
        code: sum(n for (_, step, c), n in figures.codes.items() if (step, c) == ("build", code)) for code in (0, 3)
    }
    assert figures.built == COUNT
    assert min(built.values()) >= 10, "both right and wrong cases are drawn"


def test_a_draw_is_the_same_for_its_seed_and_reaches_every_kind() -> None:
    cases = [Draw(f"1/{number}").case() for number in range(300)]
    assert cases == [Draw(f"1/{number}").case() for number in range(300)]
    assert cases != [Draw(f"2/{number}").case() for number in range(300)]
    assert len({case.kind for case in cases}) == 10


@pytest.mark.parametrize(
    ("code", "answer", "failures"),
    [
        (1, {"error": {"message": "a bug"}}, 1),
        (3, {"files": [{"problems": [{"line": 0, "message": "no place"}]}]}, 1),
        (3, {"files": [{"problems": [{"line": 4, "message": "a place"}]}]}, 0),
    ],
)
def test_the_program_sees_bugs_and_mistakes_without_a_line(
    code: int, answer: Mapping[str, Any], failures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    figures = Figures()
    monkeypatch.setattr("random_arguments.run", lambda *arguments, cwd: Outcome(code, json.dumps(answer), ""))
    write_data(tmp_path)
    tried(Case("layers", "a word", {}), tmp_path, figures)
    assert len(figures.failures) == failures
