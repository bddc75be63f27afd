"""Pretrained backbones that are given other values than those on which they were trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlcli.data import Data
from dlcli.data.preparation.preprocess import Preprocess
from dlcli.layers.backbone import PUBLIC
from dlcli.layers.layer import Layer
from dlcli.layers.stack import Entry
from dlcli.spec import KerasObject, Mistake


def unprepared_backbones(layers: Sequence[Entry], data: Data) -> Iterator[Mistake]:
    """Backbones with weights that are there, whose pictures neither `preprocess` nor any other scaling makes what they were in
    their training."""
    own = [step for each in data.inputs.values() for step in each.prepare] if isinstance(data.inputs, dict) else []
    if any(isinstance(step, Preprocess) or scales(step) for step in [*data.prepare, *own]):
        return
    for position, entry in enumerate(layers):
        thing = entry.keras if isinstance(entry, Layer) else None
        if scales(thing):
            return
        if thing is not None and thing.traits.get("preprocess") and thing.arguments.get("weights", PUBLIC) is not None:
            yield Mistake(
                f"{thing.written} was trained on pictures whose colours were moved and scaled, and nothing here does that",
                ("layers", position, thing.written),
                f"write data.prepare: [preprocess: {thing.name}]",
                kind="backbone_without_preprocess",
            )


def scales(thing: object) -> bool:
    """Whether a layer moves and scales numbers."""
    return isinstance(thing, KerasObject) and bool(thing.traits.get("scales"))
