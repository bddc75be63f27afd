"""Reads YAML strictly: YAML 1.2 scalars, every value with its place, and nothing that surprises or explodes.

PyYAML's event stream does the grammar; what it calls a number, a boolean or a harmless alias is decided here
(https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from dlcli.config.grammar import grammar_problem
from dlcli.config.text import decode
from dlcli.config.tree import Mark, Node
from dlcli.errors import ConfigError, Problem

DEEPEST = 64
MOST_NODES = 50_000
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
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
UNUSABLE = re.compile("[\0\ud800-\udfff]")
"""What an escape such as `"\\0"` can write but no name, path or text may hold."""


def read_yaml(content: bytes, *, file: str, folder: Path) -> Node:
    """The tree of one document.

    `file` is the name for messages, `folder` what the paths in it are relative to. Raises `ConfigError` with every
    problem that the text itself has: its encoding, its grammar, duplicate keys, tags, merge keys, depth, size.
    """
    root, problems = read_document(content, file=file, folder=folder)
    if problems:
        raise ConfigError(problems)
    return root


def read_document(content: bytes, *, file: str, folder: Path) -> tuple[Node, list[Problem]]:
    """The tree of one document and the problems of its text, where these leave a tree. Raises `ConfigError` otherwise."""
    text = decode(content, file=file)
    reader = Reader(file=file, folder=folder, lines=text.splitlines() or [""])
    root = reader.document(text)
    if root is None:
        raise ConfigError(reader.problems)
    return root, reader.problems


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
        loader = yaml.SafeLoader(text)
        try:
            return self.root(iter(loader.get_event, None))
        except yaml.MarkedYAMLError as error:
            self.problems.append(grammar_problem(error, file=self.file, lines=self.lines))
        except Unreadable as error:
            self.problems.append(error.problem)
        except (ValueError, OverflowError):
            # PyYAML computes "\\U00110000" and '%YAML 1.999…' without a look at their size.
            line, column = loader.line, loader.column
            directive = self.line(line).startswith("%")
            message = "this version is none of YAML" if directive else "this escape names no character"
            self.problems.append(
                Problem(message, self.file, line + 1, column + 1, text=self.line(line), kind="bad_yaml")
            )
        finally:
            loader.dispose()
        return None

    def root(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    mark = self.mark(event, length=3)
                    self.problems.append(
                        mark.problem(
                            "a second document starts here; a file holds one experiment", kind="second_document"
                        )
                    )
                    return None
                root = self.node(next(events), events, depth=1)
        if root is None or (root.value is None and root.plain_style):
            self.problems.append(
                Problem(
                    "the file is empty", self.file, 1, 1, text=self.line(0), see="dlcli show config", kind="empty_file"
                )
            )
            return None
        if not isinstance(root.value, dict):
            kind = "a list" if isinstance(root.value, list) else "a single value"
            message = f"the file holds {kind}; expected keys: data, layers, loss, optimizer, train"
            self.problems.append(root.mark.problem(message, kind="wrong_type"))
            return None
        return root

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], *, depth: int) -> Node:
        """The value that starts with this event."""
        mark = self.mark(event)
        self.count(1, mark)
        if depth > DEEPEST:
            raise Unreadable(mark.problem(f"nested deeper than {DEEPEST} levels", kind="nested_too_deep"))
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), mark, depth=depth)
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.check_tag(event, mark)
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event, mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            items, end = self.sequence(events, depth=depth)
            node = Node(items, self.closed(mark, event, end))
        else:
            entries, end = self.mapping(events, depth=depth)
            node = Node(entries, self.closed(mark, event, end))
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def check_tag(self, event: yaml.Event, mark: Mark) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.append(
                mark.problem(f"tags are not allowed, found '{shown}'", suggestion="leave the tag out", kind="yaml_tag")
            )

    def closed(self, mark: Mark, start: yaml.Event, end: yaml.Event) -> Mark:
        """The mark of a collection; one in brackets on a single line reaches to its closing bracket."""
        first, last = event_marks(start)[0], event_marks(end)[1]
        if not getattr(start, "flow_style", False) or first.line != last.line:
            return mark
        return replace(mark, length=last.column - first.column)

    def sequence(self, events: Iterator[yaml.Event], *, depth: int) -> tuple[list[Node], yaml.Event]:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self.node(event, events, depth=depth + 1))
        return items, event

    def mapping(self, events: Iterator[yaml.Event], *, depth: int) -> tuple[dict[str, Node], yaml.Event]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key, mark = self.key(event, events, depth=depth)
            value = self.node(next(events), events, depth=depth + 1).with_key(mark)
            if key in entries:
                first = entries[key].key
                assert first is not None
                message = f"duplicate key '{key}', first written at line {first.line}"
                self.problems.append(mark.problem(message, suggestion="keep one of the two", kind="duplicate_key"))
            entries[key] = value
        return entries, event

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
            self.problems.append(mark.problem(f"a key must be text, found {kind}", kind="key_not_text"))
            return f"\0{len(self.problems)}", mark
        self.check_tag(event, mark)
        event.value = with_pairs_joined(event.value)
        self.check_usable(event.value, mark)
        if event.anchor is not None:
            self.anchors[event.anchor] = Node(event.value, mark)
        if event.value == "<<" and event.style is None:
            self.problems.append(
                mark.problem(
                    "merge keys ('<<') are not allowed",
                    see="extends: base.yaml shares settings between files",
                    kind="yaml_merge_key",
                )
            )
        return unicodedata.normalize("NFC", event.value), mark

    def check_usable(self, text: str, mark: Mark) -> None:
        found = UNUSABLE.search(text)
        if found is not None:
            self.problems.append(
                mark.problem(f"the character U+{ord(found[0]):04X} may not stand in a text", kind="forbidden_character")
            )

    def alias(self, anchor: str, mark: Mark, *, depth: int) -> Node:
        if anchor not in self.anchors:
            raise Unreadable(mark.problem(f"nothing above is named '&{anchor}'", kind="unknown_anchor"))
        node = self.anchors[anchor]
        if node is None:
            raise Unreadable(
                mark.problem(f"'*{anchor}' stands inside what it names, so it would never end", kind="refers_to_itself")
            )
        values, height = extent(node, at_most=MOST_NODES)
        self.count(values, mark)
        if depth + height - 1 > DEEPEST:
            raise Unreadable(mark.problem(f"nested deeper than {DEEPEST} levels", kind="nested_too_deep"))
        return node

    def count(self, nodes: int, mark: Mark) -> None:
        """Aliases are counted as what they stand for: a few lines can stand for billions of values."""
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            raise Unreadable(
                mark.problem(
                    f"more than {MOST_NODES:,} values, aliases counted as what they stand for", kind="expands_too_large"
                )
            )

    def scalar(self, event: yaml.ScalarEvent, mark: Mark) -> Node:
        event.value = with_pairs_joined(event.value)
        self.check_usable(event.value, mark)
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
                    kind="leading_zero",
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
            self.problems.append(mark.problem(f"the number does not fit in 64 bits: {shown}", kind="number_too_large"))
            return 0
        return value

    def mark(self, event: yaml.Event, *, length: int | None = None) -> Mark:
        start, end = event_marks(event)
        line = self.line(start.line)
        if length is None:
            length = end.column - start.column if end.line == start.line else len(line) - start.column
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            length = len(line.rstrip()) - start.column
        return Mark(self.file, start.line + 1, start.column + 1, max(1, length), line, self.folder)

    def line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""


def event_marks(event: yaml.Event) -> tuple[Any, Any]:
    """The marks of PyYAML where an event begins and ends."""
    return event.start_mark, event.end_mark


class Unreadable(Exception):
    """A problem after which the rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def with_pairs_joined(text: str) -> str:
    r"""A text in which JSON has written a character as two escapes (`\ud83d\udca5`), with the one that they mean."""
    return PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def extent(node: Node, *, at_most: int) -> tuple[int, int]:
    """How many values a node stands for, counted up to a bound, and how many levels deep they are nested."""
    values, height, waiting = 0, 0, [(node, 1)]
    while waiting and values <= at_most:
        here, level = waiting.pop()
        values, height = values + 1, max(height, level)
        below = here.value.values() if isinstance(here.value, dict) else here.value
        if isinstance(here.value, dict | list):
            waiting.extend((each, level + 1) for each in below)
    return values, height
