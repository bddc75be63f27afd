"""A command line up to the cursor, as a shell takes it apart: the words before, and the one that is begun."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

POSIX: Mapping[str, str] = {"": "", "'": "", '"': '$`"\\'}
FISH: Mapping[str, str] = {"": "", "'": "'\\", '"': '$"\\'}
"""By the quote that is open the characters that a backslash takes the meaning of; without one it is every character."""
LEFT = "$@"
"""Characters that divide words for bash and begin the one behind them."""
PLAIN = re.compile(r"[^\w@%+=:,./-]")
"""What a shell could read as more than itself."""


@dataclass(frozen=True)
class BegunLine:
    """The whole `words`, and the `text` of the last, as the program is given them.

    `quote` is the one that is open at the end; the first `kept` characters of the text stand before the place from which bash
    replaces what is begun: behind the quote that is open, or the last character that divides words.
    """

    words: tuple[str, ...]
    text: str = ""
    quote: str = ""
    kept: int = 0


def begun_line(line: str, *, breaks: str = "", meaning: Mapping[str, str] = POSIX) -> BegunLine:
    """Takes a line apart at its spaces; `breaks` are characters that divide words for the shell alone, as `=` in bash."""
    words: list[str] = []
    text, quote, kept, at = "", "", 0, 0
    inside = False
    while at < len(line):
        character = line[at]
        at += 1
        if character == "\\" and (line[at : at + 1] in meaning[quote] if quote else True):
            text += line[at : at + 1]
            inside, at = True, at + 1
        elif character == quote or (not quote and character in "'\""):
            quote = "" if quote else character
            inside, kept = True, len(text)
        elif not quote and character.isspace():
            words += [text] if inside else []
            text, kept, inside = "", 0, False
        else:
            text += character
            inside = True
            if not quote and character in breaks:
                kept = len(text) - (character in LEFT)
    return BegunLine(tuple(words), text, quote, kept)


def insertable(text: str, quote: str) -> str:
    """`text` as it stands in a shell of POSIX behind a quote that is open, or without one."""
    if quote == "'":
        return text.replace("'", "'\\''")
    if quote:
        return re.sub(r'([$`"\\])', r"\\\1", text)
    return PLAIN.sub(lambda found: f"\\{found[0]}", text)
