"""What a model puts out as named columns: the answer first, then what stands behind it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data import Samples, Schema
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.padded import real_places
from dlcli.data.schema import TargetSchema
from dlcli.data.windows import Windows
from dlcli.loss.target_loss import Head
from dlcli.training.kept.predictions import Answers, as_shown, unit_names

if TYPE_CHECKING:
    import numpy as np

Columns = dict[str, "np.ndarray[Any, Any]"]
WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
"""A whole number of 64 bits, as Python writes it."""


def places_there(samples: Samples, schema: Schema, target: TargetSchema) -> np.ndarray[Any, Any]:
    """Which places (samples, places) of a target stand before the end of their sample, as the inputs say."""
    import numpy as np

    for each in schema.inputs:
        if each.padding is not None and each.shape[0] == target.shape[0]:
            return real_places(samples.inputs[each.name][:], each.padding)
    return np.ones((len(samples), target.shape[0]), bool)


def of_places(values: np.ndarray[Any, Any], there: Any) -> np.ndarray[Any, Any]:
    """Of each sample (samples, places, …) a list of what stands at the places that are there: (samples,) of lists."""
    import numpy as np

    lists = np.empty(len(values), object)
    for row, its in enumerate(np.asarray(there, bool)):
        lists[row] = values[row][its].tolist()
    return lists


def predicted_rows(
    fields: Fields, windows: Windows | None, rows: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The rows (samples,) that are predicted, and which of them the data has: a forecast may be of a row behind its last.

    `rows` are those at which the samples stand, of a window its last.
    """
    import numpy as np

    if windows is None:
        return np.arange(fields.samples), np.ones(fields.samples, bool)
    ahead = rows + windows.to_named
    known = ahead < fields.samples
    there = np.minimum(ahead, fields.samples - 1)
    files = fields.file_numbers()
    known &= files[there] == files[rows]
    if windows.group is not None:
        groups = fields.arrays[windows.group][:]
        known &= groups[there] == groups[rows]
    return ahead, known


def kept_columns(
    fields: Fields,
    rows: np.ndarray[Any, Any],
    keep: Sequence[str],
    *,
    beside: Collection[str],
    known: np.ndarray[Any, Any],
) -> Columns:
    """Columns of the data in the rows that were predicted; one whose name a prediction bears too is `NAME (data)`.

    They are empty at a row that is not `known`. Raises `DataError` for a column that is not there.
    """
    import numpy as np

    columns: Columns = {}
    for name in keep:
        fields.check_column(name)
        column = fields.arrays[name]
        values = column[rows if known.all() else np.minimum(rows, fields.samples - 1)]
        if not known.all():
            values = values.astype(np.float64) if values.dtype.kind in "iub" else values.copy()
            values[~known] = None if values.dtype == object else np.nan
        columns[f"{name} (data)" if name in beside else name] = values
    return columns


def np_objects(values: list[str]) -> np.ndarray[Any, Any]:
    """Texts as a column: (rows,) objects."""
    import numpy as np

    return np.array(values, dtype=object)


def answer_columns(output: np.ndarray[Any, Any], answers: Answers | None, head: Head, target: TargetSchema) -> Columns:
    """The output for one target as named columns (samples, …); the names of several targets begin with theirs."""
    import numpy as np

    name, classes = target.name, target.classes
    before = "" if head.name is None else f"{name} "
    output = as_shown(output, head.loss)
    if answers is None:
        return number_columns(output, head, target)
    if target.each is not None:
        columns: Columns = {each: answers.classes[:, index] for index, each in enumerate(target.each)}
        return columns | said_of_each(answers, output, target.each, before)
    names = unit_names(classes or [], output.shape[-1])
    if answers.classes.ndim > 1:
        numbers = names == [str(number) for number in range(len(names))]
        return {name: answers.classes if numbers else np.array(names, dtype=object)[answers.classes]}
    columns = {name: np.array(names, dtype=object)[answers.classes]}
    # Between two classes there is a single score, which speaks for the second.
    alone = answers.probabilities is None and output.shape[-1] == 1
    return columns | said_of_each(answers, output, names[-1:] if alone else names, before)


def dense_columns(output: np.ndarray[Any, Any], answers: Answers | None, head: Head, target: TargetSchema) -> Columns:
    """Of a class for each of several places its label where all labels are whole numbers, else its index; and the probability,
    or score, of each class there (samples, …). Nothing of other answers.
    """
    import numpy as np

    if answers is None or target.each is not None or answers.classes.ndim < 2:
        return {}
    before = "" if head.name is None else f"{target.name} "
    chances = answers.probabilities
    shown, numbers = ("score", as_shown(output, head.loss)) if chances is None else ("probability", chances)
    names = unit_names(target.classes or [], numbers.shape[-1])
    alone = chances is None and numbers.shape[-1] == 1
    dense = {f"{before}{shown} {each}": numbers[..., at] for at, each in enumerate(names[-1:] if alone else names)}
    labels = whole_labels(names)
    return {target.name: answers.classes if labels is None else np.array(labels)[answers.classes]} | dense


def whole_labels(names: Sequence[str]) -> list[int] | None:
    """The labels that names of classes are, where each is a whole number as Python writes it; else None."""
    labels = [int(name) for name in names if WHOLE.fullmatch(name)]
    return labels if len(labels) == len(names) else None


def said_of_each(answers: Answers, output: np.ndarray[Any, Any], names: Sequence[str], before: str) -> Columns:
    """What stands behind the answers: the probability of each name, or its score (samples,) where there are none."""
    chances = answers.probabilities
    shown, numbers = ("score", output) if chances is None else ("probability", chances)
    return {f"{before}{shown} {each}": numbers[:, index] for index, each in enumerate(names)}


def number_columns(output: np.ndarray[Any, Any], head: Head, target: TargetSchema) -> Columns:
    """An output that is no answer about classes as columns: numbers, or as they are shown where their names are unknown."""
    name, classes = target.name, target.classes
    before = "" if head.name is None else f"{name} "
    if output.ndim > 2:
        return {name: output[..., 0] if output.shape[1:] == (*target.shape, 1) else output}
    flat = output.reshape(len(output), -1)
    if flat.shape[1] == 1:
        return {name: flat[:, 0]}
    names = target.each or (classes if classes and len(classes) == flat.shape[1] else None)
    if target.each is not None and len(target.each) == flat.shape[1]:
        return {f"{before}{each}": flat[:, index] for index, each in enumerate(target.each)}
    return {f"{name} {each}": flat[:, index] for index, each in enumerate(names or map(str, range(flat.shape[1])))}
