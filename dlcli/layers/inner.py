"""A layer inside a backbone or a submodel as what another takes: `from: base.block4_conv3`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlcli.layers.from_key import names_in, numbered_output


def names_taken(layers: Any) -> Iterator[str]:
    """Every name that stands in a `from` of a list of layers as it is written, at any depth."""
    if isinstance(layers, dict):
        yield from (name for _, name in names_in(layers.get("from")))
    for each in layers.values() if isinstance(layers, dict) else layers if isinstance(layers, list) else ():
        yield from names_taken(each)


def inner_names(owner: str | None, taken: Sequence[str]) -> list[str]:
    """The layers inside a model of this name that are taken, in the order in which they are; a number means an output."""
    if owner is None:
        return []
    found = [name.removeprefix(f"{owner}.") for name in taken if name.startswith(f"{owner}.")]
    return list(dict.fromkeys(each for each in found if numbered_output(f"{owner}.{each}") is None))


def owner_of(name: str, known: Any) -> str | None:
    """The longest known name that a name with dots begins with, or None."""
    parts = name.split(".")
    owners = (".".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
    return next((owner for owner in owners if owner in known), None)


def with_inner(model: Any, inner: Sequence[str], *, whole: bool) -> Any:
    """A model that puts out what these layers of it do, behind its own output where that is taken too: `whole`.

    It is cut to what is used.
    """
    import keras

    outputs = [*([model.output] if whole else []), *(model.get_layer(name).output for name in inner)]
    return keras.Model(model.input, outputs, name=model.name)
