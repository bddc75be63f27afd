"""A node of the graph of a model, as it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.view.console.json_value import json_name

INPUT = "input"
"""The kind of a node that is an input of the model."""


@dataclass(frozen=True, kw_only=True)
class GraphNode:
    """One call of a layer: its shape without the batch axis (a list of shapes where it puts out several), the numbers of the
    nodes that it takes, all of them above, and whether the model puts it out.
    """

    name: str
    kind: str = field(metadata=json_name("class"))
    shape: Sequence[Any]
    parameters: int
    takes: Sequence[int]
    output: bool
