"""Numbers that are written in a way in which they are read as names: which way it is, and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

DIGITS = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
"""A number written in digits."""
NUMBER = DIGITS + r"|^[-+]?(?i:nan|inf|infinity)$"
LEADING_ZERO = r"^[-+]?0[0-9]+$"
PLAIN = r"[-+\u2212]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
SIGNS = "$€£¥₩₹₽"
FEWEST = 3
"""From so many different names on: two may well be a choice."""


@dataclass(frozen=True)
class Way:
    """A way to write numbers: a pattern of such a cell, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


def separated(mark: str) -> Way:
    """Thousands with a mark between them."""
    cell = re.compile(rf"[-+\u2212]?[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+(?:[.,][0-9]*)?")
    return Way(cell, f"write csv: {{…, thousands: {json.dumps(mark)}}}")


@cache
def ways() -> tuple[Way, ...]:
    """The ways, in the order in which they are tried."""
    return (
        *map(separated, ("'", "\u2019", " ", "\u00a0", "\u202f", "\u2009", "_")),
        Way(re.compile(r"[-+]?[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}(?:\.[0-9]*)?"), "write them without commas"),
        Way(re.compile(rf"{PLAIN}\s?%"), "write all of them with % or none"),
        Way(
            re.compile(rf"[-+]?\s?[{SIGNS}]\s?[-+]?[0-9][0-9.,]*|[-+]?[0-9][0-9.,]*\s?[{SIGNS}]"),
            "write amounts in one currency, and which it is in the name of the column",
        ),
        Way(re.compile(r"[-+]?[0-9]*\.?[0-9]+[dD][-+]?[0-9]+"), "write E in place of D, as in 1.5E+02"),
        Way(re.compile(r"\([0-9][0-9.,]*\)"), "write a minus in place of the brackets where they mean below zero"),
        Way(re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), "write them with the digits 0 to 9"),
        Way(re.compile(r"[0-9]{1,4}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"), "write durations as a number of seconds"),
    )


PLAIN_NUMBER = re.compile(PLAIN)
WITH_UNIT = re.compile(rf"({PLAIN})(\s?)([A-Za-zµμ°Ω%][A-Za-zµμ°Ω²³/·0-9]{{0,7}})")
UNITS = "write the numbers alone, and the unit in the name of the column"
OTHER_DIGITS = "write them with the digits 0 to 9"


def numbers_instead(names: Collection[str]) -> str | None:
    """What to write where all of some names are numbers, some not written as such; None where they are names, or plain."""
    texts = [name.strip() for name in names]
    if not texts or all(text.isascii() and text.isdigit() for text in texts):
        return None
    ascii_texts = [in_ascii(text) for text in texts]
    if ascii_texts != texts and all(PLAIN_NUMBER.fullmatch(text) for text in ascii_texts):
        return OTHER_DIGITS
    odd = [text for text in texts if not PLAIN_NUMBER.fullmatch(text)]
    commas = comma_in_amounts(odd)
    if commas is not None:
        return commas
    written = [next((way for way in ways() if way.pattern.fullmatch(text)), None) for text in odd]
    if odd and None not in written:
        several = {way.instead for way in written if way is not None}
        return several.pop() if len(several) == 1 else "write them as plain numbers"
    return UNITS if odd and have_unit(odd) else None


READ_SIGNS = "$€£¥₩"
AMOUNT = re.compile(rf"[-+]?\s?([{READ_SIGNS}])\s?[-+]?([0-9][0-9.,]*)|[-+]?([0-9][0-9.,]*)\s?([{READ_SIGNS}])")
WITH_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})*(\.[0-9]*)?|[0-9]+(\.[0-9]*)?")
WITH_DECIMALS = re.compile(r"([0-9]{1,3}(\.[0-9]{3})*|[0-9]+)(,[0-9]*)?")


def comma_in_amounts(texts: Collection[str]) -> str | None:
    """What to write of the comma in amounts of one currency, which are read without it; None of other texts."""
    found = [match for match in map(AMOUNT.fullmatch, texts) if match is not None]
    numbers = [match[2] or match[3] for match in found]
    one_currency = len(found) == len(texts) and len({match[1] or match[4] for match in found}) == 1
    if not one_currency or not any("," in number for number in numbers):
        return None
    if all(map(WITH_THOUSANDS.fullmatch, numbers)):
        return separated(",").instead
    return 'write csv: {…, decimal: ","}' if all(map(WITH_DECIMALS.fullmatch, numbers)) else None


def in_ascii(text: str) -> str:
    """The text with the digits of other scripts as 0 to 9, and the wide forms of signs as plain ones."""
    import unicodedata

    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else unicodedata.normalize("NFKC", sign) for sign in text
    )


def have_unit(texts: Collection[str]) -> bool:
    """Whether texts are numbers with one unit behind them; a single letter at whole numbers is a name such as `5a`."""
    matches = [WITH_UNIT.fullmatch(text) for text in texts]
    found = [match for match in matches if match is not None]
    units = {match[3] for match in found}
    sure = any(match[2] or len(match[3]) > 1 or "." in match[1] for match in found)
    return len(found) == len(texts) and len(units) == 1 and sure
