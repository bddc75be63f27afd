"""The JSON Schema (draft 2020-12) of the configuration language, for editors and other programs that know schemas."""

from __future__ import annotations

import json

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.json_schema.keras import ENTRIES, bare_names, keras_definitions, nested_layer, spelled_values
from dlcli.config.json_schema.specs import block_definitions
from dlcli.config.json_schema.values import (
    NO_MAPPING,
    NUMBER_PATTERN,
    ONE_NAME,
    REFERENCE,
    Json,
    any_of,
    behind,
    idiom,
    needed_in_entry,
    to,
)
from dlcli.config.schema import Config
from dlcli.config.sweep import RANGES
from dlcli.config.train import CONDITION, DURATION
from dlcli.data.preparation.preparations import OWN
from dlcli.data.sources import SOURCES
from dlcli.data.sources.splits import Splits
from dlcli.layers import GROUPS
from dlcli.layers.block import Block
from dlcli.layers.misplaced import possible_places
from dlcli.layers.submodel import Submodel
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import Named

STACK: Json = {"type": "array", "items": to("entry")}
MERGED = frozenset(
    {
        "Data",
        "Input",
        "StartingWeights",
        "Sweep",
        "Train",
        *(source.__name__ for source in SOURCES.values()),
        *(own.__name__ for own in OWN),
    }
)
"""Blocks of which a file that extends another may hold a part."""
NAMING = frozenset({"blocks", "data", "layers", "loss", "metrics", "optimizer", "train"})
"""Keys beneath which a class of a plugin may be named."""
OF_FILES: Json = {
    "extends": {
        "description": "A file, or a list of files, that this one starts from: mappings merge, all else replaces.",
        **any_of({"type": "string"}, {"type": "array", "items": {"type": "string"}}),
    },
    "blocks": {
        "description": "Layers under a name, with parameters, for `block: {use: NAME}`.",
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "parameters": {
                    "description": "Names with their defaults, or a list of names that every use must give.",
                    **any_of({"type": "object"}, {"type": "array", "items": {"type": "string"}}),
                },
                "inputs": {
                    "description": "The names that its layers have for what it takes.",
                    "type": "array",
                    "items": {"type": "string", "minLength": 1},
                },
                "layers": {"description": "The layers; `${parameter}` stands for a parameter.", **STACK},
            },
            "additionalProperties": False,
        },
    },
}
"""What a file may hold besides the experiment itself."""


def schema_text() -> str:
    """The schema as JSON, with a line for each definition."""
    schema = configuration_schema()
    definitions = schema.pop("$defs")
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in definitions.items())
    return f'{json.dumps(schema)[:-1]},\n"$defs": {{\n{lines}\n}}}}\n'


def configuration_schema() -> Json:
    """The whole schema. Nothing of TensorFlow is imported."""
    definitions = block_definitions([Config, OneCycle, *OWN, *GROUPS, *SOURCES.values()])
    required = {name: definitions[name].pop("required", []) for name in MERGED}
    config = definitions.pop("Config")
    refine(definitions)
    catalogue = keras_catalogue()
    definitions |= keras_definitions(catalogue) | {"class_weight": class_weight(), "sweep_space": sweep_space()}
    named: tuple[type[Named], ...] = (*OWN, *SOURCES.values())
    words = {each.word: of_word(each, definitions, required.get(each.__name__, [])) for each in named}
    own = groups(definitions)
    one_cycle = of_word(OneCycle, definitions, definitions[OneCycle.__name__].pop("required"))
    schedules = {**spelled_values(catalogue, "schedules"), OneCycle.word: one_cycle}
    definitions |= {
        "entry": entry(own),
        "schedule": idiom(bare_names(catalogue, "schedules"), schedules),
        "wrapped": nested_layer(catalogue, {Submodel.word: own[Submodel.word]}),
        "preparation": preparation({each.word: words.pop(each.word) for each in OWN}),
        "source": source(words, required),
    }
    keys = {**OF_FILES, **config["properties"], "loss": losses(definitions)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": config["description"],
        "type": "object",
        "properties": {key: {"description": each["description"], "doNotSuggest": True} for key, each in keys.items()},
        "additionalProperties": False,
        "allOf": [
            by_plugins(keys),
            {"if": {"required": ["extends"]}, "else": required_keys(config["required"], required)},
        ],
        "$defs": definitions,
    }


def by_plugins(keys: Json) -> Json:
    """What stands behind each key; where there are plugins, whose classes only they tell, it is offered and not demanded."""
    offered = {key: any_of(each, {}) if key in NAMING else each for key, each in keys.items()}
    return {"if": {"required": ["plugins"]}, "then": {"properties": offered}, "else": {"properties": keys}}


def losses(definitions: Json) -> Json:
    """The loss, or a mapping of targets to losses, which may have the names of losses too."""
    names, named, reference = definitions["loss"]["anyOf"]
    by_target = {"additionalProperties": to("loss")}
    several = {"if": {"type": "object", "minProperties": 2}, "then": by_target}
    said = "Step 3: the loss, the guideline that a person gives; for several targets a mapping by target."
    return {"description": said, "anyOf": [names, {**named, **by_target}, reference], "minProperties": 1, **several}


