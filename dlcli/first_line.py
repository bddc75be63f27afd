"""Words of an error: the one way to quote that of somebody else, a line that is never empty, and a list that is cut."""

from __future__ import annotations

import re
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


def reason_of(error: BaseException) -> str:
    """What a message of Keras or TensorFlow says is wrong, without where in them it came up; at most 300 characters."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"\s*Arguments received by [\s\S]*", "", text)
    text = re.sub(r"Exception encountered when calling .*?(?:\n+|$)|Error encountered:\s*", "", text)
    # TensorFlow names the node of its graph before what it says, the place in the code and the operation behind it.
    text = re.sub(r"\s*\[Op:[\s\S]*|\n\s*\[\[[\s\S]*|\{\{.*?\}\}\s*", "", text)
    text = re.sub(r"Graph execution error:[\s\S]*?(\w+Error:|$)", "", text)
    text = re.sub(r" for '[^']*= [\s\S]*", "", text)  # an operation of a graph in its own notation
    text = re.sub(r"tf\.Tensor\(shape=(\([^)]*\)).*?\)", r"a tensor of shape \1", text)
    text = re.sub(r"<KerasTensor shape=(\([^)]*\))[^>]*>", r"a tensor of shape \1", text)
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    words = " ".join(lines)[:300] or without_words(error)
    # Some errors of Python are a bare value: KeyError: 'x', IndexError: tuple index out of range.
    return words if isinstance(error, ValueError | RuntimeError) or " " in words else named_line(error)
