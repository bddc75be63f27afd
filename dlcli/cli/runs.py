"""dlcli runs: all runs as a table, or some of them as they ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import emit, err, give, write_rows
from dlcli.errors import UsageError

if TYPE_CHECKING:
    from dlcli.runs.summary import RunSummary
    from dlcli.view.runs import RunShown

MOST_DRAWN = 1000
"""So many runs are drawn for a person where no `--limit` says otherwise."""


Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME",
        help="Show these runs and groups again, as train showed them in the end; with an option of the list, list them alone.",
        autocompletion=completion.run_or_group,
    ),
]
Sort = Annotated[
    str | None,
    typer.Option(
        metavar="VALUE",
        help="Ascending by a metric or the path of a key; -VALUE for descending.",
        autocompletion=completion.sorting,
    ),
]
Columns = Annotated[
    list[str],
    typer.Option(
        metavar="NAMES",
        help="These columns: run,val_accuracy,optimizer.learning_rate.",
        autocompletion=completion.values,
    ),
]


def runs(
    names: Names = None,
    sort: Sort = None,
    filters: options.Filters = [],  # noqa: B006 (Typer copies it)
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The newest N runs; with --sort the first N.")
    ] = None,
    columns: Columns = [],  # noqa: B006
    only_names: Annotated[bool, typer.Option("--names", help="Nothing but the names, one on each line.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The table as CSV, with all digits.")] = False,
    md: Annotated[bool, typer.Option("--md", help="The table in Markdown.")] = False,
    runs: options.Runs = options.RUNS,
    no_pager: options.NoPager = False,
    json: options.Json = False,
) -> None:
    """Show the runs with metrics and what differs between them; by name each as it ended.

    Example: dlcli runs --sort=-val_accuracy --filter status=done
    """
    if sum([only_names, csv, md, json]) > 1:
        raise UsageError("the list has one form", hint="one of --names, --csv, --md, --json", kind="several_forms")
    of_list = bool(only_names or csv or md or filters or sort or columns or limit is not None)
    if names and not of_list:
        show_again(names, runs, json=json)
        return
    from dlcli.actions.runs import chosen_runs, first_or_newest, run_object

    rows: Sequence[RunSummary] = chosen_runs(runs, names or (), filters=filters, sort=sort)
    if not (names or only_names or csv or md or json or filters or sort or columns):
        rows = one_row_a_group(rows)
    rows = first_or_newest(rows, limit, sort=sort)
    if only_names:
        write_rows("".join(f"{row.run}\n" for row in rows))
    elif json:
        emit_objects([run_object(row) for row in rows])
    else:
        if limit is None and not (csv or md) and len(rows) > MOST_DRAWN:
            err().print(f"note: {MOST_DRAWN:,} of {len(rows):,} runs; --limit {len(rows)} shows all")
            rows = rows[-MOST_DRAWN:] if sort is None else rows[:MOST_DRAWN]
        show_table(rows, columns, csv=csv, md=md, pages=not no_pager)


def one_row_a_group(rows: Sequence[RunSummary]) -> Sequence[RunSummary]:
    """The rows with one for each group of more than a few, which is said."""
    from dlcli.actions.folded_runs import folded

    found = folded(rows)
    if found.groups:
        groups = f"{found.groups:,} group{'' if found.groups == 1 else 's'}"
        err().print(f"note: {found.runs:,} runs of {groups} in one row each; dlcli runs GROUP shows them")
    return found.rows


def emit_objects(objects: Sequence[RunShown]) -> None:
    """Runs as JSON."""
    from dlcli.view.console.json_value import json_value

    emit(json_value(objects))


def show_table(rows: Sequence[RunSummary], columns: Sequence[str], *, csv: bool, md: bool, pages: bool) -> None:
    """Runs as a table: drawn, or as CSV or Markdown."""
    from dlcli.actions.runs import compared_runs
    from dlcli.view.console.table import csv_text, markdown
    from dlcli.view.runs import draw_runs, runs_table

    # A column that is named twice stands where it is named first.
    named = dict.fromkeys(name.strip() for each in columns for name in each.split(","))
    shown = compared_runs(rows, columns=[*named])
    if csv or md:
        write_rows((csv_text if csv else markdown)(runs_table(shown)))
    else:
        give(shown, draw_runs, as_json=False, pages=pages)


def show_again(names: list[str], root: Path, *, json: bool) -> None:
    """Runs and groups by name, each as it ended."""
    from dlcli.actions.group_result import group_result
    from dlcli.actions.run_again import recorded_run
    from dlcli.runs import Run
    from dlcli.runs.groups import Group
    from dlcli.view.run_again import RunAgain
    from dlcli.view.shown_again import draw_shown_again

    groups = [Group.found(root, name) for name in names]
    shown = [
        recorded_run(Run.find(root, name)) if group is None else group_result(group)
        for name, group in zip(names, groups, strict=True)
    ]
    plain = [each.result if isinstance(each, RunAgain) else each for each in shown]
    give(plain if json else shown, draw_shown_again, as_json=json)


COMMAND = Command("runs", runs, Panel.AFTER)
