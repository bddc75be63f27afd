"""Dates and times that are read as names, each a feature of its own."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import categories_of
from dlcli.data.times import are_times
from dlcli.finding import Finding, Setting, only_name


def times_as_categories(dataset: Dataset) -> Finding | None:
    """A column whose names are all times: each is a feature of its own, and a new time is none of them."""
    columns = {name: len(names) for name, names in categories_of(dataset).items() if are_times(names)}
    if not columns:
        return None
    return Finding(
        code="times_as_categories",
        severity="warning",
        where=only_name([*columns]),
        facts={"columns": columns},
        advice=[
            Setting(
                key=f"data.inputs.{name}",
                old=None,
                new={"columns": name, "kind": "time"},
                why="they become seconds, or with parts their hour, weekday or month",
            )
            for name in columns
        ],
    )


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=[f"2024-01-{day % 9 + 1:02d}" for day in range(200)]), True),
        (table(c=[f"2024-13-{day % 9 + 1:02d}" for day in range(200)]), False),
        (table(c=["2024-01-01", "unknown"] * 100), False),
    ]
