"""How far answers can be trusted, on a screen: the areas of classes, the error of probabilities, how far off numbers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from dlcli.view.confusion import shown_name
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import number
from dlcli.view.judged import Calibrated, NumberScores, RangeScores, RankScores

MOST_ROWS = 20
"""Classes, or values of a target, that a table holds; `--json` has all."""


def interval_column(of: str = "") -> Column:
    """A column of intervals, which are numbers: whole, or not there. Where there are several each says `of` what it is, for a
    narrow screen shows them in tables of their own."""
    return number_column(f"{of} 95 %".strip(), str)


def between(interval: Sequence[float] | None) -> str:
    """An interval in a cell; nothing where there is none."""
    return "" if interval is None else f"{number(interval[0])} – {number(interval[1])}"


def draw_ranking(console: Console, ranking: Mapping[str, RankScores]) -> None:
    """The areas of each class; of more than a table holds the worst ones, first."""
    known = [(name, each) for name, each in ranking.items() if each.roc_auc is not None]
    if known:
        console.print()
        worst = sorted(known, key=lambda pair: pair[1].roc_auc or 0.0)[:MOST_ROWS]
        write_table(console, areas_table(known if len(known) <= MOST_ROWS else worst))


def areas_table(areas: Sequence[tuple[str, RankScores]]) -> Table:
    """A row for each class, with the intervals of its areas where some are known."""
    sure = any(each.roc_auc_interval for _, each in areas)
    columns = [Column("class")]
    columns += [
        each
        for area in ("ROC-AUC", "avg precision")
        for each in (number_column(area), interval_column(area))[: 1 + sure]
    ]
    return Table(columns, [[shown_name(name), *area_cells(each, sure=sure)] for name, each in areas])


def area_cells(scores: RankScores, *, sure: bool) -> list[object]:
    """The areas of a class, with their intervals where some are known."""
    if not sure:
        return [scores.roc_auc, scores.average_precision]
    roc = scores.roc_auc, between(scores.roc_auc_interval)
    return [*roc, scores.average_precision, between(scores.average_precision_interval)]


def draw_calibration(console: Console, calibrated: Calibrated) -> None:
    """How far probabilities are off on average."""
    console.print()
    about = f"by which the probability of {calibrated.about} is off on average"
    line(console, "ECE", f"{number(calibrated.error)}, {about}; Brier score {number(calibrated.brier)}")


def draw_numbers(console: Console, scores: Sequence[NumberScores]) -> None:
    """How far off each value of a target is, and, of one alone, by range."""
    console.print()
    write_table(console, numbers_table(scores[:MOST_ROWS]))
    if len(scores) > MOST_ROWS:
        console.print(Text(f"… and {len(scores) - MOST_ROWS} values more; --json has all", style="dim"))
    if len(scores) == 1 and scores[0].ranges:
        console.print()
        write_table(console, range_table(scores[0].ranges))


def numbers_table(scores: Sequence[NumberScores]) -> Table:
    """A row for each value of a target of numbers."""
    naive = any(each.naive_mae is not None for each in scores)
    names = ["values", "mae", *["naive mae"][: int(naive)], "rmse", "bias", "r2"]
    columns = [Column("target"), *map(number_column, names)]
    columns += [interval_column("r2")] if any(each.r2_interval for each in scores) else []
    rows = []
    for each in scores:
        off = [each.mae, each.naive_mae] if naive else [each.mae]
        row = [each.name, each.values, *off, each.rmse, each.bias, each.r2, between(each.r2_interval)]
        rows.append(row[: len(columns)])
    return Table(columns, rows)


def range_table(ranges: Sequence[RangeScores]) -> Table:
    """A row for each range of the true numbers."""
    columns = [Column("true from"), *map(number_column, ("to", "values", "mae", "bias"))]
    return Table(columns, [[number(each.low), each.high, each.values, each.mae, each.bias] for each in ranges])
