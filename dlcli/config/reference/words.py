"""What a schema accepts, in words: `whole number, at least 1`, `text or a list of text`."""

from __future__ import annotations

from dlcli.config.catalogue import article
from dlcli.config.json_schema.values import REFERENCE, Json

TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "array": "list",
    "object": "mapping",
}
DEFINITIONS = {
    "entry": "layer",
    "wrapped": "layer",
    "from": "name or names",
    "class_weight": "balanced, or weights by class",
    "sweep_space": "mapping from paths to values",
}
"""What our definitions are called."""
BOUNDS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than"}
MOST_CHOICES = 8


def in_words(schema: Json) -> str:
    """What a schema accepts; that anything may be `${…}` or left empty is not said each time."""
    if "$ref" in schema:
        return definition(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        options = [in_words(each) for each in schema["anyOf"] if each not in ({"type": "null"}, REFERENCE)]
        return " or ".join(dict.fromkeys(options))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"])) if len(schema["enum"]) <= MOST_CHOICES else "name"
    if "const" in schema:
        return str(schema["const"])
    return of_types(schema) + of_bounds(schema)


def of_types(schema: Json) -> str:
    """The types of a plain value."""
    types = schema.get("type", [])
    listed = [types] if isinstance(types, str) else [each for each in types if each != "null"]
    if "pattern" in schema and len(listed) > 1:
        listed = [each for each in listed if each != "string"]
    if {"array", "boolean", "number", "string"} <= {*listed}:
        return "plain value"
    items = schema.get("items", {})
    if listed == ["array"] and {"$ref", "type", "anyOf"} & {*items}:
        return f"list of {plural(in_words(items))}"
    if listed == ["object"] and isinstance(schema.get("additionalProperties"), dict):
        return f"mapping to {in_words(schema['additionalProperties'])}"
    order = [each for each in TYPES if each in listed]
    return " or ".join(TYPES[each] for each in order)


def plural(words: str) -> str:
    """Several of what the words say; only things have a plural that is as clear."""
    return f"{words.split(' ', 1)[1]}s" if words.startswith(("a ", "an ")) else words


def of_bounds(schema: Json) -> str:
    """The range of a number."""
    return "".join(f", {word} {schema[key]:,.10g}" for key, word in BOUNDS.items() if key in schema)


def definition(name: str) -> str:
    """A definition by its name: a thing of Keras, or a block of dlcli's own."""
    known = DEFINITIONS.get(name, name)
    return article(known) if known.islower() and " " not in known else known if known.islower() else "mapping"
