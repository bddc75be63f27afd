"""A target that names a class at each place: a list of names a sample, of any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.schema import TargetSchema
from dlcli.data.several_labels import MARK, all_labels, labels_in
from dlcli.data.target_labels import VOID
from dlcli.errors import DataError
from dlcli.spec import did_you_mean

if TYPE_CHECKING:
    import numpy as np


def names_by_place(
    column: str, fields: Fields, *, seen: Fields, classes: Sequence[str] | None, called: str | None
) -> TargetSchema:
    """The schema of lists of names; the classes are those of the rows that are `seen`, as long as the longest list."""
    names = list(classes or all_labels(seen.arrays[column][:], MARK))
    if len(names) == 1:
        message = f"target '{column}' has a single class, '{''.join(names)}': there is nothing to tell apart"
        raise DataError(message, file=fields.places[0].file, kind="single_class")
    longest = max(len(labels_in(cell, MARK)) for cell in fields.arrays[column][:].tolist())
    known: dict[str, Any] = {"encode": "index", "classes": names, "split": MARK, "padded": True}
    return TargetSchema(name=called or column, column=column, axes=["samples", "place"], shape=[longest], **known)


def codes_by_place(schema: TargetSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """The class of each place (samples, places), VOID behind the end. Raises `DataError` for a name that is no class."""
    import numpy as np

    name, classes = schema.names[0], schema.classes or []
    codes = np.full((fields.samples, schema.shape[0]), VOID, np.int64)
    index = {each: number for number, each in enumerate(classes)}
    for row, cell in enumerate(fields.arrays[name][:].tolist()):
        labels = labels_in(cell, MARK)[-schema.shape[0] :]
        unknown = next((each for each in labels if each not in index), None)
        if unknown is not None:
            file, line, words = fields.where(row, name)
            raise DataError(
                f"label '{unknown}' in {words} is none of the {len(classes)} classes of '{name}'",
                file=file,
                line=line,
                hint=did_you_mean(unknown, classes),
                kind="unknown_class",
            )
        codes[row, : len(labels)] = [index[each] for each in labels]
    return codes
