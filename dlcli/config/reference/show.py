"""What one name means: of which kind it is, what it takes, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from dlcli.config.catalogue import SINGULAR, keras_catalogue
from dlcli.config.gallery import template_named, title
from dlcli.config.json_schema import OF_FILES
from dlcli.config.json_schema.keras import ENTRIES, argument_schema
from dlcli.config.json_schema.specs import block_definitions
from dlcli.config.meanings import field_meanings, summary_of
from dlcli.config.reference.examples import BLOCKS as EXAMPLES
from dlcli.config.reference.examples import KEYS, LINES, keras_example, prepared_example
from dlcli.config.reference.lists import BLOCKS, KINDS, OWN, kind_names
from dlcli.config.reference.thing import Argument, Thing
from dlcli.config.reference.words import in_words
from dlcli.errors import UsageError
from dlcli.layers.misplaced import possible_places
from dlcli.spec import Named, did_you_mean, plain

TENSOR = "A tensor that 'from' gives; or what is the same for all samples, written out."
FROM = Argument(
    name="from",
    takes="name or names",
    required=False,
    default=None,
    meaning="What it takes: layers above or inputs of the data; by default what stands above.",
)


def things(name: str) -> Thing:
    """What a name means: kind, summary, arguments and an example; what else has this name is under `also`.

    Raises `UsageError` for an unknown name.
    """
    found = [*keras_things(name), *own_things(name), *block_things(name)]
    if name in keras_catalogue().activations:
        found.append(Thing(name=name, kind="activation", example=LINES["activations"](name)))
    template = template_named(name)
    if template is not None:
        text = template.read_text(encoding="utf-8")
        found.append(Thing(name=template.stem, kind="template", summary=title(template), example=text.rstrip()))
    if not found:
        raise unknown(name)
    first, *others = sorted(found, key=lambda each: each.refused is not None)
    return replace(first, also=others)


def unknown(name: str) -> UsageError:
    """The error of a name that means nothing."""
    if name in KINDS:
        return UsageError(f"'{name}' is a kind of things", hint=f"dlcli list {name}", kind="kind_not_name")
    known = [each for kind in KINDS for each in kind_names(kind)]
    spellings = [each for spelled in keras_catalogue().spellings.values() for each in spelled]
    hint = did_you_mean(name, [*known, *spellings]) or "dlcli list shows what there is"
    return UsageError(f"nothing is called '{name}'", hint=hint, kind="unknown_name")


def keras_things(name: str) -> Iterator[Thing]:
    """What Keras has under a name, in all kinds, and what of it is refused."""
    catalogue = keras_catalogue()
    for kind, spellings in catalogue.spellings.items():
        refused = catalogue.refused[kind]
        if name not in spellings and name not in refused:
            continue
        canonical = spellings.get(name, name)
        entry = catalogue.kinds[kind].get(canonical, {"summary": "", "arguments": {}})
        why = refused.get(name) or refused.get(canonical) or nowhere(entry)
        yield Thing(
            name=name,
            kind=SINGULAR[kind],
            summary=entry["summary"],
            refused=why,
            arguments=[] if why else [*keras_arguments(kind, entry), *([FROM] if kind in ENTRIES else [])],
            example=None if why else keras_example(canonical, kind, entry).replace(canonical, name),
        )


def nowhere(entry: Mapping[str, Any]) -> str | None:
    """Why no place of a configuration takes a layer, if none does."""
    traits = entry.get("traits", {})
    return None if possible_places(traits) else f"it {traits['misplaced']}"


def keras_arguments(kind: str, entry: Mapping[str, Any]) -> list[Argument]:
    """What a class of Keras takes."""
    return [
        Argument(
            name=key,
            takes=in_words(argument_schema(kind, key, each)),
            required=bool(each.get("required")),
            default=each.get("default"),
            meaning=TENSOR if key in entry.get("traits", {}).get("call", ()) else None,
        )
        for key, each in entry["arguments"].items()
    ]


def own_things(name: str) -> Iterator[Thing]:
    """What dlcli itself has under a name: sources, groups of layers, preparations."""
    for kind, classes in OWN.items():
        for each in classes:
            if each.word == name:
                yield block_thing(name, SINGULAR_OWN[kind], each, example=own_example(kind, each))


SINGULAR_OWN = {
    "sources": "source",
    "graph": "layer of dlcli's own",
    "preparations": "preparation",
    "schedules": "schedule",
}


def own_example(kind: str, block: type[Named]) -> str:
    """How a thing of dlcli's own is written."""
    written = getattr(block, "example", "") or block.word
    if kind == "graph":
        blocks = KEYS["blocks"].split("layers:\n")[0] if "use:" in written else ""
        entries = "\n".join(f"  - {each}" for each in written.splitlines())
        return f"{blocks}layers:\n{entries}"
    if kind == "schedules":
        return LINES[kind](written)
    return (
        f"data:\n  source: {written}"
        if kind == "sources"
        else prepared_example(written, {"group": getattr(block, "group", "")})
    )


def block_things(name: str) -> Iterator[Thing]:
    """A block by its path or the last part of it, or a key inside one."""
    paths = {path: block for path, block in BLOCKS.items() if name in {path, path.rsplit(".", 1)[-1]}}
    for path, block in paths.items():
        yield block_thing(path, "block", block, example=EXAMPLES[path])
    above, _, key = name.rpartition(".")
    holder = above or "config"
    if not paths and holder in BLOCKS and key in block_fields(BLOCKS[holder]):
        found = block_thing(name, "key", BLOCKS[holder], example=EXAMPLES[holder])
        [argument] = (each for each in found.arguments if each.name == key)
        yield replace(found, summary=argument.meaning or "", arguments=[replace(argument, meaning=None)])
    if name in OF_FILES:
        yield Thing(name=name, kind="key", summary=OF_FILES[name]["description"], example=KEYS[name])


def block_fields(block: type[BaseModel]) -> dict[str, Any]:
    """The fields of a block by their keys."""
    return {field.alias or name: field for name, field in block.model_fields.items()}


def block_thing(name: str, kind: str, block: type[BaseModel], *, example: str | None) -> Thing:
    """A block or a thing of dlcli's own."""
    schemas = block_definitions([block])[block.__name__]["properties"]
    meanings = field_meanings(block)
    arguments = [
        Argument(
            name=field.alias or key,
            takes=in_words(schemas[field.alias or key]),
            required=field.is_required(),
            default=None if field.is_required() else plain(field.get_default(call_default_factory=True)),
            meaning=meanings.get(key) or schemas[field.alias or key].get("description"),
        )
        for key, field in block.model_fields.items()
    ]
    return Thing(name=name, kind=kind, summary=summary_of(block), arguments=arguments, example=example)
