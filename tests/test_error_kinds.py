"""The kinds of errors, which scripts rely on: each a word, all of them in one list, so that renaming one is noticed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcli.config.problems import KINDS, kind_of

ROOT = Path(__file__).parents[1]
LIST = ROOT / "tests" / "error_kinds.txt"
WITH_KIND = re.compile(r"\w+Error|Mistake|Problem|problem|unreadable")
"""What is called to make an error, a mistake or a problem."""


def named(node: ast.expr) -> str:
    """The last word of what is called."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def words_of(value: ast.expr) -> Iterator[str]:
    """The kinds that an argument can be; one that is handed on (`kind`, `mistake.kind`) is written elsewhere."""
    if isinstance(value, ast.IfExp):
        yield from words_of(value.body)
        yield from words_of(value.orelse)
    elif named(value) != "kind":
        assert isinstance(value, ast.Constant), f"line {value.lineno}: write the kind where the error is made"
        assert isinstance(value.value, str)
        yield value.value


def kinds_in(tree: ast.AST) -> Iterator[str]:
    """Every kind that a module writes: as an argument, or for a class of errors that means one thing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and WITH_KIND.fullmatch(named(node.func)):
            for keyword in node.keywords:
                if keyword.arg == "kind":
                    yield from words_of(keyword.value)
        elif isinstance(node, ast.ClassDef) and any(named(base).endswith("Error") for base in node.bases):
            for line in node.body:
                if isinstance(line, ast.Assign) and named(line.targets[0]) == "kind":
                    yield from words_of(line.value)


def all_kinds() -> set[str]:
    """The kinds of the package, with those of what pydantic finds."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "dlcli").rglob("*.py")]
    assert len(trees) > 200
    return {kind for tree in trees for kind in kinds_in(tree)} | {*KINDS.values(), kind_of({"type": "of no table"})}


def test_the_kinds_of_errors_are_those_of_the_list() -> None:
    listed = LIST.read_text(encoding="utf-8").split()
    assert listed == sorted(set(listed))
    kinds = all_kinds()
    assert (sorted(kinds - set(listed)), sorted(set(listed) - kinds)) == ([], [])


def test_a_kind_is_written_in_snake_case() -> None:
    kinds = all_kinds()
    assert len(kinds) > 100
    assert [kind for kind in kinds if not re.fullmatch(r"[a-z]+(_[a-z]+)*", kind)] == []


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ('raise DataError("m", kind="a", hint="b")', ["a"]),
        ('fail(Mistake("m", kind="a" if new else "b"))', ["a", "b"]),
        ('mark.problem("m", kind="a")', ["a"]),
        ("Problem('m', kind=mistake.kind)", []),
        ('class Long(DataError):\n    kind = "a"', ["a"]),
        ('class Source:\n    kind = "a"', []),
        ('shown("m", kind="note")', []),
    ],
)
def test_where_kinds_are_looked_for(code: str, kinds: list[str]) -> None:
    assert list(kinds_in(ast.parse(code))) == kinds


def test_a_kind_that_is_put_together_is_refused() -> None:
    with pytest.raises(AssertionError, match="line 1: write the kind where the error is made"):
        list(kinds_in(ast.parse('DataError("m", kind="no_" + what)')))
