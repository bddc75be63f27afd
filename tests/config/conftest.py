"""Reads configurations made from configs/digits.yaml, and checks of every problem what all problems have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.config import Config, load_config
from dlcli.errors import ConfigError, Problem

DIGITS = (Path(__file__).parents[2] / "configs" / "digits.yaml").read_text(encoding="utf-8")
LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def changed(*changes: tuple[str, str]) -> str:
    """digits.yaml with some of its text replaced; each must stand there once."""
    text = DIGITS
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
        text = text.replace(old, new)
    return text


@pytest.fixture
def digits() -> str:
    return DIGITS


@pytest.fixture
def change() -> Callable[..., str]:
    return changed


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def read(write: Callable[[str, str | bytes], Path]) -> Callable[..., Config]:
    """Reads a text as the file config.yaml, with the settings of the command line."""

    def read(content: str | bytes, *settings: str) -> Config:
        return load_config(str(write("config.yaml", content)), settings=settings)[0]

    return read


@pytest.fixture
def problems(read: Callable[..., Config]) -> Callable[..., list[Any]]:
    """The problems of a text, each as (line, column, message) and more, its file and text checked."""

    def problems(content: str | bytes, *settings: str) -> list[Any]:
        with pytest.raises(ConfigError) as caught:
            read(content, *settings)
        assert caught.value.code == 3
        assert caught.value.problems
        return [described(problem, content) for problem in caught.value.problems]

    return problems


@pytest.fixture
def problem(problems: Callable[..., list[Any]]) -> Callable[..., Any]:
    """The only problem of a text."""

    def problem(content: str | bytes, *settings: str) -> Any:
        found = problems(content, *settings)
        assert len(found) == 1, [each.at for each in found]
        return found[0]

    return problem


def described(problem: Problem, content: str | bytes) -> Any:
    """A problem with `at` (line, column, message) and `marked`, the text above its carets."""
    assert problem.message
    assert "\n" not in problem.message
    assert (problem.line == 0) == (problem.column == 0)
    assert problem.length >= 1
    name = Path(problem.file).name
    if problem.line and name == "config.yaml" and isinstance(content, str):
        assert problem.text == LINE_END.split(content)[problem.line - 1].removeprefix("\ufeff")
        assert problem.column <= len(problem.text) + 1
    if problem.file.startswith("--set "):
        assert problem.text == problem.file.removeprefix("--set ")
    marked = problem.text[problem.column - 1 :][: problem.length]
    return SimpleNamespace(
        at=(problem.line, problem.column, problem.message),
        marked=marked,
        name=name,
        file=problem.file,
        path=problem.path,
        message=problem.message,
        suggestion=problem.suggestion,
        see=problem.see,
        text=problem.text,
    )
