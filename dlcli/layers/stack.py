"""An entry of a list of layers: a layer of Keras, or one of dlcli's own words that hold layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, Protocol, TypeAlias, runtime_checkable

from pydantic import ValidationInfo

from dlcli.errors import TreePath
from dlcli.layers.from_key import Takes
from dlcli.spec import Facts, KerasObject, Mistake, Reader, language_of


class Graph(Protocol):
    """A model that is being built, as the entries see it."""

    facts: Facts
    may_be_masked: bool
    backwards: list[tuple[Any, TreePath]]
    memory: int | None

    @property
    def within(self) -> Mapping[str, Sequence[str]]:
        """By name the layers of each model inside that has been made."""

    def stack(self, entries: Sequence[Entry], tensor: Any, path: TreePath) -> Any:
        """What a list of entries makes of a tensor; an empty list leaves it as it is."""

    def own_names(
        self, *, apart: bool = False, tensors: Mapping[str, Any] = {}, may_be_masked: bool = False
    ) -> AbstractContextManager[None]:  # unseen: a protocol
        """While it is open, names are new ones, which end with it; those outside can be read, unless it stands `apart`.

        `tensors` are there from the beginning; what comes from outside `may_be_masked` while the model runs.
        """

    def shared(self, name: str | None, make: Callable[[], Any]) -> Any:
        """What `make` makes; under a name that stands again the same once more."""

    def with_channel(self, taken: Any, thing: KerasObject, path: TreePath) -> Any:
        """What a layer takes; data in which only the channels are missing with an axis of one channel."""

    def call(
        self,
        layer: Any,
        taken: Any,
        path: TreePath,
        word: str,
        *,
        traits: Mapping[str, Any] = {},
        thing: KerasObject | None = None,
    ) -> Any:
        """The output of a Keras layer with its traits, made from a thing.

        Raises `BlockError` at `path` where it cannot take what it is given."""

    def inside(self, model: Any, name: str | None) -> Any:
        """A model of this name that puts out the layers in it that are taken too, and its own output first if that is."""

    def with_inner_names(self, output: Any, name: str | None) -> Any:
        """What a model puts out itself, if that is taken; its layers can be taken by their names from now on."""

    def keep(self, output: Any, path: TreePath, *, name: str | None = None, thing: KerasObject | None = None) -> None:
        """Keeps the place of the operation of keras.ops that puts out a tensor, under this name or its own made free."""

    def operate(
        self, function: Callable[..., Any], *tensors: Any, path: TreePath, name: str | None = None, **named: Any
    ) -> Any:
        """What a function of keras.ops makes of tensors, kept like that."""

    def note(self, mistake: Mistake, *, once: bool = False) -> None:  # unseen: a protocol
        """Keeps what is worth saying of an entry; what is said `once` is not said again of another."""

    def name_others(self, output: Any) -> None:
        """Gives what Keras adds to the graph of a symbolic output by itself names that are free."""

    def free_name(self, name: str, *, given: bool = False) -> str:  # unseen: a protocol
        """The name as Keras takes it, with a number behind it if the model has one such already; no name that the
        configuration gives, unless it is `given`."""


@runtime_checkable
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

    @property
    def parts(self) -> Sequence[tuple[TreePath, Sequence[Entry]]]:
        """The lists of layers that it holds, with the way to each; none of a layer of Keras."""

    @property
    def ends_inside(self) -> bool:
        """Whether what it puts out is what the last layer of its only list does."""


def innermost(entries: Sequence[Entry]) -> Iterator[KerasObject]:
    """The layers and operations of Keras that a list of entries stands for, in order."""
    for entry in entries:
        if isinstance(getattr(entry, "keras", None), KerasObject):
            yield entry.keras  # type: ignore[attr-defined]
        for _, part in entry.parts:
            yield from innermost(part)


def layer_count(entry: Entry) -> int:
    """How many layers of Keras an entry stands for, with all repetitions."""
    inside = sum(layer_count(each) for _, part in entry.parts for each in part)
    return inside * getattr(entry, "times", 1) if entry.parts else 1


def names_given(entries: Sequence[Entry]) -> Iterator[str]:
    """All names that a list of entries and the lists in it give."""
    for entry in entries:
        if entry.name is not None:
            yield entry.name
        for _, part in entry.parts:
            yield from names_given(part)


def read_entry_by_language(value: Any, information: ValidationInfo) -> Entry:
    """An entry, read by the language, which knows all of dlcli's own words."""
    entry: Entry = value if isinstance(value, Entry) else language_of(information).entry(value)
    return entry


Stack: TypeAlias = list[Annotated[Any, Reader(read_entry_by_language, "entry")]]
"""The type of a list of entries."""
