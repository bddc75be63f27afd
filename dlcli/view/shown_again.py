"""Runs and groups of the past, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from dlcli.view.group import GroupShown, draw_group
from dlcli.view.run_again import RunAgain, draw_run_again


def draw_shown_again(console: Console, shown: Sequence[RunAgain | GroupShown]) -> None:
    """Each below the one before it."""
    for number, each in enumerate(shown):
        if number:
            console.print()
        if isinstance(each, GroupShown):
            draw_group(console, each)
        else:
            draw_run_again(console, each)
