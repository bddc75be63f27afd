"""Numbers that are written with a percent sign, a currency or a minus of typography."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow

CURRENCIES = "$€£¥₩"
PERCENT = r"[ \x{00a0}\x{202f}]?%$"
SIGN = rf"^([-+]?)[ \x{{00a0}}]?[{CURRENCIES}][ \x{{00a0}}]?([-+]?)"
SIGN_BEHIND = rf"[ \x{{00a0}}\x{{202f}}]?[{CURRENCIES}]$"
SURE_THOUSANDS = r"^[-+]?[0-9]{1,3}((,[0-9]{3}){2,}(\.[0-9]*)?|,[0-9]{3}\.[0-9]*)$"
"""Commas that separate thousands beyond doubt: two of them, or one before a point."""

Dress = Literal["percent", "dressed"]


def is_percent(texts: pyarrow.Array) -> pyarrow.Array:
    """Which texts end in a percent sign."""
    import pyarrow.compute as compute

    return compute.match_substring_regex(texts, PERCENT)


def undressed(texts: pyarrow.Array, *, decimal: str) -> pyarrow.Array:
    """The texts without percent and currency signs, with plain minus signs, and without thousands that are beyond doubt."""
    import pyarrow.compute as compute

    texts = compute.replace_substring(texts, "\u2212", "-")
    texts = compute.replace_substring_regex(texts, PERCENT, "")
    texts = compute.replace_substring_regex(texts, SIGN, r"\1\2")
    texts = compute.replace_substring_regex(texts, SIGN_BEHIND, "")
    if decimal != ".":
        return texts
    sure = compute.match_substring_regex(texts, SURE_THOUSANDS)
    return compute.if_else(sure, compute.replace_substring(texts, ",", ""), texts)


def signs_in(texts: pyarrow.Array) -> frozenset[str]:
    """The currencies that stand in texts."""
    import pyarrow.compute as compute

    return frozenset(sign for sign in CURRENCIES if compute.any(compute.match_substring(texts, sign)).as_py())


def dress_note(name: str, dress: Dress) -> str:
    """What is said of a column that was read in another dress than it is written in."""
    if dress == "percent":
        return f"column '{name}' holds percent: 12% is read as 0.12"
    dressed = "currency signs, separated thousands or a typographic minus"
    return f"column '{name}' holds numbers with {dressed}, which are read as plain numbers"
