"""Commands to paste that name a run or a group, wherever its folder of runs is."""

from __future__ import annotations

import shlex
from pathlib import Path

from dlcli.runs.folder import Run
from dlcli.runs.groups import Group, GroupRecord

USUAL = "runs"
"""The folder of runs where nothing else is said."""


def words_for(run: Run) -> list[str]:
    """The words for a run in a command to paste."""
    folder = str(run.root)
    return [run.name] if folder == USUAL else [run.name, "--runs", folder]


def pasted(command: str, run: Run, *more: str) -> str:
    """The line of a command that takes a run, with more words behind it."""
    return shlex.join(["dlcli", command, *words_for(run), *more])


def words_here(group: Group, record: GroupRecord) -> list[str]:
    """The words of the command that began a search, for where its group lies now and what it is called now: it may have been
    copied or renamed since.
    """
    words = [*record.words]
    for option in ("--name", "--runs"):
        if option in words:
            at = words.index(option)
            del words[at : at + 2]
    is_named = "--name" in record.words or Path(str(record.plan.get("storage"))).parent.name != group.name
    folder = str(group.root)
    return [
        *words,
        *(["--name", group.name] if is_named else []),
        *([] if folder == USUAL else ["--runs", folder]),
    ]
