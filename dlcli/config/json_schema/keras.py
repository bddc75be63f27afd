"""Keras's part of the JSON Schema: every thing of the catalogue with its arguments, and what of each kind there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dlcli.config.catalogue import IN_EPOCHS, LISTS, SINGULAR, KerasCatalogue
from dlcli.config.catalogue.checks import argument_types, expected, holds_numbers, is_ranged
from dlcli.config.json_schema.values import (
    NO_MAPPING,
    NUMBER_PATTERN,
    REFERENCE,
    REFERENCE_PATTERN,
    Json,
    any_of,
    behind,
    idiom,
    needed_in_entry,
    to,
)
from dlcli.data.text_strip import KEY as STRIP_KEY
from dlcli.data.text_strip import STRIPS
from dlcli.layers.trainable import KEY as TRAINABLE

TYPES = {"integer": "integer", "number": "number", "boolean": "boolean", "text": "string", "list": "array"}
LAYERS = ("layers", "applications")
ENTRIES = (*LAYERS, "operations")
"""The kinds that stand in the list of layers, where each can take by name."""
EPOCHS_PATTERN = f"^{IN_EPOCHS.pattern}$|{REFERENCE_PATTERN}"


def keras_definitions(catalogue: KerasCatalogue) -> Json:
    """The definitions of all kinds and of all their classes."""
    found: Json = {"activation": any_of({"enum": catalogue.activations}, REFERENCE)}
    for kind in catalogue.kinds:
        found |= {f"{kind}.{name}": class_schema(kind, name, entry) for name, entry in offered_classes(catalogue, kind)}
    for kind in (each for each in catalogue.kinds if each not in LAYERS):
        found[SINGULAR[kind]] = idiom(bare_names(catalogue, kind), spelled_values(catalogue, kind))
    return found | {"layer": nested_layer(catalogue, {}), "from": from_schema()}


def offered_classes(catalogue: KerasCatalogue, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The classes of a kind that a configuration can name."""
    yield from ((name, entry) for name, entry in catalogue.kinds[kind].items() if name not in catalogue.refused[kind])


def required_of(entry: Mapping[str, Any]) -> list[str]:
    """The arguments that a class cannot do without."""
    return [key for key, each in entry["arguments"].items() if each.get("required")]


def bare_names(catalogue: KerasCatalogue, *kinds: str) -> list[str]:
    """Every spelling of what needs no argument."""
    return [
        spelling
        for kind in kinds
        for name, entry in offered_classes(catalogue, kind)
        for spelling in (name, *entry["spellings"])
        if not required_of(entry) and spelling not in catalogue.refused[kind]
    ]


def spelled_values(catalogue: KerasCatalogue, *kinds: str) -> Json:
    """By every spelling, what may stand behind it."""
    return {
        spelling: to(f"{kind}.{name}")
        for kind in kinds
        for name, entry in offered_classes(catalogue, kind)
        for spelling in (name, *entry["spellings"])
        if spelling not in catalogue.refused[kind]
    }


def nested_layer(catalogue: KerasCatalogue, words: Mapping[str, Json]) -> Json:
    """A layer outside of the list of layers, where nothing can be taken by name; `words` are those of dlcli's own."""
    schema = idiom(bare_names(catalogue, *LAYERS), {**spelled_values(catalogue, *LAYERS), **words})
    return {**schema, "additionalProperties": {"properties": {"from": False}}}


def class_schema(kind: str, name: str, entry: Mapping[str, Any]) -> Json:
    """What may stand behind the name of a class."""
    arguments = {key: argument_schema(kind, key, each) for key, each in entry["arguments"].items()}
    if kind == "applications":
        arguments[TRAINABLE] = partly_trainable(arguments[TRAINABLE])
    own: Json = {"from": taken_by(entry)} if kind in ENTRIES else {}
    if kind == "operations":  # the tensor that stands above has no short form
        above = {key: arguments.pop(key) for key in entry["traits"]["call"][:1] if key in arguments}
        own |= {**above, "name": {"type": ["string", "null"], "minLength": 1}}
    mapping: Json = {"type": "object", "properties": {**arguments, **own}, "additionalProperties": False}
    required = required_of(entry)
    if required:
        mapping |= needed_in_entry(required) if kind in ENTRIES else {"required": required}
    said = " ".join(part for part in (entry["summary"], f"({keras_path(kind, name)})") if part)
    return {"description": said, **(behind(mapping, required) if arguments or not own else without_short(mapping))}


def partly_trainable(whole: Json) -> Json:
    """`trainable` of a backbone: whether all of it learns, from which layer on, or which layers."""
    text = {"type": "string"}
    behind_layer = {"type": "object", "properties": {"from": text}, "required": ["from"], "additionalProperties": False}
    return any_of(whole, behind_layer, {"type": "array", "items": text, "minItems": 1})


def without_short(mapping: Json) -> Json:
    """Arguments by name, or none."""
    return {**mapping, "type": ["object", "null"]}


def keras_path(kind: str, name: str) -> str:
    """Where Keras has a class or function: `keras.layers.Dense`, `keras.ops.sqrt`."""
    if kind == "operations":
        return f"keras.{name}"
    return f"keras.{'optimizers.schedules' if kind == 'schedules' else kind}.{name}"


