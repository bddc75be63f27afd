"""The language as validation knows it: what can be named, and how each kind of thing is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from dlcli.spec.keras_object import KerasObject


class Catalogue(Protocol):
    """What Keras offers, as far as checking a configuration needs it; given to validation as its context."""

    def read(self, kind: str, value: Any) -> KerasObject:
        """Checks a thing written in the idiom. Raises `pydantic.ValidationError` with every mistake in it."""

    def call_arguments(self, layer: str) -> list[str] | None:
        """The arguments with which a layer is called, or None where they are not known."""


def catalogue_of(information: ValidationInfo) -> Catalogue:
    """The catalogue that a validation was given."""
    catalogue: Catalogue | None = information.context
    assert catalogue is not None, "blocks with things of Keras are validated with a catalogue as context"
    return catalogue


@dataclass(frozen=True)
class KerasThing:
    """The annotation that makes a field hold a thing of Keras: `Annotated[KerasObject, KerasThing("layers")]`."""

    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self.read)

    def read(self, value: Any, information: ValidationInfo) -> KerasObject:
        """Reads the thing with the catalogue that the validation was given."""
        if isinstance(value, KerasObject):
            return value
        return catalogue_of(information).read(self.kind, value)
