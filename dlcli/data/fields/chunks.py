"""Chunks: a table or an array that is best read in large pieces, such as the row groups of a Parquet file."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data.fields.lazy import Lazy
from dlcli.data.fields.padded import of_one_length
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

Read: TypeAlias = Callable[[int, Collection[str]], "Mapping[str, np.ndarray[Any, Any]]"]
"""Reads some fields of one chunk, by its number: each (rows of the chunk, …)."""


class Chunks:
    """The chunks of a source; the last ones that were read are kept.

    `rows` says how many samples each has. Several threads may ask at once.
    """

    def __init__(self, rows: Sequence[int], read: Read, *, keep: int = 2) -> None:
        import numpy as np

        self.rows, self.keep = list(rows), keep
        self.starts = np.cumsum([0, *self.rows])
        self._read, self._lock = read, threading.Lock()
        self._kept: OrderedDict[tuple[int, frozenset[str]], Mapping[str, np.ndarray[Any, Any]]] = OrderedDict()

    @property
    def samples(self) -> int:
        """How many samples there are in all."""
        return int(self.starts[-1])

    def read(self, number: int, names: Collection[str]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Some fields of a chunk, each (rows of the chunk, …); nobody may write into them."""
        key = (number, frozenset(names))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        # Read without the lock: two threads may read one chunk twice, which costs time, but none waits for another's disk.
        found = self._read(number, names)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > self.keep:
                self._kept.popitem(last=False)
        return found

    def in_memory(self, names: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
        """Some fields whole. Raises `DataError` where the samples of one differ in shape."""
        import numpy as np

        parts = [self._read(number, names) for number in range(len(self.rows))]
        whole = {name: of_one_length([part[name] for part in parts]) for name in names}
        for name in names:
            shapes = {part.shape[1:] for part in whole[name]}
            if len(shapes) > 1:
                raise DataError(
                    f"the samples of '{name}' have several shapes: {', '.join(map(str, sorted(shapes)))}",
                    kind="several_shapes",
                )
        return {name: np.concatenate(whole[name]) for name in names}

    def column(self, name: str, dtype: Any, shape: Sequence[int] = ()) -> ChunkedColumn:
        """One field of all chunks; `shape` is that of one sample."""
        return ChunkedColumn(self, name, dtype, shape)

    def of(self, kept: np.ndarray[Any, Any]) -> Chunks:
        """The same chunks with some of their samples alone, whose numbers (samples,) ascend."""
        import numpy as np

        # The numbers ascend, so those of one chunk are a slice of them, and two cuts a chunk find it. Sorting them here instead
        # would give the samples in another order than the one who asked; what is dropped is dropped as a chunk is read.
        cuts = np.searchsorted(kept, self.starts)

        def read(number: int, names: Collection[str]) -> Mapping[str, np.ndarray[Any, Any]]:
            own = kept[cuts[number] : cuts[number + 1]] - self.starts[number]
            return {name: values[own] for name, values in self.read(number, names).items()}

        return Chunks(np.diff(cuts).tolist(), read, keep=self.keep)

    @classmethod
    def joined(cls, parts: Sequence[Chunks]) -> Chunks:
        """Chunks of several files, one file after the other."""
        owners = [(part, number) for part in parts for number in range(len(part.rows))]

        def read(number: int, names: Collection[str]) -> Mapping[str, np.ndarray[Any, Any]]:
            part, own = owners[number]
            return part.read(own, names)

        # Only the numbers of chunks are mapped, nothing is opened or copied: a thousand files joined cost what one does.
        # What a part keeps is enough.
        return cls([count for part in parts for count in part.rows], read, keep=0)


class ChunkedColumn(Lazy):
    """One field of a source that is read in chunks."""

    def __init__(self, chunks: Chunks, name: str, dtype: Any, shape: Sequence[int]) -> None:
        super().__init__((chunks.samples, *shape), dtype)
        self.chunks, self.name = chunks, name

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        where = np.searchsorted(self.chunks.starts, rows, side="right") - 1
        for number in np.unique(where):
            here = np.flatnonzero(where == number)
            values = self.chunks.read(int(number), {self.name})[self.name]
            if values.shape[1:] != self.shape[1:]:
                raise DataError(
                    f"'{self.name}' has the shape {tuple(values.shape[1:])} a sample in row "
                    f"{int(self.chunks.starts[number]) + 1} and after it, before {tuple(self.shape[1:])}",
                    kind="several_shapes",
                )
            found[here] = values[rows[here] - self.chunks.starts[number]]
        return found
