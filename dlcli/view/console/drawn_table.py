"""Calm tables on a terminal: a rule below the header and no other line; no name, number or word is ever broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import printable, supports_unicode
from dlcli.view.console.labelled import whole_lines
from dlcli.view.console.layout import GAP, INDENT, Layout, layout, total
from dlcli.view.console.table import Narrow, Table
from dlcli.view.console.wrapping import cut, cut_apart, cut_inside, parts_below, wrapped

MOST_NAMED = 12
"""Columns without room that are named, of which a table of many kinds of runs has dozens."""


def write_table(console: Console, table: Table) -> None:
    """The table in the width of the console."""
    whole_lines(console, drawn_table(table, width=console.width, unicode=supports_unicode(console.file)))


def drawn_table(table: Table, *, width: int, unicode: bool = True) -> Text:
    """The table in at most `width` cells, and which columns were left out."""
    cells = [[printable(cell) for cell in row] for row in table.cells]
    plan = layout(table, cells, width)
    parts = [Text("\n").join(part_lines(table, cells, plan, part, width=width, unicode=unicode)) for part in plan.parts]
    if plan.left_out:
        named, more = plan.left_out[:MOST_NAMED], len(plan.left_out) - MOST_NAMED
        words = f"for a wider terminal: {', '.join(map(printable, named))}{f' and {more} more' if more > 0 else ''}"
        parts.append(Text("\n".join(wrapped(words, width)), style="dim"))
    return Text("\n\n", no_wrap=True).join(parts)


def part_lines(
    table: Table, cells: Sequence[Sequence[str]], plan: Layout, part: Sequence[int], *, width: int, unicode: bool
) -> Iterator[Text]:
    """Header, rule and rows of a part."""
    heads = [*row_lines(table, [printable(name) for name in table.names], plan, part, width, unicode, head=True)]
    narrowed = cells_apart(table, cells, plan, part, mark=mark_of(unicode))
    rows = [line for row in narrowed for line in row_lines(table, row, plan, part, width, unicode)]
    used = total(plan.widths, part[table.keys :] if plan.stacked else part) + INDENT * plan.stacked
    yield from (Text(line.rstrip(), style="bold") for line in heads)
    yield Text(("─" if unicode else "-") * min(width, used), style="dim")
    yield from (Text(line.rstrip()) for line in rows)


def cells_apart(
    table: Table, cells: Sequence[Sequence[str]], plan: Layout, part: Sequence[int], *, mark: str
) -> list[list[str]]:
    """The cells with those that are cut so that what differs in a column stays different."""
    columns = [list(column) for column in zip(*cells, strict=True)]
    for at in part if columns else ():
        if table.columns[at].narrow is Narrow.CUT:
            columns[at] = cut_apart(columns[at], plan.widths[at], mark=mark)
    return [list(row) for row in zip(*columns, strict=True)]


def row_lines(
    table: Table,
    row: Sequence[str],
    plan: Layout,
    part: Sequence[int],
    width: int,
    unicode: bool,
    *,
    head: bool = False,
) -> Iterator[str]:
    """The lines of one row, which are several where a text wraps or the names stand above the values."""
    if not plan.stacked:
        yield from cells_beside(table, row, plan.widths, part, unicode, head=head)
        return
    names, values = part[: table.keys], part[table.keys :]
    before = "".join(row[at] + " " * (plan.widths[at] - cell_len(row[at]) + GAP) for at in names[:-1])
    if total(plan.widths, names) > width and before:
        yield before
        before = ""
    yield before + cut_inside(row[names[-1]], width - cell_len(before), mark=mark_of(unicode))
    for line in cells_beside(table, row, plan.widths, values, unicode, head=head):
        yield " " * INDENT + line


def cells_beside(
    table: Table, row: Sequence[str], widths: Sequence[int], part: Sequence[int], unicode: bool, *, head: bool
) -> Iterator[str]:
    """The cells of a row beside each other; headers stand on the line above the rule."""
    columns = [cell_lines(table, row[at], at, widths[at], unicode, head=head) for at in part]
    height = max(map(len, columns), default=0)
    for number in range(height):
        line = []
        for at, lines in zip(part, columns, strict=True):
            place = number - (height - len(lines)) if head else number
            text = lines[place] if 0 <= place < len(lines) else ""
            room = " " * (widths[at] - cell_len(text))
            line.append(room + text if table.columns[at].right else text + room)
        yield (" " * GAP).join(line)


def cell_lines(table: Table, text: str, at: int, width: int, unicode: bool, *, head: bool) -> list[str]:
    """A cell in its width: a header and prose wrapped, what stands apart in it below each other, another text cut."""
    if cell_len(text) <= width:
        return [text]
    if head or table.columns[at].narrow is Narrow.WRAP:
        return [cut(line, width, mark=mark_of(unicode)) for line in parts_below(text, width)]
    return [cut(text, width, mark=mark_of(unicode))]


def mark_of(unicode: bool) -> str:
    """The mark of what was cut, one cell wide."""
    return "…" if unicode else "~"
