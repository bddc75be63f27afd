"""Whether every value of a search makes a configuration that can be trained, before the first trial is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from dlcli.config import Config, checked_config, tree_of_text, with_epochs_in_all, with_sweep
from dlcli.config.comparable import decides
from dlcli.config.merge import apply_settings, put
from dlcli.config.setting_path import setting_parts
from dlcli.config.sweep import Dimension, Sweep
from dlcli.config.tree import Node
from dlcli.errors import ConfigError, Problem
from dlcli.spec import describe


@dataclass(frozen=True)
class Tried:
    """A value of a dimension, and the node that has it."""

    value: Any
    node: Node


Point = Mapping[str, Tried]
"""A value for each path that is searched beside the others."""
Placed = Mapping[str, Sequence[Any]]
"""By path the values of a list as `--set` takes them here, where paths count from the working directory."""


def checked_space(content: bytes, config: Config, *, file: str, settings: Sequence[str] = ()) -> Placed:
    """The values of a search as settings; nothing where there is none. Raises `ConfigError` with every problem that one of them
    makes, at its line.

    Of a list every value is tried, of a range the first and the last; beside it all else has the first value that goes with it.
    """
    if config.sweep is None:
        return {}
    written = tree_of_text(content, file=file)
    root = apply_settings(written.root, settings)
    block = root.child("sweep")
    space = None if block is None else block.child("space")
    assert space is not None, "a search that has been read has a space"
    tried = {path: tried_values(space.value[path], each) for path, each in config.sweep.space.items()}
    base, found = Base(with_sweep(root, None), written.of_person), dict[tuple[Any, ...], Problem]()
    points = [*points_of(config.sweep, tried)]
    for path, point in points:
        for problem, is_own in problems_at(base, path, point):
            key = (problem.file, problem.line, problem.column, problem.message)
            found = {**found, key: problem} if is_own else {key: problem, **found}
    found = found or {
        (path,): problem for path, problem in [*without_effect(base, points), *unlike(base, config.sweep, points)]
    }
    if found:
        raise ConfigError(sorted(found.values(), key=lambda each: (each.file, each.line, each.column)))
    placed: dict[str, list[Any]] = {}
    for path, point in points:
        placed.setdefault(path, []).append(placed_value(base, path, point, point[path].node, ()))
    return placed


@dataclass(frozen=True)
class Base:
    """The tree in which values are tried; `of_person` is it as it was written, where no run has written it."""

    root: Node
    of_person: Node | None

    def config(self, point: Point) -> Config:
        """The configuration with the values of a point. Raises `ConfigError`."""
        tree = self.root
        for path, each in point.items():
            parts = setting_parts(path)
            assert parts is not None
            tree = put(tree, parts, each.node, option=each.node.key or each.node.mark, append=False)
        root, total = with_epochs_in_all(tree, self.of_person)
        return checked_config(root, total=total)


def without_effect(base: Base, points: Sequence[tuple[str, Point]]) -> Iterator[tuple[str, Problem]]:
    """The paths whose values all make the same configuration: what is set behind one has replaced it."""
    for path in dict.fromkeys(path for path, _ in points):
        own = [point for other, point in points if other == path]
        if len({str(point[path].value) for point in own}) < 2:
            continue
        first, last = (base.config(point).plain() for point in (own[0], own[-1]))
        if first == last:
            mark = own[0][path].node.key or own[0][path].node.mark
            yield (
                path,
                mark.problem(
                    f"no value of '{path}' changes anything: what stands below it sets the same",
                    suggestion="write a part below the whole that it is of, and each key once",
                    kind="searched_in_vain",
                ),
            )


def unlike(base: Base, sweep: Sweep, points: Sequence[tuple[str, Point]]) -> Iterator[tuple[str, Problem]]:
    """The paths whose values change what a goal means: trials that are judged by unlike things have no best one."""
    for path in dict.fromkeys(path for path, _ in points):
        first, *others = [point for other, point in points if other == path]
        before = base.config(first).plain()
        changed = [key for other in others for key in keys_apart(before, base.config(other).plain())]
        for goal in sweep.goals:
            keys = [key for key in dict.fromkeys(changed) if decides(key, goal.name.removeprefix("val_"))]
            if keys:
                mark = first[path].node.key or first[path].node.mark
                yield (
                    path,
                    mark.problem(
                        f"with '{path}' {goal.name} means something else from trial to trial, by {', '.join(keys)}",
                        suggestion="give sweep.goal a metric that does not depend on it, as max val_accuracy or min val_mae",
                        kind="goal_not_comparable",
                    ),
                )


def keys_apart(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The paths of what differs between two plain values."""
    pairs: dict[str, tuple[Any, Any]] = {}
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        pairs = {str(key): (one.get(key), other.get(key)) for key in [*one, *(key for key in other if key not in one)]}
    elif isinstance(one, list) and isinstance(other, list):
        pairs = {str(at): (each, beside) for at, (each, beside) in enumerate(zip_longest(one, other))}
    if pairs:
        for key, (each, beside) in pairs.items():
            yield from keys_apart(each, beside, f"{path}.{key}" if path else key)
    elif one != other:
        yield from [f"{path}.{key}" for each in (one, other) for key in keys_within(each)] or [path]


