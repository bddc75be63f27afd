"""The same sample in two splits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset, Samples
from dlcli.finding import Finding, only_name

if TYPE_CHECKING:
    import numpy as np


def same_rows(dataset: Dataset) -> Finding | None:
    """Inputs of validation or test that training has too, value for value."""
    train = set(contents(dataset.splits["train"]))
    counts = {
        split: sum(each in train for each in contents(samples))
        for split, samples in dataset.splits.items()
        if split != "train"
    }
    copies = {split: count for split, count in counts.items() if count}
    if not copies:
        return None
    return Finding(code="same_rows", severity="warning", where=only_name(list(copies)), facts={"splits": copies})


def contents(samples: Samples) -> list[bytes]:
    """The inputs of each sample as bytes."""
    import numpy as np

    parts = [as_bytes(tensor[:]) for tensor in samples.inputs.values()]
    rows = np.ascontiguousarray(np.concatenate(parts, axis=1))
    found: list[Any] = rows.view(np.dtype((np.void, rows.shape[1]))).ravel().tolist()
    return found


def as_bytes(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Samples as rows of bytes; a text as its digest."""
    import hashlib

    import numpy as np

    if values.dtype == object:
        digests = [hashlib.blake2b(str(value).encode(), digest_size=16).digest() for value in values]
        return np.frombuffer(b"".join(digests), np.uint8).reshape(len(values), -1)
    return np.ascontiguousarray(values).reshape(len(values), -1).view(np.uint8)


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(a=[*range(100)] * 2, b=[*range(100)] * 2), True),
        (table(a=[*range(200)], b=[*range(100)] * 2), False),
    ]
