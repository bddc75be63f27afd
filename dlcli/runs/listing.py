"""Lists, sorts and filters the runs of a folder; takes no lock and reads runs that are being written."""

from __future__ import annotations

import contextlib
import operator
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dlcli.errors import UsageError
from dlcli.runs.folder import Run, run_folders
from dlcli.runs.index import indexed_rows
from dlcli.runs.keys import Configuration
from dlcli.runs.state import STATUSES, StopReason
from dlcli.runs.summary import RunSummary, run_summary

EXPRESSION = re.compile(r"""((?:[\w-]|\.|"[^"]*")+)\s*(>=|<=|!=|==?|>|<|~)\s*(?![=<>!~])(.*)""")
COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
UNVARIED = frozenset({"name"})
"""Keys of a configuration that say nothing of what was tried: a run has a name of its own."""

WORDS = {"status": STATUSES, "stop": tuple(StopReason)}
"""The values that are one of a few words."""


def list_runs(root: Path) -> list[RunSummary]:
    """All runs in the order in which they were started."""
    rows = indexed_rows(root, run_folders(root), lambda path: run_summary(Run(path)))
    return sorted(rows, key=lambda row: (row.number, row.run))


def check_values_named(rows: Sequence[RunSummary], names: Iterable[str]) -> None:
    """Raises `UsageError` for a name of which no run has a value, with those that are near; where there is no run all pass."""
    known: set[str] | None = None
    for name in names:
        if not rows or any(row.value(name) is not None for row in rows):
            continue
        known = set().union(*(row.names() for row in rows)) if known is None else known
        if name in known:
            continue
        near = get_close_matches(name, sorted(known), n=3)
        hint = f"near it: {', '.join(near)}" if near else "for example val_accuracy, seconds, optimizer.learning_rate"
        raise UsageError(f"no run has a value '{name}'", hint=hint, kind="no_such_value")


def shortest_name(rows: Sequence[RunSummary], path: str) -> str:
    """The shortest end of the path of a key that stands for it in all runs that have it, and for nothing in the others."""
    having = [row.configuration for row in rows if path in row.configuration]
    others = [row.configuration for row in rows if path not in row.configuration]
    for end in having[0].ends_of(path) if having else ():
        alike = all(each.whole_path(end) == path for each in having)
        if alike and all(row.is_key(end) for row in rows) and all(each.value(end) is None for each in others):
            return end
    return path


def sort_runs(rows: Sequence[RunSummary], by: str) -> list[RunSummary]:
    """Ascending by a value, or descending with `-` before it, of verdicts the severest first; rows without the value last.

    Raises `UsageError` for a value that no run has.
    """
    name = by.removeprefix("-")
    check_values_named(rows, [name])
    present = [row for row in rows if row.value(name) is not None]
    present.sort(key=lambda row: sorting_key(row.rank(name)), reverse=by.startswith("-"))
    return [*present, *(row for row in rows if row.value(name) is None)]


def sorting_key(value: Any) -> tuple[int, Any]:
    """What values of several kinds are sorted by: numbers before texts."""
    return (0, value) if isinstance(value, int | float) else (1, str(value))


def filter_runs(rows: Sequence[RunSummary], expressions: Sequence[str]) -> list[RunSummary]:
    """The rows that fulfil all expressions: `status=done`, `val_accuracy>=0.9`, `optimizer.learning_rate<0.01`, `run~digits`.

    Raises `UsageError` for one that cannot be read, or names a value that no run has.
    """
    conditions = [condition(each) for each in expressions]
    check_values_named(rows, [each.name for each in conditions])
    for each in conditions:
        each.check()
    return [row for row in rows if all(each.holds(row) for each in conditions)]


