"""Fields: what a source has read, before it is known what is input and what is target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from dlcli.data.fields.chunks import ChunkedColumn, Chunks
from dlcli.data.fields.lazy import Column, Held, Selected, is_lazy
from dlcli.data.windows import Windows
from dlcli.errors import DataError
from dlcli.spec import did_you_mean

if TYPE_CHECKING:
    import numpy as np

MOST_HELD = 1 << 28  # unseen: time and memory alone
"""Bytes of a part of columns on disk that stay in memory."""
CHANNELS_FIRST = ("samples", "channels", "height", "width")
CHANNELS_LAST = ("samples", "height", "width", "channels")


@dataclass(frozen=True)
class Place:
    """The rows of one file; its name is empty for data that no file holds.

    Data row 0 of `rows` stands at line `first_line`; 0 where a file has no lines.

    `lines` says where each row begins, in a file whose rows are not one line each.
    """

    file: str
    rows: int
    first_line: int = 0
    lines: Sequence[int] = ()

    def line(self, row: int) -> int | None:
        """The line at which a row begins, or None where that is not known."""
        if self.lines:
            return self.lines[row]
        return row + self.first_line if self.first_line else None


class FileEach(Sequence[Place]):
    """The places of samples that are a file each; for a million of them a list of names is enough."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, row: int) -> Place: ...
    @overload
    def __getitem__(self, row: slice) -> FileEach: ...
    def __getitem__(self, row: int | slice) -> Place | FileEach:
        return FileEach(self.files[row]) if isinstance(row, slice) else Place(self.files[row], 1)


@dataclass(frozen=True)
class Home:
    """Where the rows of a joined field stand: in `fields`, at `order` (rows,), or in the same order."""

    fields: Fields
    order: np.ndarray[Any, Any] | None

    def where(self, row: int, name: str) -> tuple[str, int | None, str]:
        """File, line and words for a row of a joined field; the words name the file, for there are several."""
        file, line, words = self.fields.where(row if self.order is None else int(self.order[row]), name)
        return file, line, words if words == file else f"{words} of {Path(file).name}"


@dataclass(frozen=True)
class Spans:
    """Samples that are cut from one running text: at which piece each begins (samples,), and how many pieces it holds."""

    starts: np.ndarray[Any, Any]
    length: int
    pieces: Literal["character", "whitespace"]


