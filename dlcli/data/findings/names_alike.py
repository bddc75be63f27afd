"""Names that differ in capitals or blanks alone, each of which is a class or a feature of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import categories_of
from dlcli.finding import Finding, only_name


def names_alike(dataset: Dataset) -> Finding | None:
    """A target or a column of names some of which a person reads as one: `yes` and `Yes`."""
    named = {**categories_of(dataset), **{each.name: each.classes for each in dataset.schema.targets if each.classes}}
    columns = {name: groups for name, names in named.items() if (groups := alike_in(names))}
    if not columns:
        return None
    return Finding(code="names_alike", severity="warning", where=only_name([*columns]), facts={"columns": columns})


def alike_in(names: Iterable[str]) -> list[list[str]]:
    """The names that are the same but for capitals and blanks, together; names of one letter differ by it."""
    alike: dict[str, list[str]] = {}
    for name in names:
        plain = "".join(str(name).split())
        alike.setdefault(plain.casefold() if len(plain) > 1 else plain, []).append(str(name))
    return [group for group in alike.values() if len(group) > 1]


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=["yes", "Yes", "no", "no"] * 50), True),
        (table(c=["a", "A", "b", "B"] * 50), False),
        (table(y=["yes", "no"] * 100), False),
    ]
