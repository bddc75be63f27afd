"""Step 2, the layers: a list that is a stack, or with `name` and `from` a graph."""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import Field

from dlcli.layers.block import Block
from dlcli.layers.branches import Branches
from dlcli.layers.layer import Layer, read_layer
from dlcli.layers.operation import is_operation, read_operation
from dlcli.layers.positions import Positions
from dlcli.layers.repeat import Repeat
from dlcli.layers.residual import Residual
from dlcli.layers.sample import Sample
from dlcli.layers.stack import Entry, Stack
from dlcli.layers.submodel import Submodel
from dlcli.layers.token import Token
from dlcli.spec import Language, Mistake, did_you_mean, fail, near, read_named, split_idiom

__all__ = ["GROUPS", "Entry", "Layer", "Layers", "read_entry"]

GROUPS = (Block, Branches, Positions, Repeat, Residual, Sample, Submodel, Token)
"""dlcli's own words among the layers; most of them hold layers themselves."""

WORDS = {group.word: group for group in GROUPS}


def read_entry(value: Any, language: Language) -> Entry:
    """An entry in the idiom. Raises `pydantic.ValidationError` with every mistake in it."""
    word, _ = split_idiom(value, expected="a layer")
    if word in WORDS:
        group: Any = read_named(value, language, WORDS, expected="a layer")
        return cast(Entry, group)
    if is_operation(word):
        return read_operation(value, language)
    if word.islower() and near(word, WORDS):
        hint = did_you_mean(word, WORDS)
        fail(
            Mistake(f"unknown layer '{word}'", suggestion=hint, see="dlcli list graph", at="name", kind="unknown_name")
        )
    return read_layer(value, language)


Layers = Annotated[Stack, Field(min_length=1)]
"""The block: at least one layer, the last one (or several that nothing takes) being the output."""
