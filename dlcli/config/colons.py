"""What a line means whose colon is not written as YAML wants it, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

WIDE_COLON = "："
"""What a Korean, Chinese or Japanese keyboard writes for a colon."""
WIDE_COMMA = "，"
WORD = r"[\w.-]+"
NO_SPACE = re.compile(rf"(?P<before>\s*(?:- )*(?P<key>{WORD})):(?P<value>[^\s:/\\].*)")
WIDE = re.compile(rf"(?P<before>\s*(?:- )*(?P<key>{WORD}\s*)){WIDE_COLON}\s*(?P<value>.*)")
TWO = re.compile(rf"\s*(?:- )*(?P<outer>{WORD}): +(?P<inner>{WORD})(?P<colon>): +(?P<value>.*)")
ITEM_ALONE = re.compile(rf"(?P<indent>\s*)- +(?P<key>{WORD})\s*")
WORD_ALONE = re.compile(rf"(?P<indent>\s*)(?P<key>{WORD})\s*")
PAIR = re.compile(rf"(?P<indent>\s*)(?:- )*{WORD}: +\S.*")


@dataclass(frozen=True)
class Slip:
    """A place in the file, from 0, with what is wrong there and what to write."""

    line: int
    column: int
    message: str
    suggestion: str


def colon_slip(lines: Sequence[str], line: int) -> Slip | None:
    """Why no ':' may stand at a line, where that is plain: a slip in it, or in the last one above that says something."""
    here = slip_within(lines, line)
    if here is not None:
        return here
    two = TWO.fullmatch(lines[line])
    if two is not None:
        inner = f"{two['inner']}: {two['value'].rstrip()}"
        words = f"write {two['outer']}: {{{inner}}}, or put quotes around text that holds ': '"
        return Slip(line, two.start("colon"), "a second ':' may not stand on one line", words)
    above = line_above(lines, line)
    return None if above is None else slip_within(lines, above) or slip_of_block(lines, above, line)


def comma_slip(text: str) -> str | None:
    """What to write where a text holds a full-width comma."""
    return f"'{WIDE_COMMA}' is a full-width comma: write ', '" if WIDE_COMMA in text else None


def slip_above(lines: Sequence[str], line: int) -> Slip | None:
    """A slip in the last line above that says something."""
    above = line_above(lines, line)
    return None if above is None else slip_within(lines, above)


def line_above(lines: Sequence[str], line: int) -> int | None:
    """The last line above another that is more than blank or a comment."""
    return next((at for at in range(line - 1, -1, -1) if says_something(lines[at])), None)


def slip_within(lines: Sequence[str], line: int) -> Slip | None:
    """A colon without a space behind it, or a full-width one, at the key of a line."""
    text = lines[line]
    wide = WIDE.fullmatch(text)
    if wide is not None:
        words = f"write {wide['key'].rstrip()}: {wide['value'].rstrip()}".rstrip()
        return Slip(line, wide.end("before"), f"'{WIDE_COLON}' is a full-width colon, which YAML does not know", words)
    close = NO_SPACE.fullmatch(text)
    if close is None:
        return None
    words = f"write {close['key']}: {close['value'].rstrip()}"
    return Slip(line, close.end("before"), "a space is missing behind the ':'", words)


def slip_of_block(lines: Sequence[str], above: int, line: int) -> Slip | None:
    """A '- ' or a ':' that is missing in the line above, or a line that is indented more than it should be."""
    text, deep = lines[above], depth(lines[line])
    alone, item = WORD_ALONE.fullmatch(text), ITEM_ALONE.fullmatch(text)
    if alone is not None and lines[line].lstrip().startswith("- "):
        return Slip(above, alone.start("key"), "a '- ' is missing before this", f"write - {alone['key']}")
    if item is not None and deep > len(item["indent"]):
        pairs = [lines[at].strip() for at in range(line, len(lines)) if depth(lines[at]) >= deep > 0][:3]
        words = f"write - {item['key']}: {{{', '.join(pairs)}}}"
        return Slip(
            above, item.end("key"), f"a ':' is missing behind {item['key']}, whose arguments stand below", words
        )
    pair = PAIR.fullmatch(text)
    if pair is not None and deep > len(pair["indent"]):
        words = "indent it like the line above, which has a value already"
        return Slip(line, deep, "this line is indented more than the one above", words)
    return None


def says_something(line: str) -> bool:
    """Whether a line is more than blank or a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def depth(line: str) -> int:
    """How many blanks a line begins with."""
    return len(line) - len(line.lstrip(" "))
