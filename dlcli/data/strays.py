"""Strays: labels beside the two that nearly all rows have, under a loss for two classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.values import rows_in_words
from dlcli.data.shares import without_noise
from dlcli.data.target_labels import NUMBER, is_void, label_order
from dlcli.errors import DataError
from dlcli.spec import Wanted

FEW = 0.1
"""Up to this share of all rows other labels are mistakes, beyond it they are classes."""


@dataclass(frozen=True)
class Strays:
    """The two labels that nearly all rows have, how many rows have another, and the first of those with its label."""

    two: tuple[str, str]
    count: int
    row: int
    label: str


def strays_of(name: str, fields: Fields, void: Sequence[int | str]) -> Strays | None:
    """The few labels beside the two commonest of a column (rows,); None where there are no others, or more than few."""
    import numpy as np

    counts, first, start = Counter[str](), dict[str, int](), 0
    for part in fields.parts({name}):
        values = part.arrays[name][:]
        rows = np.flatnonzero(~is_void(values, void))
        different, places, numbers = np.unique(
            values[rows].astype(str) if values.dtype == object else without_noise(values[rows]),
            return_index=True,
            return_counts=True,
        )
        for label, place, number in zip(different.tolist(), places.tolist(), numbers.tolist(), strict=True):
            word = written_label(label)
            counts[word] += number
            first.setdefault(word, start + int(rows[place]))
        start += part.samples
    common = [label for label, _ in counts.most_common(2)]
    others = [label for label in counts if label not in common]
    count = sum(counts[label] for label in others)
    if not others or count > FEW * counts.total():
        return None
    label = min(others, key=first.__getitem__)
    low, high = sorted(common, key=label_order)
    return Strays((low, high), count, first[label], label)


def check_strays(name: str, fields: Fields, wanted: Wanted, void: Sequence[int | str]) -> None:
    """Refuses the few labels beside the two that nearly all rows have, with their count and the first row."""
    strays = strays_of(name, fields, void)
    if strays is None:
        return
    file, line, words = fields.where(strays.row, name)
    low, high = strays.two
    others = f", the first of {rows_in_words(strays.count)} with other labels" if strays.count > 1 else ""
    taken = [("0", "1"), ("-1", "1")] if wanted.signs else [("0", "1")]
    are_numbers = NUMBER.fullmatch(low) and NUMBER.fullmatch(high)
    nothing = f"; if it stands for no label, write void: {strays.label} at the target"
    learnt = f"; then write target: {{column: {name}, encode: index}}"
    raise DataError(
        f"label {label_in_words(strays.label)} in {words} is neither {label_in_words(low)} nor {label_in_words(high)}{others}, "
        "and the loss is for two classes",
        file=file,
        line=line,
        hint="correct such rows, or leave them out"
        + (nothing if "." not in strays.label else "")
        + (learnt if are_numbers and strays.two not in taken else ""),
        kind="labels_do_not_fit_loss",
    )


def written_label(label: Any) -> str:
    """A label as it is shown: a whole number without decimals."""
    return f"{label:g}" if isinstance(label, float) and label.is_integer() else str(label)


def label_in_words(label: str) -> str:
    """A label in a message: a name in quotes."""
    return label if NUMBER.fullmatch(label) else f"'{label}'"
