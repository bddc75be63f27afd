"""`branches`: several ways over the same input, put together by a merging layer (Szegedy et al. 2015, https://arxiv.org/abs/1409.4842)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dlcli.errors import TreePath
from dlcli.layers.build_errors import building
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.layer import named_layer
from dlcli.layers.stack import Entry, Graph, Stack
from dlcli.spec import KerasObject, Named, keras_thing

CONCATENATE = KerasObject("layers", "Concatenate", "Concatenate", {}, traits={"merges": True})


class Branches(Named):
    """Several ways over the same input, put together by a merging layer."""

    word: ClassVar[str] = "branches"
    example: ClassVar[str] = "branches: {merge: Concatenate, paths: [[Dense: 16], [Dense: 32, ReLU]]}"
    stacks: ClassVar[tuple[str, ...]] = ("paths",)
    names: ClassVar[Names] = "outer"
    ends_inside: ClassVar[bool] = False

    paths: Annotated[list[Stack], Field(min_length=2)]
    """The ways, each a list of layers; an empty list is the input itself."""
    merge: Annotated[KerasObject, keras_thing("layers")] = CONCATENATE
    """The layer that puts them together: Concatenate (the default), Add, Multiply, Average, Maximum, …"""
    name: Name = None
    """What the merged output is called for `from`."""
    takes: From = None
    """What it takes; by default what stands above."""

    @property
    def parts(self) -> Sequence[tuple[TreePath, Sequence[Entry]]]:
        return tuple((("paths", number), way) for number, way in enumerate(self.paths))

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        place = (*path, self.word)
        made = [graph.stack(way, taken, (*place, "paths", number)) for number, way in enumerate(self.paths)]
        at = (*place, "merge")
        with building(self.merge.written, made, at, traits=self.merge.traits):
            layer = named_layer(self.merge, self.name, graph)
        return graph.call(layer, made, at, self.merge.written, traits=self.merge.traits, thing=self.merge)
