"""All names and keys of the language in one file, which a shell can complete from without loading the language.

`python -m dlcli.config.reference.vocabulary` writes it anew; a test fails when it is stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from dlcli.config.gallery import name_in_gallery, templates
from dlcli.config.problems import model_in
from dlcli.config.reference.lists import BLOCKS, KINDS, kind_names
from dlcli.data.sources import SOURCES
from dlcli.spec import Spec

FILE = Path(__file__).with_name("vocabulary.json")


def vocabulary_text() -> str:
    """The text of vocabulary.json: the names by kind, and by path the keys of each block with their choices; the gallery."""
    names = {kind: sorted(kind_names(kind)) for kind in KINDS}
    keys = {"" if path == "config" else path: keys_of(block) for path, block in BLOCKS.items()}
    keys |= {f"data.source.{word}": keys_of(block) for word, block in SOURCES.items()}
    gallery = sorted(name_in_gallery(path) for path in templates().values())
    parts = {"names": names, "keys": keys, "gallery": gallery}
    lines = [f"{json.dumps(part)}: {json.dumps(words)}" for part, words in parts.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def keys_of(block: type[Spec] | type[BaseModel]) -> dict[str, list[str]]:
    """The keys of a block, each with the values that it can have, where these are few."""
    return {field.alias or name: choices_in(field.annotation) for name, field in block.model_fields.items()}


def choices_in(annotation: Any) -> list[str]:
    """The words that a value can be: those of a choice, true and false, the keys of a block below."""
    if annotation is bool:
        return ["true", "false"]
    if get_origin(annotation) is Literal:
        return [str(each).lower() if isinstance(each, bool) else str(each) for each in get_args(annotation)]
    if model_in(annotation) is not None:
        return []
    found = [word for part in get_args(annotation) for word in choices_in(part)]
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    FILE.write_text(vocabulary_text(), encoding="utf-8")
