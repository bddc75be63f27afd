"""Numbers that are written in a way in which they are read as names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import categories_of
from dlcli.finding import Finding, only_name

SIGNS = "$€£¥₩"
DRESSED = re.compile(
    rf"[-+\u2212(]?\s?[{SIGNS}]?\s?[-+\u2212]?[0-9][0-9_.,'\u00a0\u202f ]*([eE][-+]?[0-9]+)?\s?[%{SIGNS}]?\)?"
    r"|[-+]?0[xX][0-9a-fA-F]+"
)
FEWEST = 3
"""From so many different names on: two may well be a choice."""


def numbers_as_text(dataset: Dataset) -> Finding | None:
    """A column whose names are all numbers in another dress, such as (5.1), 1_000 or 0x1f; codes of digits alone are names."""
    columns = {name: names[0] for name, names in categories_of(dataset).items() if are_dressed(names)}
    if not columns:
        return None
    return Finding(
        code="numbers_as_text", severity="warning", where=only_name([*columns]), facts={"columns": columns}, advice=[]
    )


def are_dressed(names: Collection[str]) -> bool:
    """Whether names are numbers that something beside digits keeps from being read as such."""
    texts = [name.strip() for name in names]
    return (
        len(texts) >= FEWEST
        and all(DRESSED.fullmatch(text) for text in texts)
        and any(not text.isdigit() for text in texts)
    )


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=["(5.1)", "(3.2)", "(7)", "(8)"] * 50), True),
        (table(c=["1_000", "2_000"] * 100), False),
        (table(c=["007", "008", "099", "100"] * 50), False),
        (table(c=["5a", "6b", "7c", "8d"] * 50), False),
    ]
