"""The target: which column it is, and how its values become class indices, one-hot vectors or numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.encode import codes_of
from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, block_rows, is_lazy
from dlcli.data.fields.values import check_finite
from dlcli.data.first_pass import distinct
from dlcli.data.schema import TargetSchema
from dlcli.data.target_values import (
    check_indices,
    check_present,
    check_range,
    check_yes_or_no,
    single_class,
    some_values,
    text_target,
)
from dlcli.errors import DataError
from dlcli.spec import Labels, Mistake, Spec, did_you_mean, fail

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 20
"""Up to this many different whole numbers are taken for classes where no loss says what they are."""

MOST_CHUNKS = 64  # unseen: time alone
"""Chunks of a target that are kept; a chunk of inputs is larger."""

LAST = 10**18
"""Where names that are no whole numbers stand in the order of names."""


class Target(Spec):
    """The column that is predicted."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "column": (
            "data.target.column=c",
            "data.target={column: y}",
        ),
        "encode": (
            "data.target.encode=one_hot",
            "data.target={column: y}",
            "loss=categorical_crossentropy",
        ),
        "classes": (
            "data.target.classes=[v, u]",
            "data.target={column: y}",
        ),
    }

    column: str | Annotated[list[str], Field(min_length=1)] | None = None
    """Its name; by default the one that the source names. A list of columns makes a vector: several numbers, or several
    yes or no (0 and 1) of which any may hold."""
    encode: Literal["index", "one_hot", "none"] | None = None
    """`index`: names become 0…C-1. `one_hot`: a vector with a 1. `none`: the numbers as they are.
    Default: index for text, otherwise none."""
    classes: list[str] | None = None
    """The classes in the order of their indices; by default all names, sorted."""

    @field_validator("encode", "classes")
    @classmethod
    def of_one_column(cls, value: Any, information: ValidationInfo) -> Any:
        if value is not None and isinstance(information.data.get("column"), list):
            fail(
                Mistake(
                    f"'{information.field_name}' is for a single column, and the target joins several",
                    kind="for_single_column",
                )
            )
        return value

    @property
    def names_classes(self) -> bool:
        """Whether its values are names by its own word, also where they look like numbers."""
        return self.encode in {"index", "one_hot"} or (self.classes is not None and self.encode is None)

    def encoding(self, fields: Fields, *, labels: Labels | None, name: str | None = None) -> TargetSchema:
        """How this target is encoded. `labels` is what the loss needs, where one is known; `name` is its name among others.

        Raises `DataError` for a column that is not there, a single class, or labels that are neither names nor 0…C-1.
        """
        names = self.names_in(fields)
        if isinstance(self.column, list):
            return vector_schema(names, fields, labels=labels, name=name)
        if fields.arrays[names[0]].ndim > 1:
            return array_target_schema(names[0], fields, labels=labels, name=name)
        return self.value_schema(names[0], distinct(names[0], self.seen(names[0], fields)), labels=labels, called=name)

    def seen(self, name: str, fields: Fields) -> Fields:
        """The rows whose names are the classes: of a source that has splits of its own those of the training split."""
        import numpy as np

        if fields.splits is None or (fields.arrays[name].dtype != object and not self.names_classes):
            return fields
        return replace(fields, arrays={name: fields.arrays[name]}).chosen(np.sort(fields.splits["train"]))

    def value_schema(self, name: str, fields: Fields, *, labels: Labels | None, called: str | None) -> TargetSchema:
        """The schema of a target of one value a sample. Raises `DataError` for values that the loss cannot take."""
        values = fields.arrays[name][:]
        check_present(name, fields)
        is_text = values.dtype == object
        if is_text and labels == "numbers":
            hint = "choose a loss for classes, such as sparse_categorical_crossentropy"
            raise text_target(name, fields, "the loss compares numbers", hint=hint)
        encode = self.encode or ("index" if is_text or self.classes else "none")
        if is_text and encode == "none":
            raise text_target(name, fields, "encode: none leaves numbers as they are", hint="write encode: index")
        classes = self.classes or self.found_classes(name, fields, encode=encode, labels=labels)
        if classes is not None and len(classes) == 1:
            raise single_class(name, classes[0], fields)
        if labels == "binary" and classes is not None and len(classes) > 2 and encode != "one_hot":
            raise DataError(
                f"target '{name}' has {len(classes)} classes ({some_values(classes)}), but the loss is for two",
                file=fields.places[0].file,
                hint="write loss: sparse_categorical_crossentropy, and softmax with as many units as classes",
                kind="too_many_classes",
            )
        axes, shape = ["samples"], []
        if encode == "one_hot":
            axes, shape = ["samples", "classes"], [len(classes or [])]
        return TargetSchema(name=called or name, column=name, encode=encode, classes=classes, axes=axes, shape=shape)

    def names_in(self, fields: Fields) -> list[str]:
        """The names of the target's fields, which the data has."""
        names = self.column if isinstance(self.column, list) else [self.column or fields.target]
        return [self.known(name, fields) for name in names]

    def known(self, name: str | None, fields: Fields) -> str:
        """A name that the data has. Raises `DataError` where none is named."""
        if name is None:
            hint = f"write data.target: {'COLUMN' if fields.is_table else 'NAME'}"
            raise DataError(
                f"which one is the target? the data has: {', '.join(fields.names)}",
                file=fields.places[0].file,
                hint=hint,
                kind="target_not_named",
            )
        fields.check_column(name)
        return name

    def found_classes(self, name: str, fields: Fields, *, encode: str, labels: Labels | None) -> list[str] | None:
        """The classes that the values name, or None for a target of numbers."""
        import numpy as np

        values = fields.arrays[name][:]
        if encode == "none" and labels == "numbers":
            return None
        if name in fields.classes:
            return fields.classes[name]
        if encode != "none":
            return (
                [str(value) for value in np.unique(values)]
                if values.dtype != object
                else sorted({*values}, key=by_name)
            )
        if labels is None and not like_classes(values):
            return None
        check_indices(name, fields, labels)
        return [str(number) for number in range(int(values.max()) + 1)]


