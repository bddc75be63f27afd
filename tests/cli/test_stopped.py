"""A training that was stopped says how far it has come, as at the end of any training."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dlcli.cli.stopped import draw_stopped

STATE: dict[str, Any] = {
    "schema": 1, "run": "a b", "number": 1, "status": "interrupted", "config": "a.yaml", "started": "2026-01-01T00:00:00+00:00",
    "reason": "stopped by SIGINT in epoch 5", "stop": "signal", "epochs": 4, "seconds": 12.5, "exit_code": 130,
    "best": {"epoch": 2, "monitor": "val_loss", "value": 0.25, "weights": "last"},
    "metrics": {"train": {"loss": 0.5}, "validation": {"loss": 0.75}},
}  # fmt: skip


def drawn(folder: Path, **changes: Any) -> str:
    run = folder / "elsewhere" / "a b"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({**STATE, **changes}), encoding="utf-8")
    console = Console(file=io.StringIO(), width=120)
    draw_stopped(console, run)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_stopped_training_shows_what_it_has_reached(tmp_path: Path) -> None:
    lines = drawn(tmp_path).splitlines()
    assert "best      epoch 2 of 4 by val_loss 0.2500" in lines
    assert "time      12 s" in lines
    assert "of the last whole epoch, 4" in lines
    assert ["loss", "0.5000", "0.7500"] in [line.split() for line in lines]
    assert lines[-1].startswith("next      dlcli resume 'a b' --runs ")


@pytest.mark.parametrize(
    ("severity", "following"), [("note", "dlcli resume 'a b'"), ("warning", "dlcli train a.yaml --set")]
)
def test_what_is_wrong_is_mended_before_it_goes_on(severity: str, following: str, tmp_path: Path) -> None:
    found = {
        "finding": "f",
        "since_epoch": None,
        "evidence": "e",
        "code": "c",
        "severity": severity,
        "where": None,
        "facts": {},
    }
    advice = [{"set": "train.early_stopping", "from": None, "to": {"patience": 5}, "why": "w"}]
    assert drawn(tmp_path, verdict=[{**found, "advice": advice}]).splitlines()[-1].startswith(f"next      {following}")


@pytest.mark.parametrize("changes", [{"best": {}}, {"status": 3}])
def test_what_has_no_whole_epoch_or_cannot_be_read_shows_nothing(changes: dict[str, Any], tmp_path: Path) -> None:
    assert drawn(tmp_path, **changes) == ""


@pytest.mark.parametrize(
    ("distribute", "following"),
    [("multi_worker", "the same command on every machine"), ("mirrored", "dlcli resume"), (None, "dlcli resume")],
)
def test_what_several_machines_train_goes_on_by_their_command(
    distribute: str | None, following: str, tmp_path: Path
) -> None:
    run = tmp_path / "elsewhere" / "a b"
    run.mkdir(parents=True)
    if distribute is not None:
        (run / "config.resolved.json").write_text(
            json.dumps({"seed": 0, "train": {"epochs": 5, "distribute": distribute}}), encoding="utf-8"
        )
    (run / "run.json").write_text(json.dumps(STATE), encoding="utf-8")
    console = Console(file=io.StringIO(), width=120)
    draw_stopped(console, run)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines()[-1].startswith(f"next      {following}")
