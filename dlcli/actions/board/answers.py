"""What the board answers: the table of runs, the curves of some, and whether they have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from dlcli.actions.board.watched import WatchedRun, WatchedRuns
from dlcli.actions.runs import chosen_rows, compared_runs
from dlcli.errors import ArtifactError, DlcliError
from dlcli.runs import history, read_state
from dlcli.runs.atomic import json_plain
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
    """The table of the runs that fulfil all filters, the newest first or by a value.

    Raises `UsageError` for a wrong expression and for a name that no run has a value of.
    """
    runs = watched.runs()
    by_path = {each.summary.path: each for each in runs}
    chosen = chosen_rows([each.summary for each in runs], filters=filters, sort=sort)
    shown = [by_path[row.path] for row in (reversed(chosen) if sort is None else chosen)][:MOST_ROWS]
    compared = compared_runs([each.summary for each in shown], before=BEFORE, behind=BEHIND)
    table = runs_table(compared, short=True)
    named = [*zip(compared.columns, table.columns, strict=True)][1:MOST_COLUMNS]
    return BoardTable(
        columns=[BoardColumn(name, each.name, each.right) for name, each in named],
        rows=board_rows(table, shown),
        chosen=len(chosen),
        all=len(runs),
        alive=sum(each.alive for each in runs),
    )


def board_rows(table: Table, shown: Sequence[WatchedRun]) -> list[BoardRow]:
    """A row for each run."""
    return [
        BoardRow(each.summary.run, each.summary.status, each.alive, cells[1:MOST_COLUMNS])
        for cells, each in zip(table.cells, shown, strict=True)
    ]


def board_curves(watched: WatchedRuns, names: Sequence[str]) -> BoardCurves:
    """The curves of some runs in one chart a metric; of one run those of training and validation."""
    entries, missing = dict[str, list[dict[str, Any]]](), list[str]()
    for name in list(dict.fromkeys(names))[:MOST_CURVES]:
        try:
            entries[name] = history.read(watched.run(name))
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
