"""The target: which column it is, and how its values become class indices, one-hot vectors or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dlcli.data.fields import Fields
from dlcli.data.schema import TargetSchema
from dlcli.errors import DataError
from dlcli.spec import Spec, near

if TYPE_CHECKING:
    import numpy as np

Labels = Literal["classes", "one_hot", "binary", "numbers"]
"""What a loss needs as target: indices 0…C-1, one-hot vectors, two classes (or several yes-or-no), or numbers."""

MOST_CLASSES = 20
"""Up to this many different whole numbers are taken for classes where no loss says what they are."""

LAST = 10**18
"""Where names that are no whole numbers stand in the order of names."""


class Target(Spec):
    """The column that is predicted."""

    column: str | None = None
    """Its name; by default the one that the source names."""
    encode: Literal["index", "one_hot", "none"] | None = None
    """`index`: names become 0…C-1. `one_hot`: a vector with a 1. `none`: the numbers as they are.
    Default: index for text, otherwise none."""
    classes: list[str] | None = None
    """The classes in the order of their indices; by default all names, sorted."""

    @property
    def names_classes(self) -> bool:
        """Whether its values are names by its own word, also where they look like numbers."""
        return self.encode in {"index", "one_hot"} or (self.classes is not None and self.encode is None)

    def encoding(self, fields: Fields, *, labels: Labels | None) -> TargetSchema:
        """How this target is encoded. `labels` is what the loss needs, where one is known.

        Raises `DataError` for a column that is not there, a single class, or labels that are neither names nor 0…C-1.
        """
        name = self.name_in(fields)
        values = fields.arrays[name]
        check_present(name, fields)
        if values.ndim > 1:
            if values.dtype == object:
                of_one = tuple(values.shape[1:])
                message = f"target '{name}' is text of the shape {of_one} a sample; expected one name a sample"
                raise DataError(message, file=fields.places[0].file)
            return TargetSchema(name=name, encode="none", axes=list(fields.axes_of(name)), shape=list(values.shape[1:]))
        is_text = values.dtype == object
        if is_text and labels == "numbers":
            hint = "choose a loss for classes, such as sparse_categorical_crossentropy"
            raise not_a_number(name, fields, "the loss compares numbers", hint=hint)
        encode = self.encode or ("index" if is_text or self.classes else "none")
        if is_text and encode == "none":
            raise not_a_number(name, fields, "encode: none leaves numbers as they are", hint="write encode: index")
        classes = self.classes or self.found_classes(name, fields, encode=encode, labels=labels)
        if classes is not None and len(classes) == 1:
            raise single_class(name, classes[0], fields)
        if labels == "binary" and classes is not None and len(classes) > 2 and encode != "one_hot":
            raise DataError(
                f"target '{name}' has {len(classes)} classes ({shown(classes)}), but the loss is for two",
                file=fields.places[0].file,
                hint="write loss: sparse_categorical_crossentropy, and softmax with as many units as classes",
            )
        axes, shape = ["samples"], []
        if encode == "one_hot":
            axes, shape = ["samples", "classes"], [len(classes or [])]
        return TargetSchema(name=name, encode=encode, classes=classes, axes=axes, shape=shape)

    def name_in(self, fields: Fields) -> str:
        """The name of the target's field."""
        name = self.column or fields.target
        if name is None:
            hint = "write data.target: COLUMN" if fields.is_table else "write npz: {path: …, inputs: …, target: NAME}"
            raise DataError(
                f"which one is the target? the data has: {', '.join(fields.arrays)}",
                file=fields.places[0].file,
                hint=hint,
            )
        if name not in fields.arrays:
            raise DataError(
                f"there is no column '{name}'; the data has: {', '.join(fields.arrays)}",
                file=fields.places[0].file,
                line=1 if fields.places[0].first_line else None,
                hint=near(name, fields.arrays),
            )
        return name

    def found_classes(self, name: str, fields: Fields, *, encode: str, labels: Labels | None) -> list[str] | None:
        """The classes that the values name, or None for a target of numbers."""
        import numpy as np

        values = fields.arrays[name]
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


def by_name(name: str) -> tuple[int, str]:
    """Sorts names; those that are whole numbers by their value, before the others."""
    is_number = name.isascii() and name.isdigit() and len(name) < 18
    return (int(name) if is_number else LAST, name)


def single_class(name: str, only: str, fields: Fields) -> DataError:
    """The error of a target of which all samples are the same."""
    message = f"target '{name}' has a single class, '{only}': there is nothing to tell apart"
    return DataError(message, file=fields.places[0].file)


def not_a_number(name: str, fields: Fields, why: str, *, hint: str) -> DataError:
    """The error of a target of text where numbers are needed."""
    file, line, words = fields.where(0)
    message = f"target '{name}' is text ('{fields.arrays[name][0]}' in {words}), but {why}"
    return DataError(message, file=file, line=line, hint=hint)


