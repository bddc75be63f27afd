"""A verdict: what was found, why, and what to change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from dlcli.view.console.labelled import line
from dlcli.view.sentences import Judgement


def draw_verdict(console: Console, verdict: Sequence[Judgement]) -> None:
    """Each finding with its evidence, and below it what to try."""
    for judgement in verdict:
        since = f" since epoch {judgement.since_epoch}" if judgement.since_epoch else ""
        line(console, "verdict", f"{judgement.finding}{since}: {judgement.evidence}")
        for setting in judgement.advice:
            line(console, "", f"try {setting.key}: {setting_text(setting.new)}  ({setting.why})")


PLAIN = re.compile(r"[A-Za-z_](?:[\w ./-]*[\w/-])?")
"""Text that is no other thing in YAML, but for the words that are."""
TAKEN = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


def setting_text(value: Any) -> str:
    """A value as `--set` reads it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{setting_text(key)}: {setting_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(setting_text, value)) + "]"
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in TAKEN:
        return value
    return json.dumps(value, ensure_ascii=False)
