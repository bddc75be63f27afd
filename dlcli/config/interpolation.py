"""Fills in `${…}`: with another value of the file, or with a fact that only the data will tell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlcli.config.merge import is_thing, position_in
from dlcli.config.tree import Node
from dlcli.config.yaml import DEEPEST, MOST_NODES
from dlcli.errors import ConfigError, Problem
from dlcli.spec import Fact, did_you_mean

REFERENCE = re.compile(r"\$\{([^{}]*)\}")
FACTS = ("data.classes", "data.features", "data.steps_per_epoch")
MOST_CHARACTERS = 1_000_000
MOST_SUGGESTIONS = 20
"""Problems that are given the nearest name; finding it takes a while in a long file."""


OF_TEXT = re.compile(r"data\..+\.(vocabulary|length)")
"""Facts of an input or target of ids, by its name: how many ids there are, and how many places a sample has."""


def is_fact(name: str) -> bool:
    """Whether only the data will tell what is meant; with several targets each has its number of classes."""
    return name in FACTS or name.startswith("data.classes.")


def facts_told(root: Node) -> list[str]:
    """The facts by name; of several targets each has its number of classes."""
    data = root.child("data")
    targets = None if data is None else data.child("targets")
    if targets is None or not isinstance(targets.value, dict) or len(targets.value) < 2:
        return [*FACTS]
    return [*(f"data.classes.{name}" for name in targets.value), *(name for name in FACTS if name != "data.classes")]


def in_another_order(name: str, facts: Sequence[str]) -> str | None:
    """The hint that names the fact whose words these are in another order."""
    words = sorted(name.split("."))
    return next((f"did you mean '{fact}'?" for fact in facts if sorted(fact.split(".")) == words), None)


def interpolated(root: Node) -> tuple[Node, list[Problem]]:
    """The tree with every reference filled in, and the problems of those that stand for nothing."""
    filling = Filling(root)
    return filling.fill(root), filling.problems


@dataclass
class Filling:
    """One pass over a tree; what references stand for is counted, because a few lines can stand for billions."""

    root: Node
    problems: list[Problem] = field(default_factory=list)
    values: int = 0
    characters: int = 0
    outermost: Node | None = None

    def fill(self, node: Node, *, depth: int = 1, inside: tuple[str, ...] = ()) -> Node:
        """A node with its references filled in; `inside` are the names of the references that led to it."""
        if inside:
            self.count(depth=depth, inside=inside)
        value = node.value
        if isinstance(value, dict):
            entries = value.items()
            filled: Any = {key: self.fill(each, depth=depth + 1, inside=inside) for key, each in entries}
        elif isinstance(value, list):
            filled = [self.fill(each, depth=depth + 1, inside=inside) for each in value]
        elif isinstance(value, str) and "${" in value:
            return self.text(node, value, depth=depth, inside=inside)
        else:
            return node
        return replace(node, value=filled)

    def count(self, *, depth: int, inside: tuple[str, ...]) -> None:
        self.values += 1
        assert self.outermost is not None, "a reference led here"
        mark = self.outermost.mark
        if depth > DEEPEST or len(inside) > DEEPEST:
            raise ConfigError(
                [
                    mark.problem(
                        f"what '${{…}}' stands for here is nested deeper than {DEEPEST} levels", kind="nested_too_deep"
                    )
                ]
            )
        if self.values > MOST_NODES or self.characters > MOST_CHARACTERS:
            raise ConfigError([mark.problem("what '${…}' stands for here is too large", kind="expands_too_large")])

    def text(self, node: Node, value: str, *, depth: int, inside: tuple[str, ...]) -> Node:
        """A text that is a reference, or holds some."""
        if not inside:
            self.outermost = node
        whole = REFERENCE.fullmatch(value)
        if whole:
            return self.referred(whole[1].strip(), node, depth=depth, inside=inside)

        def written(found: re.Match[str]) -> str:
            told = len(self.problems)
            inner = self.referred(found[1].strip(), node, depth=depth, inside=inside).value
            if len(self.problems) > told:
                return ""
            if isinstance(inner, dict | list | Fact):
                self.problems.append(
                    node.mark.problem(
                        f"'{found[0]}' is no text and cannot stand inside one", kind="reference_is_no_text"
                    )
                )
                return ""
            text = "" if inner is None else str(inner).lower() if isinstance(inner, bool) else str(inner)
            self.characters += len(text)
            return text

        return replace(node, value=REFERENCE.sub(written, value))

    def referred(self, name: str, node: Node, *, depth: int, inside: tuple[str, ...]) -> Node:
        """What one reference stands for, at the place of the reference."""
        name = unicodedata.normalize("NFC", name)
        if is_fact(name):
            return replace(node, value=Fact(name), plain_style=True)
        if name in inside:
            self.problems.append(node.mark.problem(f"'${{{name}}}' refers to itself", kind="refers_to_itself"))
            return replace(node, value=None)
        found: Node | None = self.root
        for part in name.split("."):
            found = step(found, part) if found is not None else None
        if found is None and OF_TEXT.fullmatch(name):
            return replace(node, value=Fact(name), plain_style=True)
        if found is None:
            facts = facts_told(self.root)
            suggestion = None
            if len(self.problems) < MOST_SUGGESTIONS:
                # A fact is a number that only the data knows; a path below `data` is a text of the file.
                of_data = [] if name.startswith("data.") and name.count(".") == 1 else paths(self.root)
                suggestion = in_another_order(name, facts) or did_you_mean(name, [*facts, *of_data])
            see = f"facts of the data: {', '.join(facts)}, data.NAME.vocabulary, data.NAME.length"
            message = f"nothing is named '${{{name}}}'"
            self.problems.append(node.mark.problem(message, suggestion=suggestion, see=see, kind="unknown_reference"))
            return replace(
                node, value=Fact(name), plain_style=True
            )  # it is told of; that nothing stands there is not so
        filled = self.fill(found, depth=depth, inside=(*inside, name))
        return replace(filled, mark=node.mark, key=node.key)


def step(node: Node, part: str) -> Node | None:
    """One key further: a position, the name of a layer, or an argument through the single name of the idiom."""
    if isinstance(node.value, list):
        position = position_in(node.value, part)
        return None if position is None else node.child(position)
    found = node.child(part)
    if found is None and isinstance(node.value, dict) and len(node.value) == 1:
        name = next(iter(node.value))
        arguments: Node = node.value[name]
        found = arguments.child(part) if is_thing(name) else None
    return found


def paths(node: Node, above: str = "") -> list[str]:
    """The names of all single values, for the nearest one in a message."""
    if isinstance(node.value, dict):
        return [path for key, each in node.value.items() for path in paths(each, f"{above}.{key}" if above else key)]
    return [above] if not isinstance(node.value, list) else []
