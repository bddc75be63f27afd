"""Names that mostly stand for an empty cell, and are read as names like any other until a configuration says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.schema import InputSchema, TargetSchema

ANY_CASE = frozenset({"na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "#null!", "nil"})
AS_WRITTEN = frozenset({"None", "NONE", "?", "-", "--", "\u2013", "\u2014", ".", "..", "\\N"})


def stands_for_nothing(name: str) -> bool:
    """Whether a name mostly stands for an empty cell."""
    text = name.strip()
    return text in AS_WRITTEN or text.lower() in ANY_CASE


def notes_on_nothing(
    inputs: Sequence[InputSchema], targets: Sequence[TargetSchema], fields: Fields, *, takes_empty: bool
) -> list[str]:
    """A note for each column of names, or target of classes, one of whose names mostly stands for an empty cell.

    `takes_empty` says that the source can be told such names.
    """
    return notes_of(names_for_nothing(inputs, targets), fields, takes_empty=takes_empty)


def notes_on_columns(fields: Fields, *, takes_empty: bool) -> list[str]:
    """The same of all columns of text in memory, where nothing says yet what they are."""
    texts = {name: each[:] for name, each in fields.arrays.items() if each.dtype == object and not is_lazy(each)}
    held = {name: sorted({each for each in values.tolist() if isinstance(each, str)}) for name, values in texts.items()}
    pairs = [(column, name) for column, names in held.items() for name in names if stands_for_nothing(name)]
    return notes_of(pairs, fields, takes_empty=takes_empty)


def notes_of(pairs: Iterable[tuple[str, str]], fields: Fields, *, takes_empty: bool) -> list[str]:
    """A note for each column with such a name."""
    notes = []
    for column, name in pairs:
        values = fields.arrays[column]
        rows = "" if fields.chunks is not None or is_lazy(values) else f" in {int((values[:] == name).sum()):,} rows"
        word = json.dumps(name, ensure_ascii=False)
        write = f"write empty: [{word}] in the source" if takes_empty else "leave it empty in the file, or write null"
        notes.append(f"column '{column}': '{name}'{rows} is a name like any other; if it means an empty cell, {write}")
    return notes


def names_for_nothing(inputs: Sequence[InputSchema], targets: Sequence[TargetSchema]) -> Iterator[tuple[str, str]]:
    """Pairs of a column and such a name among those that it holds."""
    held = [(column.name, column.categories) for each in inputs for column in each.columns or []]
    held += [(each.names[0], each.classes or []) for each in targets if each.encode != "none" and not each.text]
    for column, names in dict(held).items():
        yield from ((column, name) for name in names if stands_for_nothing(name))