def refine(definitions: Json) -> None:
    """Adds what only validators of the blocks say."""
    train, split = definitions["Train"]["properties"], definitions["Split"]["properties"]
    train["time_limit"]["anyOf"][0]["pattern"] = f"^(?:{DURATION.pattern})$|\\$\\{{"
    train["until"]["anyOf"][0]["pattern"] = f"^(?:{CONDITION.pattern})$|\\$\\{{"
    ways = [
        {"enum": ["random", "stratified", "file", "time"]},
        {"type": "string", "pattern": "^(time|group|column):.+"},
    ]
    split["by"]["anyOf"] = [*ways, {"type": "null"}, REFERENCE]
    del definitions[Block.__name__]["additionalProperties"]


def class_weight() -> Json:
    """`balanced`, or weights by class; for several targets such a one by target."""
    weights = {
        "type": "object",
        "additionalProperties": {"type": ["number", "string"], "minimum": 0, "pattern": r"\$\{"},
    }
    by_target = {"type": "object", "additionalProperties": any_of({"const": "balanced"}, weights)}
    return any_of({"const": "balanced"}, weights, by_target, {"type": "null"}, REFERENCE)


def sweep_space() -> Json:
    """What is searched: by path a list of values, or one kind of them with what goes beside it."""
    number: Json = {"type": ["number", "string"], "pattern": NUMBER_PATTERN}
    bounds: Json = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    kinds: Json = {**dict.fromkeys(RANGES, bounds), "choices": {"type": "array", "minItems": 1}}
    beside: Json = {"step": number, "when": {"type": "object"}}
    one: Json = {
        "type": "object",
        "properties": {**kinds, **beside},
        "additionalProperties": False,
        "oneOf": [{"required": [kind]} for kind in kinds],
    }
    values = any_of({"type": "array", "minItems": 1}, one)
    return {"type": "object", "minProperties": 1, "additionalProperties": values}


def groups(definitions: Json) -> Json:
    """What may stand behind dlcli's own words among the layers."""
    words = {}
    for group in GROUPS:
        block = definitions.pop(group.__name__)
        # A block alone may have several inputs, each of which takes a layer by its name.
        block["properties"]["from"] |= {"additionalProperties": {"type": "string"}} if group is Block else NO_MAPPING
        required = block.pop("required", [])
        first = next(iter(block["properties"].values()))["anyOf"][0] if group.stacks else None
        words[group.word] = {**behind(block, required, first=first), **needed_in_entry(required)}
    words[Block.word]["else"] = {"anyOf": [{"required": ["use"]}, {"required": ["layers"]}]}
    return words


def entry(words: Json) -> Json:
    """What stands in a list of layers: a layer, a backbone, an operation, or one of dlcli's own words."""
    catalogue = keras_catalogue()
    elsewhere = {
        name for name, entry in catalogue.kinds["layers"].items() if "layers" not in possible_places(entry["traits"])
    }
    alone = [each.word for each in GROUPS if not any(field.is_required() for field in each.model_fields.values())]
    bare = [*alone, *(name for name in bare_names(catalogue, *ENTRIES) if name not in elsewhere)]
    values = {name: value for name, value in spelled_values(catalogue, *ENTRIES).items() if name not in elsewhere}
    return idiom(bare, {**words, **values})


def of_word(block: type[Named], definitions: Json, required: list[str]) -> Json:
    """What may stand behind the word of a thing of dlcli's own."""
    return behind(definitions[block.__name__], required)


def preparation(own: Json) -> Json:
    """A preparation: a layer, or dlcli's own."""
    names, named, _ = idiom([*own], own)["anyOf"]
    return {**any_of(names, named, to("layer")), **ONE_NAME}


def source(words: Json, required: dict[str, list[str]]) -> Json:
    """A source: its word, a path, or a word with its arguments; splits in files of their own have no word."""
    others = [each.word for each in SOURCES.values() if required[each.__name__]]
    names, named, _ = idiom([word for word in words if word not in others], words)["anyOf"]
    path = {"type": "string", "not": {"enum": others}}
    splits = {"propertyNames": {"enum": list(Splits.model_fields)}}
    return {
        **any_of(names, named, path, to(Splits.__name__)),
        "minProperties": 1,
        "if": splits,
        "else": {"maxProperties": 1},
    }


def required_keys(needed: list[str], required: dict[str, list[str]]) -> Json:
    """What must be there in a file that extends no other; editors are not to offer it a second time."""
    hidden = {"doNotSuggest": True}
    words = {
        each.word: {**hidden, "required": required[each.__name__]}
        for each in SOURCES.values()
        if required[each.__name__]
    }
    inputs = {**hidden, "additionalProperties": {"required": required["Input"]}}
    data = {"source": {**hidden, "properties": words}, "inputs": inputs}
    return {
        "required": needed,
        "properties": {
            "data": {**hidden, "required": required["Data"], "properties": data},
            "train": {**hidden, "anyOf": [{"required": required["Train"]}, {"required": ["phases"]}]},
            "weights": {**hidden, "required": required["StartingWeights"]},
            "sweep": {**hidden, "required": required["Sweep"]},
            "blocks": {**hidden, "additionalProperties": {"required": ["layers"]}},
        },
    }
