"""Reads YAML strictly: YAML 1.2 scalars, every value with its place, and nothing that surprises or explodes.

PyYAML's event stream does the grammar; what it calls a number, a boolean or a harmless alias is decided here
(https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dlcli.config.nodes import Mark, Node
from dlcli.errors import ConfigError, Problem

DEEPEST = 64
MOST_NODES = 200_000
MOST_BYTES = 8_000_000
LONGEST_NUMBER = 400

NULL = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
SPECIAL = {".nan": "nan", ".NaN": "nan", ".NAN": "nan"} | {
    sign + word: sign + "inf" for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")
}
INTEGER = re.compile(r"[-+]?[0-9]+")
OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")


def read_yaml(content: bytes, *, file: str, folder: Path) -> Node:
    """The tree of one document.

    `file` is the name for messages, `folder` what the paths in it are relative to. Raises `ConfigError` with every
    problem that the text itself has: its encoding, its grammar, duplicate keys, tags, merge keys, depth, size.
    """
    text = decode(content, file=file)
    reader = Reader(file=file, folder=folder, lines=text.splitlines() or [""])
    root = reader.document(text)
    if reader.problems or root is None:
        raise ConfigError(reader.problems)
    return root


def decode(content: bytes, *, file: str) -> str:
    """The text of a UTF-8 file, with or without BOM."""
    if len(content) > MOST_BYTES:
        raise ConfigError(
            [Problem(f"the file has {len(content):,} bytes; a configuration has at most {MOST_BYTES:,}", file)]
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(
            [Problem("the file is UTF-16, expected UTF-8", file, 1, 1, see=f"iconv -f UTF-16 -t UTF-8 {file}")]
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        shown = content.splitlines()[line - 1].decode("utf-8", "replace")
        raise ConfigError(
            [
                Problem(
                    f"byte 0x{content[error.start]:02x} is not UTF-8",
                    file,
                    line,
                    column,
                    text=shown,
                    see=f"iconv -f CP949 -t UTF-8 {file}   (Korean Windows; or another encoding)",
                )
            ]
        ) from None
    for position, character in enumerate(text):
        if unprintable(character):
            line = text.count("\n", 0, position) + 1
            start = text.rfind("\n", 0, position) + 1
            shown = "".join("�" if unprintable(each) else each for each in text[start:].split("\n", 1)[0])
            message = f"the character U+{ord(character):04X} may not stand in a text file"
            raise ConfigError([Problem(message, file, line, position - start + 1, text=shown)])
    return text


def unprintable(character: str) -> bool:
    """Whether YAML refuses the character anywhere in a file."""
    return (
        (character < " " and character not in "\t\n\r")
        or character in "\x7f￾￿"
        or ("\x80" <= character < "\xa0" and character != "\x85")
    )


@dataclass
class Reader:
    """One pass over the events of a file; collects problems and goes on where it can."""

    file: str
    folder: Path
    lines: list[str]
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    nodes: int = 0

    def document(self, text: str) -> Node | None:
        """The root, or None where `problems` says why there is none."""
        try:
            return self.root(yaml.parse(text, Loader=yaml.SafeLoader))
        except yaml.MarkedYAMLError as error:
            self.problems.append(self.grammar_problem(error))
        except Unreadable as error:
            self.problems.append(error.problem)
        return None

    def root(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    mark = self.mark(event, length=3)
                    self.problems.append(mark.problem("a second document starts here; a file holds one experiment"))
                    return None
                root = self.node(next(events), events, depth=1)
        if root is None or (root.value is None and root.plain_style):
            self.problems.append(Problem("the file is empty", self.file, 1, 1, see="dlcli show config"))
            return None
        if not isinstance(root.value, dict):
            kind = "a list" if isinstance(root.value, list) else "a single value"
            message = f"the file holds {kind}; expected keys: data, layers, loss, optimizer, train"
            self.problems.append(root.mark.problem(message))
            return None
        return root

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], *, depth: int) -> Node:
        """The value that starts with this event."""
        mark = self.mark(event)
        self.count(1, mark)
        if depth > DEEPEST:
            raise Unreadable(mark.problem(f"nested deeper than {DEEPEST} levels"))
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), mark)
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if getattr(event, "tag", None) is not None:
            self.problems.append(
                mark.problem(f"tags are not allowed, found '{event.tag}'", suggestion="leave the tag out")
            )
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event, mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(self.sequence(events, depth=depth), mark)
        else:
            node = Node(self.mapping(events, depth=depth), mark)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def sequence(self, events: Iterator[yaml.Event], *, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self.node(event, events, depth=depth + 1))
        return items

    def mapping(self, events: Iterator[yaml.Event], *, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key, mark = self.key(event, events, depth=depth)
            value = self.node(next(events), events, depth=depth + 1).with_key(mark)
            if key in entries:
                first = entries[key].key
                assert first is not None
                message = f"duplicate key '{key}', first written at line {first.line}"
                self.problems.append(mark.problem(message, suggestion="keep one of the two"))
            entries[key] = value
        return entries

    def key(self, event: yaml.Event, events: Iterator[yaml.Event], *, depth: int) -> tuple[str, Mark]:
        """The key as text in Unicode's composed form, so that two spellings of one Korean word are one key."""
        mark = self.mark(event)
        if not isinstance(event, yaml.ScalarEvent):
            found = self.node(event, events, depth=depth + 1)
            kind = (
                "an alias"
                if isinstance(event, yaml.AliasEvent)
                else "a list"
                if isinstance(found.value, list)
                else "a mapping"
            )
            self.problems.append(mark.problem(f"a key must be text, found {kind}"))
            return f"\0{len(self.problems)}", mark
        if event.tag is not None:
            self.problems.append(
                mark.problem(f"tags are not allowed, found '{event.tag}'", suggestion="leave the tag out")
            )
        if event.value == "<<" and event.style is None:
            self.problems.append(
                mark.problem(
                    "merge keys ('<<') are not allowed", see="extends: base.yaml shares settings between files"
                )
            )
        return unicodedata.normalize("NFC", event.value), mark

    def alias(self, anchor: str, mark: Mark) -> Node:
        if anchor not in self.anchors:
            raise Unreadable(mark.problem(f"nothing above is named '&{anchor}'"))
        node = self.anchors[anchor]
        if node is None:
            raise Unreadable(mark.problem(f"'*{anchor}' stands inside what it names, so it would never end"))
        self.count(size(node, at_most=MOST_NODES), mark)
        return node

    def count(self, nodes: int, mark: Mark) -> None:
        """Aliases are counted as what they stand for: a few lines can stand for billions of values."""
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            raise Unreadable(mark.problem(f"more than {MOST_NODES:,} values, aliases counted as what they stand for"))

    def scalar(self, event: yaml.ScalarEvent, mark: Mark) -> Node:
        if event.style is not None or event.tag is not None:
            return Node(event.value, mark)
        return Node(self.resolve(event.value, mark), mark, plain_style=True)

    def resolve(self, text: str, mark: Mark) -> Any:
        """The value of a scalar without quotes, by the core schema of YAML 1.2."""
        if text in NULL:
            return None
        if text in BOOLEAN:
            return BOOLEAN[text]
        if text in SPECIAL:
            return float(SPECIAL[text])
        if LEADING_ZERO.fullmatch(text):
            without = str(int(text)) if len(text) < LONGEST_NUMBER else "the number without zeros"
            self.problems.append(
                mark.problem(
                    f"a number with a leading zero is ambiguous: {text[:40]}",
                    suggestion=f'write {without}, or "{text[:40]}" for text',
                )
            )
            return 0
        if INTEGER.fullmatch(text) or OTHER_BASE.fullmatch(text):
            return self.integer(text, mark)
        if FLOAT.fullmatch(text) and len(text) <= LONGEST_NUMBER:
            return float(text)
        return text

    def integer(self, text: str, mark: Mark) -> int:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        value = int(text[2:] if base != 10 else text, base) if len(text) <= LONGEST_NUMBER else 2**64
        if not -(2**63) <= value < 2**63:
            shown = text if len(text) <= 40 else f"{text[:20]}… ({len(text):,} digits)"
            self.problems.append(mark.problem(f"the number does not fit in 64 bits: {shown}"))
            return 0
        return value

    def mark(self, event: yaml.Event, *, length: int | None = None) -> Mark:
        start, end = event.start_mark, event.end_mark
        line = self.line(start.line)
        if length is None:
            length = end.column - start.column if end.line == start.line else len(line) - start.column
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            length = len(line.rstrip()) - start.column
        return Mark(self.file, start.line + 1, start.column + 1, max(1, length), line, self.folder)

    def line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def grammar_problem(self, error: yaml.MarkedYAMLError) -> Problem:
        """A syntax error in the words of PyYAML, with what most often causes it."""
        place = error.problem_mark or error.context_mark
        assert place is not None, "PyYAML always says where"
        line = self.line(place.line)
        message = " ".join(str(part) for part in (error.problem, error.context) if part)
        suggestion = None
        if "\\t" in message or "\t" in line[: place.column + 1]:
            suggestion = "indent with spaces instead of tabs"
        elif "cannot start any token" in message:
            suggestion = "put quotes around the text"
        elif "mapping values are not allowed" in message:
            suggestion = "put quotes around text that holds ': ', or check the indentation above"
        return Problem(message, self.file, place.line + 1, place.column + 1, text=line, suggestion=suggestion)


class Unreadable(Exception):
    """A problem after which the rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def size(node: Node, *, at_most: int) -> int:
    """How many values a node stands for, counted up to a bound."""
    total, waiting = 0, [node]
    while waiting and total <= at_most:
        value = waiting.pop().value
        total += 1
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return total
