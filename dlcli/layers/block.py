"""`block`: layers that are defined once under `blocks` and used with arguments; what is used has been filled in already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from dlcli.errors import TreePath
from dlcli.layers.from_key import Name, Names, Takes, read_takes
from dlcli.layers.stack import Entry, Graph, Stack
from dlcli.spec import Mistake, Named, Reader, fail


def read_from(value: Any, information: ValidationInfo) -> Takes | None:
    """The value of `from`, checked. Raises `pydantic.ValidationError` for what names nothing."""
    return read_takes(value)


class Block(Named):
    """Layers that `blocks` defines, with arguments in the place of its parameters; names inside hold for one use."""

    word: ClassVar[str] = "block"
    example: ClassVar[str] = "block: {use: head, units: 128}"
    stacks: ClassVar[tuple[str, ...]] = ("layers",)
    names: ClassVar[Names] = "own"
    ends_inside: ClassVar[bool] = True

    layers: Annotated[Stack, Field(min_length=1)]
    """The layers; filled in from `blocks` where `use` names one."""
    inputs: list[Annotated[str, Field(min_length=1)]] = []
    """The names that its layers have for what it takes, and then for nothing else outside; the first layer takes the first."""
    use: str | None = None
    """The block of `blocks`; its parameters stand beside it."""
    name: Name = None
    """What the output is called for `from`."""
    takes: Annotated[Any, Reader(read_from, "from"), Field(alias="from")] = None
    """What it takes; by default what stands above. Several inputs come by name, or in their order."""

    @field_validator("inputs")
    @classmethod
    def each_once(cls, inputs: list[str]) -> list[str]:
        for place, name in enumerate(inputs):
            if name in inputs[:place]:
                message = f"two inputs of the block are called '{name}'"
                fail(Mistake(message, (place,), "give each a name of its own", kind="doubled_name"))
        return inputs

    @property
    def parts(self) -> Sequence[tuple[TreePath, Sequence[Entry]]]:
        return ((("layers",), self.layers),)

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        if not self.inputs:
            with graph.own_names():
                return graph.stack(self.layers, taken, (*path, self.word, "layers"))
        given = taken if isinstance(taken, list | dict) else [taken]
        tensors = given if isinstance(given, dict) else dict(zip(self.inputs, given, strict=True))
        with graph.own_names(apart=True, tensors=tensors):
            return graph.stack(self.layers, tensors[self.inputs[0]], (*path, self.word, "layers"))
