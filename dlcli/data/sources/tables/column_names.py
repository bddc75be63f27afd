"""The names of a table's columns: which can be asked for, what is wrong with the others, and the same in every file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dlcli.errors import DataError

NUMBER_NAME = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
PANDAS_INDEX = re.compile(r"__index_level_[0-9]+__")
"""The name that pandas gives in Parquet to an index without one."""


@dataclass(frozen=True)
class Columns:
    """The columns of a table.

    `numbers` are those with a name of their own, each with its place from 0. `faults` are errors of the others by name, which
    come up where one is asked for or all are. `nameless` are the places of the last columns without a name, which a header
    that ends in separators makes. `notes` tell what was left out.
    """

    numbers: Mapping[str, int]
    faults: Mapping[str, DataError]
    nameless: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def wanted(self, names: Collection[str] | None) -> list[str]:
        """Those that are asked for, in their order; None asks for all. Raises `DataError` for one that cannot be."""
        for name, fault in self.faults.items():
            if names is None or name in names:
                raise fault
        return [name for name in self.numbers if names is None or name in names]

    def without_nameless(self, present: Mapping[int, int], path: Path, *, line: int) -> Columns:
        """The same where so many cells of the nameless columns, by their places, hold something. Raises `DataError` for any."""
        for place in self.nameless:
            if present[place]:
                raise nameless_column(place, path, line)
        one = len(self.nameless) == 1
        ends, empty = ("a separator", "column behind it is") if one else ("separators", "columns behind it are")
        return replace(self, notes=(*self.notes, f"the header ends in {ends}: the empty {empty} left out"))


def nameless_column(place: int, path: Path, line: int | None) -> DataError:
    """The error of a column without a name, by its place from 0."""
    hint = "give each column a name"
    return DataError(f"column {place + 1} has no name", file=path, line=line, hint=hint, kind="column_without_name")


def columns_of(written: Sequence[str], path: Path, *, line: int | None = None, headless: str | None = None) -> Columns:
    """The columns under names that are trimmed and in Unicode's composed form.

    A first column without a name is an index and left out. `headless` is how to say that a table has no header.
    """
    names = [unicodedata.normalize("NFC", str(name).strip()) for name in written]
    counts = Counter(names)
    numbers: dict[str, int] = {}
    faults: dict[str, DataError] = {}
    notes: list[str] = []
    named = [number for number, name in enumerate(names) if name]
    nameless = tuple(range(1 + max(named, default=len(names)), len(names)))
    for number, (name, before) in enumerate(zip(names, written, strict=True)):
        if (not name or PANDAS_INDEX.fullmatch(name)) and number == 0 and len(names) > 1:
            notes.append("the first column has no name: it is taken for an index and left out")
        elif PANDAS_INDEX.fullmatch(name):
            notes.append(f"the column '{name}' is an index and left out")
        elif number in nameless:
            continue
        elif not name:
            faults.setdefault(name, nameless_column(number, path, line))
        elif counts[name] > 1:
            faults[name] = stands_twice(name, counts[name], path, line, headless)
        else:
            numbers[name] = number
            if str(before) != str(before).strip():
                notes.append(f"the column '{name}' has blanks around its name in the header; they were left out")
    return Columns(numbers, faults, nameless, tuple(notes))


def stands_twice(name: str, times: int, path: Path, line: int | None, headless: str | None) -> DataError:
    """The error of a name that stands more than once."""
    hint = "give each column a name of its own"
    if headless is not None and NUMBER_NAME.fullmatch(name):
        hint = f"if the first line is data, write {headless}"
    message = f"the column '{name}' stands {times} times in the header"
    return DataError(message, file=path, line=line, hint=hint, kind="duplicate_column")


def check_same_names(paths: Sequence[Path], names: Sequence[Sequence[str]]) -> None:
    """Refuses files that do not have the columns of the first one, in its order."""
    for path, others in zip(paths[1:], names[1:], strict=True):
        if list(others) != list(names[0]):
            other = sorted(set(names[0]) ^ set(others)) or ["the order"]
            raise DataError(
                f"the columns differ from those of {paths[0].name}: {', '.join(other)}",
                file=path,
                kind="columns_differ",
            )
