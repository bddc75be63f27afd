"""A bug in the verdict costs nobody the training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.training import outcome
from dlcli.training.verdict import not_judged

pytestmark = pytest.mark.looks


@pytest.mark.parametrize("broken", ["verdict", "judgement_of_training"])
def test_a_training_is_kept_whose_verdict_fails(
    tmp_path: Path,
    run_dlcli: Callable[..., Any],
    write_experiment: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
) -> None:
    told = outcome.judgement_of_training

    def fails(given: Any) -> Any:
        if getattr(given, "code", None) == "not_judged":
            return told(given)
        raise KeyError("by")

    monkeypatch.setattr(outcome, broken, fails)
    monkeypatch.setattr(outcome, "not_judged", not_judged.not_judged)
    write_experiment(tmp_path, {"train": {"epochs": 3}})
    trained = run_dlcli("train", "experiment.yaml", "--name", "kept", "--json", cwd=tmp_path)
    assert trained.value["status"] == "done"
    (finding,) = trained.value["verdict"]
    assert (finding["finding"], finding["code"]) == ("no verdict", "not_judged")
    assert finding["evidence"].startswith("a bug in dlcli kept it from being worked out: KeyError: 'by'")
    assert "in fails" in finding["facts"]["traceback"]
    monkeypatch.undo()
    evaluated = run_dlcli("evaluate", "kept", "--json", cwd=tmp_path)
    assert evaluated.code == 0
