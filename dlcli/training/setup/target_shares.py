"""Vectors of a target, one at each place, under a loss for one class of several: each is a 1 among zeros, or shares of 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data import Fields
from dlcli.data.schema import TargetSchema
from dlcli.data.shares import NOISE
from dlcli.errors import DataError
from dlcli.loss import needs, reads_scores
from dlcli.loss.target_loss import Head

if TYPE_CHECKING:
    import numpy as np

Seen: TypeAlias = "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]"
"""A target (samples, …) as it is learnt, and the rows of the source (samples,) that its samples stand in."""
SHARES = 0.02
"""How far from 1 the sum of shares may be that were written with two digits."""


def check_shares(head: Head, schema: TargetSchema, fields: Fields, seen: Sequence[Seen]) -> None:
    """Refuses under a loss for one class of several a vector that it cannot read, with the first row that holds one.

    Vectors that were made of names need no look.
    """
    if needs(head.loss) != "one_hot" or schema.is_one_hot:
        return
    for target, rows in seen:
        at = first_without_sum(target)
        if at is not None:
            raise no_shares(head, target[at], fields.where(int(rows[at[0]])), at[1:])


def check_signs(head: Head, schema: TargetSchema, fields: Fields, seen: Sequence[Seen]) -> None:
    """Refuses under a loss of which the sign decides labels that are neither -1 and 1 nor 0 and 1 throughout.

    Keras looks at each batch by itself: 0 stands for no in one without a -1, and for neither in another.
    """
    import numpy as np

    if needs(head.loss) != "binary" or not reads_scores(head.loss) or schema.classes is not None:
        return
    no = -1 if any((target < 0).any() for target, _ in seen) else 0
    for target, rows in seen:
        odd = np.argwhere((target != no) & (target != 1))
        if len(odd):
            at = tuple(map(int, odd[0]))
            file, line, words = fields.where(int(rows[at[0]]))
            place = f" at {at[1:]}" if len(at) > 2 else ""
            raise DataError(
                f"{head.loss.written} reads labels of {no} and 1 here, and {words} holds {target[at]:g}{place}",
                file=file,
                line=line,
                hint="write -1 and 1, or 0 and 1, throughout",
                kind="labels_do_not_fit_loss",
            )


def note_on_sums(head: Head, schema: TargetSchema, target: np.ndarray[Any, Any]) -> str | None:
    """A note where a loss compares distributions, and vectors of a target (samples, …, parts) do not sum to 1."""
    import numpy as np

    if not head.loss.traits.get("sums") or target.ndim < 2 or target.shape[-1] < 2:
        return None
    sums = target.sum(axis=-1, dtype=np.float64)
    other = (np.abs(sums - 1) > SHARES).reshape(len(target), -1).any(axis=1)
    if not other.any():
        return None
    count, first = int(other.sum()), float(sums[other].reshape(-1)[0])
    samples = "1 sample" if count == 1 else f"{count:,} samples"
    return (
        f"'{schema.name}' sums to other than 1 in {samples} of {len(target):,} (the first to {first:g}), "
        f"and {head.loss.written} compares distributions: such a sample counts as much as its sum"
    )


def first_without_sum(target: np.ndarray[Any, Any]) -> tuple[int, ...] | None:
    """The first place (sample, …) of vectors (samples, …, classes) with a negative number or another sum than 1."""
    import numpy as np

    broken = (target < -NOISE).any(axis=-1) | (np.abs(target.sum(axis=-1, dtype=np.float64) - 1) > SHARES)
    places = np.argwhere(broken)
    return tuple(map(int, places[0])) if len(places) else None


def no_shares(
    head: Head, vector: np.ndarray[Any, Any], where: tuple[str, int | None, str], place: tuple[int, ...]
) -> DataError:
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
    file, line, words = where
    return DataError(
        f"{head.loss.written} reads a 1 among zeros, or shares of 1, and {words} is [{numbers}]{at}",
        file=file,
        line=line,
        hint=hint,
        kind="labels_do_not_fit_loss",
    )
