"""The values of a target, as its schema says: class indices, one-hot vectors, a yes or no for each label, or numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, is_lazy, some_places
from dlcli.data.fields.padded import PADDING, of_length
from dlcli.data.fields.values import check_finite
from dlcli.data.names_by_place import codes_by_place
from dlcli.data.preparation.crops import centre_of
from dlcli.data.schema import TargetSchema
from dlcli.data.several_labels import yes_or_no_codes
from dlcli.data.shares import without_noise
from dlcli.data.target_labels import UNKNOWN, label_codes
from dlcli.data.target_values import check_present, check_range, some_values, text_target
from dlcli.data.text_strip import stripped
from dlcli.data.truth_words import truth_numbers
from dlcli.errors import DataError
from dlcli.spec import did_you_mean

if TYPE_CHECKING:
    import numpy as np

MOST_CHUNKS = 64  # unseen: time alone
"""Chunks of a target that are kept; a chunk of inputs is larger."""


def encoded_target(schema: TargetSchema, fields: Fields) -> Column:
    """The target of all samples (samples, …): in memory where it is one value a sample, otherwise lazy if the fields are."""
    import numpy as np

    if schema.absent or (schema.text and schema.following):
        return np.zeros(fields.samples, np.float32)
    if fields.chunks is None:
        return encode_target(schema, fields)
    if not schema.shape:
        small = np.min_scalar_type(-len(schema.classes)) if schema.classes else np.dtype(np.float32)
        parts = [np.asarray(encode_target(schema, part)).astype(small) for part in fields.parts(schema.names)]
        return np.concatenate(parts)

    def read(number: int, _: Collection[str]) -> Mapping[str, Any]:
        return {schema.name: encode_target(schema, fields.part(number, schema.names))}

    dtype = np.int64 if schema.classes and not schema.is_one_hot else np.float32
    return Chunks(fields.chunks.rows, read, keep=MOST_CHUNKS).column(schema.name, dtype, schema.shape)


def encode_target(schema: TargetSchema, fields: Fields) -> Column:
    """The target (samples,) int64 for classes, (samples, classes) float32 for one-hot, otherwise float32 numbers.

    Raises `DataError` for an empty target and for a label outside the classes, with its row.
    """
    import numpy as np

    if schema.labels is not None and schema.split is not None:
        fields.check_column(schema.names[0])
        return yes_or_no_codes(schema.names[0], schema.labels, schema.split, fields)
    if schema.split is not None:
        fields.check_column(schema.names[0])
        return codes_by_place(schema, fields)
    for name in schema.names:
        fields.check_column(name)
        if not is_lazy(fields.arrays[name]):
            check_present(name, fields)
            check_finite(name, fields.arrays[name][:], fields)
    if schema.columns is not None:
        joined = np.stack([truth_numbers(name, fields) for name in schema.columns], axis=1)
        return without_noise(joined) if schema.shares else joined
    name = schema.names[0]
    if schema.text:
        return stripped(fields.arrays[name], schema.strip)
    plain = schema.encode == "none" and not schema.void
    column = fields.arrays[name]
    if schema.centre is not None:
        height, width = schema.centre
        column = centre_of(column, (height, width))
    if schema.padded and column.ndim > 1:
        column = of_length(column[:], schema.shape[0] + (schema.following is not None))
        column = np.where(column == PADDING, 0, column) if schema.vectors else column
    if schema.following is not None:
        column = some_places(column, 1, column.shape[1])
    if schema.shape and is_lazy(column) and plain:
        return column
    values = without_noise(column[:]) if schema.shares else column[:]
    places = schema.shape[:-1] if schema.is_one_hot else schema.shape
    if values.ndim == 2 + len(places) and values.shape[-1] == 1:
        values = values[..., 0]
    if plain and not (schema.classes and values.dtype == object):
        if values.dtype == object:
            raise text_target(name, fields, "in training it held numbers", hint="correct the data")
        if schema.classes is None or schema.vectors:
            return values.astype(np.float32)
        check_range(name, len(schema.classes), replace(fields, arrays={**fields.arrays, name: values}))
        return values.astype(np.int64)
    indices = class_codes(schema, values, fields)
    if schema.encode != "one_hot":
        return indices
    vectors: np.ndarray[Any, Any] = np.eye(len(schema.classes or []), dtype=np.float32)[np.maximum(indices, 0)]
    vectors[indices < 0] = 0
    return vectors


def class_codes(schema: TargetSchema, values: np.ndarray[Any, Any], fields: Fields) -> np.ndarray[Any, Any]:
    """The index of each label among the classes: (samples, …), -1 of a void one. Raises `DataError` for one that is none."""
    import numpy as np

    classes = schema.classes or []
    names = fields.classes.get(schema.names[0])
    if names is not None and values.dtype.kind in "iu":
        # A source that numbers its classes itself says what they are called; a number beside them, such as -1, stays one.
        known = (values >= 0) & (values < len(names))
        named = label_codes(np.asarray(names, object), classes, schema.void)
        codes = np.where(known, named[np.where(known, values, 0)], label_codes(values, classes, schema.void))
    else:
        codes = label_codes(values, classes, schema.void)
    unknown = np.argwhere(codes == UNKNOWN)
    if len(unknown):
        place = tuple(unknown[0].tolist())
        file, line, words = fields.where(place[0], schema.names[0])
        number = values[place]
        by_source = names is not None and values.dtype.kind in "iu" and 0 <= number < len(names)
        label = names[number] if names is not None and by_source else str(number)
        raise DataError(
            f"label '{label}' in {words} is none of the classes: {some_values(classes)}",
            file=file,
            line=line,
            hint=did_you_mean(label, classes) or (naming_hint(classes) if by_source and schema.shape else None),
            kind="unknown_class",
        )
    return codes


def naming_hint(classes: Sequence[str]) -> str:
    """Where the values of masks get names, which the target takes as they are."""
    named = ", ".join(f"{value}: {name}" for value, name in enumerate(classes[:3]))
    return f"name the values of masks where these are read: masks: {{path: …, classes: {{{named}}}}}"
