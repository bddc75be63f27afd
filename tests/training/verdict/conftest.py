"""Stories of trainings, told without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dlcli.config import load_config
from dlcli.finding import Finding
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict import Story
from dlcli.view.sentences import judgement_of_training
from dlcli.view.sentences.verdict import SENTENCES

LAYERS = "[Dense: {units: 4, activation: relu}, Dense: 1]"


@pytest.fixture(autouse=True)
def told_in_words(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each finding that a test brings about can be said."""
    found, begin = list[Finding](), Finding.__init__

    def kept(self: Finding, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        found.append(self)

    monkeypatch.setattr(Finding, "__init__", kept)
    yield
    monkeypatch.undo()
    for finding in found:
        if finding.code in SENTENCES:
            assert judgement_of_training(finding).finding


@pytest.fixture
def tell(tmp_path: Path) -> Callable[..., Story]:
    """`tell([losses], optimizer=…)` is the story of a training of that configuration; `left` is the training loss beside 1."""

    def told(
        validation: Sequence[float],
        *,
        train: Sequence[float] | None = None,
        rates: Sequence[float] | None = None,
        stop: StopReason = StopReason.ALL_EPOCHS,
        layers: str = LAYERS,
        optimizer: str = "{Adam: 0.001}",
        more: str = "",
        left: float | None = None,
        **looks: Any,
    ) -> Story:
        (tmp_path / "t.csv").write_text("a,y\n1,2\n2,3\n", encoding="utf-8")
        lines = [
            "data: {source: t.csv, target: y}",
            f"layers: {layers}",
            "loss: mse",
            "metrics: [mae]",
            f"optimizer: {optimizer}",
        ]
        block = f"train: {{epochs: {max(len(validation), 1)}{more}}}"
        (tmp_path / "c.yaml").write_text("\n".join([*lines, block]) + "\n", encoding="utf-8")
        config, _ = load_config(str(tmp_path / "c.yaml"))
        inside = validation if train is None else train
        history = [
            {"learning_rate": rate, "train": {"loss": one}, "validation": {"loss": other}}
            for rate, one, other in zip(rates or [0.001] * len(validation), inside, validation, strict=True)
        ]
        ends = {"train": {"loss": inside[-1]}, "validation": {"loss": validation[-1]}} if validation else {}
        baseline = {"method": "mean", "split": "validation", "metrics": {"loss": 1.0}}
        if left is not None:
            looks["train"] = lambda: Compared("train", left, 1.0)
        best = 1 + [*validation].index(min(validation)) if validation else 1
        return Story(config, history, ends, baseline, best, stop, looks=Looks(**looks))

    return told
