"""The same sample in two splits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset, Samples
from dlcli.data.fields.lazy import Column
from dlcli.data.fields.values import missing
from dlcli.data.findings.columns import input_columns
from dlcli.finding import Finding, only_name

if TYPE_CHECKING:
    import numpy as np


def same_rows(dataset: Dataset) -> Finding | None:
    """Samples of validation or test that training has too, value for value: their inputs and their targets."""
    if have_few_values(dataset):
        return None
    found = copies_in_training(dataset)
    empty = {split: blank_rows(samples) for split, samples in dataset.splits.items()}
    copies = {
        split: [pair for pair in pairs if pair[1] is not None and pair[0] not in empty[split]]
        for split, pairs in found.items()
    }
    facts: dict[str, Any] = {"splits": {split: len(pairs) for split, pairs in copies.items() if pairs}}
    if not facts["splits"]:
        return None
    if dataset.fields.is_file_each:  # what a person can look at, and remove
        named = [pair for pairs in copies.values() for pair in pairs][:MOST_NAMED]
        facts["files"] = [[dataset.fields.where(row)[0] for row in pair if row is not None] for pair in named]
    return Finding(code="same_rows", severity="warning", where=only_name([*facts["splits"]]), facts=facts)


MOST_NAMED = 3
"""Copies that are called by their files."""
MOST_FEATURES = 64
REPEATED = 2
"""So often each value stands in a column of few values, on average."""
LIKELY = 4
"""How many different samples there may be for each one that is there, at most, where equal ones are to be expected."""

WHOLE_TEXT = 20
"""So many characters half of the texts have that are whole ones, not names or single words."""
SAID_AGAIN = 10
"""So often a whole text stands in training, on average, at most; an answer to be ticked is said by more."""


def have_few_values(dataset: Dataset) -> bool:
    """Whether the columns have so few values that different samples are equal by chance: hardly more ways than samples."""
    import numpy as np

    train = dataset.splits["train"]
    if dataset.fields.windows is not None:
        return False
    if sum(math.prod(tensor.shape[1:]) for tensor in train.inputs.values()) > MOST_FEATURES:
        return False  # pictures and sequences are not equal by chance
    if any(holds_whole_texts(tensor) for tensor in train.inputs.values()):
        return False
    ways, most = 1.0, LIKELY * sum(map(len, dataset.splits.values()))
    for tensor in train.inputs.values():
        values = tensor[:].reshape(len(train), -1)
        for column in range(values.shape[1]):
            different = len(np.unique(values[:, column]))
            ways *= max(1, different)
            # What hardly ever comes twice, as a sentence, is not equal by chance where it does.
            if ways > most or different * REPEATED > len(train):
                return False
    return True


def holds_whole_texts(tensor: Column) -> bool:
    """Whether samples (samples, …) are long texts that few say alike, so that none is as another is by chance."""
    import numpy as np

    values = tensor[:]
    if values.dtype != object:
        return False
    different = {str(value) for value in values.reshape(-1)}
    long = float(np.median([len(text) for text in different])) >= WHOLE_TEXT if different else False
    return long and len(different) * SAID_AGAIN >= values.size


def blank_rows(samples: Samples) -> set[int]:
    """The rows of pictures and signals that hold one number alone: that two are empty makes neither a copy."""
    import numpy as np

    blank = np.ones(len(samples), bool)
    for tensor in samples.inputs.values():
        if math.prod(tensor.shape[1:]) <= MOST_FEATURES:
            return set()
        values = tensor[:].reshape(len(samples), -1)
        blank &= (values == values[:, :1]).all(axis=1)
    return {int(row) for row in samples.rows[blank]}


def counts_in_training(dataset: Dataset) -> dict[str, tuple[int, int]]:
    """By split how many samples have the inputs of a training sample, and how many of these its targets as well."""
    found = copies_in_training(dataset)
    return {split: (len(pairs), sum(other is not None for _, other in pairs)) for split, pairs in found.items()}


def copies_in_training(dataset: Dataset) -> dict[str, list[tuple[int, int | None]]]:
    """By split the rows whose inputs a training sample has, each with the row of one that has its targets too, or None."""
    train = dataset.splits["train"]
    known: dict[bytes, dict[bytes, int]] = {}
    held = zip(read_inputs(dataset, train), contents(train.targets, len(train)), train.rows, strict=True)
    for inputs, targets, row in held:
        known.setdefault(inputs, {}).setdefault(targets, int(row))
    found = {}
    for split, samples in dataset.splits.items():
        if split != "train":
            held = zip(
                read_inputs(dataset, samples), contents(samples.targets, len(samples)), samples.rows, strict=True
            )
            found[split] = [(int(row), known[inputs].get(targets)) for inputs, targets, row in held if inputs in known]
    return found


def read_inputs(dataset: Dataset, samples: Samples) -> list[bytes]:
    """What each sample holds as input, and which of its cells are empty: what stands for one is no value that was read."""
    import numpy as np

    names = input_columns(dataset) if dataset.fields.windows is None else []
    cells = {name: missing(dataset.column(name, samples.rows)) for name in names}
    empty = {name: each.astype(np.uint8) for name, each in cells.items() if each.any()}
    held = contents(samples.inputs)
    return [own + gaps for own, gaps in zip(held, contents(empty, len(samples)), strict=True)] if empty else held


def contents(tensors: Mapping[str, Column], samples: int = 0) -> list[bytes]:
    """What each of so many samples holds in some tensors (samples, …), as bytes; nothing where there are none of these."""
    import numpy as np

    if not tensors:
        return [b""] * samples
    rows = np.ascontiguousarray(np.concatenate([as_bytes(tensor[:]) for tensor in tensors.values()], axis=1))
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
        (table(a=[*range(100)] * 2, b=[*range(100)] * 2, y=["u", "v"] * 100), True),
        (table(a=[*range(100)] * 2, b=[*range(100)] * 2, y=["u"] * 100 + ["v"] * 100), False),
        (table(a=[*range(200)], b=[*range(100)] * 2), False),
        (table(a=[*range(20)] * 10, y=["u", "v"] * 100), False),
        (
            table(
                a=[7.0] * 100 + [None] * 100, b=[*range(100)] * 2, y=["u", "v"] * 100, keys={"missing": "most_frequent"}
            ),
            False,
        ),
    ]
