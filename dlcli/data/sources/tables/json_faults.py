"""What is wrong with lines of JSON: looked for one by one, once it is known that something is."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

from dlcli.first_line import first_line

EMPTY_LIST, OTHER_LIST = "an empty list", "a list of other things than numbers"


def fault_in(
    text: bytes, kinds: dict[str, tuple[str, int]], line: int, wanted: Collection[str] | None, *, word: str
) -> str | None:
    """What is wrong with a line, or None; `kinds` is what each key held before, and where first.

    Of keys that are not wanted only that they stand once each is looked at. `word` is what a line is called.
    """
    # Python's json, not orjson or msgspec: of a key that stands twice they take the last and say nothing.
    try:
        value = json.loads(text.decode(), object_pairs_hook=pairs, parse_constant=no_constant)
    except RecursionError:
        return "lists or objects stand too deep in each other"
    except UnicodeDecodeError as error:
        return f"byte 0x{error.object[error.start]:02x} is not UTF-8"
    except ValueError as error:
        return f"no JSON: {first_line(error)}"
    if not isinstance(value, dict):
        return f"expected an object, found {type(value).__name__}"
    for name, cell in value.items():
        if wanted is not None and name not in wanted:
            continue
        unheld = unheld_in(name) or unheld_in(cell)
        if unheld is not None:
            return f"'{printable_name(name)}' {unheld}"
        kind = cell_kind(cell)
        if kind in {"an object", EMPTY_LIST, OTHER_LIST}:
            return f"'{name}' holds {kind}; expected a number, text or a list of numbers"
        before = kinds.get(name)
        if before is not None and kind not in {before[0], "nothing"}:
            return f"'{name}' holds {kind}, but {before[0]} in {word} {before[1]}"
        if before is None and kind != "nothing":
            kinds[name] = (kind, line)
    return None


def unheld_in(cell: Any) -> str | None:
    """What JSON can write and no column holds: a number beyond 64 bits, half of a pair of surrogates."""
    if isinstance(cell, list):
        return next((unheld for each in cell if (unheld := unheld_in(each)) is not None), None)
    if isinstance(cell, float) and math.isinf(cell):
        return "holds a number that 64 bits do not hold"
    if isinstance(cell, str) and any("\ud800" <= sign <= "\udfff" for sign in cell):
        return "holds half a character (a surrogate without its pair)"
    return None


def printable_name(name: str) -> str:
    """A key that may hold half a character, to be shown."""
    return name.encode(errors="replace").decode()


def no_constant(written: str) -> None:
    """NaN and Infinity are no JSON."""
    raise ValueError(f"{written} is no number of JSON; null means an empty cell")


def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each."""
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the key '{name}' stands {names.count(name)} times")
    return dict(found)


def cell_kind(cell: Any) -> str:
    """What a cell holds, in words."""
    if cell is None:
        return "nothing"
    if isinstance(cell, bool):
        return "true or false"
    if isinstance(cell, list):
        return list_kind(cell)
    words = {str: "text", int: "a number", float: "a number", dict: "an object"}
    return words[type(cell)]


def list_kind(cells: list[Any]) -> str:
    """What a list holds, in words: how long it is itself may differ from one line to the next."""
    kinds = {cell_kind(each) for each in cells} - {"nothing"}
    if not cells:
        return EMPTY_LIST
    if not kinds:
        return "a list of numbers"  # each an empty cell
    if kinds == {"text"}:
        return "a list of names"
    if kinds == {"a number"}:
        return "a list of numbers"
    inside = {len(each) for each in cells if isinstance(each, list)}
    is_array = len(kinds) == len(inside) == 1 and all(
        kind.startswith("a list of") and kind != OTHER_LIST for kind in kinds
    )
    return f"a list of lists of {inside.pop()}" if is_array else OTHER_LIST
