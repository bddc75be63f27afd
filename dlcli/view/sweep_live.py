"""A search as it runs on a terminal: how many trials have ended, the best so far, and what trains at this moment."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from dlcli.view.console.console import supports_unicode
from dlcli.view.console.drawn_table import drawn_table
from dlcli.view.console.tables import duration
from dlcli.view.runs import runs_table
from dlcli.view.sweep import SweepShown, best_first, trials_table

MOST_LIVE = 5
"""The best trials that are shown while others train."""


class LiveSearch:
    """The trials of a search, drawn anew as they end; off a terminal nothing is drawn, and lines tell of them."""

    def __init__(self, console: Console, total: int) -> None:
        self.console, self.total, self.began = console, total, time.monotonic()
        can_draw = console.is_terminal and not console.is_dumb_terminal
        self.live = Live(console=console, auto_refresh=False, transient=True) if can_draw else None

    def __enter__(self) -> LiveSearch:
        if self.live is not None:
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.live is not None:
            self.live.stop()

    @property
    def is_drawn(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self.live is not None

    def show(self, shown: SweepShown) -> None:
        """Draws the trials as they are now."""
        if self.live is not None:
            self.live.update(self.drawn(shown), refresh=True)

    def drawn(self, shown: SweepShown) -> Group:
        """The best trials, and how far the search is."""
        parts: list[Text] = []
        names, best = [goal.split()[1] for goal in shown.goals], best_first(shown)[:MOST_LIVE]
        if best:
            table = runs_table(trials_table(best, names), short=True)
            unicode = supports_unicode(self.console.file)
            parts += [drawn_table(table, width=self.console.width, unicode=unicode), Text("")]
        return Group(*parts, Text(self.words(shown), no_wrap=True, overflow="ellipsis"))

    def words(self, shown: SweepShown) -> str:
        """How many have ended, what trains now, and for how long the search has gone on."""
        ended = shown.done + shown.pruned + shown.failed
        counts = [f"{count} {word}" for word, count in (("pruned", shown.pruned), ("failed", shown.failed)) if count]
        running = [each.number for each in shown.trials if each.state == "running"]
        parts = [f"{ended}/{self.total} trials", *counts]
        parts += [f"training {some_trials(running)}"] if running else []
        return "  ".join([*parts, duration(time.monotonic() - self.began)])


def some_trials(numbers: Sequence[int]) -> str:
    """A few numbers, and how many more there are."""
    named = ", ".join(map(str, numbers[:8]))
    return f"{named} and {len(numbers) - 8} more" if len(numbers) > 8 else named