def keys_within(value: Any) -> Iterator[str]:
    """The paths of all that stands in a plain value."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        below = [*keys_within(each)]
        yield from [f"{key}.{word}" for word in below] or [str(key)]


def placed_value(base: Base, path: str, point: Point, node: Node, way: tuple[str | int, ...]) -> Any:
    """A value below `path` as it is seen from here: a text is a path where it matters from which folder it counts."""
    match node.value:
        case dict():
            return {key: placed_value(base, path, point, each, (*way, key)) for key, each in node.value.items()}
        case list():
            return [placed_value(base, path, point, each, (*way, at)) for at, each in enumerate(node.value)]
        case str() if node.mark.folder != Path.cwd():
            here = replace(node, mark=replace(node.mark, folder=Path.cwd()))
            moved = {**point, path: replace(point[path], node=with_node(point[path].node, way, here))}
            if base.config(moved).plain() != base.config(point).plain():
                return str(node.mark.folder / node.value)
    return node.value


def with_node(node: Node, way: tuple[str | int, ...], other: Node) -> Node:
    """The tree with another node at the end of a way."""
    if not way:
        return other
    inner = node.value.copy()
    inner[way[0]] = with_node(inner[way[0]], way[1:], other)
    return replace(node, value=inner)


def tried_values(node: Node, dimension: Dimension) -> list[Tried]:
    """The values of a dimension that are tried, each with the place where it is written."""
    key = "choices" if dimension.kind == "choice" else dimension.kind
    listed = node if isinstance(node.value, list) else node.value[key]
    values = dimension.values if dimension.kind == "choice" else (dimension.low, dimension.high)
    nodes = [each.with_key(node.key) for each in listed.value]
    if dimension.kind in {"log", "float"}:  # a trial sets a number with a point, also where the bounds have none
        nodes = [replace(each, value=float(each.value)) for each in nodes]
    return [Tried(value, each) for value, each in zip(values, nodes, strict=True)]


def points_of(sweep: Sweep, tried: Mapping[str, Sequence[Tried]]) -> Iterator[tuple[str, Point]]:
    """The points at which every value is tried once, where it is searched at all, each with the path of that value."""
    for path, values in tried.items():
        for value in values:
            point = point_with(sweep, tried, path, value)
            if point is not None:
                yield path, point


def point_with(sweep: Sweep, tried: Mapping[str, Sequence[Tried]], path: str, value: Tried) -> Point | None:
    """A point with a value at a path: what that depends on has what it asks for, all else its first value."""
    asked = {path: value}
    ahead = [path]
    while ahead:
        for other, wanted in sweep.space[ahead.pop()].when.items():
            fitting = [each for each in tried[other] if each.value in wanted]
            asked.setdefault(other, fitting[0] if fitting else replace(tried[other][0], value=wanted[0]))
            ahead.append(other)
    point = dict[str, Tried]()
    for each, dimension in sweep.space.items():
        if dimension.is_active({other: found.value for other, found in point.items()}):
            chosen = asked.get(each, tried[each][0])
            same = chosen.value == chosen.node.plain()
            point[each] = chosen if same else replace(chosen, node=replace(chosen.node, value=chosen.value))
    return point if path in point else None


def problems_at(base: Base, path: str, point: Point) -> Iterator[tuple[Problem, bool]]:
    """The problems of the configuration with the values of a point in it, and whether they stand where that of `path` is tried;
    those elsewhere say which values make them.
    """
    written = ", ".join(f"{other}={text_of(each.value)}" for other, each in point.items())
    try:
        base.config(point)
    except ConfigError as error:
        marks = [mark for mark in (point[path].node.mark, point[path].node.key) if mark is not None]
        own = {(mark.file, mark.line, mark.column) for mark in marks}
        for problem in error.problems:
            if (problem.file, problem.line, problem.column) in own:
                yield problem, True
            else:
                see = "; ".join(filter(None, [problem.see, f"in the sweep with {written}"]))
                yield replace(problem, see=see), False


def text_of(value: Any) -> str:
    """A value in a message."""
    return describe(value) if isinstance(value, dict | list) else str(value)
