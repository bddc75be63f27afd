"""A model: its layers with shapes, parameters, multiply-adds and memory, its graph, and what a run has learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.console import supports_unicode
from dlcli.view.graph_text import graph_lines, is_stack
from dlcli.view.labelled import line
from dlcli.view.shapes import shape
from dlcli.view.tables import number, plain_table, size

Value = Mapping[str, Any]
NEAR = 0.25
"""A first loss that differs from the expected one by less than this share agrees with it."""


def draw_model(console: Console, value: Value) -> None:
    """The layers with their totals, the graph where it is no plain stack, and what is known of the weights."""
    console.print(layers_table(value["layers"]))
    console.print()
    if not is_stack(value["graph"]):
        unicode = supports_unicode(console.file)
        for each in graph_lines(value["graph"], width=console.width, unicode=unicode):
            console.print(Text(each), overflow="ellipsis", no_wrap=True)
        console.print()
    draw_totals(console, value)
    if value["first_loss"] is not None:
        line(console, "untrained", first_loss_words(value["first_loss"]))
    if "weights" in value:
        console.print()
        draw_states(console, value)
    for note in value["notes"]:
        line(console, "note", note)


def layers_table(layers: list[Value]) -> Any:
    """A row for each layer."""
    rows = [
        [
            f"{each['name']} ({each['class']})",
            shape(each["input_shape"]),
            shape(each["output_shape"]),
            f"{each['parameters']:,}",
            f"{each['macs']:,}",
            size(each["bytes"]),
            str(each["line"] or ""),
        ]
        for each in layers
    ]
    head = ["layer", "input", "output", "parameters", "multiply-adds", "memory", "line"]
    return plain_table(head, rows, right=[3, 4, 5, 6])


def draw_totals(console: Console, value: Value) -> None:
    """The totals in words."""
    frozen = value["parameters"] - value["trainable"]
    kept = f" ({value['trainable']:,} trainable)" if frozen else ""
    console.print(
        Text(
            f"{value['parameters']:,} parameters{kept}, {size(value['bytes'])}; {value['macs']:,} multiply-adds a sample"
        )
    )
    training, activations = size(value["training_bytes"]), size(value["activation_bytes"])
    console.print(
        Text(
            f"a step of {value['batch_size']} samples keeps {activations} of layer outputs beside {training} of parameters, "
            "gradients and moments"
        )
    )


def first_loss_words(first: Value) -> str:
    """The measured first loss beside the expected one."""
    if first["expected"] is None:
        return f"loss {number(first['measured'])}"
    if not first["at_chance"]:
        return f"loss {number(first['measured'])}; the {first['why']} alone reaches {number(first['expected'])}"
    near = abs(first["measured"] - first["expected"]) <= NEAR * abs(first["expected"])
    judged = "as expected" if near else "not as expected: dlcli check says more"
    return f"loss {number(first['measured'])}, {number(first['expected'])} expected ({first['why']}): {judged}"


def draw_states(console: Console, value: Value) -> None:
    """The weights, dead units and separation of a trained model."""
    separation = {each["layer"]: each["nearest_own_mean"] for each in value["separation"]}
    weights = {each["layer"]: each for each in value["weights"]}
    dead = {each["layer"]: each for each in value["dead"]}
    rows = []
    for layer in value["layers"]:
        name = layer["name"]
        own = weights.get(name)
        rows.append(
            [
                name,
                "" if own is None or own["mean"] is None else f"{own['mean']:.3g} ± {own['deviation']:.3g}",
                "" if own is None else f"{own['zeros']:.0%}",
                f"{dead[name]['dead']} of {dead[name]['units']}" if name in dead else "",
                f"{separation[name]:.0%}" if name in separation else "",
            ]
        )
    console.print(plain_table(["layer", "weights", "zeros", "dead units", "classes apart"], rows, right=[1, 2, 3, 4]))
    console.print()
    if value["separation"]:
        target = value["separation"][0]["target"]
        console.print(Text(f"classes apart: how many samples lie nearest to the mean of their own class of '{target}'"))
    for each in value["findings"]:
        line(console, each["finding"], "; ".join(filter(None, [each["evidence"], each["advice"]])))