def like_classes(values: np.ndarray[Any, Any]) -> bool:
    """Whether whole numbers look like class indices rather than quantities."""
    import numpy as np

    if values.dtype.kind not in "iu" or not len(values):
        return False
    different = np.unique(values)
    return len(different) <= MOST_CLASSES and bool(np.array_equal(different, np.arange(len(different))))


def check_indices(name: str, fields: Fields, labels: Labels | None) -> None:
    """Refuses labels that are not the whole numbers 0…C-1, with the first row that is none."""
    import numpy as np

    values = fields.arrays[name]
    broken = np.flatnonzero(values != np.floor(values.astype(float)))
    hint = f"write target: {{column: {name}, encode: index}} if these are names of classes"
    if len(broken):
        file, line, words = fields.where(int(broken[0]))
        raise DataError(
            f"label {values[broken[0]]} in {words} is no whole number, but the loss needs classes",
            file=file,
            line=line,
            hint=hint,
        )
    different = np.unique(values)
    if len(different) == 1:
        raise single_class(name, str(different[0]), fields)
    if labels == "binary" and not set(different.tolist()) <= {0, 1}:
        raise DataError(
            f"the labels of '{name}' are {shown(different)}; a loss for two classes needs 0 and 1",
            file=fields.places[0].file,
            hint=hint if len(different) == 2 else "write loss: sparse_categorical_crossentropy",
        )
    if not np.array_equal(different, np.arange(len(different))):
        raise DataError(
            f"the labels of '{name}' are {shown(different)}; expected 0 to {len(different) - 1}",
            file=fields.places[0].file,
            hint=hint,
        )


def shown(values: Any) -> str:
    """Some values for a message."""
    first = [str(value) for value in list(values)[:6]]
    return ", ".join(first) + (", …" if len(values) > 6 else "")


def missing(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which values (samples, …) are empty: None in text, NaN in numbers; (samples,) booleans."""
    import numpy as np

    if values.dtype == object:
        return np.fromiter((value is None for value in values), bool, len(values))
    if values.dtype.kind != "f":
        return np.zeros(len(values), bool)
    empty: np.ndarray[Any, Any] = np.isnan(values).reshape(len(values), -1).any(axis=1)
    return empty


def encode_target(schema: TargetSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """The target (samples,) int64 for classes, (samples, classes) float32 for one-hot, otherwise float32 numbers.

    Raises `DataError` for an empty target and for a label outside the classes, with its row.
    """
    import numpy as np

    values = fields.arrays[schema.name]
    check_present(schema.name, fields)
    check_finite(schema.name, values, fields)
    if schema.encode == "none":
        if values.dtype == object:
            raise not_a_number(schema.name, fields, "in training it held numbers", hint="correct the data")
        if schema.classes is None:
            return values.astype(np.float32)
        check_range(schema.name, len(schema.classes), fields)
        return values.astype(np.int64)
    index = {name: number for number, name in enumerate(schema.classes or [])}
    names = [str(value) for value in values]
    for row, each in enumerate(names):
        if each not in index:
            file, line, words = fields.where(row)
            raise DataError(
                f"label '{each}' in {words} is none of the classes: {shown(list(index))}",
                file=file,
                line=line,
                hint=near(each, index),
            )
    indices = np.array([index[each] for each in names], dtype=np.int64)
    return np.eye(len(index), dtype=np.float32)[indices] if schema.encode == "one_hot" else indices


def check_present(name: str, fields: Fields) -> None:
    """Refuses a target with empty values, with their count and the first row."""
    import numpy as np

    empty = np.flatnonzero(missing(fields.arrays[name]))
    if len(empty):
        file, line, words = fields.where(int(empty[0]))
        raise DataError(
            f"the target '{name}' is empty in {rows_in_words(len(empty))}, first in {words}",
            file=file,
            line=line,
            hint="write data.missing: drop to leave such rows out",
        )


def check_range(name: str, classes: int, fields: Fields) -> None:
    """Refuses labels that are no index of a class, with the first row that holds one."""
    import numpy as np

    values = fields.arrays[name].astype(float)
    broken = np.flatnonzero((values != np.floor(values)) | (values < 0) | (values >= classes))
    if len(broken):
        file, line, words = fields.where(int(broken[0]))
        message = (
            f"label {fields.arrays[name][broken[0]]} in {words} is none of the {classes} classes 0 to {classes - 1}"
        )
        raise DataError(message, file=file, line=line)


def rows_in_words(count: int) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} row" if count == 1 else f"{count} rows"


def check_finite(name: str, values: np.ndarray[Any, Any], fields: Fields) -> None:
    """Refuses values that are infinite as numbers of 32 bits, with their count and the first row."""
    import numpy as np

    if values.dtype.kind != "f":
        return
    largest = float(np.finfo(np.float32).max)
    infinite = np.flatnonzero((np.abs(values) > largest).reshape(len(values), -1).any(axis=1))
    if len(infinite):
        file, line, words = fields.where(int(infinite[0]))
        raise DataError(
            f"'{name}' is infinite in {rows_in_words(len(infinite))}, first in {words}",
            file=file,
            line=line,
            hint="correct the data; an infinite number cannot be trained on",
        )
