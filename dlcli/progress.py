"""What takes long says so and how far it has come; who shows that is set from above, and by default nobody does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class ProgressShown(Protocol):
    """Shows the stages that have begun and not ended, of which one may be inside another."""

    def begin(self, what: str, total: int | None) -> None:
        """A stage begins, of so many pieces, where that is known."""

    def advance(self, done: int) -> None:
        """So many pieces of the innermost stage are done."""

    def end(self) -> None:
        """The innermost stage has ended."""

    def begin_anew(self) -> None:
        """From here on what takes long is as if the command had just begun."""


_shown: list[ProgressShown] = []


def show_progress_with(shown: ProgressShown | None) -> None:
    """Sets who shows stages from here on; None for nobody."""
    _shown[:] = [] if shown is None else [shown]


def progress_shown() -> ProgressShown | None:
    """Who shows stages; None where nobody does."""
    return _shown[0] if _shown else None


@contextmanager
def stage(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Something that may take long, in words such as `reading the data`; gives what is told how many pieces are done."""
    shown = progress_shown()
    if shown is None:
        yield lambda done: None
        return
    shown.begin(what, total)
    try:
        yield shown.advance
    finally:
        shown.end()


def counted_off(items: Iterable[Item], what: str, total: int | None) -> Iterator[Item]:
    """Items as they come, each of them a piece of a stage."""
    with stage(what, total) as advance:
        for done, item in enumerate(items, start=1):
            yield item
            advance(done)
