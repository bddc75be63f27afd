"""The inputs: which columns or arrays they are, and how raw rows become the tensors that a model takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from dlcli.data.columns import LEADING_ZERO, NUMBER
from dlcli.data.fields import Fields
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.data.sources.source import FEATURES
from dlcli.data.target import check_finite, missing
from dlcli.errors import DataError
from dlcli.spec import KerasObject, KerasThing, Spec, near

if TYPE_CHECKING:
    import numpy as np

MOST_CATEGORIES = 1000

Preparation = Annotated[KerasObject, KerasThing("layers")]
Missing = Literal["error", "drop", "mean", "median", "most_frequent"]


class Constant(Spec):
    """Fills every empty cell with one value."""

    constant: float | str
    """A number for columns of numbers; a name for columns of names."""


class Input(Spec):
    """One of several inputs."""

    columns: Annotated[list[str], Field(min_length=1)] | str
    """The columns that make up its vector, or one array."""
    kind: Literal["number", "category"] | None = None
    """What its columns hold; by default what they look like."""
    prepare: list[Preparation] = []
    """Preparations of this input alone, after those of `data.prepare`."""

    @property
    def names(self) -> list[str]:
        """Its columns as a list."""
        return [self.columns] if isinstance(self.columns, str) else self.columns


def input_schemas(
    chosen: Sequence[str] | dict[str, Input] | None,
    fields: Fields,
    *,
    target: str,
    train: np.ndarray[Any, Any],
    policy: Missing | Constant,
    reserved: Sequence[str] = (),
) -> list[InputSchema]:
    """What each input is made of; categories and fill values are those of the rows `train` alone.

    `chosen` is what the configuration says; `reserved` are columns that serve the split and are no inputs by default.
    """
    if isinstance(chosen, dict):
        groups = {name: (each.names, each.kind) for name, each in chosen.items()}
    else:
        groups = default_groups(chosen or default_inputs(fields, without={target, *reserved}), fields)
    for columns, _ in groups.values():
        for name in columns:
            if name not in fields.arrays:
                raise DataError(
                    f"there is no column '{name}'; the data has: {', '.join(fields.arrays)}",
                    file=fields.places[0].file,
                    hint=near(name, fields.arrays),
                )
    if not groups:
        raise DataError(f"nothing is left as input beside the target '{target}'", file=fields.places[0].file)
    return [
        schema_of(name, columns, kind, fields, train=train, policy=policy) for name, (columns, kind) in groups.items()
    ]


def default_inputs(fields: Fields, *, without: Collection[str]) -> list[str]:
    """What is input where the configuration names none: what the source takes for it, else everything."""
    return [name for name in fields.inputs or fields.arrays if name not in without]


def default_groups(
    names: Sequence[str], fields: Fields
) -> dict[str, tuple[list[str], Literal["number", "category"] | None]]:
    """All columns as one input, and each array of more axes as one of its own."""
    arrays = {name for name in names if name in fields.arrays and fields.arrays[name].ndim > 1}
    columns = [name for name in names if name not in arrays]
    groups: dict[str, tuple[list[str], Literal["number", "category"] | None]] = {}
    if columns:
        groups["columns" if FEATURES in arrays else FEATURES] = (columns, None)
    groups |= {name: ([name], None) for name in names if name in arrays}
    return groups


def schema_of(
    name: str,
    columns: Sequence[str],
    kind: Literal["number", "category"] | None,
    fields: Fields,
    *,
    train: np.ndarray[Any, Any],
    policy: Missing | Constant,
) -> InputSchema:
    """The schema of one input."""
    arrays = [fields.arrays[column] for column in columns]
    if len(arrays) == 1 and arrays[0].ndim > 1:
        array = columns[0]
        fill = number_fill(arrays[0], policy, array) if isinstance(policy, Constant) else None
        return InputSchema(
            name=name,
            axes=list(fields.axes_of(array)),
            shape=list(arrays[0].shape[1:]),
            array=None if array == name else array,
            fill=fill,
        )
    for column, values in zip(columns, arrays, strict=True):
        if values.ndim > 1:
            raise DataError(
                f"input '{name}' joins columns, but '{column}' has the shape {tuple(values.shape[1:])} a sample",
                file=fields.places[0].file,
                hint=f"make it an input of its own: data.inputs: {{{column}: {{columns: {column}}}, …}}",
            )
    described = [
        column_schema(
            column, kind, fields, train=train, policy=policy, others=[each for each in columns[:4] if each != column]
        )
        for column in columns
    ]
    width = sum(each.width for each in described)
    return InputSchema(name=name, axes=["samples", "features"], shape=[width], columns=described)


def column_schema(
    name: str,
    kind: Literal["number", "category"] | None,
    fields: Fields,
    *,
    train: np.ndarray[Any, Any],
    policy: Missing | Constant,
    others: Sequence[str],
) -> ColumnSchema:
    """Whether a column holds numbers or names, its names, and what fills its empty cells; `others` are for a hint."""
    values = fields.arrays[name]
    kind = kind or ("category" if values.dtype == object else "number")
    if kind == "number":
        if values.dtype == object:
            row = next(row for row, value in enumerate(values) if value is not None)
            file, line, words = fields.where(row)
            message = f"column '{name}' is text ('{values[row]}' in {words}), but its input is of kind number"
            raise DataError(message, file=file, line=line)
        return ColumnSchema(name=name, kind="number", fill=number_fill(values[train], policy, name))
    names = [value for value in names_of(values[train]) if value is not None]
    categories = sorted(set(names))
    fill = name_fill(names, policy)
    if isinstance(fill, str) and fill not in categories:
        categories = sorted([*categories, fill])
    if len(categories) > MOST_CATEGORIES or (len(names) > 20 and len(categories) > 0.9 * len(names)):
        raise DataError(
            f"column '{name}' is text with {len(categories)} different values in {len(names)} rows, "
            "so it names rows rather than kinds",
            file=fields.places[0].file,
            hint=f"leave it out: data.inputs: [{', '.join([*others[:3], '…'])}]",
        )
    return ColumnSchema(name=name, kind="category", categories=categories, fill=fill)


def names_of(values: np.ndarray[Any, Any]) -> list[str | None]:
    """The values of a column as names, None for an empty one."""
    empty = missing(values)
    return [None if absent else str(value) for value, absent in zip(values, empty, strict=True)]


def number_fill(values: np.ndarray[Any, Any], policy: Missing | Constant, name: str) -> float | None:
    """What stands for an empty cell of a column of numbers that holds `values` in training; None where nothing can."""
    import numpy as np

    empty = missing(values)
    known = values[~empty]
    if isinstance(policy, Constant):
        if isinstance(policy.constant, str):
            if not empty.any():
                return None
            raise DataError(
                f"column '{name}' holds numbers and cannot be filled with '{policy.constant}'",
                hint="write data.missing: {constant: 0}",
            )
        return policy.constant
    if policy in {"error", "drop"} or not len(known):
        return None
    if policy == "most_frequent":
        different, counts = np.unique(known, return_counts=True)
        return float(different[np.argmax(counts)])
    return float(np.mean(known) if policy == "mean" else np.median(known))


def name_fill(names: list[str], policy: Missing | Constant) -> str | None:
    """What stands for an empty cell of a column of names: names have no mean, so their most frequent one."""
    if isinstance(policy, Constant):
        return policy.constant if isinstance(policy.constant, str) else f"{policy.constant:g}"
    if policy in {"error", "drop"} or not names:
        return None
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name))


def encode_input(schema: InputSchema, fields: Fields) -> tuple[np.ndarray[Any, Any], list[str]]:
    """The tensor (samples, *shape) of one input, and notes on names that the training split did not have.

    Raises `DataError` for a missing column, an empty cell without a fill value, text among numbers, infinite values.
    """
    import numpy as np

    if schema.columns is None:
        return encode_array(schema, fields), []
    absent = [column.name for column in schema.columns if column.name not in fields.arrays]
    if absent:
        more = f" and {len(absent) - 1} more" if absent[1:] else ""
        raise DataError(
            f"the data lacks the column '{absent[0]}'{more}; it has: {', '.join(fields.arrays)}",
            file=fields.places[0].file,
            hint=near(absent[0], fields.arrays),
        )
    tensor = np.zeros((fields.samples, schema.shape[0]), np.float32)
    notes, start = [], 0
    for column in schema.columns:
        values = filled(column, fields)
        if column.kind == "number":
            tensor[:, start] = values
        else:
            index = {name: number for number, name in enumerate(column.categories)}
            codes = np.array([index.get(name, -1) for name in values])
            known = np.flatnonzero(codes >= 0)
            tensor[known, start + codes[known]] = 1
            if len(known) < len(codes):
                first = values[np.flatnonzero(codes < 0)[0]]
                count = len(codes) - len(known)
                were, they = ("1 value was", "it counts") if count == 1 else (f"{count} values were", "they count")
                notes.append(
                    f"column '{column.name}': {were} not in the training split ('{first}'); {they} as none of its names"
                )
        start += column.width
    return tensor, notes


def encode_array(schema: InputSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """An input that is one array, as it is, checked."""
    import numpy as np

    name = schema.array or schema.name
    if name not in fields.arrays and schema.name in fields.arrays:
        name = schema.name  # data to predict may bear the input's own name
    if name not in fields.arrays:
        raise DataError(
            f"the data has no array '{name}'; it has: {', '.join(fields.arrays)}", file=fields.places[0].file
        )
    values = fields.arrays[name]
    if list(values.shape[1:]) != schema.shape:
        raise DataError(
            f"'{name}' has the shape {tuple(values.shape[1:])} a sample, expected {tuple(schema.shape)}",
            file=fields.places[0].file,
        )
    if values.dtype.kind not in "fiub":
        held = "text" if values.dtype == object else f"the type {values.dtype}"
        raise DataError(f"'{name}' holds {held}; expected numbers", file=fields.places[0].file)
    check_finite(name, values, fields)
    empty = missing(values)
    if not empty.any():
        return values
    if schema.fill is not None:
        return np.where(np.isnan(values), schema.fill, values)
    raise empty_cells({name: empty}, fields, hint="write data.missing: drop or {constant: 0}")


def filled(column: ColumnSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """The values of a column with its empty cells filled."""
    import numpy as np

    values = fields.arrays[column.name]
    if column.kind == "category":
        values = np.array(names_of(values), dtype=object)
    elif values.dtype == object and all(value is None or is_number(value) for value in values):
        values = np.array([np.nan if value is None else float(value) for value in values])
    elif values.dtype == object:
        row = next(row for row, value in enumerate(values) if value is not None and not is_number(value))
        file, line, words = fields.where(row)
        raise DataError(
            f"column '{column.name}' held numbers in training, but {words} is '{values[row]}'", file=file, line=line
        )
    check_finite(column.name, values, fields)
    empty = missing(values)
    if not empty.any():
        return values
    if column.fill is None:
        hint = None
        if column.kind == "number" and np.isnan(values).all():
            hint = f"no cell of it holds a number: leave '{column.name}' out of data.inputs"
        raise empty_cells({column.name: empty}, fields, hint=hint)
    values = values.copy()
    values[empty] = column.fill
    return values


def empty_counts(empty: dict[str, np.ndarray[Any, Any]]) -> str:
    """How many cells are empty in which columns."""
    return ", ".join(f"'{name}' {int(rows.sum())}" for name, rows in empty.items())


def is_number(cell: Any) -> bool:
    """Whether a cell that was read as text is written as a number; one with a leading zero is a name."""
    text = str(cell).strip()
    return re.fullmatch(NUMBER, text) is not None and re.fullmatch(LEADING_ZERO, text) is None


def empty_cells(empty: dict[str, np.ndarray[Any, Any]], fields: Fields, *, hint: str | None = None) -> DataError:
    """The error of empty cells that nothing was said about: how many in which columns, and the first."""
    import numpy as np

    first = min(int(np.flatnonzero(rows)[0]) for rows in empty.values())
    file, line, words = fields.where(first)
    return DataError(
        f"empty cells: {empty_counts(empty)}; the first in {words}",
        file=file,
        line=line,
        hint=hint or "write data.missing: drop, mean, median, most_frequent or {constant: 0}",
    )
