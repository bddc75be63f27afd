"""What a run says that trains, was killed, failed or diverged."""

from __future__ import annotations

import dataclasses
import os
import socket
from typing import Any

from dlcli.runs import Run, RunState
from dlcli.runs.lock import Lock
from dlcli.runs.standing import no_model, standing_notes

STATE = RunState("trial", 1, "running", "a.yaml", "2026-01-01T00:00:00+00:00", epochs=3, resumable=True)


def told(run: Run, **changes: Any) -> tuple[str, str | None, list[str]]:
    dataclasses.replace(STATE, **changes).write(run)
    error = no_model(run)
    return error.message, error.hint, standing_notes(run)


def test_a_run_that_trains_says_by_whom_and_a_killed_one_how_to_go_on(run: Run) -> None:
    with Lock(run.path):
        message, hint, notes = told(run)
    assert message.startswith(f"'trial' is training (process {os.getpid()} on {socket.gethostname()} since ")
    assert message.endswith("), and has no model yet")
    assert hint == "wait until it has ended"
    assert len(notes) == 1
    message, hint, notes = told(run)
    assert (message, hint) == (
        "'trial' was killed before its end, and has no model yet",
        f"dlcli resume trial --runs {run.root}",
    )
    assert notes == [
        f"'trial' was killed before its end; its model is that of before (dlcli resume trial --runs {run.root})"
    ]


def test_a_run_that_diverged_or_failed_says_why(run: Run) -> None:
    message, hint, _ = told(run, status="failed", exit_code=6, reason="diverged: the loss became nan in epoch 4")
    assert message == "'trial' has diverged: the loss became nan in epoch 4, and has no model yet"
    assert hint == "train it again with a lower optimizer.learning_rate"
    full = {"status": "failed", "exit_code": 7, "reason": "resources: the disk is full"}
    assert told(run, **full)[:2] == (
        "'trial' failed: resources: the disk is full, and has no model yet",
        f"dlcli resume trial --runs {run.root}",
    )
    assert told(run, **full, resumable=False)[1] == "train it again"
    assert told(run, status="interrupted", exit_code=143)[1] == f"dlcli resume trial --runs {run.root}"


def test_a_run_that_is_done_has_nothing_to_say(run: Run) -> None:
    assert told(run, status="done") == ("the model of 'trial' is missing", "train it again", [])


def test_a_run_that_failed_without_a_word_says_that_nobody_knows_why(run: Run) -> None:
    message, hint, _ = told(run, status="failed", exit_code=1)
    assert (message, hint) == (
        "'trial' failed: nobody knows why, and has no model yet",
        f"dlcli resume trial --runs {run.root}",
    )
