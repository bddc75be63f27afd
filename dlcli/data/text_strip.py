"""`standardize: {strip: PATTERN}`: what a pattern of RE2 finds in a text is a blank, before Keras's own standardization.

A layer that Keras loads in safe mode holds no function of text, so that the pattern stands in the schema of the data, and what
it finds is replaced as the data is read: in training, evaluation and prediction alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.lazy import Column, Lazy, is_lazy
from dlcli.first_line import first_line
from dlcli.spec import Facts, KerasObject, Mistake, describe, fail

if TYPE_CHECKING:
    import numpy as np

KEY = "strip"
STRIPS = "strips"
"""What the catalogue says of an argument that takes a pattern."""
KERAS = "lower_and_strip_punctuation"
"""What Keras does by default, here to what the pattern has left."""
AT_ONCE = 4096  # unseen: memory alone
"""Texts that are gone through at a time."""


@dataclass(frozen=True)
class Strip:
    """The pattern as the argument of a layer: Keras sees its own default instead."""

    pattern: str

    def build(self, facts: Facts) -> str:
        """What Keras is told."""
        return KERAS

    def idiom(self) -> dict[str, str]:
        """The argument as it is written."""
        return {KEY: self.pattern}


def check_strip(argument: str, value: Any) -> Strip:
    """The pattern of `{strip: PATTERN}`. Raises `pydantic.ValidationError` for another mapping, or what is no pattern of RE2."""
    other = next((key for key in value if key != KEY), None)
    if other is not None or KEY not in value:
        fail(
            Mistake(
                f"'{argument}' must be a word or {{{KEY}: PATTERN}}, found a mapping of other keys", kind="wrong_type"
            )
        )
    pattern = value[KEY]
    if not isinstance(pattern, str):
        fail(Mistake(f"'{KEY}' must be a pattern, found {describe(pattern)}", (KEY,), kind="wrong_type"))
    fault = wrong_pattern(pattern)
    if fault is not None:
        fail(Mistake(f"'{pattern}' is no pattern of RE2: {fault}", (KEY,), kind="bad_pattern"))
    if replaced([""], str(pattern)) != [""]:
        message = f"'{pattern}' finds what has no letter, between any two"
        fail(Mistake(message, (KEY,), suggestion="write + for *, as in <[^>]+>", kind="bad_pattern"))
    return Strip(str(pattern))


def wrong_pattern(pattern: str) -> str | None:
    """What RE2 says of a pattern that is none; None of one that is."""
    import pyarrow

    try:
        replaced([""], pattern)
    except (pyarrow.ArrowException, UnicodeError) as error:
        return first_line(error).removeprefix("Invalid regular expression: ")
    return None


def strip_in(steps: Iterable[Any]) -> str | None:
    """The pattern that some preparations of text strip; None where none does."""
    arguments = [each for step in steps if isinstance(step, KerasObject) for each in step.arguments.values()]
    return next((each.pattern for each in arguments if isinstance(each, Strip)), None)


def stripped(column: Column, pattern: str | None) -> Column:
    """Texts (samples, …) with a blank for each place that the pattern finds, lazy where they are."""
    if pattern is None:
        return column
    return StrippedTexts(column, pattern) if is_lazy(column) else without_pattern(column[:], pattern)


def without_pattern(texts: np.ndarray[Any, Any], pattern: str) -> np.ndarray[Any, Any]:
    """Texts (samples, …) in memory with a blank for each place that the pattern finds; what is no text stays."""
    import numpy as np

    flat = texts.ravel()
    found = np.empty(len(flat), object)
    for start in range(0, len(flat), AT_ONCE):
        found[start : start + AT_ONCE] = replaced(flat[start : start + AT_ONCE].tolist(), pattern)
    return found.reshape(texts.shape)


def replaced(texts: list[str | None], pattern: str) -> list[str | None]:
    """Texts with a blank for each place that the pattern finds."""
    import pyarrow
    import pyarrow.compute

    column = pyarrow.array(texts, pyarrow.large_string())
    changed: list[str | None] = pyarrow.compute.replace_substring_regex(
        column, pattern=pattern, replacement=" "
    ).to_pylist()
    return changed


class StrippedTexts(Lazy):
    """Texts that are read when they are asked for, and stripped then: (samples, …)."""

    def __init__(self, column: Column, pattern: str) -> None:
        super().__init__(column.shape, column.dtype)
        self.column, self.pattern = column, pattern

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return without_pattern(self.column[rows], self.pattern)
