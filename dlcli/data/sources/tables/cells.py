"""Decides what a column of text cells holds, numbers or names, and turns it into an array."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.tables.arrow import plain_chunk, texts
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

MOSTLY = 0.5
"""From this share of numbers on, a column with other texts in it is a damaged column of numbers."""
LIKE_A_NUMBER = r"^[-+.,0-9nNiI]"
WHOLE = r"^[-+]?(0|[1-9][0-9]{0,17})$"
LEADING_ZERO = r"^[-+]?0[0-9]+$"
DIGITS = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
NUMBER = DIGITS + r"|^[-+]?(?i:nan|inf|infinity)$"

Kind = Literal["int64", "float64", "text", "damaged"]


@dataclass(frozen=True)
class Evidence:
    """How many cells of a column look like what; the evidence of its pieces adds up."""

    cells: int = 0
    present: int = 0
    whole: int = 0
    zeros: int = 0
    """Cells such as `01234`: names, not numbers."""
    numbers: int = 0
    meant: int = 0
    """Cells that would be numbers with another decimal mark."""

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    @property
    def kind(self) -> Kind:
        """What the column holds: whole numbers with an empty cell among them are float64, as NaN is.

        It is damaged where it is mostly numbers, but not all of it.
        """
        if self.cells and self.whole == self.cells:
            return "int64"
        if not self.present:
            return "float64"
        if self.zeros:
            return "text"
        if self.numbers == self.present:
            return "float64"
        return "damaged" if self.meant >= max(2, MOSTLY * self.present) else "text"


def evidence_of(cells: pyarrow.ChunkedArray, guess: pyarrow.ChunkedArray, *, decimal: str) -> Evidence:
    """The evidence of text cells (rows,), null where they are empty; `guess` is what the parser takes them for."""
    quick = numbers_alone(cells, guess) if decimal == "." else None
    if quick is not None:
        return quick
    found = Evidence()
    # Each different text is looked at once.
    for chunk in cells.dictionary_encode().chunks:
        found += evidence_of_chunk(chunk, decimal)
    return found


def numbers_alone(cells: pyarrow.ChunkedArray, guess: pyarrow.ChunkedArray) -> Evidence | None:
    """The evidence of cells that are all plainly numbers, as the parser has found; None for any others."""
    import pyarrow
    import pyarrow.compute as compute

    present = len(cells) - cells.null_count
    whole = pyarrow.types.is_integer(guess.type)
    if not whole and not pyarrow.types.is_floating(guess.type):
        return None
    if whole:
        ends = compute.min_max(guess).as_py()
        # More digits than WHOLE has, or hexadecimal ones, are for a closer look.
        if max(abs(ends["min"] or 0), abs(ends["max"] or 0)) >= 10**18:
            return None
        if compute.any(compute.match_substring(cells, "x", ignore_case=True)).as_py():
            return None
    elif compute.all(compute.equal(compute.floor(guess), guess)).as_py():
        return None  # such as +1, which is whole but not taken for it
    elif compute.any(compute.is_nan(guess)).as_py():
        return None  # what is written as nan is for a closer look
    count = leading_zeros(cells)
    return Evidence(len(cells), present, present - count if whole else 0, count, present, present)


def leading_zeros(cells: pyarrow.ChunkedArray) -> int:
    """How many cells are such as `01234`; a pattern is tried only on those that begin like one."""
    import pyarrow.compute as compute

    count = 0
    for sign in ("", "-", "+"):
        zero = compute.starts_with(cells, f"{sign}0")
        if not compute.any(zero).as_py():
            continue
        fraction = compute.starts_with(cells, f"{sign}0.")
        likely = compute.filter(cells, compute.and_not(zero, fraction))
        count += compute.sum(compute.match_substring_regex(likely, LEADING_ZERO)).as_py() or 0
    return count


def evidence_of_chunk(chunk: pyarrow.DictionaryArray, decimal: str) -> Evidence:
    """The evidence of one chunk of a column."""
    import numpy as np
    import pyarrow.compute as compute

    present = len(chunk) - chunk.null_count
    texts = compute.utf8_trim_whitespace(chunk.dictionary)
    candidates = compute.match_substring_regex(texts, LIKE_A_NUMBER)
    if not compute.any(candidates).as_py():
        return Evidence(len(chunk), present)
    counts = np.bincount(plain_chunk(chunk.indices.drop_null()), minlength=len(texts))[
        plain_chunk(candidates).astype(bool)
    ]
    texts = texts.filter(candidates)

    def count(mask: pyarrow.Array) -> int:
        return int(counts[plain_chunk(mask).astype(bool)].sum())

    return Evidence(
        len(chunk),
        present,
        count(compute.match_substring_regex(texts, WHOLE)),
        count(compute.match_substring_regex(texts, LEADING_ZERO)),
        count(are_numbers(texts, decimal)),
        count(compute.match_substring_regex(compute.replace_substring(texts, ",", "."), DIGITS)),
    )


def are_numbers(texts: pyarrow.Array, decimal: str) -> pyarrow.Array:
    """Which texts, without blanks around them, are numbers."""
    import pyarrow.compute as compute

    number = compute.match_substring_regex(with_point(texts, decimal), NUMBER)
    if decimal == ".":
        return number
    # Beside decimal commas a point separates thousands: 1.234 is not a little more than one.
    return compute.and_(number, compute.invert(compute.match_substring(texts, ".")))


def with_point(texts: pyarrow.Array, decimal: str) -> pyarrow.Array:
    """The texts with a decimal point."""
    import pyarrow.compute as compute

    return texts if decimal == "." else compute.replace_substring(texts, decimal, ".")


def typed_cells(cells: pyarrow.ChunkedArray, kind: Kind, *, decimal: str) -> np.ndarray[Any, Any]:
    """Text cells (rows,) as what their column holds: int64, float64 with NaN for an empty one, or text with None."""
    import numpy as np
    import pyarrow
    import pyarrow.compute as compute

    if kind == "text":
        return texts(cells)
    dtype = pyarrow.int64() if kind == "int64" else pyarrow.float64()
    try:
        values = compute.cast(cells, dtype)
    except pyarrow.ArrowInvalid:
        plain = compute.replace_substring_regex(with_point(compute.utf8_trim_whitespace(cells), decimal), r"^\+", "")
        values = compute.cast(plain, dtype)
    if values.null_count:
        values = compute.fill_null(values, float("nan"))
    parts = [plain_chunk(chunk) for chunk in values.chunks]
    return np.concatenate(parts) if parts else np.empty(0, dtype.to_pandas_dtype())


def damaged_column(
    name: str, pieces: Iterable[pyarrow.ChunkedArray], places: Sequence[Place], *, decimal: str
) -> DataError:
    """The error of a column of numbers in which some cells hold something else, with the first of these.

    `pieces` are all its cells in turn.
    """
    import pyarrow.compute as compute

    row, bad, first, value = 0, 0, -1, ""
    for piece in pieces:
        for chunk in piece.dictionary_encode().chunks:
            odd = compute.invert(are_numbers(compute.utf8_trim_whitespace(chunk.dictionary), decimal)).take(
                chunk.indices
            )
            count = compute.sum(odd).as_py() or 0
            if count and not bad:
                own = compute.index(odd, True).as_py()
                first, value = row + own, chunk[own].as_py()
            bad, row = bad + count, row + len(chunk)
    file, line, words = Fields({}, places).where(first)
    hint = f"correct the cell, or {empty_hint('csv', value)}"
    if "," in value and decimal != ",":
        hint = 'if it is a decimal comma, write csv: {…, decimal: ","}'
    return DataError(mixed_message(name, words, value, bad), file=file, line=line, hint=hint, kind="mixed_column")


def mixed_message(name: str, words: str, value: str, bad: int) -> str:
    """What is said of a column of numbers with `bad` cells that hold something else, the first of them `value`."""
    more = {1: "", 2: " (and 1 more cell like it)"}.get(bad, f" (and {bad - 1} more cells like it)")
    return f"column '{name}' holds numbers, but {words} is '{value}'{more}"


def empty_hint(word: str, value: str) -> str:
    """How to write that a text means an empty cell."""
    return f"write {word}: {{…, empty: [{json.dumps(value, ensure_ascii=False)}]}} if it means an empty cell"
