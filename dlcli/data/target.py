"""The target: which column it is, and how its values become class indices, one-hot vectors or numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, is_lazy, loaded
from dlcli.data.fields.values import check_finite
from dlcli.data.first_pass import distinct
from dlcli.data.schema import TargetSchema
from dlcli.data.target_labels import UNKNOWN, is_void, label_codes, label_order
from dlcli.data.target_values import (
    check_indices,
    check_present,
    check_range,
    check_yes_or_no,
    classes_beside_void,
    different_labels,
    holds_one_hot,
    is_binary_mask,
    no_class_for_void,
    single_class,
    some_values,
    text_target,
)
from dlcli.data.written_numbers import numbers_instead
from dlcli.errors import DataError
from dlcli.spec import Labels, Mistake, Spec, Wanted, did_you_mean, fail

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 20
"""Up to this many different whole numbers are taken for classes where no loss says what they are."""

MOST_CHUNKS = 64  # unseen: time alone
"""Chunks of a target that are kept; a chunk of inputs is larger."""


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
        "void": (
            "data.target.void=u",
            "data.target={column: y}",
        ),
    }

    column: str | Annotated[list[str], Field(min_length=1)] | None = None
    """Its name; by default the one that the source names. A list of columns makes a vector: several numbers, or several
    yes or no (0 and 1) of which any may hold."""
    encode: Literal["index", "one_hot", "none"] | None = None
    """`index`: names become 0…C-1. `one_hot`: a vector with a 1. `none`: the numbers as they are.
    Default: index for text, otherwise none."""
    classes: list[str | int | float | bool] | Annotated[int, Field(ge=2)] | None = None
    """The classes in the order of their indices, of two the positive one last; by default all names, sorted, numbers by
    their value. A number: so many classes, 0 and up, also where not all of them occur."""
    void: int | str | list[int | str] | None = None
    """The label, or the labels, that stand for none: they count in no loss, no metric and no statistic."""

    @field_validator("encode", "classes", "void")
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
        return self.encode in {"index", "one_hot"} or (isinstance(self.classes, list) and self.encode is None)

    @property
    def named(self) -> list[str] | None:
        """The names of the classes as far as they are written."""
        if isinstance(self.classes, int):
            return [str(number) for number in range(self.classes)]
        return None if self.classes is None else [written_name(each) for each in self.classes]

    def void_labels(self, wanted: Wanted) -> list[int | str]:
        """The labels that stand for none, by its own word or that of the loss."""
        own = self.void if isinstance(self.void, list) else [] if self.void is None else [self.void]
        return [*own, *(each for each in wanted.void if each not in own)]

    def encoding(self, fields: Fields, *, wanted: Wanted, name: str | None = None) -> TargetSchema:
        """How this target is encoded. `wanted` is what loss and layers say of it; `name` is its name among others.

        Raises `DataError` for a column that is not there, a single class, or labels that are neither names nor 0…C-1.
        """
        names = self.names_in(fields)
        if isinstance(self.column, list):
            return vector_schema(names, fields, labels=wanted.labels, name=name)
        (column,) = names
        if is_column_vector(fields.arrays[column], names=self.names_classes or wanted.labels in {"classes", "binary"}):
            narrow = replace(fields, arrays={**fields.arrays, column: loaded(fields.arrays[column])[:, 0]}, chunks=None)
            return self.value_schema(column, narrow, wanted=wanted, called=name)
        if fields.arrays[column].ndim > 1:
            return self.array_schema(column, fields, wanted=wanted, name=name)
        return self.value_schema(column, distinct(column, self.seen(column, fields)), wanted=wanted, called=name)

    def seen(self, name: str, fields: Fields) -> Fields:
        """The rows whose names are the classes: of a source that has splits of its own those of the training split."""
        import numpy as np

        if fields.splits is None or (fields.arrays[name].dtype != object and not self.names_classes):
            return fields
        return replace(fields, arrays={name: fields.arrays[name]}).chosen(np.sort(fields.splits["train"]))

    def value_schema(self, name: str, fields: Fields, *, wanted: Wanted, called: str | None) -> TargetSchema:
        """The schema of a target of one value a sample. Raises `DataError` for values that the loss cannot take."""
        check_present(name, fields)
        void = self.void_labels(wanted)
        values = fields.arrays[name][:]
        values = values[~is_void(values, void)]
        is_text = values.dtype == object
        if is_text and wanted.labels == "numbers":
            hint = (
                numbers_instead({*values.tolist()})
                or "choose a loss for classes, such as sparse_categorical_crossentropy"
            )
            raise text_target(name, fields, "the loss compares numbers", hint=hint)
        signs = self.encode is None and self.classes is None and takes_signs(values, wanted)
        encode = self.encode or ("index" if is_text or signs or isinstance(self.classes, list) else "none")
        if is_text and encode == "none":
            raise text_target(name, fields, "encode: none leaves numbers as they are", hint="write encode: index")
        if encode == "none" and self.classes is None and is_soft(values, wanted.labels):
            return TargetSchema(name=called or name, column=name, encode="none", axes=["samples"], shape=[])
        classes = self.named or self.found_classes(name, fields, encode=encode, wanted=wanted)
        if classes is not None and len(classes) == 1:
            raise single_class(name, classes[0], fields)
        if classes is None and self.void is not None:
            raise no_class_for_void(name, fields)
        if wanted.labels == "binary" and classes is not None and len(classes) > 2 and encode != "one_hot":
            raise DataError(
                f"target '{name}' has {len(classes)} classes ({some_values(classes)}), but the loss is for two",
                file=fields.places[0].file,
                hint="write loss: sparse_categorical_crossentropy, and softmax with as many units as classes",
                kind="too_many_classes",
            )
        axes, shape = ["samples"], []
        if encode == "one_hot":
            axes, shape = ["samples", "classes"], [len(classes or [])]
        return TargetSchema(
            name=called or name, column=name, encode=encode, classes=classes, axes=axes, shape=shape, void=void
        )

    def array_schema(self, column: str, fields: Fields, *, wanted: Wanted, name: str | None) -> TargetSchema:
        """The schema of an array a sample: numbers, one-hot vectors, a class for each pixel. Raises `DataError` for text."""
        values = fields.arrays[column]
        shape, axes, void = list(values.shape[1:]), list(fields.axes_of(column)), self.void_labels(wanted)
        if values.dtype == object:
            message = f"target '{column}' is text of the shape {tuple(shape)} a sample; expected one name a sample"
            raise DataError(message, file=fields.places[0].file, kind="target_is_text")
        if wanted.labels == "one_hot" and self.encode is None and self.void is None and holds_one_hot(values):
            names = self.named or [str(number) for number in range(shape[-1])]
            if len(names) == shape[-1]:
                known: dict[str, Any] = {"column": column, "encode": "none", "classes": names, "vectors": True}
                return TargetSchema(name=name or column, axes=axes, shape=shape, **known)
        encode = self.encode or ("index" if isinstance(self.classes, list) else "none")
        is_mask = self.encode is None and self.classes is None and self.void is None and is_binary_mask(values, wanted)
        if (is_mask or wanted.labels == "classes" or encode != "none") and len(shape) > 1 and shape[-1] == 1:
            shape, axes = shape[:-1], axes[:-1]
        classes = self.named or fields.classes.get(column) or (["0", "1"] if is_mask else None)
        whole = values.dtype.kind in "iub" and wanted.labels == "classes"
        if classes is None and (encode != "none" or whole):
            labels = different_labels(values, void)
            highest = max((int(each) for each in labels if each >= 0), default=0) if encode == "none" else 0
            classes = [
                str(each) for each in (range(max(highest + 1, wanted.classes or 0)) if encode == "none" else labels)
            ]
        if classes is None and self.void is not None:
            classes = classes_beside_void(column, different_labels(values, void), fields, wanted)
        if encode == "one_hot":
            shape, axes = [*shape, len(classes or [])], [*axes, "classes"]
        return TargetSchema(
            name=name or column,
            column=column,
            encode=encode,
            classes=classes,
            axes=axes,
            shape=shape,
            void=void if classes else [],
        )

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

    def found_classes(self, name: str, fields: Fields, *, encode: str, wanted: Wanted) -> list[str] | None:
        """The classes that the values name, or None for a target of numbers."""
        import numpy as np

        values = fields.arrays[name][:]
        if encode == "none" and wanted.labels == "numbers":
            return None
        if name in fields.classes:
            return fields.classes[name]
        void = self.void_labels(wanted)
        kept = values[~is_void(values, void)]
        if encode != "none":
            return (
                [str(value) for value in np.unique(kept)] if kept.dtype != object else sorted({*kept}, key=label_order)
            )
        if wanted.labels is None and not like_classes(kept):
            return None
        check_indices(name, fields, wanted, void)
        return [str(number) for number in range(max(int(kept.max()) + 1, wanted.classes or 0))]


def written_name(label: str | float) -> str:
    """A class as a table would hold it."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def is_column_vector(values: Column, *, names: bool) -> bool:
    """Whether labels, which are `names`, come as (samples, 1), as many scripts have them."""
    return names and values.ndim == 2 and values.shape[1] == 1


