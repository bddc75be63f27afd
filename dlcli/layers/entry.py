"""An entry of a list of layers: a layer of Keras, or one of dlcli's own words that hold layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from dlcli.errors import TreePath
from dlcli.layers.takes import Takes
from dlcli.spec import Facts, Mistake, Named, did_you_mean, fail, near, read_named, split_idiom


class Graph(Protocol):
    """A model that is being built, as the entries see it."""

    facts: Facts

    def stack(self, entries: Sequence[Entry], tensor: Any, path: TreePath) -> Any:
        """What a list of entries makes of a tensor; an empty list leaves it as it is."""

    def own_names(self, *, apart: bool = False) -> AbstractContextManager[None]:
        """While it is open, names are new ones, which end with it; those outside can be read, unless it stands `apart`."""

    def shared(self, name: str | None, make: Callable[[], Any]) -> Any:
        """What `make` makes; under a name that stands again the same once more."""

    def call(self, layer: Any, taken: Any, path: TreePath, word: str, *, traits: Mapping[str, Any] = {}) -> Any:
        """The output of a Keras layer with its traits. Raises `BlockError` at `path` where it cannot take what it is given."""

    def free_name(self, name: str, *, given: bool = False) -> str:
        """The name, with a number behind it if the model has one such already; no name that the configuration gives,
        unless it is `given`."""


class Entry(Protocol):
    """What stands in a list of layers."""

    @property
    def name(self) -> str | None:
        """The name that the configuration gives it."""

    @property
    def takes(self) -> Takes | None:
        """What its `from` says."""

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        """Puts it into the graph behind what it takes and gives its output."""

    def innermost(self) -> Iterator[Any]:
        """The layers of Keras that it stands for, in order."""


def innermost(entries: Sequence[Entry]) -> Iterator[Any]:
    """The layers of Keras that a list of entries stands for, in order."""
    for entry in entries:
        yield from entry.innermost()


class ReadEntry:
    """The annotation of an entry."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(read_entry)


Stack: TypeAlias = list[Annotated[Any, ReadEntry()]]
"""The type of a list of entries."""


def read_entry(value: Any, information: ValidationInfo) -> Entry:
    """An entry in the idiom. Raises `pydantic.ValidationError` with every mistake in it."""
    from dlcli.layers import GROUPS
    from dlcli.layers.layer import Layer, read_layer

    if isinstance(value, Layer | Named):
        return value  # type: ignore[return-value]
    word, _ = split_idiom(value, expected="a layer")
    groups = {each.word: each for each in GROUPS}
    if word in groups:
        return read_named(value, information.context, groups, expected="a layer")  # type: ignore[return-value]
    if word.islower() and near(word, groups):
        fail(
            Mistake(f"unknown layer '{word}'", suggestion=did_you_mean(word, groups), see="dlcli list graph", at="name")
        )
    return read_layer(value, information)
