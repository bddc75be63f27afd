"""Decides what a column of text cells holds, numbers or names, and turns it into an array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.tables.arrow import plain_chunk, texts
from dlcli.data.sources.tables.csv_form import CsvForm
from dlcli.data.sources.tables.dressed import CURRENCIES, is_percent, signs_in, undressed
from dlcli.data.written_numbers import DIGITS, LEADING_ZERO, NUMBER, numbers_instead
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

MOSTLY = 0.5
"""From this share of numbers on, a column with other texts in it is a damaged column of numbers."""
LIKE_A_NUMBER = rf"^[-+.,0-9nNiI\x{{2212}}{CURRENCIES}]"
WHOLE = r"^[-+]?(0|[1-9][0-9]*)$"
LONGEST_WHOLE = 10**18
"""Whole numbers below are of 64 bits beyond doubt."""

Kind = Literal["int64", "uint64", "float64", "text", "damaged", "percent", "dressed"]
WHOLE_KINDS: tuple[Kind, ...] = ("int64", "uint64")
DRESSES: tuple[Kind, ...] = ("percent", "dressed")
"""Kinds of numbers that the parser does not take for any."""


@dataclass(frozen=True)
class Evidence:
    """How many cells of a column look like what; the evidence of its pieces adds up."""

    cells: int = 0
    present: int = 0
    whole: int = 0
    """Whole numbers of 64 bits with a sign."""
    natural: int = 0
    """Whole numbers of 64 bits without one."""
    longer: int = 0
    """Whole numbers that 64 bits do not hold."""
    zeros: int = 0
    """Cells such as `01234`: names, not numbers."""
    numbers: int = 0
    meant: int = 0
    """Cells that would be numbers with another decimal mark."""
    percent: int = 0
    """Numbers with a percent sign."""
    dressed: int = 0
    """Numbers with a currency, a minus sign of typography or thousands that are beyond doubt."""
    signs: frozenset[str] = frozenset()
    """The currencies among them."""

    def __add__(self, other: Evidence) -> Evidence:
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return Evidence(**sums, signs=self.signs | other.signs)

    @property
    def kind(self) -> Kind:
        """What the column holds: whole numbers with an empty cell among them are float64, as NaN is.

        It is damaged where it is mostly numbers, but not all of it.
        """
        if self.cells and self.whole == self.cells:
            return "int64"
        if self.cells and self.natural == self.cells:
            return "uint64"
        if not self.present:
            return "float64"
        if self.zeros:
            return "text"
        if self.numbers == self.present:
            return "float64"
        if self.percent == self.present:
            return "percent"
        # Amounts in two currencies are no numbers of one kind.
        if self.dressed + self.numbers == self.present and len(self.signs) <= 1:
            return "dressed"
        return "damaged" if self.meant >= max(2, MOSTLY * self.present) else "text"


COUNTS = [field.name for field in fields(Evidence) if field.name != "signs"]


def evidence_of(cells: pyarrow.ChunkedArray, form: CsvForm) -> Evidence:
    """The evidence of text cells (rows,), null where they are empty."""
    evidence = Evidence()
    # Each different text is looked at once.
    for chunk in cells.dictionary_encode().chunks:
        evidence += evidence_of_chunk(chunk, form)
    return evidence


def evidence_of_chunk(chunk: pyarrow.DictionaryArray, form: CsvForm) -> Evidence:
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
    texts = without_thousands(texts.filter(candidates), form)

    def count(mask: pyarrow.Array) -> int:
        return int(counts[plain_chunk(mask).astype(bool)].sum())

    numbers = are_numbers(texts, form)
    plain = are_numbers(undressed(texts, decimal=form.decimal), form)
    percent = compute.and_(plain, is_percent(texts))
    dressed = compute.and_not(compute.and_not(plain, numbers), percent)
    whole = compute.match_substring_regex(texts, WHOLE)
    signed, natural = fits(texts, whole, low=-(1 << 63), high=1 << 63), fits(texts, whole, low=0, high=1 << 64)
    return Evidence(
        cells=len(chunk),
        present=present,
        whole=count(signed),
        natural=count(natural),
        longer=count(compute.and_not(compute.and_not(whole, signed), natural)),
        zeros=count(compute.match_substring_regex(texts, LEADING_ZERO)),
        numbers=count(numbers),
        meant=count(compute.match_substring_regex(compute.replace_substring(texts, ",", "."), DIGITS)),
        percent=count(percent),
        dressed=count(dressed),
        signs=signs_in(texts.filter(dressed)),
    )


def fits(texts: pyarrow.Array, whole: pyarrow.Array, *, low: int, high: int) -> pyarrow.Array:
    """Which of the texts that are `whole` numbers are at least `low` and below `high`."""
    import pyarrow
    import pyarrow.compute as compute

    short = compute.less(compute.utf8_length(texts), DIGITS_FOR_SURE)
    if low:
        sure = compute.and_(whole, short)
    else:
        sure = compute.and_(whole, compute.and_not(short, compute.starts_with(texts, "-")))
    doubtful = compute.and_not(whole, short)
    if not compute.any(doubtful).as_py():
        return sure
    pairs = zip(texts.to_pylist(), doubtful.to_pylist(), strict=True)
    held = [bool(each) and len(text) <= MOST_DIGITS and low <= int(text) < high for text, each in pairs]
    return compute.or_(sure, pyarrow.array(held, pyarrow.bool_()))


MOST_DIGITS = 21
"""Characters that a whole number of 64 bits may take, its sign among them."""
DIGITS_FOR_SURE = 19
"""Texts of fewer characters are whole numbers of 64 bits, if any."""


def are_numbers(texts: pyarrow.Array, form: CsvForm) -> pyarrow.Array:
    """Which texts, without blanks around them, are numbers."""
    import pyarrow.compute as compute

    texts = without_thousands(texts, form)
    number = compute.match_substring_regex(with_point(texts, form), NUMBER)
    if form.decimal == ".":
        return number
    # Beside decimal commas a point separates thousands: 1.234 is not a little more than one.
    return compute.and_(number, compute.invert(compute.match_substring(texts, ".")))


def without_thousands(texts: pyarrow.Array, form: CsvForm) -> pyarrow.Array:
    """The texts, numbers without the mark between their thousands where it stands before three digits each time."""
    import pyarrow.compute as compute

    if form.thousands is None:
        return texts
    mark, point = re.escape(form.thousands), re.escape(form.decimal)
    grouped = compute.match_substring_regex(texts, rf"^[-+]?[0-9]{{1,3}}({mark}[0-9]{{3}})+({point}[0-9]*)?$")
    return compute.if_else(grouped, compute.replace_substring(texts, form.thousands, ""), texts)


def with_point(texts: pyarrow.Array, form: CsvForm) -> pyarrow.Array:
    """The texts with a decimal point."""
    import pyarrow.compute as compute

    return texts if form.decimal == "." else compute.replace_substring(texts, form.decimal, ".")


def typed_cells(cells: pyarrow.ChunkedArray, kind: Kind, form: CsvForm) -> np.ndarray[Any, Any]:
    """Text cells (rows,) as what their column holds: int64, float64 with NaN for an empty one, or text with None."""
    import numpy as np
    import pyarrow
    import pyarrow.compute as compute

    if kind == "text":
        return texts(cells)
    dtype = pyarrow.type_for_alias(kind if kind in WHOLE_KINDS else "float64")
    cells = compute.utf8_trim_whitespace(cells)
    if kind in DRESSES:
        cells = undressed(cells, decimal=form.decimal)
    plain = with_point(without_thousands(cells, form), form)
    plain = compute.replace_substring_regex(plain, r"^\+", "")
    values = compute.cast(plain, dtype)
    if kind == "percent":
        values = compute.divide(values, 100.0)
    if values.null_count:
        values = compute.fill_null(values, float("nan"))
    parts = [plain_chunk(chunk) for chunk in values.chunks]
    return np.concatenate(parts) if parts else np.empty(0, dtype.to_pandas_dtype())


def damaged_column(
    name: str, pieces: Iterable[pyarrow.ChunkedArray], places: Sequence[Place], form: CsvForm
) -> DataError:
    """The error of a column of numbers in which some cells hold something else, with the first of these.

    `pieces` are all its cells in turn.
    """
    import pyarrow.compute as compute

    row, bad, first, value = 0, 0, -1, ""
    commas: list[str] = []
    for piece in pieces:
        for chunk in piece.dictionary_encode().chunks:
            odd = compute.invert(are_numbers(compute.utf8_trim_whitespace(chunk.dictionary), form)).take(chunk.indices)
            count = compute.sum(odd).as_py() or 0
            if count and not bad:
                own = compute.index(odd, True).as_py()
                first, value = row + own, chunk[own].as_py()
            commas += [text for text in chunk.dictionary.to_pylist() if "," in text]
            bad, row = bad + count, row + len(chunk)
    file, line, words = Fields({}, places).where(first)
    hint = comma_hint(commas, form) if "," in value else point_hint(value, form)
    hint = hint or numbers_instead([value]) or f"correct the cell, or {empty_hint('csv', value)}"
    return DataError(mixed_message(name, words, value, bad), file=file, line=line, hint=hint, kind="mixed_column")


GROUPED = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")


def comma_hint(cells: Sequence[str], form: CsvForm) -> str | None:
    """What commas in a column of numbers may mean: `cells` are all the texts that hold one; None where that is said already.

    Commas before three digits each time separate thousands where the file's cells are separated by commas too, since nobody
    writes decimal commas there, and where one number has several of them or a point as well.
    """
    grouped = all(GROUPED.fullmatch(cell.strip()) for cell in cells)
    sure = form.separator == "," or any(cell.count(",") > 1 or "." in cell for cell in cells)
    if form.thousands is None and grouped and sure and form.decimal == ".":
        return 'if the comma separates thousands, write csv: {…, thousands: ","}'
    if form.decimal == "," or form.thousands == ",":
        return None
    if grouped:
        return 'if it is a decimal comma, write csv: {…, decimal: ","}; if it separates thousands, thousands: ","'
    return 'if it is a decimal comma, write csv: {…, decimal: ","}'


def point_hint(cell: str, form: CsvForm) -> str | None:
    """What a number with a point means in a file whose decimals are said to stand behind a comma."""
    if form.decimal != "," or not re.fullmatch(POINTED, cell.strip()):
        return None
    return "this one has a decimal point: leave decimal out, or write all cells with a comma"


POINTED = re.compile(r"[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?")


def mixed_message(name: str, words: str, value: str, bad: int) -> str:
    """What is said of a column of numbers with `bad` cells that hold something else, the first of them `value`."""
    more = {1: "", 2: " (and 1 more cell like it)"}.get(bad, f" (and {bad - 1} more cells like it)")
    return f"column '{name}' holds numbers, but {words} is '{value}'{more}"


def empty_hint(word: str, value: str) -> str:
    """How to write that a text means an empty cell."""
    return f"write {word}: {{…, empty: [{json.dumps(value, ensure_ascii=False)}]}} if it means an empty cell"
