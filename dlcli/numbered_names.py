"""What Keras calls the things of a list that have no names of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any


def numbered_names(words: Sequence[str | None], own: Sequence[Any]) -> list[str | None]:
    """What Keras calls the things of a list that have no name of their `own`: `dense`, `dense_1`, `conv2d`.

    `words` are their classes, None where an entry is no thing.
    """
    counts: Counter[str] = Counter()
    names: list[str | None] = []
    for word, name in zip(words, own, strict=True):
        if word is None or name is not None:
            names.append(None)
            continue
        base = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", word)).lower()
        names.append(f"{base}_{counts[base]}" if counts[base] else base)
        counts[base] += 1
    return names
