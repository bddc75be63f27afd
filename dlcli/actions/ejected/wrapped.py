"""Lines of Python that are too long, taken apart."""

from __future__ import annotations

LONGEST = 110
"""Letters of a line that is not taken apart."""


def wrapped_line(line: str) -> str:
    """A line of Python; where it is long, with each argument of its first call on a line of its own."""
    start, indent = line.find("("), " " * (len(line) - len(line.lstrip()))
    if len(line) <= LONGEST or start < 0 or "\n" in line or line.lstrip().startswith("#"):
        return line
    depth, parts, begun, position = 0, list[str](), start + 1, start
    for position in range(start, len(line)):
        sign = line[position]
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 or (depth == 1 and sign == ","):
            parts.append(line[begun:position].strip())
            begun = position + 1
        if depth == 0:
            break
    inner = [wrapped_line(f"{indent}    {part},") for part in parts if part]
    return "\n".join([line[: start + 1], *inner, f"{indent}{line[position:]}"])
