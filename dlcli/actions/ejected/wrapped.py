"""Lines of Python that are too long, taken apart."""

from __future__ import annotations

import re

LONGEST = 110
"""Letters of a line that is not taken apart."""


OPENING = re.compile(r"\(|(?<![\w\])])[\[{]")
"""Where a call begins, or a list or dictionary, and no subscript."""
COMPREHENSION = re.compile(r" for .* in ")


def wrapped_line(line: str) -> str:
    """A line of Python; where it is long, with each argument of its first call (or each of its values) on a line of its own."""
    opening, indent = OPENING.search(line), " " * (len(line) - len(line.lstrip()))
    if len(line) <= LONGEST or opening is None or "\n" in line or line.lstrip().startswith("#"):
        return line
    start = position = opening.start()
    depth, parts, begun = 0, list[str](), start + 1
    for position in range(start, len(line)):
        sign = line[position]
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 or (depth == 1 and sign == ","):
            parts.append(line[begun:position].strip())
            begun = position + 1
        if depth == 0:
            break
    parts = [part for part in parts if part]
    alone = len(parts) == 1 and COMPREHENSION.search(re.sub(r"\[.*\]|{.*}|\(.*\)", "", parts[0])) is not None
    inner = [wrapped_line(f"{indent}    {part}{'' if alone else ','}") for part in parts]
    return "\n".join([line[: start + 1], *inner, f"{indent}{line[position:]}"])
