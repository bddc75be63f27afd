"""Is a plain argument of the type and in the range that its thing can take? Silent where Keras does not say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dlcli.first_line import some_names
from dlcli.spec import AMBIGUOUS, Epochs, Fact, Mistake, describe, did_you_mean, fail, unquoted

MOST_WORDS = 8
"""Up to this many words that an argument knows are all told; of more the first."""
WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "text": "text",
    "list": "a list",
}


def check_argument(key: str, value: Any, entry: Mapping[str, Any], *, kind: str) -> None:
    """Refuses what the argument cannot be. Raises `pydantic.ValidationError` with one mistake."""
    if entry.get("inline") and not isinstance(value, list | None):
        fail(
            Mistake(
                f"'{key}' must be a list, found {describe(value)}: files are read by the data section only",
                kind="wrong_type",
            )
        )
    check_finite_argument(key, value)
    check_types(key, value, argument_types(entry, kind=kind), required=bool(entry.get("required")), entry=entry)
    unfit = entry.get("unfit")
    if unfit is not None and value != entry.get("default"):
        fail(Mistake(f"'{key}' {unfit['why']}", suggestion=unfit["write"], kind="argument_does_not_fit"))
    for position, item in enumerate(value if isinstance(value, list) else []):
        check_item(key, item, position, entry)
    check_argument_range(key, value, entry)
    check_text(key, value, entry)


def argument_types(entry: Mapping[str, Any], *, kind: str) -> list[str]:
    """The types that an argument takes; where Keras does not say, a default that is a number asks for one."""
    default = entry.get("default")
    if "types" in entry:
        types = list(entry["types"])
        # The documentation of Keras calls some numbers integers.
        return [*types, "number"] if isinstance(default, float) and "integer" in types else types
    number = isinstance(default, int | float) and not isinstance(default, bool)
    return ["number"] if number and kind != "callbacks" else []


def check_types(key: str, value: Any, types: list[str], *, required: bool, entry: Mapping[str, Any]) -> None:
    """Refuses a value of another type; a mapping is no plain value, and Keras would make an object of it."""
    if isinstance(value, dict):
        wanted = expected(types) if types else "a plain value"
        fail(Mistake(f"'{key}' must be {wanted}, found a mapping", kind="wrong_type"))
    if not types or (value is None and not required):
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    accepted = {
        "boolean": isinstance(value, bool),
        "integer": (isinstance(value, int) and number) or isinstance(value, Fact),
        "number": number or isinstance(value, Fact),
        "text": isinstance(value, str),
        # A list is always possible where only the default tells the type: a factor may be a range.
        "list": isinstance(value, list),
    }
    if any(accepted[each] for each in types) or ("types" not in entry and isinstance(value, list)):
        return
    suggestion = None
    if isinstance(value, str):
        suggestion = unquoted(value) if {"integer", "number"} & {*types} else None
        if "boolean" in types and value.lower() in AMBIGUOUS:
            suggestion = "write true or false"
    fail(
        Mistake(f"'{key}' must be {expected(types)}, found {describe(value)}", suggestion=suggestion, kind="wrong_type")
    )


def check_item(key: str, item: Any, position: int, entry: Mapping[str, Any]) -> None:
    """Refuses an item of a list: a mapping, a number that is not finite, a count that is none."""
    if isinstance(item, dict):
        fail(Mistake(f"'{key}' must hold plain values, found a mapping", (position,), kind="wrong_type"))
    if isinstance(item, float) and not math.isfinite(item):
        fail(Mistake(f"'{key}' must hold finite numbers, found {item}", (position,), kind="not_finite"))
    no_number = isinstance(item, bool) or not isinstance(item, int | float | Fact | Epochs)
    if no_number and (is_ranged(entry) or (isinstance(item, str | bool) and holds_numbers(entry))):
        fail(Mistake(f"'{key}' must hold numbers, found {describe(item)}", (position,), kind="wrong_type"))
    if not isinstance(item, Fact | Epochs):
        check_argument_range(key, item, entry, (position,))


def holds_numbers(entry: Mapping[str, Any]) -> bool:
    """Whether a list of an argument holds numbers, or lists of numbers, and nothing else."""
    types = {*entry.get("types", ())}
    return "list" in types and types <= {"integer", "number", "list"} and types != {"list"}


def check_finite_argument(key: str, value: Any) -> None:
    """Refuses NaN and infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        fail(Mistake(f"'{key}' must be a finite number, found {value}", kind="not_finite"))


def is_ranged(entry: Mapping[str, Any]) -> bool:
    """Whether the numbers that an argument takes have a bound."""
    return "least" in entry or "above" in entry or "below" in entry


def check_argument_range(key: str, value: Any, entry: Mapping[str, Any], path: tuple[int, ...] = ()) -> None:
    """Refuses numbers that no thing of Keras can use: no units, a negative rate."""
    if not is_ranged(entry):
        return
    if isinstance(value, str | bool):
        fail(Mistake(f"'{key}' must be a number, found {describe(value)}", path, kind="wrong_type"))
    if not isinstance(value, int | float):
        return
    if value < entry.get("least", value):
        fail(Mistake(f"'{key}' must be at least {entry['least']:g}, found {value}", path, kind="out_of_range"))
    if "above" in entry and value <= entry["above"]:
        fail(Mistake(f"'{key}' must be greater than {entry['above']:g}, found {value}", path, kind="out_of_range"))
    if "below" in entry and value >= entry["below"]:
        fail(Mistake(f"'{key}' must be less than {entry['below']:g}, found {value}", path, kind="out_of_range"))
    if value > entry.get("most", value):
        fail(Mistake(f"'{key}' must be at most {entry['most']}, found {value}", path, kind="out_of_range"))


def check_text(key: str, value: Any, entry: Mapping[str, Any]) -> None:
    """Refuses a word that is none of those that the argument knows."""
    known = entry.get("values")
    if known is None or not isinstance(value, str) or (value.lower() if entry.get("any_case") else value) in known:
        return
    hint = did_you_mean(value, known)
    words = " or ".join(known) if len(known) <= MOST_WORDS else some_names(known)
    fail(Mistake(f"'{key}' must be {words}, found '{value}'", suggestion=hint, kind="not_a_choice"))


def expected(types: list[str]) -> str:
    """The types in words."""
    words = [WORDS[each] for each in types if not (each == "integer" and "number" in types)]
    return " or ".join(words)
