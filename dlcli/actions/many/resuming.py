"""What lines have been trained before: which line is done, which run goes on, what is left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dlcli.actions.many.asked import Asked
from dlcli.errors import DivergedError
from dlcli.runs import Run, read_state
from dlcli.runs.listing import list_runs
from dlcli.runs.state import ALIVE
from dlcli.runs.summary import RunSummary

Key = tuple[Path, str, str]
"""The folder of runs, what the run would be called, and the configuration that took effect: what makes two lines the same."""


def beside_runs(trainings: Sequence[tuple[Asked, str]]) -> Iterator[tuple[Asked, str, Run | None]]:
    """Each line with the run that has done it; one that was stopped with the run that it goes on with.

    A run belongs to a line if it has the very configuration of the line and its name, or that with a number. Lines that ask for
    the same take the runs in their order, those that are done first.
    """
    rows: dict[Path, list[RunSummary]] = {}
    left: dict[Key, list[RunSummary]] = {}
    for asked, name in trainings:
        if asked.runs not in rows:
            rows[asked.runs] = [row for row in list_runs(asked.runs) if row.path.parent == asked.runs]
        tree = json.loads(json.dumps(asked.request().config.plain()))
        key = (asked.runs, name, json.dumps(tree, sort_keys=True))
        if key not in left:
            left[key] = [*of_line(rows[asked.runs], name, key[2])]
        found = left[key].pop(0) if left[key] else None
        if found is None:
            yield asked, name, None
        elif found.status == "done":
            yield asked, name, Run(found.path)
        else:
            yield replace(asked, resume=found.path), name, None


def of_line(rows: Sequence[RunSummary], name: str, tree: str) -> Iterator[RunSummary]:
    """The runs that a line can have made, which are done, and then those that can go on."""
    called = re.compile(rf"{re.escape(name)}(-\d+)?")
    own = [
        row
        for row in rows
        if called.fullmatch(row.path.name) and json.dumps(row.configuration.tree, sort_keys=True) == tree
    ]
    yield from (row for row in own if row.status == "done")
    yield from (row for row in own if goes_on(row))


def goes_on(row: RunSummary) -> bool:
    """Whether a run is neither done nor broken: it was stopped or killed, or its disk was full; or it trains just now."""
    if row.status in {"interrupted", "crashed", *ALIVE}:
        return True
    if row.status != "failed":
        return False
    state = read_state(Run(row.path))
    return state.resumable and state.exit_code != DivergedError.code
