"""Step 2, the layers: a list that is a stack, or with `name` and `from` a graph."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dlcli.layers.block import Block
from dlcli.layers.branches import Branches
from dlcli.layers.entry import Entry, Stack
from dlcli.layers.layer import Layer
from dlcli.layers.repeat import Repeat
from dlcli.layers.residual import Residual
from dlcli.layers.submodel import Submodel

__all__ = ["GROUPS", "Entry", "Layer", "Layers"]

GROUPS = (Block, Branches, Repeat, Residual, Submodel)
"""dlcli's own words among the layers: each holds layers itself."""

Layers = Annotated[Stack, Field(min_length=1)]
"""The block: at least one layer, the last one (or several that nothing takes) being the output."""
