"""Words of an error: the one way to quote that of somebody else, a line that is never empty, and a list that is cut."""

from __future__ import annotations

from collections.abc import Sequence


def first_line(error: BaseException, *, most: int | None = None) -> str:
    """The first line of an error that holds words, at most `most` characters of it; `ValueError without a message` of none."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:most] if lines else without_words(error)


def without_words(error: BaseException) -> str:
    """What to say of an error that says nothing."""
    return f"{type(error).__name__} without a message"


def named_line(error: BaseException) -> str:
    """The class of an error and its first line: `ValueError: not so`."""
    words = first_line(error)
    return f"{type(error).__name__}: {words}" if str(error).strip() else words


def some_names(names: Sequence[str], *, most: int = 5) -> str:
    """The first of some names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
