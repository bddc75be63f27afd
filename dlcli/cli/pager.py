"""Long output on a terminal, page by page, as git shows it."""

from __future__ import annotations

import os
import shlex
import subprocess

PAGER = "less"
HOW_LESS_SHOWS = "FRX"
"""Ends at once where a page holds all, keeps colours, leaves what was read on the screen; `LESS` says otherwise."""


def less_options(given: str | None) -> str:
    """How `less` shows it; whoever has options of their own keeps them, with colours, which are escapes without."""
    return HOW_LESS_SHOWS if given is None else f"-R {given if given[:1] in {'-', ''} else f'-{given}'}".rstrip()


def paged(text: str, *, height: int) -> bool:
    """Whether a text that is longer than so many lines was shown by the pager of the environment, `less` where it names none.

    A reader that leaves early has seen enough.
    """
    pager = os.environ.get("PAGER", PAGER)
    if text.count("\n") < height or pager in {"", "cat"}:
        return False
    environment = {**os.environ, "LESS": less_options(os.environ.get("LESS"))}
    try:
        reading = subprocess.Popen(
            shlex.split(pager), stdin=subprocess.PIPE, env=environment, text=True, encoding="utf-8", errors="replace"
        )
    except (OSError, ValueError):
        return False
    try:
        reading.communicate(text)
    except KeyboardInterrupt:
        reading.wait()
    return True
