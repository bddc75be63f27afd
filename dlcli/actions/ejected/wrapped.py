"""Lines of Python that are too long, taken apart."""

from __future__ import annotations

import re

LONGEST = 110
"""Letters of a line that is not taken apart."""


OPENING = re.compile(r"\(|(?<![\w\])])[\[{]")
"""Where a call begins, or a list or dictionary, and no subscript."""


def wrapped_line(line: str) -> str:
    """A line of Python; where it is long, with each argument of its first call (or each of its values) on a line of its own."""
    opening, indent = OPENING.search(line), " " * (len(line) - len(line.lstrip()))
    if len(line) <= LONGEST or opening is None or "\n" in line or line.lstrip().startswith("#"):
        return line
    start = position = opening.start()
    depth, parts, begun, alone = 0, list[str](), start + 1, False
    for position in range(start, len(line)):
        sign = line[position]
        depth += (sign in "([{") - (sign in ")]}")
        alone |= depth == 1 and line.startswith(" for ", position)  # a comprehension
        if depth == 0 or (depth == 1 and sign == "," and not alone):
            parts.append(line[begun:position].strip())
            begun = position + 1
        if depth == 0:
            break
    inner = [wrapped_line(f"{indent}    {part}{'' if alone else ','}") for part in parts if part]
    return "\n".join([line[: start + 1], *inner, f"{indent}{line[position:]}"])
