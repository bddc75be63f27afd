"""The syntax errors of PyYAML in words that say what to write instead.

PyYAML tells them by nothing but its own English: this is the one room that knows its phrases. A test provokes each of them
with the PyYAML that is installed, and a phrase that is not known is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from dlcli.config.colons import colon_slip, comma_slip, slip_above, slip_within
from dlcli.errors import Problem

IN_SEQUENCE, IN_MAPPING = "while parsing a flow sequence", "while parsing a flow mapping"
OPENED = {IN_SEQUENCE: ("[", "]"), IN_MAPPING: ("{", "}")}
NO_TOKEN = re.compile(r"found character '(.+?)' that cannot start any token")
NO_VALUE_HERE = "mapping values are not allowed"
NO_COLON = "could not find expected ':'"
NO_QUOTE = "found unexpected end of stream"
NO_QUOTE_BEFORE_DOCUMENT = "found unexpected document separator"
ESCAPE = "escape"
END_OF_BLOCK = "expected <block end>"
START_OF_DOCUMENT = "expected '<document start>'"
END_OF_FILE = "<stream end>"


def grammar_problem(error: yaml.MarkedYAMLError, *, file: str, lines: Sequence[str]) -> Problem:
    """A syntax error at the place to look at: where a bracket or a quote was opened, or what follows it."""
    said, context = str(error.problem or ""), str(error.context or "")
    start, end = error.context_mark, error.problem_mark or error.context_mark
    assert end is not None, "PyYAML always says where"
    found = (start.line, start.column) if start is not None else (end.line, end.column)
    line = lines[end.line] if end.line < len(lines) else ""
    slip = None
    if NO_VALUE_HERE in said and "\t" not in line[: end.column + 1]:
        slip = colon_slip(lines, end.line)
    elif NO_COLON in said and found[0] < len(lines):
        slip = slip_within(lines, found[0])
    elif END_OF_BLOCK in said and not line[: end.column].strip(" -"):
        slip = slip_above(lines, end.line)
    if slip is not None:
        text, words = lines[slip.line], slip.suggestion
        return Problem(slip.message, file, slip.line + 1, slip.column + 1, text=text, suggestion=words, kind="bad_yaml")
    message, suggestion, at_start = syntax_wording(said, context, line=line, column=end.column, opened=found)
    place = found if at_start else (end.line, end.column)
    text = lines[place[0]] if place[0] < len(lines) else ""
    return Problem(message, file, place[0] + 1, place[1] + 1, text=text, suggestion=suggestion, kind="bad_yaml")


def syntax_wording(
    said: str, context: str, *, line: str, column: int, opened: tuple[int, int]
) -> tuple[str, str | None, bool]:
    """Message, suggestion, and whether it belongs to the place where the thing was opened.

    `line` and `column` are where PyYAML stopped, `opened` is where it began what it could not end.
    """
    character = NO_TOKEN.search(said)
    if character is not None:
        if character[1] == "\\t":
            return "a tab may not stand here", "indent with spaces instead of tabs", False
        return f"text may not start with '{character[1]}'", "put quotes around the text", False
    if NO_VALUE_HERE in said:
        hint = "put quotes around text that holds ': ', or check the indentation above"
        if "\t" in line[: column + 1]:
            hint = "indent with spaces instead of tabs"
        return "':' may not stand here", hint, False
    if NO_COLON in said:
        return "expected a key with ': ' and a value", None, True
    if context in OPENED:
        return unclosed(said, *OPENED[context], line=line, column=column, opened=opened[0] + 1)
    if NO_QUOTE in said or NO_QUOTE_BEFORE_DOCUMENT in said:
        return "the quote that opens here is not closed", None, True
    if ESCAPE in said:
        hint = "write single quotes: in them a backslash is only itself"
        return "this backslash means nothing inside double quotes", hint, False
    if END_OF_BLOCK in said:
        if line[:column].strip(" -"):
            return "nothing may follow on this line", "put quotes around the whole text", False
        block = f"this line does not fit the block that starts at line {opened[0] + 1}"
        return block, "indent it like the other lines of its block", False
    if START_OF_DOCUMENT in said:
        return "this line does not fit what stands above it", "start every key of the file in the same column", False
    return " ".join(part for part in (said, context) if part), None, False


def unclosed(
    said: str, opening: str, closing: str, *, line: str, column: int, opened: int
) -> tuple[str, str | None, bool]:
    """A list or mapping in brackets that does not end as it should."""
    if END_OF_FILE in said:
        return f"the '{opening}' that opens here is not closed", f"write '{closing}' at its end", True
    message = f"expected ',' or '{closing}' here, to go on or to close the '{opening}' of line {opened}"
    if wide := comma_slip(line[:column]):
        return message, wide, False
    if line[:column].endswith("$"):
        return message, 'put quotes around it: "${…}"', False
    return message, None, False
