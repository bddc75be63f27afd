"""Which values a target may hold, and the errors of those that it may not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, block_rows, is_lazy
from dlcli.data.fields.values import missing, rows_in_words
from dlcli.data.first_pass import Empty
from dlcli.data.label_separator import separator_of
from dlcli.data.shares import without_noise
from dlcli.data.target_labels import is_void, label_key
from dlcli.errors import DataError
from dlcli.spec import Wanted

MANY = 20
"""More different numbers than these are no names of classes."""
if TYPE_CHECKING:
    import numpy as np

SIGNS = ["-1", "1"]
"""The classes of labels of which the sign is the answer."""


def check_yes_or_no(name: str, fields: Fields) -> None:
    """Refuses values other than 0 to 1: yes and no, or how likely a yes is."""
    import numpy as np

    values = fields.arrays[name][:]
    values = without_noise(values)
    broken = np.flatnonzero(((values < 0) | (values > 1)) & ~missing(values))
    if len(broken):
        file, line, words = fields.where(int(broken[0]), name)
        raise DataError(
            f"'{name}' is {values[broken[0]]} in {words}; a loss for yes and no needs numbers from 0 to 1",
            file=file,
            line=line,
            hint="correct such rows, or leave them out",
            kind="labels_do_not_fit_loss",
        )


def single_class(name: str, only: str, fields: Fields) -> DataError:
    """The error of a target of which all samples are the same."""
    message = f"target '{name}' has a single class, '{only}': there is nothing to tell apart"
    return DataError(message, file=fields.places[0].file, kind="single_class")


def only_void(name: str, fields: Fields) -> DataError:
    """The error of a target of which no label counts."""
    return DataError(
        f"the target '{name}' holds no label that counts: all are void",
        file=fields.places[0].file,
        hint="write void for the labels that stand for none, and leave the classes out of it",
        kind="only_void",
    )


def labels_not_void(name: str, fields: Fields, void: Sequence[int | str]) -> np.ndarray[Any, Any]:
    """The labels (rows,) that are not void. Raises `DataError` where all are."""
    values = fields.arrays[name][:]
    counted: np.ndarray[Any, Any] = values[~is_void(values, void)]
    if fields.samples and not len(counted):
        raise only_void(name, fields)
    return counted


def text_target(name: str, fields: Fields, why: str, *, hint: str) -> DataError:
    """The error of a target of text where numbers are needed."""
    file, line, words = fields.where(0, name)
    message = f"target '{name}' is text ('{fields.arrays[name][0]}' in {words}), but {why}"
    return DataError(message, file=file, line=line, hint=hint, kind="target_is_text")


def classes_of_numbers(name: str, fields: Fields) -> DataError:
    """The error of a target with classes, which are names, where numbers are needed."""
    return DataError(
        f"target '{name}' has classes, but the loss compares numbers",
        file=fields.places[0].file,
        hint="leave 'classes' out, or choose a loss for classes, such as sparse_categorical_crossentropy",
        kind="labels_do_not_fit_loss",
    )


def check_indices(name: str, fields: Fields, wanted: Wanted, void: Sequence[int | str]) -> None:
    """Refuses labels that are not the whole numbers 0…C-1, with the first row that is none.

    Where the model puts out so many values that each label is below their number, not all of these need occur.
    """
    import numpy as np

    labels, values = wanted.labels, fields.arrays[name][:]
    counted = ~is_void(values, void)
    broken = np.flatnonzero(counted & (values != np.floor(values.astype(float))))
    hint = f"write target: {{column: {name}, encode: index}} if these are names of classes"
    beside = void_meant(values, void)
    if len(broken):
        numbers = values[counted].astype(float)
        if labels == "binary" and wanted.signs:
            hint = "write -1 and 1, or 0 and 1, throughout"
        elif 3 * len(np.unique(values[broken])) < len(np.unique(values[counted])):
            hint = "correct such rows, or leave them out"
        elif labels == "binary" and len(np.unique(numbers)) > MANY:
            hint = "numbers go with loss: mse, and one unit without activation"
        elif ((numbers >= 0) & (numbers <= 1)).all():
            hint = "shares of a yes go with loss: binary_crossentropy, and one unit with activation: sigmoid"
        file, line, words = fields.where(int(broken[0]), name)
        raise DataError(
            f"label {values[broken[0]]} in {words} is no whole number, but the loss needs classes",
            file=file,
            line=line,
            hint=hint,
            kind="labels_do_not_fit_loss",
        )
    different = np.unique(values[counted])
    if len(different) == 1:
        raise single_class(name, str(different[0]), fields)
    if labels == "binary" and not set(different.tolist()) <= {0, 1}:
        raise DataError(
            f"the labels of '{name}' are {some_values(different)}; a loss for two classes needs 0 and 1",
            file=fields.places[0].file,
            hint=beside or (hint if len(different) == 2 else "write loss: sparse_categorical_crossentropy"),
            kind="labels_do_not_fit_loss",
        )
    if different.min() >= 0 and wanted.classes is not None and different.max() < wanted.classes:
        return
    if not np.array_equal(different, np.arange(len(different))):
        raise DataError(
            f"the labels of '{name}' are {some_values(different)}; expected 0 to {len(different) - 1}",
            file=fields.places[0].file,
            hint=f"{beside}; or {hint}" if beside else hint,
            kind="labels_do_not_fit_loss",
        )


def void_meant(values: np.ndarray[Any, Any], void: Sequence[int | str]) -> str | None:
    """What to write where one label alone stands apart from the classes 0…C-1; None where none does."""
    import numpy as np

    different = np.unique(values[~is_void(values, void)])
    absent = absent_labels(values, void)
    for label, rest in ((different[-1], different[:-1]), (different[0], different[1:])):
        apart = np.isfinite(label) and label != len(rest) and (label > 0 or absent)
        if apart and len(rest) > 1 and np.array_equal(rest, np.arange(len(rest))):
            word = f"void: {int(label)}"
            return (
                f"no label is {absent[0]}: write {word}"
                if absent
                else f"write {word} at the target if it stands for no label"
            )
    return None


def absent_labels(values: Column, labels: Sequence[int | str]) -> list[int | str]:
    """The labels that stand nowhere in an array (samples, …), of which a value may be a list of names."""
    import numpy as np

    there = set[str]()
    for block in sample_blocks(values):
        if block.dtype == object:
            cells = ([each] if isinstance(each, str) else [*each] for each in block.ravel().tolist())
            there |= {label_key(name) for name in {name for cell in cells for name in cell}}
        else:
            there |= {label_key(each) for each in np.unique(block).tolist()}
    return [each for each in labels if label_key(each) not in there]


def some_values(values: Any) -> str:
    """Some values for a message."""
    first = [str(value) for value in list(values)[:6]]
    return ", ".join(first) + (", …" if len(values) > 6 else "")


def holds_one_hot(values: Column) -> bool:
    """Whether an array (samples, …, classes) holds a single 1 among zeros at each place."""
    if values.ndim < 2 or values.shape[-1] < 2 or not len(values):
        return False
    return all(
        ((block == 1).sum(axis=-1) == 1).all() and ((block == 0) | (block == 1)).all()
        for block in sample_blocks(values)
    )


def mask_classes(values: Column, void: Sequence[int | str], wanted: Wanted) -> list[str] | None:
    """The two classes of an array (samples, …) that holds a yes or no for each place of a model of one unit.

    They are 0 and 1, or -1 and 1 under a loss that reads them so; None where it holds something else.
    """
    if wanted.labels != "binary" or wanted.units != 1 or values.ndim < 2:
        return None
    pairs = [pair for pair in ((0, 1), (-1, 1)) if pair[0] == 0 or (wanted.signs and values.dtype.kind in "fi")]
    for block in sample_blocks(values):
        counted = ~is_void(block, void)
        pairs = [pair for pair in pairs if (((block == pair[0]) | (block == pair[1])) | ~counted).all()]
        if not pairs:
            return None
    return [str(each) for each in pairs[0]]


def sample_blocks(values: Column) -> Iterator[Any]:
    """An array (samples, …), some samples at a time."""
    rows = block_rows(values)
    return (values[start : start + rows] for start in range(0, len(values), rows))


def check_present(name: str, fields: Fields) -> None:
    """Refuses a target with empty values, with their count and the first row."""
    import numpy as np

    empty = np.flatnonzero(missing(fields.arrays[name][:]))
    if len(empty):
        raise empty_target(name, Empty(len(empty), int(empty[0])), fields)


def empty_target(name: str, empty: Empty, fields: Fields) -> DataError:
    """The error of a target with empty values."""
    file, line, words = fields.where(empty.first, name)
    return DataError(
        f"the target '{name}' is empty in {rows_in_words(empty.count)}, first in {words}",
        file=file,
        line=line,
        hint=several_labels_hint(name, fields) or "write data.missing: drop to leave such rows out",
        kind="empty_target",
    )


def several_labels_hint(name: str, fields: Fields) -> str | None:
    """What to write for a target whose cells look like several labels each, of which an empty one has none; else None."""
    values = fields.arrays[name]
    if values.dtype != object or values.ndim > 1 or is_lazy(values) or (separator := separator_of(values[:])) is None:
        return None
    several = f"target: {{column: {name}, split: '{separator}'}}, where an empty cell has no label"
    return f"its cells look like several labels: {several}; else data.missing: drop leaves such rows out"


def check_range(name: str, classes: int, fields: Fields) -> None:
    """Refuses labels that are no index of a class, with the first row that holds one."""
    import numpy as np

    values = fields.arrays[name][:]
    if not len(values):
        return
    values = values.reshape(len(values), -1)
    bad = (values < 0) | (values >= classes)
    if values.dtype.kind == "f":
        bad |= values != np.floor(values)
    broken = np.flatnonzero(bad.any(axis=1))
    if len(broken):
        file, line, words = fields.where(int(broken[0]), name)
        label = values[broken[0]][np.argmax(bad[broken[0]])]
        message = f"label {label} in {words} is none of the {classes} classes 0 to {classes - 1}"
        raise DataError(message, file=file, line=line, kind="unknown_class")


def classes_beside_void(name: str, labels: Sequence[float], fields: Fields, wanted: Wanted) -> list[str]:
    """The two classes of an array whose other labels are 0 and 1, under a model of one unit. Raises `DataError` for another."""
    if {*labels} <= {0, 1} and wanted.units in {1, None}:
        return ["0", "1"]
    if [*labels] == [*range(len(labels))] and wanted.units == len(labels):
        raise no_class_for_void(name, fields, hint=f"write data.target.encode: one_hot for {wanted.units} units")
    raise no_class_for_void(name, fields)


def no_class_for_void(
    name: str,
    fields: Fields,
    *,
    hint: str = "leave such samples out, or give them the weight 0: train.sample_weight",
) -> DataError:
    """A void label beside numbers, or beside several labels a place, of which a loss cannot leave out one."""
    return DataError(
        f"void is a label beside classes, but target '{name}' holds numbers",
        file=fields.places[0].file,
        hint=hint,
        kind="void_beside_numbers",
    )


def different_labels(values: Column, void: Sequence[int | str]) -> list[Any]:
    """The different labels (ascending) of an array (samples, …) that are not void."""
    import numpy as np

    labels = set[Any]()
    for block in sample_blocks(values):
        labels |= set(np.unique(block).tolist())
    nothing = {label_key(each) for each in void}
    return sorted(each for each in labels if label_key(each) not in nothing)


MOST_CLASSES = 20
"""Up to this many different whole numbers are taken for classes where no loss says what they are."""


def like_classes(values: np.ndarray[Any, Any]) -> bool:
    """Whether whole numbers look like class indices rather than quantities."""
    import numpy as np

    if values.dtype.kind not in "iu" or not len(values):
        return False
    different = np.unique(values)
    return len(different) <= MOST_CLASSES and bool(np.array_equal(different, np.arange(len(different))))


def written_name(label: str | float) -> str:
    """A class as a table would hold it."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def is_column_vector(values: Column, *, names: bool) -> bool:
    """Whether labels, which are `names`, come as (samples, 1), as many scripts have them."""
    return names and values.ndim == 2 and values.shape[1] == 1


def takes_signs(values: np.ndarray[Any, Any], wanted: Wanted) -> bool:
    """Whether labels are -1 and 1, and the loss reads them so."""
    return wanted.signs and values.dtype != object and set(values.tolist()) == {-1, 1}
