"""What a sample is: a row of the fields, or a window of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields, Spans
from dlcli.data.fields.lazy import Column, Lazy, Selected, is_lazy
from dlcli.data.fields.padded import PADDING, Padded
from dlcli.data.fields.values import rows_in_words
from dlcli.data.memory import free_memory
from dlcli.data.schema import SPLITS, InputSchema, TargetSchema
from dlcli.data.target_labels import VOID
from dlcli.data.windows import Windows
from dlcli.errors import DataError
from dlcli.spec import did_you_mean

if TYPE_CHECKING:
    import numpy as np

BYTES = 8
"""Of a number in a sample at most."""
Splits = Mapping[str, "np.ndarray[Any, Any]"]


class RowSamples:
    """Every row is a sample."""

    windows: Windows | None = None
    """How rows become samples, where a sample is several of them."""
    notes: tuple[str, ...] = ()
    """What a person should know of it."""

    def __init__(self, count: int) -> None:
        self.count = count

    def input(self, tensor: Column) -> Column:
        """An input of all samples: (rows, …) becomes (samples, …)."""
        return tensor

    def target(self, values: Column, schema: TargetSchema) -> Column:
        """The target of all samples, whose schema is that of a row: (rows, …) becomes (samples, …)."""
        return values

    def at_row(self, values: Column) -> Column:
        """What all samples have in the row at which they stand: (rows, …) becomes (samples, …)."""
        return values

    def target_schema(self, schema: TargetSchema) -> TargetSchema:
        """A target as samples have it."""
        return schema

    def schema(self, schema: InputSchema) -> InputSchema:
        """An input as samples have it."""
        return schema

    def rows_in(self, samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The rows that some samples (samples,) are made of, ascending."""
        return samples

    def target_rows(self, samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The rows (samples,) at which samples stand."""
        return samples

    def own(self, splits: Splits) -> Splits:
        """The splits of the source, in samples."""
        return splits

    def apart(self, splits: dict[str, np.ndarray[Any, Any]], by: str | None) -> dict[str, np.ndarray[Any, Any]]:
        """The splits (samples of the split,) without samples that reach from one into another."""
        return splits


class WindowSamples:
    """Every window is a sample; it stands at the row of its target, or at its last one where no target is asked for."""

    notes: tuple[str, ...] = ()

    def __init__(self, windows: Windows, starts: np.ndarray[Any, Any], *, with_target: bool = True) -> None:
        self.windows, self.starts, self.count = windows, starts, len(starts)
        self.reach = windows.reach if with_target else windows.inside

    def input(self, tensor: Column) -> Column:
        return Windowed(tensor, self.starts, self.windows)

    def target(self, values: Column, schema: TargetSchema) -> Column:
        if not self.windows.target_shape:
            return self.at_row(values)
        return WindowTargets(values, self.starts, self.windows.target_rows())

    def at_row(self, values: Column) -> Column:
        rows = self.starts + self.reach
        return Selected(values, rows) if is_lazy(values) else values[rows]

    def with_target_in(self, rows: np.ndarray[Any, Any]) -> WindowSamples:
        """The windows all of whose targets stand in some rows: `rows` (rows,) says which."""
        wanted = self.starts[:, None] + self.windows.target_rows().ravel()
        whole = WindowSamples(self.windows, self.starts[rows[wanted].all(axis=1)])
        whole.reach = self.reach
        return whole

    def target_schema(self, schema: TargetSchema) -> TargetSchema:
        windows = self.windows
        several = isinstance(windows.horizon, list)
        axes = [*(["time"] if windows.each_step else []), *(["horizon"] if several else [])]
        return schema.model_copy(
            update={
                "axes": ["samples", *axes, *schema.axes[1:]],
                "shape": [*windows.target_shape, *schema.shape],
                "ahead": windows.horizons if several and not windows.each_step and not schema.shape else None,
            }
        )

    def schema(self, schema: InputSchema) -> InputSchema:
        check_no_text(schema)
        axes = ["samples", "time", *schema.axes[1:]]
        return schema.model_copy(update={"axes": axes, "shape": [self.windows.steps, *schema.shape]})

    def rows_in(self, samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        # As in `apart`: a row belongs where more windows have begun than ended, which costs one pass whatever their length.
        inside = np.zeros(int(self.starts[-1]) + self.reach + 2, np.int64)
        np.add.at(inside, self.starts[samples], 1)
        np.add.at(inside, self.starts[samples] + self.windows.inside + 1, -1)
        return np.flatnonzero(np.cumsum(inside) > 0)

    def target_rows(self, samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        rows: np.ndarray[Any, Any] = self.starts[samples] + self.reach
        return rows

    def own(self, splits: Splits) -> Splits:
        import numpy as np

        rows = self.starts + self.reach
        return {name: np.flatnonzero(np.isin(rows, its)) for name, its in splits.items()}

    def apart(self, splits: dict[str, np.ndarray[Any, Any]], by: str | None) -> dict[str, np.ndarray[Any, Any]]:

        if by is None or by.partition(":")[0] != "time":
            return splits
        return apart_in_order(splits, self.starts, self.reach)


class GroupSamples(RowSamples):
    """Every series is a sample as a whole: one row after the other, and padding behind. It stands at its last row."""

    def __init__(self, windows: Windows, order: np.ndarray[Any, Any], lengths: np.ndarray[Any, Any]) -> None:
        """`order` (rows,) are the rows of one series after those of another, `lengths` (samples,) how many each has."""
        super().__init__(len(lengths))
        self.series = windows.model_copy(update={"length": windows.length or int(lengths.max())})
        self.windows = self.series
        self.order, self.lengths = order, lengths
        self.starts = lengths.cumsum() - lengths
        check_padding_fits(self.series.steps, int(lengths.max()))
        longer = int((lengths > self.series.steps).sum())
        if longer:
            were = "1 series is" if longer == 1 else f"{longer:,} series are"
            self.notes = (f"{were} longer than {self.series.steps:,} rows, and the last ones alone are taken",)

    def padded(self, values: Column, padding: float) -> Column:
        """What each row has (rows, …), as samples (samples, steps, …)."""
        in_order = Selected(values, self.order)
        return Padded(in_order, self.starts, self.lengths, longest=self.series.steps, padding=padding)

    def input(self, tensor: Column) -> Column:
        return self.padded(tensor, PADDING)

    def target(self, values: Column, schema: TargetSchema) -> Column:
        if not self.series.each_step:
            return self.at_row(values)
        if schema.is_one_hot:
            return self.padded(values, 0)
        return self.padded(values, PADDING if schema.classes is None else VOID)

    def at_row(self, values: Column) -> Column:
        rows = self.target_rows(slice(None))
        return Selected(values, rows) if is_lazy(values) else values[rows]

    def target_schema(self, schema: TargetSchema) -> TargetSchema:
        if not self.series.each_step:
            return schema
        return schema.model_copy(
            update={
                "axes": ["samples", "time", *schema.axes[1:]],
                "shape": [self.series.steps, *schema.shape],
                "padded": True,
            }
        )

    def schema(self, schema: InputSchema) -> InputSchema:
        check_no_text(schema)
        axes, shape = ["samples", "time", *schema.axes[1:]], [self.series.steps, *schema.shape]
        return schema.model_copy(update={"axes": axes, "shape": shape, "padding": PADDING})

    def rows_in(self, samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        owner = np.repeat(np.arange(self.count), self.lengths)
        return np.sort(self.order[np.isin(owner, samples)])

    def target_rows(self, samples: Any) -> np.ndarray[Any, Any]:
        rows: np.ndarray[Any, Any] = self.order[(self.starts + self.lengths - 1)[samples]]
        return rows

    def own(self, splits: Splits) -> Splits:
        import numpy as np

        rows = self.target_rows(slice(None))
        return {name: np.flatnonzero(np.isin(rows, its)) for name, its in splits.items()}


def check_no_text(schema: InputSchema) -> None:
    """Refuses text, of which no series is made."""
    if schema.text:
        raise DataError(f"'{schema.name}' is text, and windows are cut from numbers and names", kind="text_in_windows")


class SpanSamples(RowSamples):
    """Every row is a sample, and neighbours share pieces of a running text."""

    def __init__(self, spans: Spans) -> None:
        super().__init__(len(spans.starts))
        self.spans = spans

    def apart(self, splits: dict[str, np.ndarray[Any, Any]], by: str | None) -> dict[str, np.ndarray[Any, Any]]:
        if by is None or by.partition(":")[0] != "time":
            return splits
        return apart_in_order(splits, self.spans.starts, self.spans.length - 1)


def apart_in_order(
    splits: dict[str, np.ndarray[Any, Any]], starts: np.ndarray[Any, Any], reach: int
) -> dict[str, np.ndarray[Any, Any]]:
    """Splits (samples of the split,) without the samples that reach back into an earlier one, where each begins at a row
    (samples,) and reaches over `reach` more.

    Raises `DataError` where nothing is left of one.
    """
    import numpy as np

    # Series have millions of windows that overlap, so rows are not marked one window after the other: each adds 1 where it
    # begins and takes 1 where it ends, and the running sum says how many lie over a row. An earlier split keeps its windows
    # and the later one loses those that reach back into it, so that nothing of the past is tested on.
    found: dict[str, np.ndarray[Any, Any]] = {}
    taken = np.zeros(int(starts[-1]) + reach + 2, np.int64)
    for name in SPLITS:
        if name in splits:
            own = starts[splits[name]]
            # How many rows of earlier splits stand before each row; several series may follow each other.
            before = np.concatenate([[0], np.cumsum(np.cumsum(taken) > 0)])
            found[name] = splits[name][before[own + reach + 1] == before[own]]
            np.add.at(taken, starts[found[name]], 1)
            np.add.at(taken, starts[found[name]] + reach + 1, -1)
    empty = [name for name, rows in found.items() if not len(rows)]
    if empty:
        raise DataError(
            f"the {empty[0]} split would be empty: its windows all reach back into the split before it",
            hint="write a smaller window, or a larger share for the split",
            kind="empty_split",
        )
    return found


class WindowTargets(Lazy):
    """The targets of windows over rows (rows, …), of which each window has several: (windows, *targets, …)."""

    def __init__(self, values: Column, starts: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> None:
        super().__init__((len(starts), *rows.shape, *values.shape[1:]), values.dtype)
        self.values, self.starts, self.rows = values, starts, rows

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        wanted = self.starts[rows].reshape(-1, *[1] * self.rows.ndim) + self.rows
        found: np.ndarray[Any, Any] = self.values[wanted.ravel()]
        return found.reshape(*wanted.shape, *found.shape[1:])


class Windowed(Lazy):
    """The windows of a table (rows, features): (windows, window, features)."""

    def __init__(self, table: Column, starts: np.ndarray[Any, Any], windows: Windows) -> None:
        super().__init__((len(starts), windows.steps, *table.shape[1:]), table.dtype)
        self.table, self.starts, self.windows = table, starts, windows

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        # The table may lie on a disk, which NumPy's sliding_window_view cannot slide over: it is asked for rows alone.
        inside = np.arange(self.windows.steps) * self.windows.sampling
        wanted = (self.starts[rows][:, None] + inside).ravel()
        values: np.ndarray[Any, Any] = self.table[wanted]
        return values.reshape(len(rows), *self.shape[1:])


def samples_of(fields: Fields, *, with_target: bool = True) -> RowSamples | WindowSamples:
    """What the samples of some fields are. Raises `DataError` for series that are shorter than a window."""
    windows = fields.windows
    if windows is None:
        return RowSamples(fields.samples) if fields.spans is None else SpanSamples(fields.spans)
    group = None if windows.group is None else group_column(windows.group, fields)
    if windows.window is None:
        assert group is not None  # the source asks for it
        return GroupSamples(windows, *series_of(fields.file_numbers(), group))
    segments = segments_of(fields.file_numbers(), fields.kept, group)
    return WindowSamples(windows, windows.starts(segments, with_target=with_target), with_target=with_target)


def group_column(name: str, fields: Fields) -> Column:
    """The column (rows,) that tells series apart, which the data has. Raises `DataError` where it does not."""
    if name not in fields.arrays:
        raise DataError(
            f"the series are told apart by column '{name}', which the data does not have; "
            f"it has: {', '.join(fields.arrays)}",
            file=fields.places[0].file,
            hint=did_you_mean(name, fields.arrays),
            kind="no_such_column",
        )
    return fields.arrays[name]


def check_padding_fits(steps: int, longest: int) -> None:
    """Raises `DataError` for samples so much longer than the longest series that their padding alone does not fit in memory."""
    if steps > longest and steps * BYTES > free_memory() // 4:
        raise DataError(
            f"samples of {steps:,} rows take {steps * BYTES / 1e9:,.1f} GB each for every column, more than a quarter of the "
            f"free memory, and the longest series has {rows_in_words(longest)}",
            hint=f"write length: {longest}",
            kind="out_of_memory",
        )


def series_of(files: np.ndarray[Any, Any], group: Column) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The rows (rows,) of one series after those of another, and how many each has (series,).

    A series are the rows of one file, (rows,), with the same `group` (rows,), wherever they stand in it.
    """
    import numpy as np

    names, number = np.unique(group[:].astype(str) if group.dtype == object else group[:], return_inverse=True)
    _, first, series, counts = np.unique(
        files * len(names) + number, return_index=True, return_inverse=True, return_counts=True
    )
    ranks = np.empty(len(first), np.int64)
    ranks[np.argsort(first)] = np.arange(len(first))
    return np.argsort(ranks[series], kind="stable"), counts[np.argsort(first)]


def segments_of(files: np.ndarray[Any, Any], kept: np.ndarray[Any, Any] | None, group: Column | None) -> list[int]:
    """The lengths of the series in a table, from the number of the file of each row (rows,): its files, cut again wherever
    rows between those that are `kept` (rows,) were left out and wherever the column `group` (rows,) changes.
    """
    import numpy as np

    is_end = files[1:] != files[:-1]
    if kept is not None:
        is_end |= np.diff(kept) != 1
    if group is not None:
        values = group[:]
        is_end |= values[1:] != values[:-1]
    lengths: list[int] = np.diff([0, *(np.flatnonzero(is_end) + 1), len(files)]).tolist()
    return lengths
