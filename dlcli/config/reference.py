"""The reference of the language: what there is of each kind, and what each thing takes, with an example."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from dlcli.config.catalogue import SINGULAR, keras_catalogue
from dlcli.config.catalogue.limits import REFUSED
from dlcli.config.schema import Config
from dlcli.config.train import Train
from dlcli.data import Data
from dlcli.data.sources import SOURCES
from dlcli.data.split import Split
from dlcli.data.target import Target
from dlcli.errors import UsageError
from dlcli.spec import near

BLOCKS: Mapping[str, Any] = {"config": Config, "data": Data, "split": Split, "target": Target, "train": Train}
EXAMPLES: Mapping[str, Any] = {
    "units": 64,
    "filters": 32,
    "kernel_size": 3,
    "rate": 0.2,
    "target_shape": [8, 8, 1],
    "layer": "{LSTM: 32}",
    "cell": "{LSTMCell: 32}",
    "initial_learning_rate": 0.001,
    "decay_steps": "20 epochs",
    "decay_rate": 0.9,
    "first_decay_steps": "5 epochs",
    "input_dim": 1000,
    "output_dim": 64,
    "num_heads": 4,
    "key_dim": 32,
    "pool_size": 2,
    "scale": 0.0625,
    "boundaries": "[5 epochs]",
    "values": [0.001, 0.0001],
    "factor": 0.1,
    "stddev": 0.1,
    "height": 32,
    "width": 32,
    "dims": [2, 1],
    "n": 4,
    "axes": 1,
    "equation": "ab,bc->ac",
    "output_shape": 64,
    "path": "data.csv",
    "patience": 5,
    "recall": 0.8,
    "precision": 0.8,
    "specificity": 0.8,
    "sensitivity": 0.8,
    "num_classes": 10,
    "target_class_ids": [0],
}


def kinds() -> dict[str, list[str]]:
    """The kinds that can be listed, each with how many it has."""
    catalogue = keras_catalogue()
    return {"kinds": [*catalogue.kinds, "activations", "sources", "blocks"]}


def names(kind: str) -> dict[str, list[str]]:
    """The names of one kind. Raises `UsageError` for a kind that does not exist."""
    catalogue = keras_catalogue()
    if kind == "sources":
        return {kind: [source.word for source in SOURCES]}
    if kind == "activations":
        return {kind: catalogue.activations}
    if kind == "blocks":
        return {kind: list(BLOCKS)}
    if kind not in catalogue.kinds:
        known = kinds()["kinds"]
        raise UsageError(f"there is no kind '{kind}'", hint=near(kind, known) or f"there are: {', '.join(known)}")
    return {kind: [name for name in catalogue.kinds[kind] if name not in REFUSED.get(kind, {})]}


def thing(name: str) -> dict[str, Any]:
    """What one name means: kind, summary, arguments and an example. Raises `UsageError` for an unknown name."""
    catalogue = keras_catalogue()
    for kind, spellings in catalogue.spellings.items():
        if name in spellings:
            return keras_thing(name, kind, catalogue.kinds[kind][spellings[name]])
    for source in SOURCES:
        if source.word == name:
            return own_thing(name, "source", source, example=f"data:\n  source: {source.example or name}")
    if name in BLOCKS:
        return own_thing(name, "block", BLOCKS[name], example=None)
    known = [
        *BLOCKS,
        *(source.word for source in SOURCES),
        *(each for spellings in catalogue.spellings.values() for each in spellings),
    ]
    raise UsageError(f"nothing is called '{name}'", hint=near(name, known) or "dlcli list shows what there is")


def keras_thing(name: str, kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A class of Keras."""
    refused = REFUSED.get(kind, {}).get(name)
    arguments = [
        {
            "name": key,
            "takes": each.get("thing") or " or ".join(each.get("types", [])) or None,
            "required": bool(each.get("required")),
            "default": each.get("default"),
            "meaning": None,
        }
        for key, each in entry["arguments"].items()
    ]
    required = {each["name"]: EXAMPLES.get(each["name"], "…") for each in arguments if each["required"]}
    shown = f"{{{name}: {{{', '.join(f'{key}: {value}' for key, value in required.items())}}}}}" if required else name
    place = {
        "layers": "layers:\n  - ",
        "losses": "loss: ",
        "optimizers": "optimizer: ",
        "metrics": "metrics: [",
        "schedules": "optimizer:\n  Adam: {learning_rate: ",
        "callbacks": "train:\n  callbacks: [",
    }.get(kind)
    closing = {"metrics": "]", "schedules": "}", "callbacks": "]"}.get(kind, "")
    if place is None:
        place, closing = f"layers:\n  - Dense: {{units: 64, kernel_{SINGULAR[kind]}: ", "}"
    example = f"{place}{shown.strip('{}') + '}' if kind == 'layers' and required else shown}{closing}"
    return {
        "name": name,
        "kind": SINGULAR[kind],
        "summary": entry["summary"],
        "refused": refused,
        "arguments": arguments,
        "example": None if refused else example,
    }


def own_thing(name: str, kind: str, block: Any, *, example: str | None) -> dict[str, Any]:
    """A block or a source of dlcli's own."""
    meanings = field_meanings(block)
    arguments = [
        {
            "name": key,
            "takes": None,
            "required": field.is_required(),
            "default": default_of(field),
            "meaning": meanings.get(key),
        }
        for key, field in block.model_fields.items()
    ]
    return {
        "name": name,
        "kind": kind,
        "summary": (block.__doc__ or "").strip().split("\n\n")[0],
        "refused": None,
        "arguments": arguments,
        "example": example,
    }


def field_meanings(block: Any) -> dict[str, str]:
    """The docstring beneath each field; read from the source only here, because reading it takes a tenth of a second."""
    statements = ast.parse(textwrap.dedent(inspect.getsource(block))).body[0].body  # type: ignore[attr-defined]
    return {
        before.target.id: " ".join(after.value.value.split())
        for before, after in itertools.pairwise(statements)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


def default_of(field: FieldInfo) -> Any:
    """A field's default as plain data."""
    from dlcli.spec import plain

    return None if field.is_required() else plain(field.get_default(call_default_factory=True))
