"""What a person has written in a configuration, at the path of an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.config import Config
from dlcli.config.setting_path import setting_parts
from dlcli.finding import Advice, Setting
from dlcli.spec.idiom import plain


def written_at(config: Config, path: str) -> Any:
    """What stands at a path of the layers as they are written; None where nothing does."""
    parts = setting_parts(path)
    value: Any = {"layers": config.written_layers()}
    for part in parts or ():
        value = stepped(value, part)
    return value


def written_argument(config: Config, entry: str, word: str) -> Any:
    """An argument of an entry as it is written; None where it is left as it is by default."""
    value = written_at(config, entry)
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    inner = next(iter(value.values()))
    return inner.get(word) if isinstance(inner, Mapping) else None


def not_in_force(config: Config, advice: Sequence[Advice]) -> list[Advice]:
    """The advice without settings that hold already, as they are written or by default."""
    whole = config.plain() if any(isinstance(each, Setting) for each in advice) else {}

    def holds(each: Advice) -> bool:
        value: Any = whole
        for part in setting_parts(each.key) or () if isinstance(each, Setting) else ():
            value = stepped(value, part)
        return isinstance(each, Setting) and value is not None and value == plain(each.new)

    return [each for each in advice if not holds(each)]


def stepped(value: Any, part: str) -> Any:
    """What a part of a path leads to; the arguments of an object stand below its name. None where it leads nowhere."""
    if isinstance(value, Sequence) and not isinstance(value, str) and part.isdigit():
        return value[int(part)] if int(part) < len(value) else None
    if not isinstance(value, Mapping):
        return None
    if part in value:
        return value[part]
    inner = next(iter(value.values())) if len(value) == 1 else None
    return inner.get(part) if isinstance(inner, Mapping) else None


def takes_by_name(entry: Any) -> bool:
    """Whether an entry says what it takes, and so not what stands above it."""
    if not isinstance(entry, Mapping):
        return False
    return "from" in entry or any(isinstance(each, Mapping) and "from" in each for each in entry.values())


USUAL = frozenset(f"{who}{how}" for who in ("glorot", "he", "lecun") for how in ("uniform", "normal")) | frozenset(
    {"orthogonal", "variancescaling"}
)
"""Initializers that keep the size of what passes."""


LARGER, LARGEST = 1.2, 4.0
"""A gain, and a scale of variance, beyond those that are usual for any activation."""


def unusual(config: Config, entry: str | None, word: str) -> Any:
    """An initializer as it is written, where it is none of those that keep the size of what passes; else None."""
    written = None if entry is None else written_argument(config, entry, word)
    name = next(iter(written), "") if isinstance(written, Mapping) else written
    if written is None or (str(name).replace("_", "").lower() in USUAL and not enlarges(written)):
        return None
    return written


def enlarges(initializer: Any) -> bool:
    """Whether an initializer that would keep the size of what passes is written to make it larger."""
    arguments = next(iter(initializer.values()), None) if isinstance(initializer, Mapping) else None
    if not isinstance(arguments, Mapping):
        return False
    return bool(arguments.get("gain", 1.0) > LARGER or arguments.get("scale", 1.0) > LARGEST)


def usual_weights(config: Config, entries: Sequence[str | None], *, kernel: str, why: str) -> list[Advice]:
    """The usual first weights in all entries in which others are written: of as many layers as have them one is not enough."""
    found: list[Advice] = []
    for entry in dict.fromkeys(entries):
        for word, usual in (("kernel_initializer", kernel), ("recurrent_initializer", "orthogonal")):
            written = unusual(config, entry, word)
            if written is not None:
                found.append(Setting(key=f"{entry}.{word}", old=written, new=usual, why=why, joined=bool(found)))
    return found
