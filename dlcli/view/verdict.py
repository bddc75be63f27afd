"""A verdict: what was found, why, and what to change."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from dlcli.view.console.labelled import line, plain_text
from dlcli.view.sentences import Judgement


def draw_verdict(console: Console, verdict: Sequence[Judgement]) -> None:
    """Each finding with its evidence, and below it what to try."""
    for judgement in verdict:
        since = f" since epoch {judgement.since_epoch}" if judgement.since_epoch else ""
        line(console, "verdict", f"{judgement.finding}{since}: {judgement.evidence}")
        for setting in judgement.advice:
            line(console, "", f"try {setting.key}: {plain_text(setting.new)}  ({setting.why})")
