"""dlcli's own part of the JSON Schema: what pydantic knows of the blocks, with the docstrings of their fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from dlcli.config.catalogue import SINGULAR
from dlcli.config.json_schema.values import NUMBER_PATTERN, REFERENCE, REFERENCE_PATTERN, Json, to
from dlcli.config.meanings import field_meanings, summary_of
from dlcli.config.train import read_class_weight
from dlcli.data.preparation import read_preparation
from dlcli.data.sources.tfrecord import short_form as feature_alone
from dlcli.layers.entry import read_entry
from dlcli.layers.takes import read_group_takes
from dlcli.spec import KerasThing

READERS = {
    read_entry: "entry",
    read_preparation: "preparation",
    read_group_takes: "from",
    read_class_weight: "class_weight",
}
"""The definition of what a reader of ours takes."""
PLACEHOLDER = "definition"
"""Stands for `$ref` while pydantic, which knows its own definitions alone, is at work."""
SCALARS = frozenset({"boolean", "integer", "number"})


def block_definitions(blocks: Iterable[type[BaseModel]]) -> Json:
    """The definitions of blocks and of everything inside them, by the names of their classes."""
    _, made = models_json_schema([(block, "validation") for block in blocks], schema_generator=Generator)
    definitions = {name: finished(each) for name, each in made["$defs"].items()}
    for block in definitions.values():
        for each in block.get("properties", {}).values():
            describe(each, definitions)
    return definitions


def describe(schema: Json, definitions: Json) -> None:
    """Gives a key that has no docstring the words of the block that it holds."""
    for option in schema.get("anyOf", [schema]):
        known = definitions.get(option.get("$ref", "").rsplit("/", 1)[-1], {})
        if "description" in known:
            schema.setdefault("description", known["description"])


class Generator(GenerateJsonSchema):
    """Adds what pydantic cannot know: docstrings of fields, things of Keras, entries of a list of layers."""

    def function_plain_schema(self, schema: Any) -> JsonSchemaValue:
        function = schema["function"]["function"]
        owner = getattr(function, "__self__", None)
        return {PLACEHOLDER: SINGULAR[owner.kind] if isinstance(owner, KerasThing) else READERS[function]}

    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        function = schema["function"]["function"]
        if function in READERS:
            return {PLACEHOLDER: READERS[function]}
        inner = super().function_before_schema(schema)
        return {"anyOf": [inner, {"type": "string"}]} if function is feature_alone else inner

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        block = schema["cls"]
        made = super().model_schema(schema)
        made.pop("title", None)
        made["description"] = summary_of(block)
        for name, meaning in field_meanings(block).items():
            made["properties"][block.model_fields[name].alias or name]["description"] = meaning
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def finished(schema: Json) -> Json:
    """A schema with references to our definitions, in which every value may also be `${…}`."""
    if PLACEHOLDER in schema:
        return to(schema[PLACEHOLDER]) | {key: value for key, value in schema.items() if key != PLACEHOLDER}
    made = dict(schema)
    if made.get("default", ...) is None:
        del made["default"]
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = value_schema(made[key])
    if "properties" in made:
        made["properties"] = {key: value_schema(each) for key, each in made["properties"].items()}
    if "anyOf" in made:
        made["anyOf"] = [finished(each) for each in made["anyOf"]]
    return made


def value_schema(schema: Json) -> Json:
    """The schema of a value, which may also be `${…}`."""
    made = finished(schema)
    if takes_text(made):
        return made
    if made.get("type") in SCALARS:
        pattern = NUMBER_PATTERN if made["type"] == "number" else REFERENCE_PATTERN
        return {**made, "type": [made["type"], "string"], "pattern": pattern}
    said: Json = {key: made.pop(key) for key in ("description", "default") if key in made}
    return {**said, "anyOf": [*made.get("anyOf", [made]), REFERENCE]}


def takes_text(schema: Json) -> bool:
    """Whether a schema takes every `${…}` as it is; the definitions that are ours do."""
    if "anyOf" in schema:
        return any(takes_text(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1] in OWN
    return schema.get("type") == "string" and not {"enum", "const"} & {*schema}


OWN = frozenset({*READERS.values(), *SINGULAR.values(), "SourceBlock"})
"""Definitions that take a reference themselves."""