def takes_signs(values: np.ndarray[Any, Any], wanted: Wanted) -> bool:
    """Whether labels are -1 and 1, and the loss reads them so."""
    return wanted.signs and values.dtype != object and set(values.tolist()) == {-1, 1}


def is_soft(values: np.ndarray[Any, Any], labels: Labels | None) -> bool:
    """Whether labels of yes and no are how likely a yes is: numbers from 0 to 1 that are not all whole."""
    import numpy as np

    if labels != "binary" or values.dtype.kind != "f" or not len(values):
        return False
    return bool((values >= 0).all() and (values <= 1).all() and (values != np.floor(values)).any())


def vector_schema(names: list[str], fields: Fields, *, labels: Labels | None, name: str | None) -> TargetSchema:
    """The schema of a target of several columns: numbers, or under a loss for two classes yes and no, each 0 or 1.

    Raises `DataError` for a column of text or with axes.
    """
    for column in names:
        truths = labels != "numbers" and is_truth_text(fields.arrays[column])
        if (fields.arrays[column].dtype == object and not truths) or fields.arrays[column].ndim > 1:
            held = "text" if fields.arrays[column].dtype == object else "an array"
            raise DataError(
                f"the target joins the columns {', '.join(names)}, but '{column}' holds {held}",
                file=fields.places[0].file,
                hint="write data.targets: {NAME: COLUMN, …} for several targets of their own",
                kind="joined_columns_differ",
            )
        if labels == "binary" and not truths:
            check_yes_or_no(column, distinct(column, fields))
    axis = "labels" if labels == "binary" else "features"
    return TargetSchema(name=name or "target", encode="none", columns=names, axes=["samples", axis], shape=[len(names)])


