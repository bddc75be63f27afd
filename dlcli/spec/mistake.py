"""A mistake in a configuration, how it is raised, and the words that help to mend it."""

from __future__ import annotations

import math
import re
from dataclasses import KW_ONLY, asdict, dataclass
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from dlcli.errors import TreePath
from dlcli.spec.fact import Fact

CLOSE_COLON = re.compile(r"(?P<key>[\w.-]+)(?P<colon>[:：])(?P<value>.*)", re.DOTALL)
"""A key and its value that YAML took for one text."""
AMBIGUOUS = frozenset({"yes", "no", "on", "off", "y", "n"})
"""Words that YAML 1.1 takes for true or false and YAML 1.2 for text."""


@dataclass(frozen=True)
class Mistake:
    """One mistake found by a validator of ours; `path` leads from the validated value to it.

    `at` says what the caret stands under: the `key`, the `value`, or the `name` of the thing that the value is.
    `kind` is the word for this sort of mistake (`not_a_number`).
    """

    message: str
    path: TreePath = ()
    suggestion: str | None = None
    see: str | None = None
    at: str = "value"
    _: KW_ONLY
    kind: str


def fail(*mistakes: Mistake) -> NoReturn:
    """Raises the mistakes as one `ValidationError`, so that all of a file's are reported in one go."""
    raise ValidationError.from_exception_data("dlcli", [detail_of(each) for each in mistakes])


def detail_of(mistake: Mistake) -> InitErrorDetails:
    """A mistake as pydantic keeps it."""
    said = asdict(mistake)
    # A message may hold braces of the user's own, so it travels as a value of the template.
    return InitErrorDetails(type=PydanticCustomError("mistake", "{message}", said), loc=said.pop("path"), input=None)


def below(error: ValidationError, name: str, *, short: bool = False) -> ValidationError:
    """The same errors with `name` put before each path; `short` drops the field a short form stands for."""
    return ValidationError.from_exception_data("dlcli", details_of(error, name, short=short))


def details_of(error: ValidationError, *places: str | int, short: bool = False) -> list[InitErrorDetails]:
    """The errors in one, with `places` put before each path, to be raised anew together with others."""
    details = []
    for each in error.errors(include_url=False):
        kind: Any = each["type"]
        if kind == "mistake":
            kind = PydanticCustomError("mistake", "{message}", each["ctx"])
        location = (*places, *(each["loc"][1:] if short else each["loc"]))
        details.append(InitErrorDetails(type=kind, loc=location, input=each["input"], ctx=each.get("ctx", {})))
    return details


def near(name: str, known: Any) -> str | None:
    """The nearest known name, if one is near."""
    from difflib import get_close_matches

    close = CLOSE_COLON.fullmatch(name)
    name = name if close is None else close["key"]
    by_lower: dict[str, list[str]] = {}
    for each in known:
        by_lower.setdefault(str(each).lower(), []).append(str(each))
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if not found:
        return None
    # Of `Adam` and `adam` the one that is written like the name.
    spellings = by_lower[found[0]]
    return next((each for each in spellings if each[:1].isupper() == name[:1].isupper()), spellings[0])


def did_you_mean(name: str, known: Any) -> str | None:
    """The hint that names the nearest known name, if one is near; or what to write where a colon has no space behind it."""
    meant, close = near(name, known), CLOSE_COLON.fullmatch(name)
    if meant is None or close is None:
        return None if meant is None else f"did you mean '{meant}'?"
    wide = "this is a full-width colon" if close["colon"] == "：" else "a space is missing behind the ':'"
    value = close["value"] if not {"{", "["} & {*close["value"]} else "…"
    return f"{wide}: write {meant}: {value}".rstrip()


def written_otherwise(name: str, there: Any) -> str | None:
    """The hint where data that is given has nearly the name that is needed: it is the data that has to change."""
    found = near(name, there)
    return None if found is None else f"rename '{found}' to '{name}'"


def describe(value: Any) -> str:
    """A value in words, for messages: `the text 'abc'`, `the number 3`, `a list`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text '{value if len(value) <= 40 else value[:39] + '…'}'"
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case Fact():
            return f"{value}, which only the data can tell"
    return f"{value}"


def unquoted(value: str) -> str | None:
    """What to write instead of a number in quotes."""
    try:
        number = float(value)
    except ValueError:
        return None
    return f"write {value.strip()} without quotes" if math.isfinite(number) and value.isascii() else None
