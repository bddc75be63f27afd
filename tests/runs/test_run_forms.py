"""The forms of a run's files by number: which are read, and what the others are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dlcli import __version__
from dlcli.errors import ArtifactError
from dlcli.runs import Run, RunState, read_state
from dlcli.runs.upgrades import upgraded

STATE = RunState("trial", 1, "done", "a.yaml", "2026-01-01T00:00:00+00:00")


@pytest.mark.parametrize("number", [-1, "1", 1.0, True, None, [1]])
def test_a_form_that_is_no_number_is_refused(run: Run, number: Any) -> None:
    with pytest.raises(ArtifactError, match=r"^run\.json of 'trial' cannot be read: its 'schema' is no number$"):
        upgraded(run.state, {"schema": number, "epochs": 3}, run=run)


@pytest.mark.parametrize("number", [0, 1])
def test_a_form_that_is_known_is_read_without_its_number(run: Run, number: int) -> None:
    assert upgraded(run.state, {"epochs": 3, "schema": number}, run=run) == {"epochs": 3}
    assert upgraded(run.state, {"epochs": 3}, run=run) == {"epochs": 3}


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("999.0", "it was written by dlcli 999.0: use that version, or train it anew"),
        (__version__, "this version did not write it so: it has been changed since; train it anew"),
        (None, "it was written by a later dlcli: use that one, or train it anew"),
    ],
)
def test_a_form_of_a_later_version_names_that_version(run: Run, version: str | None, hint: str) -> None:
    if version is not None:
        run.environment.write_text(json.dumps({"versions": {"dlcli": version}}), encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        upgraded(run.state, {"schema": 2}, run=run)
    assert caught.value.message == f"run.json of 'trial' has form 2, and dlcli {__version__} knows forms up to 1"
    assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["[]", "null", "1"])
def test_a_state_that_is_no_object_is_refused(run: Run, text: str) -> None:
    run.state.write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"^run\.json of 'trial' cannot be read: it is no JSON object$"):
        read_state(run)


def test_a_state_is_text_that_a_person_reads(run: Run) -> None:
    RunState("trial", 1, "failed", "größe.yaml", STATE.started, reason="손글씨").write(run)
    text = run.state.read_text(encoding="utf-8")
    assert '  "config": "größe.yaml",\n' in text
    assert '  "reason": "손글씨",\n' in text
