"""`block`: layers that are defined once under `blocks` and used with arguments; what is used has been filled in already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dlcli.errors import TreePath
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.stack import Entry, Graph, Stack
from dlcli.spec import Named


class Block(Named):
    """Layers that `blocks` defines, with arguments in the place of its parameters; names inside hold for one use."""

    word: ClassVar[str] = "block"
    example: ClassVar[str] = "block: {use: head, units: 128}"
    stacks: ClassVar[tuple[str, ...]] = ("layers",)
    names: ClassVar[Names] = "own"
    ends_inside: ClassVar[bool] = True

    layers: Annotated[Stack, Field(min_length=1)]
    """The layers; filled in from `blocks` where `use` names one."""
    use: str | None = None
    """The block of `blocks`; its parameters stand beside it."""
    name: Name = None
    """What the output is called for `from`."""
    takes: From = None
    """What it takes; by default what stands above."""

    @property
    def parts(self) -> Sequence[tuple[TreePath, Sequence[Entry]]]:
        return ((("layers",), self.layers),)

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        with graph.own_names():
            return graph.stack(self.layers, taken, (*path, self.word, "layers"))
