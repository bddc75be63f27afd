"""A histogram in one line."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
LETTERS = "_.-=+*#@"


def histogram(counts: Sequence[int], *, unicode: bool = True) -> str:
    """One character a bin, as high as its count; an empty bin is a blank, and no other is."""
    marks, most = (BLOCKS if unicode else LETTERS), max(counts, default=0)
    return "".join(marks[max(0, -(-count * len(marks) // most) - 1)] if count else " " for count in counts)
