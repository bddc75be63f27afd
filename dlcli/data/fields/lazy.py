"""Arrays whose values stay where they are until they are asked for: in files, in chunks of a table, behind other rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np

BLOCK_BYTES = 1 << 25  # unseen: memory alone
"""How much of an array is in memory at a time where all of it is gone through."""


class Column(Protocol):
    """A field: what a NumPy array offers and a lazy one too; the first axis is samples."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def ndim(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any, /) -> np.ndarray[Any, Any]: ...


class Lazy:
    """A field that is read when it is asked for; a kind of it says in `take` how. `shape` is that of all samples."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        import numpy as np

        self.shape, self.dtype = shape, np.dtype(dtype)

    type_is_range: ClassVar[bool] = False
    """Whether the type of its numbers tells their range, as that of pictures does: 0 to 255 in 8 bits."""

    @property
    def ndim(self) -> int:
        """How many axes it has, samples included."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that all of it would take in memory."""
        return nbytes(self)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray[Any, Any]:
        """The samples of a slice, or of an array of rows, as an array (rows, …) in memory."""
        import numpy as np

        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        return self.take(np.asarray(rows))

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The samples of these rows, in this order: (rows, …)."""
        raise NotImplementedError


class Selected(Lazy):
    """Some rows of a field."""

    def __init__(self, column: Column, rows: np.ndarray[Any, Any]) -> None:
        super().__init__((len(rows), *column.shape[1:]), column.dtype)
        self.column, self.rows = column, rows

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = self.column[self.rows[rows]]
        return found


class Held(Lazy):
    """A field of which some rows (rows,), ascending, are in memory; others are read from where it stands."""

    def __init__(self, column: Column, rows: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> None:
        super().__init__(column.shape, column.dtype)
        self.column, self.rows, self.values = column, rows, values

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        places = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found: np.ndarray[Any, Any] = self.values[places] if (self.rows[places] == rows).all() else self.column[rows]
        return found


class Joined(Lazy):
    """Several fields of one form, one after the other."""

    def __init__(self, parts: Sequence[Column]) -> None:
        import numpy as np

        dtypes = [part.dtype for part in parts]
        samples = sum(len(part) for part in parts)
        super().__init__((samples, *parts[0].shape[1:]), np.result_type(*dtypes) if object not in dtypes else object)
        self.parts, self.starts = parts, np.cumsum([0, *(len(part) for part in parts)])

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        where = np.searchsorted(self.starts, rows, side="right") - 1
        for number in np.unique(where):
            here = np.flatnonzero(where == number)
            found[here] = self.parts[number][rows[here] - self.starts[number]]
        return found


class Places(Lazy):
    """The places from a first to a last of each sample: (samples, places, …)."""

    def __init__(self, column: Column, first: int, last: int) -> None:
        super().__init__((len(column), last - first, *column.shape[2:]), column.dtype)
        self.column, self.first, self.last = column, first, last

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return self.column[rows][:, self.first : self.last]


class Features(Lazy):
    """Some features of each sample: (samples, …, features)."""

    def __init__(self, column: Column, features: Sequence[int]) -> None:
        super().__init__((*column.shape[:-1], len(features)), column.dtype)
        self.column, self.features = column, list(features)

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = self.column[rows][..., self.features]
        return found


def some_places(column: Column, first: int, last: int) -> Column:
    """Some places of each sample, (samples, last - first, …), lazy where the field is."""
    return Places(column, first, last) if is_lazy(column) else column[:][:, first:last]


def loaded(column: Column) -> np.ndarray[Any, Any]:
    """All of a field (samples, …) in memory."""
    import numpy as np

    values: np.ndarray[Any, Any] = column if isinstance(column, np.ndarray) else column[:]
    return np.array(values) if isinstance(values, np.memmap) else values


def is_lazy(column: Column) -> bool:
    """Whether a field (samples, …) is read when it is asked for."""
    return isinstance(column, Lazy)


def pixel_type(column: Column) -> str | None:
    """The type of the numbers of pictures; None of a field whose type does not tell their range."""
    return str(column.dtype) if isinstance(column, Lazy) and column.type_is_range else None


def nbytes(column: Column) -> int:
    """Bytes that all of a field (samples, …) takes in memory; of text only the pointers."""
    total = column.dtype.itemsize
    for size in column.shape:
        total *= size
    return total


def block_rows(column: Column) -> int:
    """How many samples of a field (samples, …) make a block of BLOCK_BYTES, at least one."""
    return max(1, BLOCK_BYTES * max(len(column), 1) // max(nbytes(column), 1))
