"""A target of several labels a sample: the names in a cell, and a yes or no for each name that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.target_labels import label_order
from dlcli.errors import DataError
from dlcli.spec import Wanted, did_you_mean

if TYPE_CHECKING:
    import numpy as np

MARK = "\x1f"
"""Stands before each name of a list of names, which is text by then."""
BLANK = " "
"""Stands there for a name that is not written: null, or nothing but blanks."""


def holds_lists(values: np.ndarray[Any, Any]) -> bool:
    """Whether a column (rows,) of text was lists of names in its file."""
    first = next((each for each in values if each is not None), None)
    return isinstance(first, str) and first.startswith(MARK)


def labels_in(cell: str | None, split: str) -> list[str]:
    """The names in a cell; an empty one has none, and what is not written is none."""
    if cell is None:
        return []
    if cell.startswith(MARK):
        return [part for part in names_listed(cell) if part]
    return [part for each in cell.split(split) if (part := each.strip())]


def names_listed(cell: str) -> list[str]:
    """All places of a list of names; "" where none is written."""
    return ["" if part == BLANK else part for part in cell.split(MARK) if part]


def all_labels(values: np.ndarray[Any, Any], split: str) -> list[str]:
    """The different names in a column (rows,), sorted."""
    return sorted({name for cell in {*values.tolist()} for name in labels_in(cell, split)}, key=label_order)


def check_takes_several(name: str, wanted: Wanted, fields: Fields) -> None:
    """Refuses a loss that takes one class a sample."""
    lists = holds_lists(fields.arrays[name][:])
    if wanted.labels in {"classes", "one_hot"}:
        raise DataError(
            f"target '{name}' has several labels a sample, and the loss takes one",
            file=fields.places[0].file,
            hint="write loss: binary_crossentropy, and sigmoid with as many units as labels"
            + (f"; or, where each name is that of a place, target: {{column: {name}, encode: index}}" if lists else ""),
            kind="labels_do_not_fit_loss",
        )


def yes_or_no_codes(name: str, labels: Sequence[str], split: str, fields: Fields) -> np.ndarray[Any, Any]:
    """1 (samples, labels) where a sample has a label, else 0. Raises `DataError` for a label that is none of them."""
    import numpy as np

    values = fields.arrays[name][:]
    at = {label: number for number, label in enumerate(labels)}
    codes = np.zeros((len(values), len(labels)), np.float32)
    for row, cell in enumerate(values.tolist()):
        for label in labels_in(cell, split):
            if label not in at:
                file, line, words = fields.where(row, name)
                raise DataError(
                    f"label '{label}' in {words} is none of the {len(labels)} that '{name}' has",
                    file=file,
                    line=line,
                    hint=did_you_mean(label, labels),
                    kind="unknown_class",
                )
            codes[row, at[label]] = 1
    return codes
