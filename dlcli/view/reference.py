"""The reference: names of a kind, and what one thing takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dlcli.config.reference.thing import Argument, Kinds, Names, Thing
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import INLINE
from dlcli.view.console.labelled import plain_text
from dlcli.view.console.table import Column, Table, number_column, prose_column, text_column
from dlcli.view.console.wrapping import cut, wrapped

INDENT = 2
WIDEST_NAME, WIDEST_DEFAULT = 28, 40
"""Names that are longer have their summary on the line below."""


@dataclass(frozen=True)
class NamesShown:
    """The keys of `dlcli list KIND --json`: the names under their kind, and by group each with a summary."""

    listed: Mapping[str, Sequence[str]] = field(metadata=INLINE)
    groups: Mapping[str, Mapping[str, str]]


def names_shown(names: Names) -> NamesShown:
    """The names of a kind as they are shown."""
    return NamesShown({names.kind: names.names}, names.groups)


def kinds_table(kinds: Kinds) -> Table:
    """A row for each kind."""
    rows = [[kind, kinds.counts[kind], kinds.meanings[kind]] for kind in kinds.kinds]
    return Table([Column("kind"), number_column("", str), prose_column("what for")], rows)


def draw_kinds(console: Console, kinds: Kinds) -> None:
    """The kinds with their counts and what each is for; piped their names alone."""
    if not console.is_terminal:
        draw_lines(console, kinds.kinds)
        return
    write_table(console, kinds_table(kinds))


def draw_names(console: Console, shown: NamesShown) -> None:
    """Names in groups with what each is; piped one a line, so that they can be searched."""
    if not console.is_terminal:
        draw_lines(console, next(iter(shown.listed.values())))
        return
    for position, (group, names) in enumerate(shown.groups.items()):
        if group:
            console.print(Text("\n" * bool(position) + group, style="bold"))
        wide = min(WIDEST_NAME, max(map(cell_len, names)))
        for name, summary in names.items():
            draw_name(console, name, summary, wide=wide)


def draw_name(console: Console, name: str, summary: str, *, wide: int) -> None:
    """A name with its summary beside it, wrapped to the width."""
    gap = " " * (INDENT + wide + 2)
    words = wrapped(" ".join(summary.split()), console.width - len(gap))
    if cell_len(name) > wide:
        console.print(Text(" " * INDENT + name, style="cyan"))
    else:
        first = words.pop(0)
        console.print(Text.assemble((f"{' ' * INDENT}{name:<{wide}}", "cyan"), f"  {first}"), no_wrap=True)
    for line in words:
        console.print(Text(gap + line), no_wrap=True)


def draw_lines(console: Console, names: Sequence[str]) -> None:
    """One name a line."""
    for name in names:
        console.print(Text(name))


def draw_thing(console: Console, thing: Thing) -> None:
    """What a thing takes, and how it is written; then what else has its name."""
    for position, each in enumerate([thing, *thing.also]):
        if position:
            console.print()
        draw_meaning(console, each)


def draw_meaning(console: Console, thing: Thing) -> None:
    """One thing that a name means."""
    console.print(Text.assemble((thing.name, "bold"), f" ({thing.kind})"))
    if thing.summary:
        console.print(Text(thing.summary))
    if thing.refused:
        console.print(Text(f"not available in a configuration: {thing.refused}"))
    rows = [
        [each.name, "required" if each.required else short_default(each.default), argument_words(each)]
        for each in thing.arguments
    ]
    if rows:
        console.print()
        columns = [Column("argument"), text_column("default"), prose_column("takes")]
        write_table(console, Table(columns, rows))
    if thing.example:
        console.print()
        console.print(Text(thing.example, style="cyan"))


def argument_words(argument: Argument) -> str:
    """What an argument takes, and what it means."""
    return ": ".join(part for part in (argument.takes, argument.meaning) if part)


def short_default(value: Any) -> str:
    """A default in a cell."""
    if value is None:
        return "none"
    text = str(value).lower() if isinstance(value, bool) else plain_text(value)
    return cut(text, WIDEST_DEFAULT)
