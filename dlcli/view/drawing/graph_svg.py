"""The graph of a model as a picture (SVG), in ranks from the inputs down to the outputs; nothing else is needed to draw it.

The layout is the layered one of Sugiyama, Tagawa and Toda (1981): ranks by the longest path, order by barycentres.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from dlcli.view.console.shapes import shape
from dlcli.view.drawing.graph_node import GraphNode

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 190, 46, 26, 34, 20
LANE = 16
"""The room of an edge that passes a rank."""
SWEEPS = 12
LONGEST_NAME = 24
COLOURS = {"input": "#dbeafe", "output": "#dcfce7", "layer": "#f8fafc"}


@dataclass
class Spot:
    """A place in a rank: a box for a node, or the lane of an edge on its way through."""

    node: int | None
    rank: int
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    x: float = 0.0

    @property
    def room(self) -> float:
        """How wide it is, with the gap beside it."""
        return WIDTH + ACROSS if self.node is not None else LANE

    @property
    def y(self) -> float:
        """Its upper edge."""
        return MARGIN + self.rank * (HEIGHT + DOWN)


def graph_svg(graph: Sequence[GraphNode]) -> str:
    """The picture of a graph."""
    spots, ways = placed_graph(graph)
    ranks = in_ranks(spots)
    arrange(spots, ranks)
    width = max(spot.x + spot.room / 2 for spot in spots) + MARGIN
    height = max(spot.y for spot in spots) + HEIGHT + MARGIN
    lines = [edge([spots[each] for each in way]) for way in ways]
    boxes = [box(graph[spot.node], spot) for spot in spots if spot.node is not None]
    extent = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {extent}'
    style = "font-family=\"'Noto Sans', 'Noto Sans CJK KR', 'Malgun Gothic', Helvetica, Arial, sans-serif\" font-size=\"12\">"
    return "\n".join(
        [f"{head} {style}", '<rect width="100%" height="100%" fill="white"/>', *lines, *boxes, "</svg>", ""]
    )


def placed_graph(graph: Sequence[GraphNode]) -> tuple[list[Spot], list[list[int]]]:
    """A spot for every node and for each rank that an edge passes, and the way of each edge over spots."""
    rank = [0] * len(graph)
    for number, node in enumerate(graph):
        rank[number] = max((rank[each] + 1 for each in node.takes), default=0)
    spots = [Spot(number, rank[number]) for number in range(len(graph))]
    ways = []
    for number, node in enumerate(graph):
        for source in node.takes:
            way = [source]
            for between in range(rank[source] + 1, rank[number]):
                spots.append(Spot(None, between))
                way.append(len(spots) - 1)
            way.append(number)
            ways.append(way)
            for here, there in itertools.pairwise(way):
                spots[here].below.append(there)
                spots[there].above.append(here)
    return spots, ways


def in_ranks(spots: Sequence[Spot]) -> list[list[int]]:
    """The spots of each rank, in an order that crosses few edges."""
    ranks: list[list[int]] = [[] for _ in range(max(spot.rank for spot in spots) + 1)]
    for number, spot in enumerate(spots):
        ranks[spot.rank].append(number)
    # The fewest crossings of two ranks is NP-hard already. Each spot is set at the mean place of its neighbours instead, down
    # from the inputs and up from the outputs in turn, since a rank ordered by one side alone tears what the other ties.
    # A lane counts like a box, or long edges would cross everything that they pass.
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for row in ranks if downwards else reversed(ranks):
            position = {each: at for other in ranks for at, each in enumerate(other)}

            def barycentre(each: int, position: dict[int, int] = position, downwards: bool = downwards) -> float:
                near = spots[each].above if downwards else spots[each].below
                return sum(position[other] for other in near) / len(near) if near else position[each]

            row.sort(key=barycentre)
    return ranks


def arrange(spots: Sequence[Spot], ranks: Sequence[Sequence[int]]) -> None:
    """Gives each spot its middle: as near to those it is tied to as its neighbours in the rank leave room for."""
    # The order is settled before and stays: here only distances change. Sweeps alternate like those of the order, because a
    # rank moved to what is above it moves away from what is below; twelve of them let long chains come to rest.
    for row in ranks:
        spread_rank(spots, row, [0.0] * len(row))
    for sweep in range(SWEEPS):
        for row in ranks if sweep % 2 == 0 else reversed(ranks):
            wanted = []
            for each in row:
                near = spots[each].above if sweep % 2 == 0 else spots[each].below
                tied = near or [each]
                wanted.append(sum(spots[other].x for other in tied) / len(tied))
            spread_rank(spots, row, wanted)
    left = min(spot.x - spot.room / 2 for spot in spots)
    for spot in spots:
        spot.x += MARGIN - left


def spread_rank(spots: Sequence[Spot], row: Sequence[int], wanted: Sequence[float]) -> None:
    """Sets a rank so that nothing overlaps and the whole lies about where it is wanted."""
    xs: list[float] = []
    for at, each in enumerate(row):
        least = xs[-1] + (spots[row[at - 1]].room + spots[each].room) / 2 if xs else wanted[at]
        xs.append(max(wanted[at], least))
    shift = sum(want - x for want, x in zip(wanted, xs, strict=True)) / len(row)
    for each, x in zip(row, xs, strict=True):
        spots[each].x = x + shift


def edge(way: Sequence[Spot]) -> str:
    """A smooth line from the lower edge of a box through the lanes to the upper edge of another."""
    path = f"M{way[0].x:.1f},{way[0].y + HEIGHT:.1f}"
    y = way[0].y + HEIGHT
    for before, spot in itertools.pairwise(way):
        middle = (y + spot.y) / 2
        path += f" C{before.x:.1f},{middle:.1f} {spot.x:.1f},{middle:.1f} {spot.x:.1f},{spot.y:.1f}"
        y = spot.y
        if spot.node is None:
            path += f" L{spot.x:.1f},{spot.y + HEIGHT:.1f}"
            y += HEIGHT
    return f'<path d="{path}" fill="none" stroke="#64748b" stroke-width="1.4"/>'


def box(node: GraphNode, spot: Spot) -> str:
    """The box of a node: its name and class, its shape and parameters."""
    role = "input" if node.kind == "input" else "output" if node.output else "layer"
    x, middle = spot.x - WIDTH / 2, spot.x
    parameters = f" · {node.parameters:,}" if node.parameters else ""
    kind = "" if node.kind in {"input", node.name} else f" {node.kind}"
    return (
        f"<g><title>{escape(node.name + kind)}</title>"
        f'<rect x="{x:.1f}" y="{spot.y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{COLOURS[role]}" stroke="#94a3b8"/>'
        f'<text x="{middle:.1f}" y="{spot.y + 19:.1f}" text-anchor="middle">{escape(shortened_name(node.name, kind))}</text>'
        f'<text x="{middle:.1f}" y="{spot.y + 36:.1f}" text-anchor="middle" fill="#475569" font-size="11">'
        f"{escape(cut_label(shape(node.shape) + parameters, LONGEST_NAME + 4))}</text></g>"
    )


def shortened_name(name: str, kind: str) -> str:
    """A name with its class, as far as they fit into a box."""
    return name + kind if cells(name + kind) <= LONGEST_NAME else cut_label(name, LONGEST_NAME)


def cut_label(text: str, most: int) -> str:
    """A text that is no wider than so many letters; a Korean one counts for two."""
    if cells(text) <= most:
        return text
    while cells(text) > most - 1:
        text = text[:-1]
    return text + "…"


def cells(text: str) -> int:
    """How wide a text is, in letters."""
    from rich.cells import cell_len

    return cell_len(text)
