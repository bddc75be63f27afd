"""The graph of a model as text and as a picture."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest

from dlcli.view.drawing.graph_node import INPUT, GraphNode
from dlcli.view.drawing.graph_svg import HEIGHT, WIDTH, graph_svg
from dlcli.view.drawing.graph_text import graph_lines, is_stack

SVG = "{http://www.w3.org/2000/svg}"


def node(name: str, takes: list[int], kind: str = "Dense", *, output: bool = False) -> GraphNode:
    kind = kind if takes else INPUT
    return GraphNode(name=name, kind=kind, shape=[4], parameters=20, takes=takes, output=output)


STACK = [node("x", []), node("a", [0]), node("b", [1], output=True)]
RESIDUAL = [
    node("x", []),
    node("dense", [0]),
    node("relu", [1], "ReLU"),
    node("add", [0, 2], "Add"),
    node("out", [3], output=True),
]
BRANCHES = [
    node("x", []),
    node("a", [0]),
    node("b", [0]),
    node("c", [0]),
    node("d", [3]),
    node("cat", [1, 2, 4, 0], "Concatenate"),
    node("out", [5], output=True),
]
TWO = [
    node("left", []),
    node("right", []),
    node("l", [0]),
    node("r", [1]),
    node("both", [2, 3], "Concatenate"),
    node("y", [4], output=True),
    node("z", [4], output=True),
]
GRAPHS = {"stack": STACK, "residual": RESIDUAL, "branches": BRANCHES, "two": TWO}


def test_a_stack_is_told_from_a_graph() -> None:
    assert [is_stack(graph) for graph in GRAPHS.values()] == [True, False, False, False]


def test_a_residual_goes_around() -> None:
    assert graph_lines(RESIDUAL, width=80) == [
        "●    x (4,)  input",
        "├─╮",
        "│ ●  dense (Dense) (4,)",
        "│ ●  relu (ReLU) (4,)",
        "├─╯",
        "●    add (Add) (4,)",
        "●    out (Dense) (4,)  output",
    ]


def test_branches_have_a_lane_each() -> None:
    assert graph_lines(BRANCHES, width=80) == [
        "●        x (4,)  input",
        "├─╮",
        "│ ●      a (Dense) (4,)",
        "├─│─╮",
        "│ │ ●    b (Dense) (4,)",
        "├─│─│─╮",
        "│ │ │ ●  c (Dense) (4,)",
        "│ │ │ ●  d (Dense) (4,)",
        "├─┴─┴─╯",
        "●        cat (Concatenate) (4,)",
        "●        out (Dense) (4,)  output",
    ]


def test_two_inputs_and_two_outputs() -> None:
    assert graph_lines(TWO, width=80) == [
        "●    left (4,)  input",
        "│ ●  right (4,)  input",
        "● │  l (Dense) (4,)",
        "│ ●  r (Dense) (4,)",
        "├─╯",
        "●    both (Concatenate) (4,)",
        "├─╮",
        "│ ●  y (Dense) (4,)  output",
        "●    z (Dense) (4,)  output",
    ]


def test_without_unicode_lanes_are_drawn_with_letters() -> None:
    lines = graph_lines(RESIDUAL, width=80, unicode=False)
    assert lines[:3] == ["*    x (4,)  input", "+-.", "| *  dense (Dense) (4,)"]
    assert all(line.isascii() for graph in GRAPHS.values() for line in graph_lines(graph, width=80, unicode=False))


def test_lanes_that_do_not_fit_become_names() -> None:
    assert graph_lines(BRANCHES, width=34)[5] == "●  cat (Concatenate) (4,)  from a, b, d, x"


def boxes(picture: ElementTree.Element) -> list[tuple[float, float]]:
    found = picture.findall(f".//{SVG}g/{SVG}rect")
    return [(float(each.get("x", "")), float(each.get("y", ""))) for each in found]


@pytest.mark.parametrize("name", GRAPHS)
def test_the_picture_holds_every_layer_once_and_every_edge(name: str) -> None:
    graph = GRAPHS[name]
    picture = ElementTree.fromstring(graph_svg(graph))
    places = boxes(picture)
    assert len(places) == len(graph)
    for (x, y), (other_x, other_y) in itertools.combinations(places, 2):
        assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT
    edges = picture.findall(f"{SVG}path")
    assert len(edges) == sum(len(each.takes) for each in graph)
    for each in graph:
        for source in each.takes:
            assert places[source][1] + HEIGHT < places[graph.index(each)][1]


def test_a_long_edge_runs_through_no_box() -> None:
    graph = [
        node("x", []),
        *(node(f"d{number}", [number]) for number in range(5)),
        node("add", [0, 5], "Add", output=True),
    ]
    picture = ElementTree.fromstring(graph_svg(graph))
    places = boxes(picture)
    long = max((each.get("d", "") for each in picture.findall(f"{SVG}path")), key=len)
    points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[-0-9.]+,[-0-9.]+", long)]
    assert len(points) > 12
    inside = [
        (x, y) for x, y in points for left, top in places[1:-1] if left < x < left + WIDTH and top < y < top + HEIGHT
    ]
    assert inside == []


def test_names_are_escaped_and_shortened() -> None:
    graph = [node("<입력>&", []), node("a_name_that_is_far_too_long_for_any_box", [0], output=True)]
    text = graph_svg(graph)
    picture = ElementTree.fromstring(text)
    words = [each.text for each in picture.iter(f"{SVG}text")]
    assert words[0] == "<입력>&"
    assert words[2] == "a_name_that_is_far_too_…"
    titles = [each.text for each in picture.iter(f"{SVG}title")]
    assert titles[1] == "a_name_that_is_far_too_long_for_any_box Dense"


def test_a_picture_has_boxes_of_190_by_46_in_ranks_34_apart_and_lanes_of_16() -> None:
    stack, residual = (ElementTree.fromstring(graph_svg(graph)) for graph in (STACK, RESIDUAL))
    assert (stack.get("width"), stack.get("height")) == ("256", str(20 + 2 * 80 + 46 + 20))
    assert residual.get("height") == str(20 + 4 * 80 + 46 + 20)
    [passing] = [
        way for path in residual.iter(f"{SVG}path") if len(way := re.findall(r"L([\d.]+),", path.get("d", ""))) == 2
    ]
    dense = next(box for box in residual.iter(f"{SVG}rect") if box.get("y") == "100.0")
    assert abs(float(passing[0]) - (float(dense.get("x", "")) + 190 / 2)) == (190 + 26 + 16) / 2
    boxes = [box for box in stack.iter(f"{SVG}rect") if box.get("rx")]
    assert [(box.get("x"), box.get("y"), box.get("width"), box.get("height")) for box in boxes] == [
        ("33.0", f"{20 + 80 * rank}.0", "190", "46") for rank in range(3)
    ]


@pytest.mark.parametrize(
    ("letters", "shown"), [(18, "n" * 18 + " Dense"), (19, "n" * 19), (24, "n" * 24), (25, "n" * 23 + "…")]
)
def test_a_name_in_a_box_has_at_most_24_letters(letters: int, shown: str) -> None:
    graph = [node("x", []), node("n" * letters, [0], output=True)]
    texts = [text.text for text in ElementTree.fromstring(graph_svg(graph)).iter(f"{SVG}text")]
    assert shown in texts


def test_lanes_are_drawn_where_thirty_columns_are_left_for_words() -> None:
    wide = max(line.rindex(mark) for line in graph_lines(BRANCHES, width=200) for mark in "●│╮╯╰╭┤" if mark in line) + 1
    assert graph_lines(BRANCHES, width=wide + 30) == graph_lines(BRANCHES, width=200)
    assert any("  from " in line for line in graph_lines(BRANCHES, width=wide + 29))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_picture_holds_all_its_boxes_and_begins_at_its_margin(name: str) -> None:
    picture = ElementTree.fromstring(graph_svg(GRAPHS[name]))
    places = boxes(picture)
    assert min(x for x, _ in places) >= 20
    assert max(x for x, _ in places) + WIDTH <= float(picture.get("width", "")) - 20
    # The leftmost thing is a box with half a gap beside it, or a lane of 16 + 26.
    assert min(x for x, _ in places) <= 20 + 13 + 42
