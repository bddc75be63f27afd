"""The classes of a target of one array a sample that holds their indices: a mask, a label for each step."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.data.fields.fields import Fields
from dlcli.data.target_labels import is_void
from dlcli.data.target_values import different_labels, holds_one_hot, sample_blocks, some_values, void_meant
from dlcli.errors import DataError
from dlcli.spec import Wanted

MOST_UNSEEN = 1000
"""Up to so many classes of which no label is there may lie below the highest label."""


def index_classes(name: str, fields: Fields, void: Sequence[int | str], wanted: Wanted) -> list[str] | None:
    """The classes 0…C-1 below the highest label of an array (samples, …); None of one-hot vectors.

    Raises `DataError` for labels that are no whole numbers, or one that lies far above all others.
    """
    values = fields.arrays[name]
    if values.dtype.kind == "f":
        if holds_one_hot(values):
            return None
        check_whole(name, fields, void)
    labels = [each for each in different_labels(values, void) if each >= 0]
    classes = max(int(max(labels, default=0)) + 1, wanted.classes or 0)
    if classes > max(len(labels) + MOST_UNSEEN, wanted.classes or 0):
        written = f"write target: {{column: {name}, encode: index}} if these are names of classes"
        beside = void_meant(values[:], void)
        raise DataError(
            f"the labels of '{name}' are {some_values([*map(int, labels)])}; expected 0 to {len(labels) - 1}",
            file=fields.places[0].file,
            hint=f"{beside}; or {written}" if beside else written,
            kind="labels_do_not_fit_loss",
        )
    return [str(each) for each in range(classes)]


def check_whole(name: str, fields: Fields, void: Sequence[int | str]) -> None:
    """Refuses labels that are no whole numbers, with the first row that holds one."""
    import numpy as np

    start = 0
    for block in sample_blocks(fields.arrays[name]):
        odd = (block != np.floor(block)) & ~is_void(block, void)
        if odd.any():
            row = int(np.argmax(odd.reshape(len(block), -1).any(axis=1)))
            file, line, words = fields.where(start + row, name)
            raise DataError(
                f"label {block[row][odd[row]][0]:g} in {words} is no whole number, but the loss needs classes",
                file=file,
                line=line,
                hint=f"write target: {{column: {name}, encode: index}} if these are names of classes; numbers go with loss: mse",
                kind="labels_do_not_fit_loss",
            )
        start += len(block)
