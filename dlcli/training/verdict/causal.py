"""The settings by which layers that look ahead no longer do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.config import Config
from dlcli.finding import Advice, Setting
from dlcli.training.evidence.looks_ahead import Ahead
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.written import takes_by_name, written_argument, written_at

BEFORE = "a step then sees what stands before it alone"


def made_causal(config: Config, layers: Sequence[Ahead]) -> list[Advice]:
    """What all of these layers are to have; nothing where one has no setting for it, as the answer would still be seen."""
    settings: dict[str, Setting] = {}
    for each in layers:
        known = each.entry is not None and written_at(config, each.entry) is not None
        found = causal_setting(config, each.entry, each) if known and each.entry else None
        if found is None:
            return []
        settings[found.key] = found
    return together(settings.values())


def causal_setting(config: Config, entry: str, layer: Ahead) -> Setting | None:
    """The setting of a layer whose entry stands at a path; None where none is known."""
    match layer.way:
        case "mask":
            return masked(config, entry, layer.arguments)
        case "padding":
            old = written_argument(config, entry, "padding")
            return Setting(key=f"{entry}.padding", old=old, new="causal", why=BEFORE)
        case "backwards":
            return Setting(key=f"{entry}.go_backwards", old=True, new=False, why=BEFORE)
        case "both_ways":
            return one_way(config, entry)
        case None:
            return None


def masked(config: Config, entry: str, arguments: Sequence[str]) -> Setting | None:
    """The mask of attention, an argument of its call: what it takes has to be written by name then."""
    taken = written_argument(config, entry, "from")
    if isinstance(taken, Mapping):
        old = taken.get("use_causal_mask")
        return Setting(key=f"{entry}.from.use_causal_mask", old=old, new=True, why=BEFORE)
    if taken is None:
        return None
    if arguments[0] == "query":  # what takes one tensor attends to itself
        each = [taken, taken] if isinstance(taken, str) else taken
        named: dict[str, Any] = dict(zip(arguments, each, strict=False))
    else:
        named = {arguments[0]: taken}
    return Setting(key=f"{entry}.from", old=taken, new={**named, "use_causal_mask": True}, why=BEFORE)


def one_way(config: Config, entry: str) -> Setting | None:
    """The layer that goes both ways, one way alone: where it stands in a stack, whose other layers take what is narrower."""
    written = written_at(config, entry)
    if not re.fullmatch(r"layers\.\d+", entry) or any(map(takes_by_name, config.written_layers())):
        return None
    inner, name = written_argument(config, entry, "layer"), written_argument(config, entry, "name")
    if not isinstance(inner, Mapping) or len(inner) != 1:
        return None
    (kind, given), named = next(iter(inner.items())), {} if name is None else {"name": name}
    if named and not isinstance(given, Mapping):
        return None
    whole = {kind: {**given, **named} if named else given}
    return Setting(key=entry, old=written, new=whole, why=BEFORE)
