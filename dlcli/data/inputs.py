"""The inputs: which columns or arrays they are, and what of them the training rows teach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, is_lazy, pixel_type
from dlcli.data.fields.padded import ID_PADDING, PADDING
from dlcli.data.first_pass import FILLED_BY_LEARNING, Learnt, learn, range_seen
from dlcli.data.number_times import check_seconds, first_of_day
from dlcli.data.preparation.preparations import Preparation
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.data.sources.source import FEATURES
from dlcli.data.text_advice import PREPARATIONS
from dlcli.data.times import Part, are_times
from dlcli.data.written_numbers import numbers_instead
from dlcli.errors import DataError
from dlcli.spec import KerasObject, Spec

if TYPE_CHECKING:
    import numpy as np

MOST_CATEGORIES = 1000

Kind = Literal["number", "category", "text", "time"]
Missing = Literal["error", "drop", "mean", "median", "most_frequent"]


class Constant(Spec):
    """Fills every empty cell with one value."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "constant": (
            "data.missing.constant=5",
            "data.source=gaps.csv",
            "data.missing={constant: 0}",
        ),
    }

    constant: float | str
    """A number for columns of numbers; a name for columns of names."""


class Input(Spec):
    """One of several inputs."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "columns": (
            "data.inputs.one.columns=[a]",
            "data.inputs={one: {columns: [a, g]}}",
        ),
        "kind": (
            "data.inputs.one.kind=category",
            "data.inputs={one: {columns: [g]}}",
        ),
        "parts": (
            "data.inputs.one.parts=[hour, year]",
            "data.inputs={one: {columns: [g], kind: time}}",
        ),
        "prepare": (
            "data.inputs.one.prepare=[Normalization]",
            "data.inputs={one: {columns: [a, g]}}",
        ),
    }

    columns: Annotated[list[str], Field(min_length=1)] | str
    """The columns that make up its vector, or one array."""
    kind: Kind | None = None
    """What its columns hold: `number`, `category` (one-hot), `text` (one column, for TextVectorization) or `time`; by default
    what they look like."""
    parts: list[Part] = []
    """Of times their parts: minute, hour, weekday, day, month, yearday as sine and cosine, year as a number; without any
    they are seconds since 1970."""
    prepare: list[Preparation] = []
    """Preparations of this input alone, after those of `data.prepare`."""

    @property
    def reads(self) -> Kind | None:
        """How its columns are read: names that its own preparation takes are left to it as text."""
        first = self.prepare[0] if self.prepare else None
        takes_names = isinstance(first, KerasObject) and first.traits.get("text")
        return "text" if self.kind == "category" and takes_names else self.kind

    @property
    def names(self) -> list[str]:
        """Its columns as a list."""
        return [self.columns] if isinstance(self.columns, str) else self.columns


@dataclass(frozen=True)
class Group:
    """The fields that one input is made of."""

    name: str
    columns: list[str]
    kind: Kind | None = None
    parts: Sequence[Part] = ()
    categories: Collection[str] = ()
    """Columns that are names of kinds, whatever the others are."""
    names: bool = False
    """Whether it is names that a preparation of its own takes as text."""

    def kind_of(self, column: str) -> Kind | None:
        """What the configuration says of one of its columns."""
        return "category" if column in self.categories and self.kind is None else self.kind


def groups_of(
    chosen: Sequence[str] | dict[str, Input] | None,
    fields: Fields,
    *,
    targets: Collection[str],
    reserved: Collection[str],
    categories: Collection[str] = (),
) -> list[Group]:
    """The fields of each input.

    `chosen` is what the configuration says; `categories` are columns of names of kinds;
    `reserved` are columns that serve the split or weigh the samples: by default no
    inputs.
    Raises `DataError` for a field that is not there, or if nothing is left.
    """
    if isinstance(chosen, dict):
        groups = [
            Group(name, each.names, each.reads, each.parts, categories, names=each.reads == "text" != each.kind)
            for name, each in chosen.items()
        ]
    else:
        # What a series was up to now may tell what it will be.
        without = {*reserved} if fields.windows else {*targets, *reserved}
        groups = default_groups(chosen or default_inputs(fields, without=without), fields)
        groups = [replace(each, categories=categories) for each in groups]
    there = {name for group in groups for name in group.columns}
    for name in categories:
        if name not in there:
            if name not in fields.names:
                fields.check_column(name)
            raise DataError(
                f"'{name}' is a category, and none of the inputs",
                file=fields.places[0].file,
                hint="add it to data.inputs, or leave it out of data.category",
                kind="no_such_column",
            )
    for group in groups:
        for name in group.columns:
            fields.check_column(name)
    if not groups:
        beside = "', '".join(targets)
        unread = [name for name in fields.names if name not in fields.arrays]
        raise DataError(
            f"nothing is left as input beside the target '{beside}'",
            file=fields.places[0].file,
            hint=f"of what is left out, data.inputs: [{unread[0]}] tells why" if unread else None,
            kind="no_input_left",
        )
    return groups


def default_inputs(fields: Fields, *, without: Collection[str]) -> list[str]:
    """What is input where the configuration names none: what the source takes for it, else everything.

    Where the targets are all that the source takes for inputs, a model puts out its own input.
    """
    return [name for name in fields.inputs or fields.arrays if name not in without] or [*(fields.inputs or ())]


def default_groups(names: Sequence[str], fields: Fields) -> list[Group]:
    """All columns as one input, and each array of more axes, or running text, as one of its own."""
    own = {
        name
        for name in names
        if name in fields.arrays and (fields.arrays[name].ndim > 1 or is_running_text(fields, name))
    }
    columns = [name for name in names if name not in own]
    groups = [Group("columns" if FEATURES in own else FEATURES, columns)] if columns else []
    return groups + [Group(name, [name]) for name in names if name in own]


def is_running_text(fields: Fields, name: str) -> bool:
    """Whether a field is text to be read, as against names."""
    column = fields.arrays[name]
    return name in fields.texts or (column.dtype == object and is_lazy(column) and fields.chunks is None)


def input_schemas(
    groups: Sequence[Group], fields: Fields, *, train: np.ndarray[Any, Any], policy: Missing | Constant
) -> list[InputSchema]:
    """What each input is made of; categories and fill values are those of the rows `train` (rows,) alone."""
    tables = [each for each in groups if is_vector(each, fields)]
    for group in tables:
        check_table(group, fields)
    kinds = {(name, column_kind(name, each.kind_of(name), fields)) for each in tables for name in each.columns}
    kinds |= {(name, "category") for each in groups if each.names and each not in tables for name in each.columns}
    learnt = {
        kind: learn(
            fields,
            {name: kind for name, its in sorted(kinds) if its == kind},
            train=train,
            keep=policy in {"median", "most_frequent"},
        )
        for kind in ("number", "category")
    }
    return [
        table_schema(each, fields, learnt, policy=policy)
        if each in tables
        else array_input_schema(each, fields, policy, train).model_copy(
            update={"fills": name_fills(each, learnt, policy)}
        )
        for each in groups
    ]


def name_fills(group: Group, learnt: Mapping[str, Mapping[str, Learnt]], policy: Missing | Constant) -> dict[str, str]:
    """What stands for an empty cell of each column of names that a preparation takes as text."""
    columns = group.columns if group.names else []
    fills = {name: name_fill(learnt["category"][name].names, policy) for name in columns}
    return {name: fill for name, fill in fills.items() if fill is not None}


def is_vector(group: Group, fields: Fields) -> bool:
    """Whether an input is a group of columns, which become the features of one vector."""
    first = fields.arrays[group.columns[0]]
    if group.kind == "text":
        return False
    return not (len(group.columns) == 1 and (first.ndim > 1 or is_running_text(fields, group.columns[0])))


def array_input_schema(
    group: Group, fields: Fields, policy: Missing | Constant, train: np.ndarray[Any, Any]
) -> InputSchema:
    """The schema of an input that is one array, or text."""
    name = group.columns[0]
    values = fields.arrays[name]
    several = group.columns if len(group.columns) > 1 else None
    if several or (values.dtype == object and values.ndim == 1):
        fill = policy.constant if isinstance(policy, Constant) and isinstance(policy.constant, str) else None
        return InputSchema(
            name=group.name,
            axes=["samples", "columns"] if several else ["samples"],
            shape=[len(several)] if several else [],
            text=True,
            texts=several,
            fill=fill,
            pieces=fields.spans.pieces if fields.spans is not None else None,
            length=fields.spans.length if fields.spans is not None else None,
            array=None if several or name == group.name else name,
        )
    axes, shape, padding = list(fields.axes_of(name)), list(values.shape[1:]), None
    if name in fields.padded:
        axes, shape, padding = padded_form(values, as_numbers=group.kind == "number", axes=axes)
    return InputSchema(
        name=group.name,
        axes=axes,
        shape=shape,
        padding=padding,
        array=None if name == group.name else name,
        fill=number_fill(None, policy, name) if isinstance(policy, Constant) else None,
        stored=pixel_type(values),
        seen=range_seen(name, fields, train),
    )


def padded_form(values: Column, *, as_numbers: bool, axes: list[str]) -> tuple[list[str], list[int], float]:
    """Axes and shape of samples of unequal length (samples, places, …), and what stands at the places behind their end.

    Whole numbers, one a place, are ids; other numbers have an axis of features.
    """
    places, others = values.shape[1], list(values.shape[2:])
    if not others and values.dtype.kind == "i" and not as_numbers:
        return ["samples", "place"], [places], ID_PADDING
    axes = ["samples", "time", *(axes[2:] if others else ["features"])]
    return axes, [places, *(others or [1])], PADDING


def table_schema(
    group: Group, fields: Fields, learnt: Mapping[str, Mapping[str, Learnt]], *, policy: Missing | Constant
) -> InputSchema:
    """The schema of an input that joins columns."""
    described = []
    for column in group.columns:
        kind = column_kind(column, group.kind_of(column), fields)
        if kind == "number":
            known = learnt["number"][column]
            if not known.count and policy in FILLED_BY_LEARNING:
                message = f"no cell of column '{column}' holds a number in the training rows"
                hint = f"leave '{column}' out of data.inputs"
                raise DataError(message, file=fields.places[0].file, hint=hint, kind="column_without_numbers")
            fill = number_fill(known if policy in FILLED_BY_LEARNING else None, policy, column)
            described.append(ColumnSchema(name=column, kind="number", fill=fill, seen=known.seen))
        elif kind == "time":
            check_seconds(column, fields)
            first = first_of_day(column, fields)
            described.append(ColumnSchema(name=column, kind="time", parts=list(group.parts), first=first))
        else:
            others = [each for each in group.columns[:4] if each != column]
            described.append(category_schema(column, learnt["category"][column], fields, policy=policy, others=others))
    width = sum(each.width for each in described)
    return InputSchema(name=group.name, axes=["samples", "features"], shape=[width], columns=described)


def check_table(group: Group, fields: Fields) -> None:
    """Refuses columns that cannot stand side by side in one vector."""
    for column in group.columns:
        values = fields.arrays[column]
        if values.ndim > 1:
            raise DataError(
                f"input '{group.name}' joins columns, but '{column}' has the shape {tuple(values.shape[1:])} a sample",
                file=fields.places[0].file,
                hint=f"make it an input of its own: data.inputs: {{{column}: {{columns: {column}}}, …}}",
                kind="joined_column_has_axes",
            )
        if column_kind(column, group.kind_of(column), fields) == "number":
            check_number(column, fields)


def column_kind(name: str, kind: Kind | None, fields: Fields) -> Literal["number", "category", "time"]:
    """What a column holds: what the configuration says, else what it looks like."""
    if kind is not None and kind != "text":
        return kind
    return "category" if fields.arrays[name].dtype == object else "number"


def check_number(name: str, fields: Fields) -> None:
    """Refuses text in a column of numbers."""
    if fields.arrays[name].dtype != object:
        return
    values = next(fields.parts({name})).arrays[name][:]
    row = next(row for row, value in enumerate(values) if value is not None)
    file, line, words = fields.where(row, name)
    message = f"column '{name}' is text ('{values[row]}' in {words}), but its input is of kind number"
    raise DataError(message, file=file, line=line, kind="not_a_number")


def category_schema(
    name: str, learnt: Learnt, fields: Fields, *, policy: Missing | Constant, others: Sequence[str]
) -> ColumnSchema:
    """A column of names: its names in training, and what fills its empty cells; `others` are for a hint.

    Raises `DataError` where nearly every row has a name of its own.
    """
    categories, count = sorted(learnt.names), learnt.names.total()
    fill = name_fill(learnt.names, policy)
    if isinstance(fill, str) and fill not in categories:
        categories = sorted([*categories, fill])
    if len(categories) > MOST_CATEGORIES or (count > 20 and len(categories) > 0.9 * count):
        words = sum(" " in each.strip() for each in categories[:100]) > len(categories[:100]) / 2
        leave_out = f"leave it out: data.inputs: [{', '.join([*others[:3], '…'])}]"
        if are_times(categories):
            raise DataError(
                f"column '{name}' holds times, {len(categories)} different ones in {count} rows, and names rows as text",
                file=fields.places[0].file,
                hint=f"to learn from them: data.inputs: {{{name}: {{columns: {name}, kind: time}}}}; else {leave_out}",
                kind="too_many_categories",
            )
        instead = numbers_instead(categories)
        if instead is not None:
            leave_out = f"they look like numbers: {instead}"
        raise DataError(
            f"column '{name}' is text with {len(categories)} different values in {count} rows, "
            "so it names rows rather than kinds",
            file=fields.places[0].file,
            hint=f"to read it: data.inputs: {{{name}: {{columns: {name}, kind: text, prepare: {PREPARATIONS[None]}}}, …}}"
            if words and instead is None
            else leave_out,
            kind="too_many_categories",
        )
    return ColumnSchema(name=name, kind="category", categories=categories, fill=fill)


def number_fill(learnt: Learnt | None, policy: Missing | Constant, name: str) -> float | None:
    """What stands for an empty cell of a column of numbers; None where nothing can."""
    import numpy as np

    if isinstance(policy, Constant):
        return policy.constant if not isinstance(policy.constant, str) else None
    if learnt is None or not learnt.count:
        return None
    if policy == "most_frequent":
        different, counts = np.unique(learnt.known, return_counts=True)
        return float(different[np.argmax(counts)])
    return float(learnt.total / learnt.count) if policy == "mean" else float(np.median(learnt.known))


def name_fill(names: Counter[str], policy: Missing | Constant) -> str | None:
    """What stands for an empty cell of a column of names: names have no mean, so their most frequent one."""
    if isinstance(policy, Constant):
        return policy.constant if isinstance(policy.constant, str) else f"{policy.constant:g}"
    if policy in {"error", "drop"} or not names:
        return None
    return min(names, key=lambda name: (-names[name], name))
