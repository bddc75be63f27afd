"""Vectors of a target, one at each place, under a loss for one class of several: each is a 1 among zeros, or shares of 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcli.data import Dataset
from dlcli.errors import BlockError
from dlcli.loss import needs, reads_scores
from dlcli.loss.target_loss import Head
from dlcli.training.setup.feed import Feed

if TYPE_CHECKING:
    import numpy as np

SHARES = 0.02
"""How far from 1 the sum of shares may be that were written with two digits."""


def check_shares(heads: list[Head], dataset: Dataset, splits: Mapping[str, Feed]) -> None:
    """Raises `BlockError` at a loss for one class of several that cannot read a vector of its target, with the first row.

    Vectors that were made of names need no look.
    """
    for head, schema in zip(heads, dataset.schema.targets, strict=True):
        if needs(head.loss) != "one_hot" or schema.is_one_hot:
            continue
        for feed in splits.values():
            target = feed.looked_at(schema.name)
            at = first_without_sum(target)
            if at is not None:
                words = dataset.fields.where(int(feed.rows[at[0]]))[2]
                raise no_shares(head, target[at], words, at[1:])


def check_signs(heads: list[Head], dataset: Dataset, splits: Mapping[str, Feed]) -> None:
    """Raises `BlockError` at a loss of which the sign decides for labels that are neither -1 and 1 nor 0 and 1 throughout.

    Keras looks at each batch by itself: 0 stands for no in one without a -1, and for neither in another.
    """
    import numpy as np

    for head, schema in zip(heads, dataset.schema.targets, strict=True):
        if needs(head.loss) != "binary" or not reads_scores(head.loss) or schema.classes is not None:
            continue
        targets = {name: feed.looked_at(schema.name) for name, feed in splits.items()}
        no = -1 if any((target < 0).any() for target in targets.values()) else 0
        for name, target in targets.items():
            odd = np.argwhere((target != no) & (target != 1))
            if len(odd):
                at = tuple(map(int, odd[0]))
                words = dataset.fields.where(int(splits[name].rows[at[0]]))[2]
                place = f" at {at[1:]}" if len(at) > 2 else ""
                raise BlockError(
                    head.loss_path,
                    f"{head.loss.written} reads labels of {no} and 1 here, and {words} holds {target[at]:g}{place}",
                    hint="write -1 and 1, or 0 and 1, throughout",
                    kind="labels_do_not_fit_loss",
                )


def first_without_sum(target: np.ndarray[Any, Any]) -> tuple[int, ...] | None:
    """The first place (sample, …) of vectors (samples, …, classes) with a negative number or another sum than 1."""
    import numpy as np

    broken = (target < 0).any(axis=-1) | (np.abs(target.sum(axis=-1, dtype=np.float64) - 1) > SHARES)
    places = np.argwhere(broken)
    return tuple(map(int, places[0])) if len(places) else None


def no_shares(head: Head, vector: np.ndarray[Any, Any], words: str, place: tuple[int, ...]) -> BlockError:
    """The error of a vector (classes,) that names no class, or several."""
    import numpy as np

    numbers = ", ".join(f"{each:g}" for each in vector[:6].tolist()) + (", …" if len(vector) > 6 else "")
    at = f" at {place}" if place else ""
    several = set(np.unique(vector).tolist()) == {0, 1} and vector.sum() > 1
    if several:
        hint = "where several may hold write loss: binary_crossentropy, and activation: sigmoid"
    elif not vector.any():
        hint = "leave out what has no class, or write indices of classes, and data.target.void for what has none"
    else:
        hint = "write a 1 for the class and 0 for the others, or shares that sum to 1"
    return BlockError(
        head.loss_path,
        f"{head.loss.written} reads a 1 among zeros, or shares of 1, and {words} is [{numbers}]{at}",
        hint=hint,
        kind="labels_do_not_fit_loss",
    )
