"""The preparations that a configuration can name: any preprocessing layer of Keras, and those of OWN.

A new one costs a file here and a line in OWN.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import ValidationInfo

from dlcli.data.preparation.own import OwnPreparation
from dlcli.data.preparation.pca import Pca
from dlcli.data.preparation.preprocess import Preprocess
from dlcli.spec import KerasObject, Reader, language_of, read_named, split_idiom

OWN: tuple[type[OwnPreparation], ...] = (Pca, Preprocess)
BY_WORD = {each.word: each for each in OWN}


def read_preparation(value: Any, information: ValidationInfo) -> KerasObject | OwnPreparation:
    """A preparation in the idiom."""
    if isinstance(value, KerasObject | OwnPreparation):
        return value
    name, _ = split_idiom(value, expected="a preparation")
    if name in BY_WORD:
        own = read_named(value, language_of(information), BY_WORD, expected="a preparation")
        assert isinstance(own, OwnPreparation)
        return own
    return language_of(information).keras("layers", value)


Preparation: TypeAlias = Annotated[KerasObject | OwnPreparation, Reader(read_preparation, "preparation")]
