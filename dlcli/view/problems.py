"""Errors as a person reads them: what, where, the line itself with a caret, and what to write instead."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

from dlcli.errors import ConfigError, DlcliError, LinesError, Problem, Stopped
from dlcli.view.console.console import printable, visible
from dlcli.view.console.wrapping import hanging, wrapped

WIDEST = 120
TAB = "    "


def error_text(error: DlcliError, *, unicode: bool, width: int | None = None) -> Text:
    """Any error of dlcli: all problems of a configuration, or message, place and hint. `width` as in `problem_text`."""
    if not isinstance(error, ConfigError):
        return single_text(error, unicode=unicode, width=width)
    parts = [problem_text(problem, unicode=unicode, width=width) for problem in error.problems]
    if len(parts) > 1:
        files = {error.lines} if isinstance(error, LinesError) else {problem.file for problem in error.problems}
        where = printable(files.pop()) if len(files) == 1 else f"{len(files)} files"
        parts.append(Text(f"{len(parts)} problems in {where}", style="bold"))
    return Text("\n\n").join(parts)


def problem_text(problem: Problem, *, unicode: bool, width: int | None = None, kind: str = "error") -> Text:
    """A problem of a configuration (or a note), its line and a caret under what is wrong, aligned in terminal cells.

    A line of more than 120 cells is cut around the caret. With `width`, the cells of the terminal, it is cut to that,
    and a suggestion that does not fit after the caret is wrapped below it; without, a suggestion stays on one line.
    """
    gutter = len(str(problem.line)) if problem.line else 2
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    text = error_header(problem.message, place, gutter=gutter, unicode=unicode, width=width, kind=kind)
    if problem.line:
        text.append_text(source_lines(problem, gutter=gutter, unicode=unicode, width=width))
    elif problem.suggestion:
        text.append_text(remark(problem.suggestion, gutter=gutter, width=width))
    if problem.see:
        text.append_text(remark(f"see: {problem.see}", gutter=gutter, width=width))
    return text


def single_text(error: DlcliError, *, unicode: bool, width: int | None) -> Text:
    """An error with at most one place."""
    place = None if error.file is None else near_here(error.file)
    if place is not None and error.line:
        place += f":{error.line}" + (f":{error.column}" if error.column else "")
    kind = "note" if isinstance(error, Stopped) else "error"
    text = error_header(error.message, place, gutter=2, unicode=unicode, width=width, kind=kind)
    if error.hint:
        text.append_text(remark(error.hint, gutter=2, width=width))
    if error.named is not None:
        named = error.named
        place = near_here(named.file) + (f":{named.line}:{named.column}" if named.line else "")
        text.append_text(remark(f"named at {place}", gutter=2, width=width))
    return text


def near_here(file: str) -> str:
    """A file below the working folder by its way from there."""
    with suppress(OSError, ValueError):
        path = Path(os.path.normpath(file))
        return str(path.relative_to(Path.cwd())) if path.is_absolute() else file
    return file


def error_header(
    message: str, place: str | None, *, gutter: int, unicode: bool, width: int | None, kind: str = "error"
) -> Text:
    """`error: message`, which goes on under its beginning, and the place on the line below."""
    indent = len(kind) + 2
    lines = [hanging(printable(part), width, indent=indent) for part in message.splitlines()]
    words = ("\n" if width is None else "\n" + " " * indent).join(lines)
    style = "bold red" if kind == "error" else "bold yellow"
    text = Text.assemble((f"{kind}: ", style), (words, "bold"))
    if place is not None:
        text.append("\n" + " " * gutter + ("┌─ " if unicode else "--> "), style="bright_blue").append(printable(place))
    return text


def remark(words: str, *, gutter: int, width: int | None) -> Text:
    """`= words` below the gutter, wrapped under itself where a width is given."""
    indent = " " * (gutter + 3)
    lines = [line for part in words.splitlines() for line in wrapped(printable(part), width and width - gutter - 3)]
    return Text.assemble(("\n" + " " * (gutter + 1) + "= ", "bright_blue"), ("\n" + indent).join(lines))


def source_lines(problem: Problem, *, gutter: int, unicode: bool, width: int | None) -> Text:
    """The line of the file and the line with the caret, each behind the gutter."""
    room = WIDEST if width is None else max(20, min(WIDEST, width - gutter - 3))
    line, start, length = cut_line(problem, room=room, unicode=unicode)
    edge = "│ " if unicode else "| "
    empty = "\n" + " " * (gutter + 1) + edge
    text = Text.assemble((f"\n{problem.line} {edge}", "bright_blue"), line, (empty, "bright_blue"), " " * start)
    text.append("^" * length, style="bold red")
    if problem.suggestion:
        words = printable(problem.suggestion)
        if width is None or start + length + 1 + cell_len(words) <= width - gutter - 3:
            text.append(f" {words}", style="yellow")
        else:
            for part in wrapped(words, width - gutter - 3):
                text.append(empty, style="bright_blue").append(part, style="yellow")
    return text


def cut_line(problem: Problem, *, room: int, unicode: bool) -> tuple[str, int, int]:
    """The line in at most `room` cells, and where its caret starts and how long it is, in cells."""
    at = max(0, problem.column - 1)
    text = problem.text.rstrip("\r\n")
    before, marked = printable_text(text[:at]), printable_text(text[at : at + problem.length])
    line = printable_text(text)
    # Beyond the end of the line there is nothing to measure, but a caret may stand there.
    start = cell_len(before) + max(0, at - len(text))
    length = max(1, cell_len(marked))
    if cell_len(line) <= room and start < room:
        return line, start, length
    mark = "…" if unicode else "..."
    left = 0 if start + min(length, room // 2) + len(mark) <= room else max(0, start - room // 3)
    head, tail = "", line
    if left:
        tail, skipped = dropped(line, left + len(mark))
        head, start = mark, len(mark) + start - skipped
    if cell_len(head + tail) > room:
        tail = first_cells(tail, room - len(head) - len(mark)) + mark
    return head + tail, start, max(1, min(length, cell_len(head + tail) - start))


def printable_text(text: str) -> str:
    """`text` with tabs as spaces and without control characters."""
    return "".join(TAB if character == "\t" else visible(character) for character in text)


def dropped(text: str, cells: int) -> tuple[str, int]:
    """`text` without its first characters, at least `cells` wide, and how wide those were."""
    # No character is wider than two cells, so that a line of a megabyte is not measured character by character from its start.
    position = min(len(text), cells // 2)
    skipped = cell_len(text[:position])
    while skipped < cells and position < len(text):
        skipped += cell_len(text[position])
        position += 1
    return text[position:], skipped


def first_cells(text: str, cells: int) -> str:
    """The first characters of `text`, at most `cells` wide."""
    while cell_len(text) > cells:
        text = text[: min(len(text) - 1, max(cells, 0))] if len(text) > cells else text[:-1]  # unseen: time alone
    return text