def vector_schema(names: list[str], fields: Fields, *, labels: Labels | None, name: str | None) -> TargetSchema:
    """The schema of a target of several columns: numbers, or under a loss for two classes yes and no, each 0 or 1.

    Raises `DataError` for a column of text or with axes.
    """
    for column in names:
        if fields.arrays[column].dtype == object or fields.arrays[column].ndim > 1:
            held = "text" if fields.arrays[column].dtype == object else "an array"
            raise DataError(
                f"the target joins the columns {', '.join(names)}, but '{column}' holds {held}",
                file=fields.places[0].file,
                hint="write data.targets: {NAME: COLUMN, …} for several targets of their own",
                kind="joined_columns_differ",
            )
        if labels == "binary":
            check_yes_or_no(column, distinct(column, fields))
    axis = "labels" if labels == "binary" else "features"
    return TargetSchema(name=name or "target", encode="none", columns=names, axes=["samples", axis], shape=[len(names)])


def array_target_schema(column: str, fields: Fields, *, labels: Labels | None, name: str | None) -> TargetSchema:
    """The schema of an array a sample: numbers, one-hot vectors, a class for each pixel. Raises `DataError` for text."""
    values = fields.arrays[column]
    shape = list(values.shape[1:])
    if values.dtype == object:
        message = f"target '{column}' is text of the shape {tuple(shape)} a sample; expected one name a sample"
        raise DataError(message, file=fields.places[0].file, kind="target_is_text")
    classes = fields.classes.get(column)
    if classes is None and labels == "classes" and values.dtype.kind in "iu":
        highest = max(
            int(values[start : start + rows].max())
            for rows in [block_rows(values)]
            for start in range(0, len(values), rows)
        )
        classes = [str(number) for number in range(highest + 1)]
    return TargetSchema(
        name=name or column,
        column=column,
        encode="none",
        classes=classes,
        axes=list(fields.axes_of(column)),
        shape=shape,
    )


