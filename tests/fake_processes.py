"""In the place of the processes of `dlcli.training.many`: pieces that are begun in order, of which the last ends first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dlcli.actions.many.asked import Asked
from dlcli.training.many.processes import Ended, Stopping


def faked(
    items: Iterable[Asked],
    *,
    side_by_side: int,
    stopping: Stopping,
    begun: list[Asked],
    ended: Callable[[Asked], Ended[Asked]],
    stops: Callable[[Asked], bool],
) -> Iterator[Ended[Asked]]:
    """What `worked_through` gives, with what has come of each piece as `ended` says; at one that `stops` there is a signal."""
    waiting, living = iter(items), list[Asked]()
    while True:
        while len(living) < side_by_side and stopping.signal is None:
            item = next(waiting, None)
            if item is None:
                break
            living.append(item)
            begun.append(item)
        if not living:
            return
        one = living.pop()
        if stops(one):
            stopping.receive(2, None)
        yield ended(one)
