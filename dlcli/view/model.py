"""A model: its layers with shapes, parameters and multiply-adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.shapes import shape
from dlcli.view.tables import plain_table, size

Value = Mapping[str, Any]


def draw_model(console: Console, value: Value) -> None:
    """The layers with their totals."""
    rows = [
        [
            f"{each['name']} ({each['class']})",
            shape(each["input_shape"]),
            shape(each["output_shape"]),
            f"{each['parameters']:,}",
            f"{each['macs']:,}",
            str(each["line"] or ""),
        ]
        for each in value["layers"]
    ]
    console.print(
        plain_table(["layer", "input", "output", "parameters", "multiply-adds", "line"], rows, right=[3, 4, 5])
    )
    console.print()
    frozen = value["parameters"] - value["trainable"]
    kept = f" ({value['trainable']:,} trainable)" if frozen else ""
    console.print(
        Text(
            f"{value['parameters']:,} parameters{kept}, {size(value['bytes'])}; {value['macs']:,} multiply-adds a sample"
        )
    )