def taken_by(entry: Mapping[str, Any]) -> Json:
    """`from` of a layer; a mapping names the arguments of its call."""
    traits = entry["traits"]
    if "needed" in traits:  # what is written out need not be taken
        return {**to("from"), "propertyNames": {"enum": traits["call"]}}
    call = entry.get("call")
    return {**to("from"), **({"propertyNames": {"enum": call}, "required": call[:1]} if call else {})}


def from_schema() -> Json:
    """`from`: a name, names, or names by the arguments of a layer's call."""
    names = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    by_argument = {
        "type": "object",
        "additionalProperties": any_of({"type": ["string", "boolean"]}, names),
        "minProperties": 1,
    }
    said = "What it takes: a name, a list of names, or names by the arguments of its call. Default: what stands above."
    return {"description": said, **any_of({"type": ["string", "null"]}, names, by_argument)}


def argument_schema(kind: str, key: str, entry: Mapping[str, Any]) -> Json:
    """What one argument of a class takes."""
    schema = thing_schema(key, entry) if "thing" in entry else plain_schema(kind, key, entry)
    if entry.get("default") is None:
        return schema
    if "type" in schema:  # Editors fill in the default of what is of a plain type first, wanted or not.
        schema["type"] = ["null", *(each for each in schema["type"] if each != "null")]
    return {**schema, "default": entry["default"]}


def thing_schema(key: str, entry: Mapping[str, Any]) -> Json:
    """An argument that is itself a thing."""
    kind = entry["thing"]
    options = [to("wrapped" if kind == "layers" else SINGULAR[kind])]
    if kind == "schedules":
        options = [{"type": ["number", "string"], **bounds(entry), "pattern": NUMBER_PATTERN}, *options]
    elif not entry.get("required"):
        options.append({"type": "null"})
    if key in LISTS:
        options.append({"type": "array", "items": options[0]})
    return any_of(*options)


def plain_schema(kind: str, key: str, entry: Mapping[str, Any]) -> Json:
    """An argument that is a plain value: of the types that Keras names, or of any where it names none."""
    if entry.get("unfit"):
        return {"enum": [entry.get("default")]}
    if entry.get("inline"):
        return {"type": ["array", "null", "string"], "pattern": REFERENCE_PATTERN, "items": NO_MAPPING}
    named = argument_types(entry, kind=kind)
    types = {TYPES[each] for each in named}
    if "types" not in entry:
        types |= {"array"} if named else {"array", "boolean", "null", "number", "string"}
    if not entry.get("required"):
        types.add("null")
    pattern = None if "string" in types else NUMBER_PATTERN if "number" in types else REFERENCE_PATTERN
    if is_ranged(entry):
        types, pattern = types - {"boolean"}, NUMBER_PATTERN if "number" in types else REFERENCE_PATTERN
    if kind == "schedules" and (key.endswith("steps") or key == "boundaries"):
        pattern = EPOCHS_PATTERN
    schema: Json = {"type": sorted({*types, "string"}), **bounds(entry)}
    if pattern is not None:
        schema["pattern"] = pattern
        if named:
            schema["patternErrorMessage"] = f"'{key}' must be {expected(named)}"
    if "array" in types:
        schema["items"] = item_schema(entry, EPOCHS_PATTERN if pattern == EPOCHS_PATTERN else NUMBER_PATTERN)
    schema = any_of(words_schema(entry), without_text(schema)) if "values" in entry else schema
    return any_of(schema, STRIP) if entry.get(STRIPS) else schema


STRIP: Json = {
    "type": "object",
    "properties": {STRIP_KEY: {"type": "string", "minLength": 1}},
    "required": [STRIP_KEY],
    "additionalProperties": False,
}
"""A pattern whose finds are blanks."""


def words_schema(entry: Mapping[str, Any]) -> Json:
    """The words that an argument knows, in any case where Keras takes them so."""
    if not entry.get("any_case"):
        return {"enum": entry["values"]}
    letters = [
        "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in word) for word in entry["values"]
    ]
    return {"anyOf": [{"enum": entry["values"]}, {"type": "string", "pattern": f"^(?:{'|'.join(letters)})$"}]}


def without_text(schema: Json) -> Json:
    """The schema of an argument whose words are listed beside it: other text is a number or a reference."""
    pattern = schema.get("pattern")
    return {**schema, "pattern": REFERENCE_PATTERN if pattern is None else pattern}


def item_schema(entry: Mapping[str, Any], pattern: str) -> Json:
    """An item of a list, whose text is of a pattern where it holds numbers."""
    if holds_numbers(entry) and not is_ranged(entry):
        return {"type": ["array", "null", "number", "string"], "pattern": pattern}
    if not is_ranged(entry):
        return NO_MAPPING
    return {"type": ["number", "string"], **bounds(entry), "pattern": pattern}


def bounds(entry: Mapping[str, Any]) -> Json:
    """The range of the numbers that an argument takes."""
    words = {"least": "minimum", "above": "exclusiveMinimum", "most": "maximum", "below": "exclusiveMaximum"}
    return {word: entry[key] for key, word in words.items() if key in entry}
