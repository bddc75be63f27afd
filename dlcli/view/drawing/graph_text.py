"""The graph of a model as text, like `git log --graph`: a line for each layer, a lane for each tensor still to be taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlcli.view.console.console import printable
from dlcli.view.console.shapes import shape
from dlcli.view.drawing.graph_node import GraphNode

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
BOXES = {
    0: " ",
    UP | DOWN: "│",
    LEFT | RIGHT: "─",
    UP | RIGHT: "╰",
    UP | LEFT: "╯",
    DOWN | RIGHT: "╭",
    DOWN | LEFT: "╮",
    UP | DOWN | RIGHT: "├",
    UP | DOWN | LEFT: "┤",
    UP | LEFT | RIGHT: "┴",
    DOWN | LEFT | RIGHT: "┬",
    UP | DOWN | LEFT | RIGHT: "┼",
    UP: "╵",
    DOWN: "╷",
}
ASCII = str.maketrans("│─╰╯╭╮├┤┴┬┼╵╷●", "|-`'..+++++||*")
NODE = "●"
ROOM = 30
"""Columns that the words of a layer need."""


def is_stack(graph: Sequence[GraphNode]) -> bool:
    """Whether every layer takes the one above and nothing else."""
    return all(each.takes == ([number - 1] if number else []) for number, each in enumerate(graph))


def graph_lines(graph: Sequence[GraphNode], *, width: int, unicode: bool = True) -> list[str]:
    """The lines of a graph.

    Where there are more lanes than fit, each line names what it takes instead.
    """
    lines = list(drawn_graph(graph))
    if max((len(lanes) for lanes, _ in lines), default=0) > max(1, width - ROOM):
        lines = list(listed(graph))
    wide = max((len(lanes) for lanes, _ in lines), default=0)
    found = [f"{lanes:<{wide}}  {words}".rstrip() for lanes, words in lines]
    return [each if unicode else each.translate(ASCII) for each in found]


def words_of(node: GraphNode) -> str:
    """A node in words."""
    kind = "" if node.kind == "input" else f" ({node.kind})"
    role = "  input" if node.kind == "input" else "  output" if node.output else ""
    return printable(f"{node.name}{kind} {shape(node.shape)}{role}")


def listed(graph: Sequence[GraphNode]) -> Iterator[tuple[str, str]]:
    """A line for each node with the names of what it takes, where that is not the one above."""
    for number, node in enumerate(graph):
        takes = "" if node.takes == [number - 1] else ", ".join(graph[each].name for each in node.takes)
        yield NODE, words_of(node) + (f"  from {printable(takes)}" if takes else "")


def drawn_graph(graph: Sequence[GraphNode]) -> Iterator[tuple[str, str]]:
    """Lanes and words, line by line."""
    # A lane belongs to a node from its line until the last that takes it, so `waiting` counts those to come. A node goes into
    # the leftmost lane that ends in it, or into one that is free: a straight chain so stays one straight line, and lanes
    # do not wander to the right. Free lanes at the end are dropped, those between keep their column.
    waiting = [sum(number in node.takes for node in graph) for number in range(len(graph))]
    lanes: list[int | None] = []
    for number, node in enumerate(graph):
        sources = [lanes.index(each) for each in node.takes]
        for each in node.takes:
            waiting[each] -= 1
        ended = {lane for lane in sources if not waiting[lanes[lane] or 0]}
        lane = min(ended) if ended else next((at for at, each in enumerate(lanes) if each is None), len(lanes))
        if len({*sources, lane}) > 1:
            yield tied_lanes(lanes, {*sources}, ended, lane), ""
        for each in ended:
            lanes[each] = None
        lanes += [None] * (lane + 1 - len(lanes))
        lanes[lane] = number
        marks = [NODE if at == lane else " " if each is None else "│" for at, each in enumerate(lanes)]
        yield " ".join(marks).rstrip(), words_of(node)
        if not waiting[number]:
            lanes[lane] = None
        while lanes and lanes[-1] is None:
            lanes.pop()


def tied_lanes(lanes: Sequence[int | None], sources: set[int], ended: set[int], lane: int) -> str:
    """The line above a node that ties the lanes of what it takes to its own; other lanes run through."""
    low, high = min(*sources, lane), max(*sources, lane)
    marks = []
    for at in range(max(len(lanes), high + 1)):
        here = lanes[at] if at < len(lanes) else None
        part = at in sources or at == lane
        sides = (UP if here is not None else 0) | (DOWN if at == lane or (here is not None and at not in ended) else 0)
        if part:
            sides |= (LEFT if at > low else 0) | (RIGHT if at < high else 0)
        elif low < at < high and here is None:
            sides = LEFT | RIGHT
        marks.append(BOXES[sides])
        marks.append("─" if low <= at < high else " ")
    return "".join(marks).rstrip()
