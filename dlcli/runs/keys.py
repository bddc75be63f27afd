"""The keys of a recorded configuration by their paths, as `--set` writes them: `optimizer.learning_rate`, `layers.dense.units`.

A configuration is kept as a shape, the same for all runs that differ in values alone, and the values that fill it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from dlcli.numbered_names import numbered_names

Tree: TypeAlias = Any
"""The tree of a configuration with a number in the place of each value, text where a name stands."""
NAME = "name"


@dataclass(frozen=True)
class Shape:
    """What configurations that differ in values alone share; `tree` has a number in the place of each value.

    `unwritten` are the positions of keys that nobody has written, where that is known; what is below them is not either.
    """

    tree: Tree
    unwritten: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What is the same of equal shapes alone."""
        return json.dumps([self.tree, self.unwritten])

    @cached_property
    def left_alone(self) -> frozenset[str]:
        """The paths of the keys that nobody has written."""
        unwritten = set(self.unwritten)
        return frozenset(
            path for path, position, _ in walk(self.tree, "", "") if not unwritten.isdisjoint(places_above(position))
        )

    @cached_property
    def by_path(self) -> Mapping[str, int | str]:
        """By path the number of its value, or the name of the thing that always stands there."""
        return {path: place for path, _, place in walk(self.tree, "", "")}

    @cached_property
    def by_end(self) -> Mapping[str, str]:
        """The path by each end of it that no other path has: `learning_rate`, `dense.units`. A part in quotes stays whole."""
        ends: dict[str, list[str]] = {}
        for path in self.by_path:
            parts = [] if '"' in path else path.split(".")
            for at in range(1, len(parts)):
                ends.setdefault(".".join(parts[at:]), []).append(path)
        return {end: paths[0] for end, paths in ends.items() if len(paths) == 1}

    @cached_property
    def by_position(self) -> Mapping[str, int | str]:
        """The same by paths in which things in lists are counted: `layers.1.units`."""
        return {position: place for _, position, place in walk(self.tree, "", "")}


@dataclass(frozen=True)
class Configuration:
    """A recorded configuration: its shape, and the value of each number in it."""

    shape: Shape
    values: Sequence[Any]

    @property
    def tree(self) -> Any:
        """The configuration as it was recorded."""
        return filled_tree(self.shape.tree, self.values)

    def __contains__(self, path: str) -> bool:
        return path in self.shape.by_path or path in self.shape.by_position

    def value(self, path: str) -> Any:
        """The value at a path, by the names of things, by their positions or by its end alone; None where there is no such."""
        shape = self.shape
        whole = self.whole_path(path)
        place = shape.by_path[whole] if whole in shape.by_path else shape.by_position.get(whole)
        return self.values[place] if isinstance(place, int) else place

    def whole_path(self, path: str) -> str:
        """The path that an end alone stands for; any other as it is."""
        return path if path in self else self.shape.by_end.get(path, path)

    def ends_of(self, path: str) -> Iterator[str]:
        """The ends that stand for a path, the shortest first."""
        parts = path.split(".")
        ends = (".".join(parts[at:]) for at in range(len(parts) - 1, 0, -1))
        yield from (end for end in ends if self.whole_path(end) == path)


def configuration_of(tree: Any, unwritten: Sequence[str] = ()) -> Configuration:
    """The shape of a tree and its values; a list of plain values is one value."""
    values: list[Any] = []
    return Configuration(Shape(numbered_tree(tree, values), tuple(unwritten)), values)


def places_above(position: str) -> Iterator[str]:
    """A position and all above it."""
    while position:
        yield position
        position = position.rpartition(".")[0]


def numbered_tree(tree: Any, values: list[Any]) -> Tree:
    """The tree with the number of each value in its place; the values are added to `values`."""
    if isinstance(tree, dict):
        return {
            str(key): value if key == NAME and isinstance(value, str) else numbered_tree(value, values)
            for key, value in tree.items()
        }
    if isinstance(tree, list) and tree and all(isinstance(item, dict) for item in tree):
        return [numbered_tree(item, values) for item in tree]
    values.append(tree)
    return len(values) - 1


def filled_tree(tree: Tree, values: Sequence[Any]) -> Any:
    """The tree that `numbered_tree` took apart."""
    if isinstance(tree, dict):
        return {key: filled_tree(below, values) for key, below in tree.items()}
    if isinstance(tree, list):
        return [filled_tree(below, values) for below in tree]
    return tree if isinstance(tree, str) else values[tree]


def written_tree(tree: Any, unwritten: Collection[str], position: str = "") -> Any:
    """A recorded tree without the keys, by their positions, that nobody has written."""
    if isinstance(tree, list):
        return [written_tree(item, unwritten, joined(position, str(number))) for number, item in enumerate(tree)]
    if not isinstance(tree, Mapping):
        return tree
    thing = thing_of(tree)
    if thing is not None:
        return {thing: written_tree(tree[thing], unwritten, position)}
    places = {key: joined(position, key) for key in tree}
    return {
        key: written_tree(below, unwritten, places[key]) for key, below in tree.items() if places[key] not in unwritten
    }


def walk(tree: Tree, path: str, position: str) -> Iterator[tuple[str, str, int | str]]:
    """Each value below a path, which leaves out the names of things: `optimizer.learning_rate`, not `optimizer.Adam.…`."""
    if isinstance(tree, list):
        for number, (name, item) in enumerate(zip(names_of_items(tree), tree, strict=True)):
            word = thing_of(item)
            # What has no name of its own is called by its class, which then need not stand there a second time.
            inner = item[word] if word is not None and item[word] and NAME not in item[word] else item
            yield from walk(inner, joined(path, name), joined(position, str(number)))
    elif isinstance(tree, dict):
        thing = thing_of(tree)
        if thing is not None:
            yield path, position, thing
            tree = tree[thing]
        for key, below in tree.items():
            yield from walk(below, joined(path, key), joined(position, key))
    else:
        yield path, position, tree


def thing_of(tree: Mapping[str, Any]) -> str | None:
    """The name of the thing that a mapping is: its only key, behind which its arguments stand."""
    word = next(iter(tree), None)
    return word if len(tree) == 1 and word is not None and isinstance(tree[word], Mapping) else None


def names_of_items(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the things of a list are called: by their own name, else as Keras numbers them; by position what is no thing."""
    words = [thing_of(item) for item in items]
    own = [None if word is None else item[word].get(NAME) for word, item in zip(words, items, strict=True)]
    names = zip(own, numbered_names(words, own), strict=True)
    return [name if isinstance(name, str) else other or str(at) for at, (name, other) in enumerate(names)]


def joined(path: str, part: str) -> str:
    """A path with one more part; a part with a dot stands in quotes."""
    part = f'"{part}"' if "." in part else part
    return f"{path}.{part}" if path else part
