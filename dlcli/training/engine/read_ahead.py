"""Blocks: the training samples of an epoch in its order, some whole batches at a time, the next ones read meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.lazy import nbytes
from dlcli.training.setup.feed import Arrays, Feed

if TYPE_CHECKING:
    import numpy as np

BLOCK_BYTES = 1 << 24  # unseen: time and memory alone
"""About how much prepared data is in one block; three of them are in memory."""
AHEAD = 2  # unseen: time and memory alone
"""Blocks that are read while one is trained on."""
MOST_BATCHES = 1024  # unseen: time and memory alone

Block = tuple["np.ndarray[Any, Any]", Arrays, Arrays]


def batch_blocks(feed: Feed, order: Iterable[np.ndarray[Any, Any]], *, batch_size: int) -> Iterator[Block]:
    """Numbers, inputs and targets of the samples in `order`, whose parts (samples,) are cut into blocks of whole batches.

    What is left over of a part comes first in the next one. Ends early without leaving a thread behind.
    """

    def read(rows: np.ndarray[Any, Any]) -> Block:
        return (rows, *feed.take(rows))

    with ThreadPoolExecutor(1, "read ahead") as reader:
        waiting: deque[Future[Block]] = deque()
        try:
            for rows in cut_order(order, batch_size * batches_at_once(feed, batch_size), batch_size=batch_size):
                waiting.append(reader.submit(read, rows))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def batches_at_once(feed: Feed, batch_size: int) -> int:
    """How many batches make a block, judged by what one batch takes."""
    inputs, targets = feed.take(slice(0, min(batch_size, len(feed))))
    one = sum(nbytes(values) for values in [*inputs.values(), *targets.values()])
    return max(1, min(MOST_BATCHES, BLOCK_BYTES // max(one, 1)))


def cut_order(order: Iterable[np.ndarray[Any, Any]], size: int, *, batch_size: int) -> Iterator[np.ndarray[Any, Any]]:
    """The parts (samples,) of an order in pieces of at most `size`, each but the last a number of whole batches."""
    import numpy as np

    left = np.zeros(0, np.int64)
    for part in order:
        rows = np.concatenate([left, part])
        whole = len(rows) - len(rows) % batch_size
        yield from (rows[start : min(start + size, whole)] for start in range(0, whole, size))
        left = rows[whole:]
    if len(left):
        yield left
