"""What a run needs to come out the same once more: versions, seed, data and command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlcli.runs import Run
from dlcli.runs.state import RunState
from dlcli.training.kept.recorded import recorded_environment
from dlcli.view.report import Facts

MOST_FILES = 50


def origin_of_run(run: Run, state: RunState, tree: Mapping[str, Any]) -> Facts:
    """All that is recorded of it, as far as it is there. Raises `ArtifactError` where env.json cannot be read."""
    around = recorded_environment(run)
    command = list(around.get("command", []))
    threads = around.get("threads", {})
    facts = {
        **{name: str(version) for name, version in around.get("versions", {}).items()},
        "seed": said(tree.get("seed")),
        "command": shlex.join([Path(command[0]).name, *command[1:]]) if command else "",
        "started": state.started,
        "device": state.device or "",
        "machine": said(around.get("machine")),
        "processors": said(around.get("processors")),
        "threads": ", ".join(f"{name} {count or 'as many as there are'}" for name, count in threads.items()),
        "engine": " ".join(filter(None, [state.engine, state.way and f"({state.way})"])),
        "deterministic": said(around.get("deterministic")),
    }
    notes = [] if state.exact else [f"it need not come out the same: {reason}" for reason in state.inexact]
    files = [dict(each) for each in around.get("data", [])[:MOST_FILES]]
    return Facts({name: fact for name, fact in facts.items() if fact}, files, notes)


def said(value: Any) -> str:
    """A fact as text; nothing of one that is not known."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
