"""A table whose first row was taken for its header."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields.fields import Fields
from dlcli.finding import Finding

if TYPE_CHECKING:
    import numpy as np

NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
MOST_ROWS = 10_000  # unseen: time alone


def header_like_data(dataset: Dataset) -> Finding | None:
    """Names that are what their columns hold: numbers above numbers, and a word above the same word."""
    names = data_in_header(dataset.fields)
    return header_of_data(names) if names else None


def header_of_data(names: list[str]) -> Finding:
    """The finding of such names."""
    return Finding(code="header_like_data", severity="warning", where=None, facts={"names": names}, advice=[])


def data_in_header(fields: Fields) -> list[str]:
    """The names of a table that look like its first row; none for a header of names, or of numbers that count, such as years."""
    if not fields.is_table or not all(name in fields.arrays for name in fields.names):
        return []
    columns = {name: column[: min(len(column), MOST_ROWS)] for name, column in fields.arrays.items()}
    numbers = [name for name, column in columns.items() if column.dtype != object]
    words = [name for name in columns if name not in numbers]
    if not all(is_like(name, columns[name]) for name in columns):
        return []
    if numbers and not words and count_on(numbers):
        return []
    return [*columns] if numbers or len(words) > 1 else []


def is_like(name: str, column: np.ndarray[Any, Any]) -> bool:
    """Whether a name may be a cell of its column: a number over numbers, a text that stands in it too."""
    if column.dtype == object:
        return name in set(column.tolist())
    return NUMBER.fullmatch(name) is not None


def count_on(names: Sequence[str]) -> bool:
    """Whether names are whole numbers with the same step from each to the next, as pandas numbers columns."""
    if not all(name.isdigit() for name in names):
        return False
    steps = {int(after) - int(before) for before, after in itertools.pairwise(names)}
    return len(steps) <= 1 and 0 not in steps


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    dataset = table(c=[1.5, 2.5] * 100)
    numbers, words = dataset.fields.arrays["c"], dataset.fields.arrays["y"]
    headers: list[dict[str, Any]] = [
        {"5.1": numbers, "3.5": numbers, str(words[0]): words},
        {"c": numbers, "3.5": numbers, str(words[0]): words},
        {"5.1": numbers, "kind": words},
        {"1990": numbers, "1991": numbers, "1992": numbers},
    ]
    return [
        (replace(dataset, fields=replace(dataset.fields, arrays=arrays, columns=())), number == 0)
        for number, arrays in enumerate(headers)
    ]
