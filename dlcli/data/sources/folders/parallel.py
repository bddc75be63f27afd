"""Many files at a time: threads that wait for a disk, or decode, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from dlcli.processors import processors
from dlcli.progress import counted_off

if TYPE_CHECKING:
    import numpy as np

MOST_AT_ONCE = 64  # unseen: time alone
"""A thread takes up to so many files at a time: handing each over alone would take longer than a small one does."""
MOST_THREADS = 16  # unseen: time alone

MANY = 500  # unseen: what is shown alone
"""Files that may take long enough to be told."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@cache
def pool() -> ThreadPoolExecutor:
    """The threads, as many as there are processors; kept, since starting them for every batch takes time."""
    return ThreadPoolExecutor(min(MOST_THREADS, processors()), "files")


def in_parallel(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """What the function gives for each item, in their order. The first error that it raises is raised here.

    The function itself must not ask for anything in parallel.
    """
    at_once = max(1, min(MOST_AT_ONCE, len(items) // (4 * processors())))

    def some(start: int) -> list[Result]:
        return [function(item) for item in items[start : start + at_once]]

    starts = range(0, len(items), at_once)
    parts = pool().map(some, starts)
    for found in parts if len(items) < MANY else counted_off(parts, f"reading {len(items):,} files", len(starts)):
        yield from found


def fill_in_parallel(
    samples: np.ndarray[Any, Any], decode: Callable[[str], np.ndarray[Any, Any]], files: Sequence[str]
) -> None:
    """Puts what each file holds (axis, …) into `samples` (files, axis, …). Raises as `decode` does."""

    def fill(position: int) -> None:
        samples[position] = decode(files[position])

    for _ in in_parallel(fill, range(len(files))):
        pass
