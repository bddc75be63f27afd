"""A verdict: what was found, why, and what to change."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from dlcli.finding import Advice, Command, Setting
from dlcli.view.console.labelled import line
from dlcli.view.sentences import Judgement


def draw_verdict(console: Console, verdict: Sequence[Judgement]) -> None:
    """Each finding with its evidence, and below it what to try."""
    for judgement in verdict:
        since = f" since epoch {judgement.since_epoch}" if judgement.since_epoch else ""
        line(console, "verdict", f"{judgement.finding}{since}: {judgement.evidence}")
        for advice in judgement.advice:
            line(console, "", f"try {advice_text(advice)}  ({advice.why})")


def advice_text(advice: Advice) -> str:
    """A command as it is pasted, or a key and its value as a file has them."""
    return advice.command if isinstance(advice, Command) else f"{advice.key}: {setting_text(advice.new)}"


def next_command(
    judgements: Sequence[Judgement], *, run: str, options: str, file: str | None, settings: Mapping[str, Any] = {}
) -> str:
    """What to do next: the first advice as a command, with what is joined to it, else to evaluate the run.

    `file` and `settings` are what the run was configured by.
    """
    whole = next((judgement.advice for judgement in judgements if judgement.advice), ())
    advice = whole[0] if whole else None
    if isinstance(advice, Command):
        return advice.command
    if advice is None or file in {None, "-"}:
        return f"dlcli evaluate {shlex.quote(run)}{options}"
    joined = {each.key: each.new for each in whole if isinstance(each, Setting) and each.joined}
    changed = {**settings, advice.key: advice.new, **joined}
    words = [word for key, value in changed.items() for word in ("--set", f"{key}={setting_text(value)}")]
    return shlex.join(["dlcli", "train", str(file), *words]) + options


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
