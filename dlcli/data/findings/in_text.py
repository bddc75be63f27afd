"""Words that give a class away: its own name in the text, or a word at one place, such as that of a header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dlcli.data.findings.near_copies import FEWEST_OF_A_CLASS, LIKELY, NEARLY, is_near_flag, some_rows

if TYPE_CHECKING:
    import numpy as np

WORD = re.compile(r"\w+")
PLACES = 3
"""So many words of the beginning and of the end are those of a header or a footer."""


def way_of_words(texts: np.ndarray[Any, Any], target: np.ndarray[Any, Any], classes: list[str]) -> str | None:
    """How the words of texts (rows,) tell the class index (rows,) of nearly each, or None.

    place: one word, counted from the beginning or the end, is one for each class. named: they hold the name of their class.
    """
    for rows, share in ((some_rows(len(texts)), LIKELY), (slice(None), NEARLY)):
        words = [[word.lower() for word in WORD.findall(str(each))] for each in texts[rows].tolist()]
        at_place, named = tells_at_a_place(words, target[rows]), are_named(words, target[rows], classes, share=share)
        if not at_place and not named:
            return None
    return "place" if at_place else "named"


def tells_at_a_place(words: list[list[str]], target: np.ndarray[Any, Any]) -> bool:
    """Whether the words of rows at one place, of hardly more than there are classes, tell the class of nearly every row."""
    import numpy as np

    if not any(len(each) > 1 for each in words):  # a text of one word is a name
        return False
    places = [*range(PLACES), *range(-PLACES, 0)]
    at = [np.array([each[place] if -len(each) <= place < len(each) else "" for each in words]) for place in places]
    return any(is_near_flag(each, target) for each in at)


def are_named(words: list[list[str]], target: np.ndarray[Any, Any], classes: list[str], *, share: float) -> bool:
    """Whether nearly every row holds the name of its class as words in turn, and that of no other."""
    import numpy as np

    names = [" ".join(WORD.findall(each.lower())) for each in classes]
    counts = np.bincount(target, minlength=len(classes))
    if len(classes) < 2 or not all(names) or counts[counts > 0].min() < FEWEST_OF_A_CLASS:
        return False
    right = np.zeros(len(classes), int)
    for own, row in zip(target.tolist(), words, strict=True):
        text = f" {' '.join(row)} "
        right[own] += [number for number, name in enumerate(names) if f" {name} " in text] == [own]
    return bool(right.sum() >= share * len(words) and (right >= LIKELY * counts).all())
