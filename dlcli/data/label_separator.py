"""Whether the cells of a column of text hold several labels each, and what stands between these."""

from __future__ import annotations

from typing import Any

from dlcli.data.encode import is_written_number
from dlcli.data.inputs import MOST_CATEGORIES

SEPARATORS = (";", "|", ",")
OFTEN = 3
"""How often each label stands somewhere, on average, where a text is a list of labels and no sentence."""
SHORT = 3
"""The most words of a label."""
SOME = 0.1
"""From this share of cells with a separator on, they hold several labels."""


def separator_of(values: Any) -> str | None:
    """What stands between the labels in a column of text (rows,), each cell of which holds any number of a few labels."""
    present = [str(value) for value in values.tolist() if value is not None]
    for separator in SEPARATORS:
        cells = [[part.strip() for part in cell.split(separator)] for cell in present]
        parts = [part for cell in cells for part in cell if part]
        names = {*parts}
        if len({len(cell) for cell in cells}) < 2 or sum(len(cell) > 1 for cell in cells) < SOME * len(cells):
            continue
        if len(names) > MOST_CATEGORIES or len(names) * OFTEN > len(parts) or all(map(is_written_number, names)):
            continue
        if all(len(name.split()) <= SHORT for name in names) and all(len({*cell}) == len(cell) for cell in cells):
            return separator
    return None
