"""Errors as a person sees them: the line of the file, a caret under the place, what to write instead."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from dlcli.errors import ConfigError, DlcliError, Problem

WIDEST = 110


def error_text(error: DlcliError, *, unicode: bool) -> Text:
    """All problems of a configuration, or one error of another kind with its place and its hint."""
    if isinstance(error, ConfigError):
        parts = [problem_text(problem, unicode=unicode) for problem in error.problems]
        if len(parts) > 1:
            files = {problem.file for problem in error.problems}
            parts.append(Text(f"{len(error.problems)} problems in {files.pop() if len(files) == 1 else f'{len(files)} places'}", style="bold"))
        return Text("\n\n").join(parts)
    text = headline(error.message)
    if error.file:
        place = ":".join(str(part) for part in (error.file, error.line, error.column) if part)
        text.append(f"\n  {'┌─' if unicode else '-->'} {place}", style="blue")
    if error.hint:
        text.append(f"\n  = {error.hint}", style="cyan")
    return text


def headline(message: str) -> Text:
    """The first line of an error."""
    return Text.assemble(("error", "bold red"), (f": {message}", "bold"))


def problem_text(problem: Problem, *, unicode: bool) -> Text:
    """One problem with its line and a caret under the place."""
    text = headline(problem.message)
    corner, bar = ("┌─", "│") if unicode else ("-->", "|")
    gutter = len(str(problem.line)) if problem.line else 1
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    text.append(f"\n{' ' * gutter} {corner} {place}", style="blue")
    after = problem.suggestion
    if problem.line:
        line, start, length = window(problem)
        text.append(f"\n{problem.line} {bar} ", style="blue")
        text.append(line)
        carets = "^" * max(1, cell_len(line[start : start + length]))
        text.append(f"\n{' ' * gutter} {bar} ", style="blue")
        text.append(" " * cell_len(line[:start]))
        text.append(carets + (f" {after}" if after else ""), style="red")
        after = None
    for note in (after, problem.see and f"see: {problem.see}" if problem.see and problem.see.startswith("dlcli") else problem.see):
        if note:
            text.append(f"\n{' ' * gutter} = {note}", style="cyan")
    return text


def window(problem: Problem) -> tuple[str, int, int]:
    """The part of the line around the place, with where the caret starts in it and how long it is."""
    line = "".join(each if each.isprintable() else " " for each in problem.text)
    start = min(problem.column - 1, len(line))
    length = max(1, min(problem.length, len(line) - start))
    if len(line) <= WIDEST:
        return line, start, length
    left = max(0, start - WIDEST // 2)
    cut = ("…" if left else "") + line[left : left + WIDEST] + ("…" if left + WIDEST < len(line) else "")
    start = start - left + (1 if left else 0)
    return cut, start, max(1, min(length, len(cut) - start - 1))
