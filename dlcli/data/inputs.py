"""The inputs: which columns or arrays they are, and how raw rows become the tensors that a model takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from dlcli.data.fields import Fields
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.data.target import check_finite, missing
from dlcli.errors import DataError
from dlcli.spec import KerasObject, KerasThing, Spec, near

if TYPE_CHECKING:
    import numpy as np

FEATURES = "features"
"""The name of the input that a table becomes where the configuration names none."""
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
        groups = {
            name: ([each.columns] if isinstance(each.columns, str) else each.columns, each.kind)
            for name, each in chosen.items()
        }
    else:
        names = chosen or fields.inputs or [name for name in fields.arrays if name not in {target, *reserved}]
        names = [name for name in names if name != target or chosen]
        groups = default_groups(names, fields)
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


def default_groups(
    names: Sequence[str], fields: Fields
) -> dict[str, tuple[list[str], Literal["number", "category"] | None]]:
    """All columns as one input, and each array of more axes as one of its own."""
    columns = [name for name in names if name not in fields.arrays or fields.arrays[name].ndim == 1]
    groups: dict[str, tuple[list[str], Literal["number", "category"] | None]] = {}
    if columns:
        groups[FEATURES] = (columns, None)
    groups |= {name: ([name], None) for name in names if name not in columns}
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
        fill = float(policy.constant) if isinstance(policy, Constant) else None
        return InputSchema(name=name, axes=list(fields.axes_of(columns[0])), shape=list(arrays[0].shape[1:]), fill=fill)
    described = [column_schema(column, kind, fields, train=train, policy=policy) for column in columns]
    width = sum(each.width for each in described)
    return InputSchema(name=name, axes=["samples", "features"], shape=[width], columns=described)


def column_schema(
    name: str,
    kind: Literal["number", "category"] | None,
    fields: Fields,
    *,
    train: np.ndarray[Any, Any],
    policy: Missing | Constant,
) -> ColumnSchema:
    """Whether a column holds numbers or names, its names, and what fills its empty cells."""
    values = fields.arrays[name]
    kind = kind or ("category" if values.dtype == object else "number")
    known = values[train][~missing(values[train])]
    if kind == "number":
        if values.dtype == object:
            raise DataError(
                f"column '{name}' is text ('{known[0]}'), but its input is of kind number", file=fields.places[0].file
            )
        return ColumnSchema(name=name, kind="number", fill=number_fill(known, policy, name))
    names = [str(value) for value in known]
    categories = sorted(set(names))
    fill = name_fill(names, categories, policy)
    if isinstance(fill, str) and fill not in categories:
        categories = sorted([*categories, fill])
    if len(categories) > MOST_CATEGORIES or (len(names) > 20 and len(categories) > 0.9 * len(names)):
        others = [each for each in fields.arrays if each != name]
        raise DataError(
            f"column '{name}' is text with {len(categories)} different values in {len(names)} rows, so it names rows rather than kinds",
            file=fields.places[0].file,
            hint=f"leave it out: data.inputs: [{', '.join(others[:3])}, …]",
        )
    return ColumnSchema(name=name, kind="category", categories=categories, fill=fill)


def number_fill(known: np.ndarray[Any, Any], policy: Missing | Constant, name: str) -> float | None:
    """What stands for an empty cell of a column of numbers."""
    import numpy as np

    if isinstance(policy, Constant):
        if isinstance(policy.constant, str):
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


def name_fill(names: list[str], categories: list[str], policy: Missing | Constant) -> str | None:
    """What stands for an empty cell of a column of names: names have no mean, so their most frequent one."""
    if isinstance(policy, Constant):
        return str(policy.constant)
    if policy in {"error", "drop"} or not names:
        return None
    return max(categories, key=names.count)


def encode_input(schema: InputSchema, fields: Fields) -> tuple[np.ndarray[Any, Any], list[str]]:
    """The tensor (samples, *shape) of one input, and notes on names that the training split did not have.

    Raises `DataError` for a missing column, an empty cell without a fill value, text among numbers, infinite values.
    """
    import numpy as np

    if schema.columns is None:
        return encode_array(schema, fields), []
    absent = [column.name for column in schema.columns if column.name not in fields.arrays]
    if absent:
        raise DataError(
            f"the data lacks the column '{absent[0]}'{f' and {len(absent) - 1} more' if absent[1:] else ''}; it has: {', '.join(fields.arrays)}",
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
            codes = np.array([index.get(str(value), -1) for value in values])
            known = np.flatnonzero(codes >= 0)
            tensor[known, start + codes[known]] = 1
            if len(known) < len(codes):
                first = str(values[np.flatnonzero(codes < 0)[0]])
                notes.append(
                    f"column '{column.name}': {len(codes) - len(known)} values were not in the training split ('{first}'); they count as none of its names"
                )
        start += column.width
    return tensor, notes


def encode_array(schema: InputSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """An input that is one array, as it is, checked."""
    import numpy as np

    if schema.name not in fields.arrays:
        raise DataError(
            f"the data has no array '{schema.name}'; it has: {', '.join(fields.arrays)}", file=fields.places[0].file
        )
    values = fields.arrays[schema.name]
    if list(values.shape[1:]) != schema.shape:
        raise DataError(
            f"'{schema.name}' has the shape {tuple(values.shape[1:])} a sample, expected {tuple(schema.shape)}",
            file=fields.places[0].file,
        )
    if values.dtype == object or values.dtype.kind not in "fiub":
        raise DataError(f"'{schema.name}' has the type {values.dtype}; expected numbers", file=fields.places[0].file)
    check_finite(schema.name, values, fields)
    empty = missing(values)
    if not empty.any():
        return values
    if schema.fill is not None:
        return np.where(np.isnan(values), schema.fill, values)
    raise empty_cells({schema.name: empty}, fields)


def filled(column: ColumnSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """The values of a column with its empty cells filled."""
    values = fields.arrays[column.name]
    if column.kind == "number" and values.dtype == object:
        row = next(row for row, value in enumerate(values) if value is not None)
        file, line, words = fields.where(row)
        raise DataError(
            f"column '{column.name}' held numbers in training, but {words} is '{values[row]}'", file=file, line=line
        )
    check_finite(column.name, values, fields)
    empty = missing(values)
    if not empty.any():
        return values
    if column.fill is None:
        raise empty_cells({column.name: empty}, fields)
    values = values.copy()
    values[empty] = column.fill
    return values


def empty_cells(empty: dict[str, np.ndarray[Any, Any]], fields: Fields) -> DataError:
    """The error of empty cells that nothing was said about: how many in which columns, and the first."""
    import numpy as np

    counts = ", ".join(f"'{name}' {int(rows.sum())}" for name, rows in empty.items())
    first = min(int(np.flatnonzero(rows)[0]) for rows in empty.values())
    file, line, words = fields.where(first)
    return DataError(
        f"empty cells: {counts}; the first in {words}",
        file=file,
        line=line,
        hint="write data.missing: drop, mean, median, most_frequent or {constant: 0}",
    )
