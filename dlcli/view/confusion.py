"""Which classes were taken for which: a matrix of few, the pairs of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import supports_unicode
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.layout import natural_total
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import number

WIDEST_CONFUSION = 12
MOST_PAIRS = 10


def draw_confusion(
    console: Console, classes: Sequence[str], confusion: Sequence[Sequence[int]], *, counted: str = "samples"
) -> None:
    """The matrix with names or, where these do not fit, numbers above its columns; of many classes the confused pairs."""
    nothing = "·" if supports_unicode(console.file) else "."
    ways = (
        confusion_table(classes, confusion, nothing=nothing),
        numbered_confusion_table(classes, confusion, nothing=nothing),
    )
    fitting = [table for table in ways if natural_total(table) <= console.width]
    if len(classes) <= WIDEST_CONFUSION and fitting:
        console.print(Text("rows: the true class; columns: what the model said", style="dim"))
        write_table(console, fitting[0])
        return
    pairs = confused_pairs(classes, confusion)
    if not pairs:
        console.print(Text("no class was taken for another"))
        return
    console.print(Text("what was taken for what, the most frequent first", style="dim"))
    write_table(console, pairs_table(pairs[:MOST_PAIRS], counted=counted))
    if len(pairs) > MOST_PAIRS:
        rest = sum(count for _, _, count, _ in pairs[MOST_PAIRS:])
        words = f"… and {number(len(pairs) - MOST_PAIRS)} pairs more, of {number(rest)} {counted}; --json has all"
        console.print(Text(words, style="dim"))


def confusion_table(classes: Sequence[str], confusion: Sequence[Sequence[int]], *, nothing: str = "0") -> Table:
    """A row for each true class and a column for each answer; `nothing` stands for none."""
    columns = [Column(""), *(number_column(name, count_or(nothing)) for name in map(shown_name, classes))]
    return Table(columns, [[shown_name(name), *row] for name, row in zip(classes, confusion, strict=True)])


def numbered_confusion_table(
    classes: Sequence[str], confusion: Sequence[Sequence[int]], *, nothing: str = "0"
) -> Table:
    """The same with a number for each class, that stands before its name and above its column."""
    codes = range(1, len(classes) + 1)
    columns = [number_column("", str), Column(""), *(number_column(str(code), count_or(nothing)) for code in codes)]
    rows = [[code, shown_name(name), *row] for code, name, row in zip(codes, classes, confusion, strict=True)]
    return Table(columns, rows, keys=2)


def count_or(nothing: str) -> Callable[[int], str]:
    """How a count is written, where none is `nothing`."""
    return lambda count: number(count) if count else nothing


Pair = tuple[str, str, int, int]
"""A true class, what was said instead, how often, and how many samples the true class has."""


def confused_pairs(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[Pair]:
    """All pairs that were confused, the most frequent first."""
    pairs = [
        (classes[true], classes[said], count, sum(row))
        for true, row in enumerate(confusion)
        for said, count in enumerate(row)
        if count and said != true
    ]
    return sorted(pairs, key=lambda pair: -pair[2])


def pairs_table(pairs: Sequence[Pair], *, counted: str = "samples") -> Table:
    """A row for each pair."""
    columns = [Column("true class"), Column("taken for"), number_column(counted), number_column("of its class", str)]
    rows = [[shown_name(true), shown_name(said), count, f"{count / of:.1%}"] for true, said, count, of in pairs]
    return Table(columns, rows)


def shown_name(name: str) -> str:
    """The name of a class in a table: a blank or the end of a line as it is written."""
    return name if name.strip() and name.isprintable() else repr(name)
