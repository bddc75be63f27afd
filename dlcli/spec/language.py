"""The language as validation knows it: what can be named, and how each kind of thing is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from dlcli.spec.keras_object import KerasObject

DEFINITION = "definition"
"""In the JSON Schema of a field the key of the name of the definition that says what the field takes."""


class Language(Protocol):
    """What a configuration can name, given to validation as its context. It reads each value once.

    All of these raise `pydantic.ValidationError` with every mistake in what they read.
    """

    def keras(self, kind: str, value: Any) -> KerasObject:
        """A thing of Keras of this kind ("layers"), written in the idiom."""

    def entry(self, value: Any) -> Any:
        """An entry of a list of layers: a layer of Keras, or one of dlcli's own words."""

    def source(self, value: Any) -> Any:
        """A source of data, or a path that tells one."""

    def call_arguments(self, layer: str) -> list[str] | None:
        """The arguments with which a layer is called, or None where they are not known."""


def language_of(information: ValidationInfo) -> Language:
    """The language that a validation was given."""
    language: Language | None = information.context
    assert language is not None, "blocks that name things are validated with a language as context"
    return language


@dataclass(frozen=True)
class Reader:
    """The annotation of a field that a function of ours reads; `definition` says in the JSON Schema what it takes."""

    read: Callable[[Any, ValidationInfo], Any]
    definition: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {DEFINITION: self.definition}


def keras_thing(kind: str) -> Reader:
    """The annotation that makes a field hold a thing of Keras: `Annotated[KerasObject, keras_thing("layers")]`."""

    def read(value: Any, information: ValidationInfo) -> KerasObject:
        return value if isinstance(value, KerasObject) else language_of(information).keras(kind, value)

    return Reader(read, kind)


@dataclass(frozen=True)
class ShortForm:
    """The annotation of a block with a short form: `whole` makes the block's mapping of it, `takes` is its JSON Schema."""

    whole: Callable[[Any], Any]
    takes: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.whole, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), dict(self.takes)]}
