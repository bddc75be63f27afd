"""Text in so many cells: wrapped at spaces under its beginning, or cut with a mark."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

NARROWEST = 20
"""Cells that a line of words has at least, however little room there is."""


def wrapped(words: str, width: int | None, *, least: int = NARROWEST) -> list[str]:
    """`words` in lines of at most `width` cells (but at least `least`), broken at spaces; one line without a width."""
    if width is None:
        return [words]
    lines, used = [""], 0
    body = words.lstrip(" ")
    first, *others = body.split(" ")
    for word in (" " * (len(words) - len(body)) + first, *others):
        cells = cell_len(word)
        if not lines[-1] or used + 1 + cells <= max(least, width):
            lines[-1], used = (f"{lines[-1]} {word}", used + 1 + cells) if lines[-1] else (word, cells)
        else:
            lines.append(word)
            used = cells
    return lines


APART = "   "
"""Stands between the parts of a text that have lines of their own where they do not fit on one."""
HANGING = 2
"""The cells before what a line of a part goes on with."""


def parts_below(text: str, width: int) -> list[str]:
    """A text in one line; else each of its parts from the beginning of a line on, and what it goes on with after two cells."""
    if cell_len(text) <= width:
        return [text]
    parts = [each for each in text.split(APART) if each.strip()]
    if len(parts) < 2:
        return wrapped(text, width, least=1)
    lines = []
    for part in parts:
        first, *others = [part] if cell_len(part) <= width else wrapped(part, width - HANGING, least=1)
        lines += [first, *(" " * HANGING + each for each in others)]
    return lines


def hanging(words: str, width: int | None, *, indent: int, used: int | None = None) -> str:
    """`words` in lines that begin after `indent` cells, of which the first has `used` already."""
    if width is None:
        return words
    # What is used beyond the indent counts as a word that is taken away again.
    used = indent if used is None else used
    first, *lines = wrapped("x" * (used - indent) + words, width - indent)
    return ("\n" + " " * indent).join([first[used - indent :], *lines])


def cut(text: str, cells: int, *, mark: str = "…") -> str:
    """`text` in at most so many cells, with a mark at its end where it was cut."""
    return text if cell_len(text) <= cells else set_cell_size(text, max(0, cells - 1)).rstrip() + mark


def cut_apart(texts: Sequence[str], cells: int, *, mark: str = "…") -> list[str]:
    """Texts in at most so many cells each, cut at their ends; where some would look alike then, in what all of them share."""
    ends = [cut(text, cells, mark=mark) for text in texts]
    if len(set(ends)) == len(set(texts)):
        return ends
    long = [text for text in texts if cell_len(text) > cells]
    shared = next(
        (at for at, letters in enumerate(zip(*long, strict=False)) if len(set(letters)) > 1), min(map(len, long))
    )
    return [cut_before(text, shared, cells, mark=mark) for text in texts]


def cut_before(text: str, place: int, cells: int, *, mark: str) -> str:
    """`text` in at most so many cells, without its beginning up to a place at most, and, where that is not enough, its middle."""
    if cell_len(text) <= cells:
        return text
    begun = max(0, min(place, len(text) - cells))
    while begun < place and cell_len(text[begun:]) >= cells:
        begun += 1
    return (mark if begun else "") + cut_inside(text[begun:], cells - bool(begun), mark=mark)


def cut_inside(text: str, cells: int, *, mark: str = "…") -> str:
    """`text` in at most so many cells, cut in its middle: names that begin alike differ at their end."""
    if cell_len(text) <= cells:
        return text
    behind = max(0, cells - 1) // 2
    end = text[len(text) - behind :]
    while cell_len(end) > behind:
        end = end[1:]
    return set_cell_size(text, max(0, cells - 1 - cell_len(end))).rstrip() + mark + end
