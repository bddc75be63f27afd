"""dlcli's own part of the JSON Schema: what pydantic knows of the blocks, with the docstrings of their fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from dlcli.config.catalogue import SINGULAR
from dlcli.config.json_schema.values import NUMBER_PATTERN, REFERENCE, REFERENCE_PATTERN, Json, to
from dlcli.config.meanings import field_meanings, summary_of
from dlcli.spec import DEFINITION

SCALARS = frozenset({"boolean", "integer", "number"})


def block_definitions(blocks: Iterable[type[BaseModel]]) -> Json:
    """The definitions of blocks and of everything inside them, by the names of their classes."""
    _, made = models_json_schema([(block, "validation") for block in blocks], schema_generator=Generator)
    definitions = {name: finished(each) for name, each in made["$defs"].items()}
    for block in definitions.values():
        for each in block.get("properties", {}).values():
            describe_keys(each, definitions)
    return definitions


def describe_keys(schema: Json, definitions: Json) -> None:
    """Gives a key that has no docstring the words of the block that it holds."""
    for option in schema.get("anyOf", [schema]):
        known = definitions.get(option.get("$ref", "").rsplit("/", 1)[-1], {})
        if "description" in known:
            schema.setdefault("description", known["description"])


class Generator(GenerateJsonSchema):
    """Adds the docstrings of fields, which pydantic does not know."""

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
    if DEFINITION in schema:
        name = str(schema[DEFINITION])
        return to(SINGULAR.get(name, name)) | {key: value for key, value in schema.items() if key != DEFINITION}
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
    if takes_text(schema):
        return made
    if made.get("type") in SCALARS:
        pattern = NUMBER_PATTERN if made["type"] == "number" else REFERENCE_PATTERN
        return {**made, "type": [made["type"], "string"], "pattern": pattern}
    said: Json = {key: made.pop(key) for key in ("description", "default") if key in made}
    return {**said, "anyOf": [*made.get("anyOf", [made]), REFERENCE]}


def takes_text(schema: Json) -> bool:
    """Whether a schema takes every `${…}` as it is; the definitions that are ours, not pydantic's, do."""
    if "anyOf" in schema:
        return any(takes_text(each) for each in schema["anyOf"])
    if DEFINITION in schema:
        return True
    return schema.get("type") == "string" and not {"enum", "const"} & {*schema}
