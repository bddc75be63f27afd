"""How the columns of a table share the width: side by side, some left out, in several parts, or below the name of their row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from dlcli.view.console.table import Column, Narrow, Table

GAP = 3
INDENT = 2
LONGER = 1.5
"""So many times as many lines are taken for rows that can be read across."""


@dataclass(frozen=True)
class Layout:
    """`widths` of all columns, and the `parts` that stand below each other, each with the positions of its columns.

    `stacked` says that each row has its names on a line of its own; `left_out` are the names of columns in no part.
    """

    widths: Sequence[int]
    parts: Sequence[Sequence[int]]
    stacked: bool = False
    left_out: Sequence[str] = ()


def layout(table: Table, cells: Sequence[Sequence[str]], width: int) -> Layout:
    """The calmest way in which no name, number or word is broken within `width` cells."""
    natural = [natural_width(column, [row[at] for row in cells]) for at, column in enumerate(table.columns)]
    narrow = [
        narrow_width(column, [row[at] for row in cells], wide)
        for at, (column, wide) in enumerate(zip(table.columns, natural, strict=True))
    ]
    kept = list(range(len(narrow)))
    least = len(kept) if table.least is None else max(table.least, table.keys)
    while len(kept) > least and total(narrow, kept) > width:
        kept.pop()
    left_out = table.names[len(kept) :]
    if total(narrow, kept) <= width:
        return Layout(grown(narrow, natural, [(kept, width)]), [kept], left_out=left_out)
    names, figures = kept[: table.keys], kept[table.keys :]
    beside_room, below_room = width - total(narrow, names) - GAP, width - INDENT
    beside, below = filled(narrow, figures, beside_room), filled(narrow, figures, below_room)
    fits = all(total(narrow, part) <= beside_room for part in beside)
    lines_beside, lines_below = len(beside) * (len(cells) + 3), len(below) * (2 * len(cells) + 4)
    if fits and lines_beside <= LONGER * lines_below:
        widths = grown(narrow, natural, [(part, beside_room) for part in beside])
        return Layout(widths, [[*names, *part] for part in beside], left_out=left_out)
    widths = grown(narrow, natural, [(part, below_room) for part in below])
    return Layout(widths, [[*names, *part] for part in below], stacked=True, left_out=left_out)


def filled(widths: Sequence[int], columns: Sequence[int], room: int) -> list[list[int]]:
    """The columns in groups of at most `room` cells, at least one in each."""
    parts: list[list[int]] = [[]]
    for column in columns:
        if parts[-1] and total(widths, [*parts[-1], column]) > room:
            parts.append([])
        parts[-1].append(column)
    return parts


def total(widths: Sequence[int], columns: Sequence[int]) -> int:
    """The cells of some columns beside each other."""
    return sum(widths[at] for at in columns) + GAP * max(0, len(columns) - 1)


def natural_total(table: Table) -> int:
    """The cells of a whole table in which nothing is narrowed."""
    cells = table.cells
    widths = [natural_width(column, [row[at] for row in cells]) for at, column in enumerate(table.columns)]
    return total(widths, range(len(widths)))


def natural_width(column: Column, cells: Sequence[str]) -> int:
    """The cells of a column in which nothing is cut and no header is wrapped."""
    return max(1, cell_len(column.name), *map(cell_len, cells))


def narrow_width(column: Column, cells: Sequence[str], natural: int) -> int:
    """The least cells of a column: its header is wrapped at spaces, its texts are cut or wrapped where they may be."""
    head = max([1, *map(cell_len, column.name.split())])
    if column.narrow is Narrow.NEVER:
        return max([head, *map(cell_len, cells)])
    return min(natural, max(head, column.least))


def grown(narrow: Sequence[int], natural: Sequence[int], parts: Sequence[tuple[Sequence[int], int]]) -> list[int]:
    """The widths with the room that each part leaves given cell by cell to its narrowest columns that lack something."""
    widths = list(narrow)
    for columns, room in parts:
        spare = room - total(narrow, columns)
        while spare > 0 and (lacking := [at for at in columns if widths[at] < natural[at]]):
            widths[min(lacking, key=lambda at: widths[at])] += 1
            spare -= 1
    return widths
