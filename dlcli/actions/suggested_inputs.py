"""The inputs that a data set suggests: columns side by side, each list and each text on its own, and what is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.actions.looks import (
    empty_columns_of,
    files_named,
    is_names,
    is_time_input,
    is_unclear_day,
    mostly_sentences,
    named_file,
    names_rows,
)
from dlcli.data import Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.fields.padded import ID_PADDING, PADDING, real_places
from dlcli.data.several_labels import MARK, holds_lists, labels_in
from dlcli.data.sources.source import FEATURES
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

WORDS, LENGTH = 10_000, 100
Suggested = tuple[Any, str]
"""What stands behind `inputs`, and the reason."""


def suggested_inputs(fields: Fields, target: str, *, by_place: bool) -> Suggested | None:
    """The inputs beside a target, with a reason; None where all columns and lists are inputs as they are.

    Text that names rows is left out, and sentences are an input of their own; with `by_place` the target has a value at each
    place, and what has as many places is an input. Raises `DataError` where nothing is left.
    """
    hollow = empty_columns_of(fields, target)
    names = [name for name in fields.arrays if name != target and name not in hollow]
    beside = places_beside(fields, target) if by_place else []
    texts = [name for name in names if is_names(fields, name) and names_rows(fields.arrays[name][:])]
    texts += [name for name in beside if name not in texts and is_names(fields, name)]
    sentences = [name for name in texts if mostly_sentences(fields.arrays[name][:])]
    rest = [name for name in names if name not in texts]
    left_out = words_for_rows(fields, texts)
    unread = [name for name in fields.columns if name not in fields.arrays]
    left_out += [f"{', '.join(unread)}, which no column of numbers or text can hold"] if unread else []
    left_out += [f"{', '.join(hollow)}: no cell holds anything"] if hollow else []
    if beside:
        others = [name for name in names if name not in beside]
        left_out = [f"{', '.join(others)}: no value at each place of {target}"] if others else []
        sentences, rest = [name for name in texts if name in beside], [name for name in rest if name in beside]
    if not sentences and not rest:
        raise nothing_left(fields, "; ".join(left_out))
    without = f"without {'; '.join(left_out)}"
    if not sentences:
        return (rest, without) if left_out else None
    length = places_in(fields, target).max() if beside else LENGTH
    vectors: dict[str, Any] = {"max_tokens": WORDS, "output_sequence_length": int(length)}
    if beside:
        vectors |= {"split": "whitespace", "standardize": None}
    inputs = each_by_name(fields, rest, reserved=sentences)
    for name in sentences:
        inputs[name] = {"columns": name, "kind": "text", "prepare": [{"TextVectorization": vectors}]}
    own = "a word at each place" if beside else "sentences are an input of their own"
    return inputs, f"{own}; {without}" if beside and left_out else own


def words_for_rows(fields: Fields, texts: Sequence[str]) -> list[str]:
    """Why columns of text are left out that name rows, and what else they could be."""
    unclear = [name for name in texts if is_unclear_day(fields.arrays[name][:])]
    said = [f"{', '.join(texts)}, which names rows rather than kinds{files_named(fields, texts)}"] if texts else []
    said += [f"{name} could be an input of kind time" for name in texts if is_time_input(fields.arrays[name][:])]
    return said + (
        [f"{', '.join(unclear)} may begin with day or month: write the year first to use it"] if unclear else []
    )


def nothing_left(fields: Fields, useless: str) -> DataError:
    """The error of a table of which no column can be an input."""
    message = f"no column is left to learn from beside the target ({useless})"
    hint = "add a column that says something of each row, or name another one to predict with --target COLUMN"
    return DataError(message, file=named_file(fields), hint=hint, kind="no_inputs_left")


def each_by_name(fields: Fields, names: Sequence[str], *, reserved: Collection[str] = ()) -> dict[str, Any]:
    """Some fields as inputs by name, prepared each: columns side by side as one, and each list as one of its own."""
    lists = [name for name in names if fields.arrays[name].ndim > 1]
    columns = [name for name in names if name not in lists]
    group = "columns" if FEATURES in {*lists, *reserved} else FEATURES
    inputs: dict[str, Any] = {group: {"columns": columns, "prepare": ["Normalization"]}} if columns else {}
    zeros = with_zeros(fields, lists)
    for name in lists:
        ids = fields.arrays[name].dtype.kind == "i" and fields.arrays[name].ndim == 2 and name in fields.padded
        kind = {"kind": "number"} if name in zeros else {}
        prepare = {} if ids and not kind else {"prepare": ["Normalization"]}
        inputs[name] = {"columns": name, **kind, **prepare}
    return inputs


def with_zeros(fields: Fields, names: Sequence[str]) -> list[str]:
    """Lists of whole numbers of unequal length that hold a 0, which as an id would be padding."""
    held = {name: fields.arrays[name] for name in names if name in fields.padded}
    whole = {name: each for name, each in held.items() if each.dtype.kind == "i" and each.ndim == 2}
    return [name for name, each in whole.items() if (each[:] == ID_PADDING).any()]


def places_in(fields: Fields, name: str) -> np.ndarray[Any, Any]:
    """How many places each sample (samples,) of a list, or words of a text, has; 0 of one value a sample."""
    import numpy as np

    column = fields.arrays[name]
    if is_lazy(column) or (column.ndim == 1 and column.dtype != object):
        return np.zeros(fields.samples, int)
    if column.ndim > 1:
        counted = real_places(column[:], PADDING).sum(axis=1) if name in fields.padded else column.shape[1]
        return np.broadcast_to(counted, fields.samples)
    lists = holds_lists(column[:])
    cells = column[:].tolist()
    return np.array([len(labels_in(cell, MARK) if lists else (cell or "").split()) for cell in cells])


def places_beside(fields: Fields, target: str) -> list[str]:
    """The other lists and texts that have as many places as the target in every sample.

    Where all samples have as many, by which a pair of labels would fit a pair of numbers, some name stands twice in a row.
    """
    column, places = fields.arrays[target], places_in(fields, target)
    if places.max() < 2:
        return []
    if column.ndim == 1 and places.min() == places.max():
        rows = [labels_in(cell, MARK) for cell in column[:].tolist()]
        if all(len({*row}) == len(row) for row in rows):
            return []
    return [name for name in fields.arrays if name != target and (places_in(fields, name) == places).all()]


def with_preparations(inputs: Any) -> Any:
    """Inputs as they are written, those of text with what makes ids of it."""
    if not isinstance(inputs, Mapping):
        return inputs
    vectors = {"TextVectorization": {"max_tokens": WORDS, "output_sequence_length": LENGTH}}
    return {
        name: {**each, "prepare": [vectors]}
        if isinstance(each, Mapping) and each.get("kind") == "text" and not each.get("prepare")
        else each
        for name, each in inputs.items()
    }
