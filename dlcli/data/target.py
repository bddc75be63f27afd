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


class Target(Spec):
    """The column that is predicted."""

    column: str | None = None
    """Its name; by default the one that the source names."""
    encode: Literal["index", "one_hot", "none"] | None = None
    """`index`: names become 0…C-1. `one_hot`: a vector with a 1. `none`: the numbers as they are.
    Default: index for text, otherwise none."""
    classes: list[str] | None = None
    """The classes in the order of their indices; by default all names, sorted."""

    def schema(self, fields: Fields, *, labels: Labels | None) -> TargetSchema:
        """How this target is encoded. `labels` is what the loss needs, where one is known.

        Raises `DataError` for a column that is not there, a single class, or labels that are neither names nor 0…C-1.
        """
        name = self.name_in(fields)
        values = fields.arrays[name]
        if values.ndim > 1:
            return TargetSchema(name=name, encode="none", axes=list(fields.axes_of(name)), shape=list(values.shape[1:]))
        is_text = values.dtype == object
        if is_text and labels == "numbers":
            file, line, words = fields.where(0)
            raise DataError(
                f"target '{name}' is text ('{values[0]}' in {words}), but the loss compares numbers",
                file=file,
                line=line,
                hint="choose a loss for classes, such as sparse_categorical_crossentropy",
            )
        encode = self.encode or ("index" if is_text or self.classes else "none")
        classes = self.classes or self.found_classes(name, fields, encode=encode, labels=labels)
        if classes is not None and len(classes) == 1:
            raise DataError(
                f"target '{name}' has a single class, '{classes[0]}': there is nothing to tell apart",
                file=fields.places[0].file,
            )
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
        if name in fields.classes:
            return fields.classes[name]
        present = values[~missing(values)]
        if encode != "none":
            return [str(value) for value in np.unique(present)] if values.dtype != object else sorted({*present})
        if labels == "numbers" or (labels is None and not like_classes(present)):
            return None
        check_indices(name, fields, labels)
        return [str(number) for number in range(int(present.max()) + 1)]


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
    known = ~missing(values)
    broken = np.flatnonzero(known & (values != np.floor(values.astype(float))))
    hint = f"write target: {{column: {name}, encode: index}} if these are names of classes"
    if len(broken):
        file, line, words = fields.where(int(broken[0]))
        raise DataError(
            f"label {values[broken[0]]} in {words} is no whole number, but the loss needs classes",
            file=file,
            line=line,
            hint=hint,
        )
    different = np.unique(values[known])
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
    return np.isnan(values).reshape(len(values), -1).any(axis=1)


def encode_target(schema: TargetSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """The target (samples,) int64 for classes, (samples, classes) float32 for one-hot, otherwise float32 numbers.

    Raises `DataError` for an empty target and for a label outside the classes, with its row.
    """
    import numpy as np

    values = fields.arrays[schema.name]
    empty = np.flatnonzero(missing(values))
    if len(empty):
        file, line, words = fields.where(int(empty[0]))
        raise DataError(
            f"the target '{schema.name}' is empty in {len(empty)} rows, first in {words}",
            file=file,
            line=line,
            hint="write data.missing: drop to leave such rows out",
        )
    check_finite(schema.name, values, fields)
    if schema.encode == "none":
        return values.astype(np.int64 if schema.classes is not None else np.float32)
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


def check_finite(name: str, values: np.ndarray[Any, Any], fields: Fields) -> None:
    """Refuses infinite values, with their count and the first row."""
    import numpy as np

    if values.dtype.kind != "f":
        return
    infinite = np.flatnonzero(np.isinf(values).reshape(len(values), -1).any(axis=1))
    if len(infinite):
        file, line, words = fields.where(int(infinite[0]))
        raise DataError(
            f"'{name}' is infinite in {len(infinite)} rows, first in {words}",
            file=file,
            line=line,
            hint="correct the data; an infinite number cannot be trained on",
        )
