"""Numbers that are written in a way in which they are read as names."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import categories_of
from dlcli.data.times import are_times
from dlcli.data.written_numbers import FEWEST, numbers_instead
from dlcli.finding import Finding, only_name


def numbers_as_text(dataset: Dataset) -> Finding | None:
    """A column whose names are all numbers in another dress, such as (5.1), 1_000 or 5 kg; codes of digits alone are names."""
    columns = {
        name: (names[0], instead)
        for name, names in categories_of(dataset).items()
        if len(names) >= FEWEST and not are_times(names) and (instead := numbers_instead(names)) is not None
    }
    if not columns:
        return None
    facts = {
        "columns": {name: value for name, (value, _) in columns.items()},
        "instead": {name: instead for name, (_, instead) in columns.items()},
    }
    return Finding(code="numbers_as_text", severity="warning", where=only_name([*columns]), facts=facts, advice=[])


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=["(5.1)", "(3.2)", "(7)", "(8)"] * 50), True),
        (table(c=["1_000", "2_000"] * 100), False),
        (table(c=["007", "008", "099", "100"] * 50), False),
        (table(c=["5a", "6b", "7c", "8d"] * 50), False),
        (table(c=["5a", "6a", "7a", "8a"] * 50), False),
    ]
