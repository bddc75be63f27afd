"""A run or a group that is named where a configuration is meant, told as what it is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dlcli.errors import ArtifactError, ConfigError

UNREAD = frozenset({"missing_file", "unreadable_file"})
"""The kinds of a file that is not read, or is none."""


def told_as_run(error: ConfigError, runs: Path) -> ConfigError:
    """The error; where what cannot be read is the name of a run or a group, with the configuration that this was trained from."""
    first, *more = error.problems
    if first.kind not in UNREAD or first.line:
        return error
    with suppress(ArtifactError):
        what, config = what_is_named(runs, first.file)
        written = "that came by standard input" if config == "-" else config
        return ConfigError([replace(first, see=f"'{first.file}' is {what}, of the configuration {written}"), *more])
    return error


def what_is_named(runs: Path, name: str) -> tuple[str, str]:
    """What a name is that of, and the file of its configuration. Raises `ArtifactError` for what is neither run nor group."""
    from dlcli.runs import Run, read_state
    from dlcli.runs.groups import Group

    group = Group.found(runs, name)
    if group is not None:
        return "a group of runs", group.read().config
    return "a run", read_state(Run.find(runs, name)).config