def is_truth_text(values: Column) -> bool:
    """Whether a column holds nothing but the words true and false."""
    return (
        values.dtype == object
        and values.ndim == 1
        and {str(each).lower() for each in {*values[:]}} <= {"true", "false"}
    )


def truth_numbers(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbers (samples,) of a column, of the words true and false 1 and 0."""
    import numpy as np

    if values.dtype == object:
        values = np.array([str(each).lower() == "true" for each in values.tolist()])
    return values.astype(np.float32)


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

    for name in schema.names:
        fields.check_column(name)
        if not is_lazy(fields.arrays[name]):
            check_present(name, fields)
            check_finite(name, fields.arrays[name][:], fields)
    if schema.columns is not None:
        return np.stack([truth_numbers(fields.arrays[name][:]) for name in schema.columns], axis=1)
    name = schema.names[0]
    plain = schema.encode == "none" and not schema.void
    if schema.shape and is_lazy(fields.arrays[name]) and plain:
        return fields.arrays[name]
    values = fields.arrays[name][:]
    places = schema.shape[:-1] if schema.is_one_hot else schema.shape
    if values.ndim == 2 + len(places) and values.shape[-1] == 1:
        values = values[..., 0]
    if plain and not (schema.classes and values.dtype == object):
        if values.dtype == object:
            raise text_target(name, fields, "in training it held numbers", hint="correct the data")
        if schema.classes is None or schema.vectors:
            return values.astype(np.float32)
        check_range(name, len(schema.classes), fields)
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
        values = np.asarray(names, object)[values]  # a source that numbers its classes itself says what they are called
    codes: np.ndarray[Any, Any] = label_codes(values, classes, schema.void)
    unknown = np.argwhere(codes == UNKNOWN)
    if len(unknown):
        place = tuple(unknown[0].tolist())
        file, line, words = fields.where(place[0])
        label = str(values[place])
        raise DataError(
            f"label '{label}' in {words} is none of the classes: {some_values(classes)}",
            file=file,
            line=line,
            hint=did_you_mean(label, classes),
            kind="unknown_class",
        )
    return codes
