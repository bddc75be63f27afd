"""`repeat`: the same layers several times in a row, each time with weights of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dlcli.errors import TreePath
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.stack import Entry, Graph, Stack
from dlcli.spec import Named

MOST_TIMES = 1000


class Repeat(Named):
    """The same layers several times in a row, each time with weights of their own; names inside hold for one time."""

    word: ClassVar[str] = "repeat"
    example: ClassVar[str] = "repeat: {times: 3, layers: [Dense: 32, ReLU]}"
    stacks: ClassVar[tuple[str, ...]] = ("layers",)
    names: ClassVar[Names] = "own"
    ends_inside: ClassVar[bool] = True

    layers: Annotated[Stack, Field(min_length=1)]
    """What is repeated."""
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)]
    """How often."""
    name: Name = None
    """What the last output is called for `from`."""
    takes: From = None
    """What the first time takes; by default what stands above."""

    @property
    def parts(self) -> Sequence[tuple[TreePath, Sequence[Entry]]]:
        return ((("layers",), self.layers),)

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        for _ in range(self.times):
            with graph.own_names():
                taken = graph.stack(self.layers, taken, (*path, self.word, "layers"))
        return taken
