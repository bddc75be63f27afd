"""Forms of values that stand in many places of the JSON Schema: references, things by name, short forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

REFERENCE_PATTERN = r"\$\{[^{}]*\}"
NUMBER_PATTERN = REFERENCE_PATTERN + r"|^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"
"""What a number may be as text: a reference, or `1e-3`, which programs of YAML 1.1 read as text."""
REFERENCE: Json = {"type": "string", "pattern": REFERENCE_PATTERN}
"""`${…}`, which may stand for any value."""
NO_MAPPING: Json = {"not": {"type": "object"}}
ONE_NAME: Json = {"minProperties": 1, "maxProperties": 1}


def to(name: str) -> Json:
    """A reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def any_of(*options: Json) -> Json:
    """One of several schemas, or the only one itself."""
    return options[0] if len(options) == 1 else {"anyOf": [*options]}


def idiom(bare: Iterable[str], values: Mapping[str, Json]) -> Json:
    """A thing in the idiom: a name alone where nothing is required, or one name with what stands behind it."""
    names = list(bare)
    named = {"type": "object", "properties": dict(values), "additionalProperties": False}
    return {**any_of(*([{"enum": names}] if names else []), named, REFERENCE), **ONE_NAME}


def behind(arguments: Json, required: Sequence[str], *, first: Json | None = None) -> Json:
    """What stands behind a name: its arguments, the first alone where no other is `required`, or nothing where none is.

    `first` is what the first takes alone, if that is not what it takes by its name.

    Where it can, it is one schema of several types rather than a choice: editors say more clearly what is wrong then.
    """
    key = next(iter(arguments["properties"]), None)
    given = (first or arguments["properties"][key]) if key is not None and {*required} <= {key} else {}
    short = {name: value for name, value in given.items() if name not in {"default", "description"}}
    empty = [] if required else ["null"]
    if not short or "type" in short:
        types = short.pop("type", [])
        listed = [each for each in ([types] if isinstance(types, str) else types) if each != "null"]
        return {**arguments, **short, "type": list(dict.fromkeys(["object", *listed, *empty]))}
    plain = {"not": {"type": ["object", "null"]}} if required else NO_MAPPING
    return any_of(arguments, {**short, **plain}, *({"type": each} for each in empty))


def needed_in_entry(names: list[str]) -> Json:
    """Required arguments of an entry of the layers; one that has a name alone is a layer above once more."""
    again = {"required": ["name"], "propertyNames": {"enum": ["name", "from"]}}
    return {"if": again, "else": {"required": names}}
