"""Labels as names: which are the same, in what order they stand, and the index of each among the classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

VOID, UNKNOWN = -1, -2
"""Stand among indices for a label that does not count, and for one that is no class; in one-hot vectors zeros are void."""
NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
"""A written number; one with zeros in front is a name."""


def label_key(label: Any) -> str:
    """What is the same for labels that mean the same: `1`, `1.0` and the number; `true`, `True` and the truth value."""
    text = str(label).strip()
    if NUMBER.fullmatch(text):
        return str(Decimal(text).normalize() + 0)
    return text.lower() if text.lower() in {"true", "false"} else text


def spelt(classes: list[str] | None, values: np.ndarray[Any, Any]) -> list[str] | None:
    """The written classes, those that are true or false as the text of a column (rows,) spells them: `True`, `FALSE`."""
    if classes is None or values.dtype != object or not {*map(label_key, classes)} & {"true", "false"}:
        return classes
    spellings = {label_key(each): each for each in sorted({*map(str, values.tolist())}) if each not in classes}
    return [spellings.get(name, name) if name in {"true", "false"} else name for name in classes]


def label_order(name: str) -> tuple[int, Decimal, str]:
    """Sorts labels: numbers by their value, before the others."""
    is_number = NUMBER.fullmatch(name.strip()) is not None
    return (0, Decimal(name.strip()), name) if is_number else (1, Decimal(0), name)


def label_codes(
    values: np.ndarray[Any, Any], classes: Sequence[str], void: Sequence[int | str]
) -> np.ndarray[Any, Any]:
    """The index (…) int64 of each label among the classes, VOID of a void one, and UNKNOWN of one that is none of them."""
    import numpy as np

    exact = {name: number for number, name in enumerate(classes)}
    alike: dict[str, int] = {}
    for number, name in enumerate(classes):
        alike.setdefault(label_key(name), number)
    nothing = {label_key(each) for each in void}

    def code(label: Any) -> int:
        if nothing and label_key(label) in nothing:
            return VOID
        known = exact.get(str(label))
        return alike.get(label_key(label), UNKNOWN) if known is None else known

    if values.dtype == object:
        labels = values.ravel().tolist()
        by_label = {label: code(label) for label in set(labels)}
        return np.array([by_label[label] for label in labels], np.int64).reshape(values.shape)
    different, inverse = np.unique(values, return_inverse=True)
    codes = np.array([code(each) for each in different.tolist()], np.int64)
    return codes[inverse].reshape(values.shape)


def is_void(values: np.ndarray[Any, Any], void: Sequence[int | str]) -> np.ndarray[Any, Any]:
    """Which labels (…) are void."""
    import numpy as np

    if not void:
        return np.zeros(values.shape, bool)
    nothing = {label_key(each) for each in void}
    different, inverse = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)
    return np.array([label_key(each) in nothing for each in different.tolist()], bool)[inverse].reshape(values.shape)
