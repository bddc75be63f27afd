"""The layer whose output is that of the model, or of one of several targets, as far as the configuration tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlcli.errors import TreePath
from dlcli.layers.layer import Layer
from dlcli.layers.operation import Operation
from dlcli.layers.stack import Entry
from dlcli.spec import KerasObject


@dataclass(frozen=True)
class LastLayer:
    """`layer` and `above`, which it takes, are None where they are no plain layers of Keras; `path` leads to the entry."""

    path: TreePath
    layer: KerasObject | None
    above: KerasObject | None


def last_layer(entries: Sequence[Entry | None], name: str | None = None, path: TreePath = ("layers",)) -> LastLayer:
    """The last layer of a list, or the one that bears a target's name. An entry of None is one that cannot be read."""
    position = len(entries) - 1
    if name is not None:
        position = next((at for at, entry in enumerate(entries) if entry is not None and entry.name == name), position)
    last = entries[position] if entries else None
    place = (*path, position)
    if last is not None and last.ends_inside:
        [(way, inside)] = last.parts
        word = getattr(type(last), "word", "")
        return last_layer(inside, None, (*place, word, *way))
    above = entries[position - 1] if position > 0 else None
    takes_above = last is not None and last.takes is None
    return LastLayer(place, keras_of(last), keras_of(above) if takes_above else None)


def keras_of(entry: Entry | None) -> KerasObject | None:
    """The thing of Keras that an entry is, if it is a plain layer or an operation."""
    return entry.keras if isinstance(entry, Layer | Operation) else None
