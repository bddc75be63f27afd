"""What the board answers: the table of runs, the curves of some, and whether they have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.actions.board.watched import WatchedRun, WatchedRuns
from dlcli.actions.compared_sides import mean_history
from dlcli.actions.folded_runs import folded
from dlcli.actions.loss_units import units_apart
from dlcli.actions.runs import chosen_rows, compared_runs
from dlcli.errors import ArtifactError, DlcliError
from dlcli.runs import history, read_state
from dlcli.runs.atomic import json_plain
from dlcli.runs.summary import RunSummary
from dlcli.view.board import BoardColumn, BoardCurves, BoardRow, BoardTable
from dlcli.view.console.json_value import json_value
from dlcli.view.console.table import Table
from dlcli.view.html.chart import chart_spec
from dlcli.view.html.curves import overlaid_charts, run_charts
from dlcli.view.runs import runs_table

MOST_ROWS, MOST_CURVES, MOST_COLUMNS = 1000, 50, 30
"""Runs that a table shows, runs whose curves stand in one chart, and columns."""
BEFORE, BEHIND = ("run", "status", "verdict", "epochs"), ("seconds", "config")
"""What stands before the first metric and what was tried, and behind the other metrics."""


def board_table(watched: WatchedRuns, *, filters: Sequence[str], sort: str | None) -> BoardTable:
    """The table of the runs that fulfil all filters, the newest first or by a value; without either a group is one row.

    Raises `UsageError` for a wrong expression and for a name that no run has a value of.
    """
    runs = watched.runs()
    chosen = chosen_rows([each.summary for each in runs], filters=filters, sort=sort)
    rows = chosen if filters or sort is not None else folded(chosen).rows
    shown = [*(reversed(rows) if sort is None else rows)][:MOST_ROWS]
    compared = compared_runs(shown, before=BEFORE, behind=BEHIND)
    table = runs_table(compared, short=True)
    named = [*zip(compared.columns, table.columns, strict=True)][1:MOST_COLUMNS]
    return BoardTable(
        columns=[BoardColumn(name, each.name, each.right) for name, each in named],
        rows=board_rows(table, shown, runs),
        listed=len(rows),
        chosen=len(chosen),
        all=len(runs),
        alive=sum(each.alive for each in runs),
    )


def board_rows(table: Table, shown: Sequence[RunSummary], runs: Sequence[WatchedRun]) -> list[BoardRow]:
    """A row for each run or group; a group trains while one of its runs does."""
    alive = {name for each in runs if each.alive for name in (each.summary.run, each.summary.run.partition("/")[0])}
    single = {each.summary.run for each in runs}
    return [
        BoardRow(row.run, row.status, row.run in alive, cells[1:MOST_COLUMNS], group=row.run not in single)
        for cells, row in zip(table.cells, shown, strict=True)
    ]


def board_curves(watched: WatchedRuns, names: Sequence[str]) -> BoardCurves:
    """The curves of some runs in one chart a metric, of a group the mean of its runs; of one run those of training and
    validation.
    """
    entries, missing = dict[str, list[Mapping[str, Any]]](), list[str]()
    for name in list(dict.fromkeys(names))[:MOST_CURVES]:
        try:
            members = [each.summary for each in watched.runs() if each.summary.run.startswith(f"{name}/")]
            histories = [history.read(watched.run(each)) for each in [row.run for row in members] or [name]]
            entries[name] = mean_history([each for each in histories if each or not members], units_apart(members))
        except DlcliError as error:
            missing.append(error.message)
    found = {name: each for name, each in entries.items() if each}
    missing += [f"no epoch of '{name}' has ended" for name in entries if name not in found]
    if len(found) == 1:
        [(name, only)] = found.items()
        charts = run_charts(only, best_of(watched, name))
    else:
        charts = overlaid_charts(found) if found else []
    return BoardCurves([chart_spec(each) for each in charts], missing)


def best_of(watched: WatchedRuns, name: str) -> int | None:
    """The best epoch of a run, as far as it has recorded one."""
    try:
        epoch = read_state(watched.run(name)).best.get("epoch")
    except ArtifactError:
        return None
    return epoch if isinstance(epoch, int) else None


def answer_text(value: Any, *, known: str | None) -> str:
    """An answer as JSON with its version; of one whose version is `known` the version alone."""
    content = json.dumps(json_plain(json_value(value)), ensure_ascii=False, separators=(",", ":"))
    version = hashlib.blake2b(content.encode(), digest_size=8).hexdigest()
    return f'{{"version":"{version}"}}' if version == known else f'{{"version":"{version}","value":{content}}}'
