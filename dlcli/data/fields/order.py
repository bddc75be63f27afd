"""The order of samples in an epoch: a pure function of seed and epoch, made so that what is read together stays together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.chunks import ChunkedColumn
from dlcli.data.fields.lazy import Column
from dlcli.data.fields.samples import Windowed

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Layout:
    """Where the training samples lie in the chunks of a source: those of chunk i are `cuts[i]` to `cuts[i + 1]`.

    `together` is how many chunks are in memory, and so shuffled, at once.
    """

    cuts: np.ndarray[Any, Any]
    together: int

    @classmethod
    def of(cls, tensors: Iterable[Column], rows: np.ndarray[Any, Any]) -> Layout | None:
        """The layout of tensors that are read in chunks, of which `rows` (samples,) ascending are for training."""
        import numpy as np

        found: list[tuple[ChunkedColumn, Any]] = []
        for each in tensors:
            # A window lies in the chunk that it begins in.
            table, places = (each.table, each.starts[rows]) if isinstance(each, Windowed) else (each, rows)
            if isinstance(table, ChunkedColumn):
                found.append((table, places))
        if not found:
            return None
        first, places = found[0]
        together = min(table.chunks.keep for table, _ in found)
        return cls(np.searchsorted(places, first.chunks.starts), together)


def order(samples: int, *, seed: int, epoch: int, layout: Layout | None = None) -> Iterator[np.ndarray[Any, Any]]:
    """The order of the samples in an epoch (from 0), in parts: a single permutation of all, or one of each few chunks.

    The chunks themselves come in random order, and within the few that are in memory together every sample.
    """
    import numpy as np

    generator = np.random.default_rng([seed, epoch])
    if layout is None:
        yield generator.permutation(samples).astype(np.int32)
        return
    chunks = generator.permutation(len(layout.cuts) - 1)
    for start in range(0, len(chunks), layout.together):
        own = [
            np.arange(layout.cuts[chunk], layout.cuts[chunk + 1]) for chunk in chunks[start : start + layout.together]
        ]
        yield generator.permutation(np.concatenate(own)).astype(np.int32)