def by_name(name: str) -> tuple[int, str]:
    """Sorts names; those that are whole numbers by their value, before the others."""
    is_number = name.isascii() and name.isdigit() and len(name) < 18
    return (int(name) if is_number else LAST, name)


def like_classes(values: np.ndarray[Any, Any]) -> bool:
    """Whether whole numbers look like class indices rather than quantities."""
    import numpy as np

    if values.dtype.kind not in "iu" or not len(values):
        return False
    different = np.unique(values)
    return len(different) <= MOST_CLASSES and bool(np.array_equal(different, np.arange(len(different))))


def encoded_target(schema: TargetSchema, fields: Fields) -> Column:
    """The target of all samples (samples, …): in memory where it is one value a sample, otherwise lazy if the fields are."""
    import numpy as np

    if fields.chunks is None:
        return encode_target(schema, fields)
    if not schema.shape:
        small = np.min_scalar_type(len(schema.classes)) if schema.classes else np.dtype(np.float32)
        parts = [np.asarray(encode_target(schema, part)).astype(small) for part in fields.parts(schema.names)]
        return np.concatenate(parts)

    def read(number: int, _: Collection[str]) -> Mapping[str, Any]:
        return {schema.name: encode_target(schema, fields.part(number, schema.names))}

    dtype = np.int64 if schema.classes and schema.encode != "one_hot" else np.float32
    return Chunks(fields.chunks.rows, read, keep=MOST_CHUNKS).column(schema.name, dtype, schema.shape)


def encode_target(schema: TargetSchema, fields: Fields) -> Column:
    """The target (samples,) int64 for classes, (samples, classes) float32 for one-hot, otherwise float32 numbers.

    Raises `DataError` for an empty target and for a label outside the classes, with its row.
    """
    import numpy as np

    for name in schema.names:
        fields.check_column(name)
        if not is_lazy(fields.arrays[name]):
            check_present(name, fields)
            check_finite(name, fields.arrays[name][:], fields)
    if schema.columns is not None:
        return np.stack([fields.arrays[name][:].astype(np.float32) for name in schema.columns], axis=1)
    name = schema.names[0]
    if schema.shape and is_lazy(fields.arrays[name]):
        return fields.arrays[name]
    values = fields.arrays[name][:]
    if schema.encode == "none" and not (schema.classes and values.dtype == object):
        if values.dtype == object:
            raise text_target(name, fields, "in training it held numbers", hint="correct the data")
        if schema.classes is None:
            return values.astype(np.float32)
        check_range(name, len(schema.classes), fields)
        return values.astype(np.int64)
    indices = class_codes(schema, values, fields)
    return np.eye(len(schema.classes or []), dtype=np.float32)[indices] if schema.encode == "one_hot" else indices


def class_codes(schema: TargetSchema, values: np.ndarray[Any, Any], fields: Fields) -> np.ndarray[Any, Any]:
    """The index of each label among the classes: (samples,) int64. Raises `DataError` for a label that is none of them."""
    import numpy as np

    index = {name: number for number, name in enumerate(schema.classes or [])}
    names = fields.classes.get(schema.names[0])
    if names is not None and values.dtype.kind in "iu":
        values = np.asarray(names, object)[values]  # a source that numbers its classes itself says what they are called
    codes = codes_of(np.array([str(value) for value in values.tolist()], object), list(index))
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        file, line, words = fields.where(int(unknown[0]))
        label = str(values[unknown[0]])
        raise DataError(
            f"label '{label}' in {words} is none of the classes: {some_values(list(index))}",
            file=file,
            line=line,
            hint=did_you_mean(label, index),
            kind="unknown_class",
        )
    return codes
