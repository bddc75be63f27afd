"""The part on the data: its tensors, classes, columns and findings, and some samples to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.description.columns import ColumnSeen
from dlcli.data.description.tensors import Tensor
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.data import MOST_ROWS, columns_table, tensors_table
from dlcli.view.evaluation import short
from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.html.pictures import tiles
from dlcli.view.report import DataPictured, Missing, RowsShown

if TYPE_CHECKING:
    from markupsafe import Markup

TITLE = "The data"
MOST_LETTERS = 350_000
"""Letters of a page that samples may take."""
MOST_CLASSES, MOST_HISTOGRAMS = 100, 12


def data_part(data: DataPictured | Missing) -> Part:
    """What `inspect-data` tells, with samples."""
    if isinstance(data, Missing):
        return missing_part("data", TITLE, data)
    shown = data.shown
    made, left = tiles(data.samples, most_letters=MOST_LETTERS)
    columns = shown.columns[:MOST_ROWS]
    return part_of_page(
        "data",
        TITLE,
        data=shown,
        tensors=table_markup(tensors_table(shown.tensors[:MOST_ROWS]), "tensors"),
        classes=[classes_table(each) for each in class_tensors(shown.tensors)],
        histograms=[chart_markup(each) for each in column_histograms(columns)],
        columns=table_markup(columns_table(columns, unicode=True), "columns") if columns else None,
        more=len(shown.columns) - len(columns),
        rows=rows_table(data.rows) if data.rows is not None else None,
        tiles=made,
        left=left,
    )


def rows_table(shown: RowsShown) -> Markup:
    """Some rows as they stand in the table."""
    numbers = [all(isinstance(row[at], int | float | None) for row in shown.rows) for at in range(len(shown.columns))]
    columns = [
        Column(name, right=is_number, text=short_cell) for name, is_number in zip(shown.columns, numbers, strict=True)
    ]
    return table_markup(Table(columns, shown.rows, keys=0), "some rows")


def short_cell(value: Any) -> str:
    """A cell of a table of data, empty where it is."""
    return "" if value is None or value != value else short(value)


def class_tensors(tensors: Sequence[Tensor]) -> list[Sequence[Tensor]]:
    """The targets that have classes: each with its tensor of every split."""
    names = dict.fromkeys(each.name for each in tensors if each.classes)
    return [[each for each in tensors if each.name == name and each.classes] for name in names]


def classes_table(tensors: Sequence[Tensor]) -> Markup:
    """A row for each class and a column for each split."""
    by_split: Mapping[str, Mapping[str, int]] = {each.split: each.classes or {} for each in tensors}
    names = list(dict.fromkeys(name for counts in by_split.values() for name in counts))
    rows = [[name, *(counts.get(name, 0) for counts in by_split.values())] for name in names[:MOST_CLASSES]]
    more = f", the first {MOST_CLASSES} of {len(names):,}" if len(names) > MOST_CLASSES else ""
    columns = [Column("class"), *map(number_column, by_split)]
    return table_markup(Table(columns, rows), f"samples by class of '{tensors[0].name}'{more}")


def column_histograms(columns: Sequence[ColumnSeen]) -> list[Chart]:
    """The spread of the first columns of numbers."""
    charts = []
    for column in columns:
        if not column.histogram or column.min is None or column.max is None or column.kind != "numbers":
            continue
        width = (column.max - column.min) / len(column.histogram)
        middles = [column.min + (at + 0.5) * width for at in range(len(column.histogram))]
        bars = Line("rows", [float(count) for count in column.histogram], kind="bars")
        charts.append(Chart(title=column.name, x_name="value", x=middles, lines=[bars], small=True))
    return [each for each in charts if finite_axis(each)][:MOST_HISTOGRAMS]


def finite_axis(chart: Chart) -> bool:
    """Whether the values of an axis rise and can be told apart."""
    return all(low < high for low, high in zip(chart.x, chart.x[1:], strict=False))
