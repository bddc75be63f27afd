"""A target that names a class at each place: a list of names a sample, of any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.schema import TargetSchema
from dlcli.data.several_labels import MARK, all_labels, names_listed
from dlcli.data.target_labels import UNKNOWN, VOID, label_codes, label_key
from dlcli.data.target_values import check_present, only_void
from dlcli.errors import DataError
from dlcli.spec import did_you_mean

if TYPE_CHECKING:
    import numpy as np


def names_by_place(
    column: str,
    fields: Fields,
    *,
    seen: Fields,
    classes: Sequence[str] | None,
    void: list[int | str],
    called: str | None,
) -> TargetSchema:
    """The schema of lists of names; the classes are those of the rows that are `seen`, as long as the longest list.

    Names that are `void` are no classes. Raises `DataError` for an empty cell, and for a single class.
    """
    check_present(column, fields)
    nothing = {label_key(each) for each in void}
    names = list(
        classes or (each for each in all_labels(seen.arrays[column][:], MARK) if label_key(each) not in nothing)
    )
    if not names:
        raise only_void(column, fields)
    if len(names) == 1:
        message = f"target '{column}' has a single class, '{''.join(names)}': there is nothing to tell apart"
        raise DataError(message, file=fields.places[0].file, kind="single_class")
    longest = max(len(names_listed(cell)) for cell in fields.arrays[column][:].tolist())
    known: dict[str, Any] = {"encode": "index", "classes": names, "void": void, "split": MARK, "padded": True}
    return TargetSchema(name=called or column, column=column, axes=["samples", "place"], shape=[longest], **known)


def codes_by_place(schema: TargetSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """The class of each place (samples, places), VOID behind the end and where a name stands for none.

    Raises `DataError` for an empty cell, a place without a name, and a name that is no class.
    """
    import numpy as np

    name, classes = schema.names[0], schema.classes or []
    check_present(name, fields)
    codes = np.full((fields.samples, schema.shape[0]), VOID, np.int64)
    for row, cell in enumerate(fields.arrays[name][:].tolist()):
        labels = names_listed(cell)
        found = label_codes(np.array(labels, object), classes, schema.void)
        if (found == UNKNOWN).any():
            raise unknown_name(schema, labels, int(np.argmax(found == UNKNOWN)), row, fields)
        found = found[-schema.shape[0] :]
        codes[row, : len(found)] = found
    return codes


def unknown_name(schema: TargetSchema, labels: Sequence[str], place: int, row: int, fields: Fields) -> DataError:
    """The error of a place of a sample that names no class, or has no name."""
    name, classes = schema.names[0], schema.classes or []
    file, line, words = fields.where(row, name)
    if not labels[place]:
        return DataError(
            f"'{name}' has no label at place {place + 1} of {len(labels)} in {words}",
            file=file,
            line=line,
            hint=f'write the label; or, if it is not known, data.target: {{column: {name}, encode: index, void: ""}}',
            kind="empty_label",
        )
    return DataError(
        f"label '{labels[place]}' in {words} is none of the {len(classes)} classes of '{name}'",
        file=file,
        line=line,
        hint=did_you_mean(labels[place], classes),
        kind="unknown_class",
    )