@dataclass(frozen=True)
class Fields:
    """Named arrays whose first axis is samples: the columns of a table, or the arrays of a file.

    A column of text has dtype object and None for an empty cell; a column of numbers has NaN there. `inputs` and `target`
    are what the source takes for them when the configuration does not say. `classes` names the integers of a field, `void` are
    those that stand for none.
    `kept` are the rows that are left of all those of `places`, where some were left out. `splits` are the rows of a source
    that has splits of its own, by train, validation, test. `chunks` are what lazy columns of a table are read from.
    With `windows` the rows are not samples themselves: each sample is a window of them; with `spans` they overlap.
    `texts` are fields of running
    text, as against names. `beside` are files that were read beside those of the rows. `columns` are
    those of a table, with those that nobody asked for, which were not looked at. `complete` are fields
    that are known to have neither empty cells nor infinite numbers. `padded` are those whose samples are not equally long.
    """

    arrays: Mapping[str, Column]
    places: Sequence[Place]
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: tuple[str, ...] | None = None
    target: str | None = None
    classes: Mapping[str, list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kept: np.ndarray[Any, Any] | None = None
    splits: Mapping[str, np.ndarray[Any, Any]] | None = None
    chunks: Chunks | None = None
    windows: Windows | None = None
    texts: frozenset[str] = frozenset()
    beside: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    complete: frozenset[str] = frozenset()
    spans: Spans | None = None
    void: Mapping[str, list[int | str]] = field(default_factory=dict)
    padded: frozenset[str] = frozenset()
    homes: Mapping[str, Home] = field(default_factory=dict)
    """Of fields that were joined to these from elsewhere, where their rows stand."""

    @property
    def samples(self) -> int:
        """How many samples there are."""
        if self.kept is not None:
            return len(self.kept)
        return len(self.places) if isinstance(self.places, FileEach) else sum(place.rows for place in self.places)

    @property
    def names(self) -> list[str]:
        """The fields that there are, also those that were not looked at."""
        return [*self.columns] or [*self.arrays]

    @property
    def is_table(self) -> bool:
        """Whether every field is a column, one value a sample."""
        return all(array.ndim == 1 for array in self.arrays.values())

    @property
    def files(self) -> list[Path]:
        """The files that were read."""
        own = (
            self.places.files if isinstance(self.places, FileEach) else [each.file for each in self.places if each.file]
        )
        return [Path(file) for file in (*own, *self.beside)]

    def check_column(self, name: str) -> None:
        """Raises `DataError` where there is no such field, with what there is and the nearest name."""
        if name not in self.arrays:
            place = self.places[0]
            raise DataError(
                f"there is no column '{name}'; the data has: {', '.join(self.names)}",
                file=place.file,
                line=1 if place.first_line else None,
                hint=did_you_mean(name, self.names),
                kind="no_such_column",
            )

    def file_numbers(self) -> np.ndarray[Any, Any]:
        """For each sample the number of the file that it stands in: (samples,)."""
        import numpy as np

        rows = [1] * len(self.places) if isinstance(self.places, FileEach) else [place.rows for place in self.places]
        numbers = np.repeat(np.arange(len(rows)), rows)
        return numbers if self.kept is None else numbers[self.kept]

    @property
    def is_file_each(self) -> bool:
        """Whether each row is a file of its own."""
        return isinstance(self.places, FileEach)

    def axes_of(self, name: str) -> tuple[str, ...]:
        """The names of a field's axes, in Keras's order."""
        if name in self.padded and name not in self.axes:
            return ("samples", *("place", "features")[: self.arrays[name].ndim - 1])
        return self.axes.get(name) or default_axes(self.arrays[name].shape, str(self.arrays[name].dtype))

    def where(self, row: int, name: str | None = None) -> tuple[str, int | None, str]:
        """File, line and words for a row counted from 0 over all files; the words count from 1 in that file.

        `name` is the field that is spoken of, where fields of several files stand side by side.
        """
        if self.kept is not None:
            row = int(self.kept[row])
        if name is not None and name in self.homes:
            return self.homes[name].where(row, name)
        if isinstance(self.places, FileEach):
            return self.places.files[row], None, self.places.files[row]
        for place in self.places:
            if row < place.rows:
                return place.file, place.line(row), f"row {row + 1}"
            row -= place.rows
        return "", None, f"row {row + 1}"

    def chosen(self, rows: np.ndarray[Any, Any]) -> Fields:
        """The fields of some rows alone, whose numbers (rows,) ascend."""
        import numpy as np

        chunks = None if self.chunks is None else self.chunks.of(rows)
        arrays: dict[str, Column] = {}
        for name, array in self.arrays.items():
            if isinstance(array, ChunkedColumn) and chunks is not None:
                arrays[name] = chunks.column(array.name, array.dtype, array.shape[1:])
            else:
                arrays[name] = Selected(array, rows) if is_lazy(array) else array[rows]
        splits = self.splits and {
            split: np.flatnonzero(np.isin(rows, own, assume_unique=True)) for split, own in self.splits.items()
        }
        kept = rows if self.kept is None else self.kept[rows]
        spans = None if self.spans is None else replace(self.spans, starts=self.spans.starts[rows])
        return replace(self, arrays=arrays, kept=kept, splits=splits, chunks=chunks, spans=spans)

    def holding(self, rows: np.ndarray[Any, Any]) -> Fields:
        """The same, of whose columns on disk these rows (rows,), ascending, are in memory, unless they are too many.

        Whoever asks for one column after the other would have every chunk read once for each.
        """
        import numpy as np

        names = [name for name, each in self.arrays.items() if isinstance(each, ChunkedColumn) and each.ndim == 1]
        if self.chunks is None or not names or 8 * len(rows) * len(names) > MOST_HELD:
            return self
        pieces: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in names}
        start = 0
        for part in self.parts(names):
            low, high = np.searchsorted(rows, [start, start + part.samples])
            for name, found in pieces.items():
                found.append(part.arrays[name][rows[low:high] - start])
            start += part.samples
        held = {name: Held(self.arrays[name], rows, np.concatenate(found)) for name, found in pieces.items()}
        return replace(self, arrays={**self.arrays, **held})

    def parts(self, names: Collection[str]) -> Iterator[Fields]:
        """Some fields in pieces that fit in memory, from the first row to the last: one a chunk, else a single one."""
        if self.chunks is None:
            yield self
            return
        for number in range(len(self.chunks.rows)):
            yield self.part(number, names)

    def part(self, number: int, names: Collection[str]) -> Fields:
        """The rows of one chunk, in memory."""
        import numpy as np

        assert self.chunks is not None
        start, end = int(self.chunks.starts[number]), int(self.chunks.starts[number + 1])
        lazy = {name: each for name in names if isinstance(each := self.arrays.get(name), ChunkedColumn)}
        read = self.chunks.read(number, {each.name for each in lazy.values()}) if lazy else {}
        arrays = {
            name: read[lazy[name].name] if name in lazy else self.arrays[name][start:end]
            for name in names
            if name in self.arrays
        }
        kept = np.arange(start, end) if self.kept is None else self.kept[start:end]
        return replace(self, arrays=arrays, kept=kept, splits=None, chunks=None)


def are_colours(count: tuple[int, ...]) -> bool:
    """Whether an axis can be that of colours: grey, RGB, or RGB with what is transparent."""
    return count in {(1,), (3,), (4,)}


def begins_with_colours(shape: tuple[int, ...]) -> bool:
    """Whether colours stand before height and width in a picture: as many as there can be, and fewer than either of these."""
    return len(shape) == 3 and are_colours(shape[:1]) and not are_colours(shape[2:]) and min(shape[1:]) > shape[0]


def default_axes(shape: tuple[int, ...], dtype: str) -> tuple[str, ...]:
    """The names of the axes of an array of which nothing but its form is known.

    Three axes of whole numbers are taken for grey images, of others for series; four are images, five are volumes. Colours
    stand last, or first where only then there are as many as colours.
    """
    dimensions = len(shape)
    names: dict[int, tuple[str, ...]] = {
        1: ("samples",),
        2: ("samples", "features"),
        3: ("samples", "height", "width") if "int" in dtype else ("samples", "time", "features"),
        4: CHANNELS_FIRST if begins_with_colours(shape[1:]) else CHANNELS_LAST,
        5: ("samples", "depth", "height", "width", "channels"),
    }
    return names.get(dimensions) or ("samples", *(f"axis {axis}" for axis in range(1, dimensions)))
