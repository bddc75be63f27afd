"""Fields: what a source has read, before it is known what is input and what is target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from dlcli.data.lazy import Column, Selected, is_lazy

if TYPE_CHECKING:
    import numpy as np

    from dlcli.data.chunks import Chunks


@dataclass(frozen=True)
class Place:
    """The rows of one file: data row 0 of `rows` stands at line `first_line`; 0 where a file has no lines.

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
class Fields:
    """Named arrays whose first axis is samples: the columns of a table, or the arrays of a file.

    A column of text has dtype object and None for an empty cell; a column of numbers has NaN there. `inputs` and `target`
    are what the source takes for them when the configuration does not say. `classes` names the integers of a field.
    `kept` are the rows that are left of all those of `places`, where some were left out. `splits` are the rows of a source
    that has splits of its own, by train, validation, test. `chunks` are what lazy columns of a table are read from.
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

    @property
    def samples(self) -> int:
        """How many samples there are."""
        if self.kept is not None:
            return len(self.kept)
        return len(self.places) if isinstance(self.places, FileEach) else sum(place.rows for place in self.places)

    @property
    def is_table(self) -> bool:
        """Whether every field is a column, one value a sample."""
        return all(array.ndim == 1 for array in self.arrays.values())

    @property
    def files(self) -> list[Path]:
        """The files that were read."""
        if isinstance(self.places, FileEach):
            return [Path(file) for file in self.places.files]
        return [Path(place.file) for place in self.places]

    def axes_of(self, name: str) -> tuple[str, ...]:
        """The names of a field's axes, in Keras's order."""
        return self.axes.get(name) or default_axes(self.arrays[name].ndim, str(self.arrays[name].dtype))

    def where(self, row: int) -> tuple[str, int | None, str]:
        """File, line and words for a row counted from 0 over all files; the words count from 1 in that file."""
        if self.kept is not None:
            row = int(self.kept[row])
        if isinstance(self.places, FileEach):
            return self.places.files[row], None, self.places.files[row]
        for place in self.places:
            if row < place.rows:
                return place.file, place.line(row), f"row {row + 1}"
            row -= place.rows
        return "", None, f"row {row + 1}"

    def without(self, rows: np.ndarray[Any, Any]) -> tuple[Fields, np.ndarray[Any, Any]]:
        """The fields without some rows, and these rows."""
        import numpy as np

        kept = np.setdiff1d(np.arange(self.samples), rows)
        arrays = {name: Selected(array, kept) if is_lazy(array) else array[kept] for name, array in self.arrays.items()}
        return replace(self, arrays=arrays, kept=kept if self.kept is None else self.kept[kept]), rows


def default_axes(dimensions: int, dtype: str) -> tuple[str, ...]:
    """The names of the axes of an array of which nothing but its form is known.

    Three axes of whole numbers are taken for grey images, of others for series; four are images, five are volumes.
    """
    names: dict[int, tuple[str, ...]] = {
        1: ("samples",),
        2: ("samples", "features"),
        3: ("samples", "height", "width") if "int" in dtype else ("samples", "time", "features"),
        4: ("samples", "height", "width", "channels"),
        5: ("samples", "depth", "height", "width", "channels"),
    }
    return names.get(dimensions) or ("samples", *(f"axis {axis}" for axis in range(1, dimensions)))