def changed_keys(rows: Sequence[RunSummary]) -> list[str]:
    """The paths of the keys that are not the same in all configurations, those that all of them have first.

    What only some have says nothing where nobody has written it. A run whose configuration cannot be read says nothing.
    """
    by_shape: dict[int, list[Configuration]] = {}
    for row in rows:
        if row.configuration.shape.tree:
            by_shape.setdefault(id(row.configuration.shape), []).append(row.configuration)
    alike = list(by_shape.values())
    paths = dict.fromkeys(path for same in alike for path in same[0].shape.by_path)
    varied = [path for path in paths if path not in UNVARIED and varies(path, alike)]
    everywhere = [path for path in varied if all(path in same[0].shape.by_path for same in alike)]
    partly = [path for path in varied if path not in everywhere]
    written = [path for path in partly if any(is_written(path, same) for same in alike)]
    return [*everywhere, *written, *first_keys_of_blocks(partly, [*everywhere, *written], alike)]


def is_written(path: str, same: Sequence[Configuration]) -> bool:
    """Whether somebody has written a key; where that is not known, whether some have a value that is not empty."""
    shape = same[0].shape
    place = shape.by_path.get(path, MISSING)
    if place is MISSING or path in shape.left_alone:
        return False
    return bool(shape.unwritten) or not isinstance(place, int) or any(each.values[place] not in EMPTY for each in same)


def first_keys_of_blocks(
    partly: Sequence[str], told: Sequence[str], alike: Sequence[Sequence[Configuration]]
) -> list[str]:
    """The first key of each block that only some have, of which nothing else tells that they do."""
    found: dict[str, str] = {}
    for path in partly:
        block = path.rpartition(".")[0]
        here = any(
            block in same[0].shape.by_path for same in alike
        )  # as a value, which is none, in those without the block
        if here and block not in told and not any(each.startswith(f"{block}.") for each in told):
            found.setdefault(block, path)
    return list(found.values())


MISSING = object()
EMPTY: tuple[Any, ...] = (None, [], {})


def varies(path: str, by_shape: Sequence[Sequence[Configuration]]) -> bool:
    """Whether the value at a path is not the same in all configurations, or is not in all; they come in groups of one shape."""
    first: Any = MISSING
    for number, same in enumerate(by_shape):
        place = same[0].shape.by_path.get(path, MISSING)
        values = (each.values[place] for each in same) if isinstance(place, int) else iter([place])
        if not number:
            first = next(values)
        if any(value != first for value in values):
            return True
    return False


@dataclass(frozen=True)
class Condition:
    """One expression of a filter; `number` is `wanted` where that is one."""

    name: str
    sign: str
    wanted: str
    number: float | None

    def check(self) -> None:
        """Raises `UsageError` for a word that a value with few words never is."""
        words = WORDS.get(self.name, ())
        if self.sign in {"=", "==", "!="} and self.wanted and words and self.wanted not in words:
            near = get_close_matches(self.wanted, words, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it is one of {', '.join(words)}"
            raise UsageError(f"no run can have the {self.name} '{self.wanted}'", hint=hint, kind="bad_filter")

    def holds(self, row: RunSummary) -> bool:
        """Whether a row fulfils it. Numbers are compared as numbers; a value that is missing is the empty text, and no other."""
        value = row.value(self.name)
        if value is None and self.wanted:
            return False
        number = self.number if isinstance(value, int | float) and not isinstance(value, bool) else None
        text = unicodedata.normalize("NFC", written(value))
        if self.sign == "~":
            return self.wanted in text
        if self.sign in COMPARISONS:
            return number is not None and bool(COMPARISONS[self.sign](value, number))
        equal = text == self.wanted if number is None else value == number
        return equal != (self.sign == "!=")


def written(value: Any) -> str:
    """A value as a filter writes it: `true`, `relu`, `[3, 3]`; nothing for one that is not there."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def condition(expression: str) -> Condition:
    """Reads one expression. Raises `UsageError`."""
    found = EXPRESSION.fullmatch(unicodedata.normalize("NFC", expression).strip())
    if found is None:
        hint = "for example status=done, val_accuracy>=0.9, run~digits"
        raise UsageError(f"cannot read the filter '{expression}'", hint=hint, kind="bad_filter")
    name, sign, wanted = found[1], found[2], found[3].strip()
    number = None
    with contextlib.suppress(ValueError):
        number = float(wanted)
    if sign in COMPARISONS and number is None:
        raise UsageError(f"'{wanted}' in the filter '{expression}' is no number", kind="bad_filter")
    return Condition(name, sign, wanted, number)
