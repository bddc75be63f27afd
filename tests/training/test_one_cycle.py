"""`one_cycle`: its rates against the formula, in the file, in the run, and after a resume."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.optimizer.one_cycle import EPOCHS, OneCycle

Run = Callable[..., Any]
CONFIG = """
data: {source: iris, prepare: [Normalization], split: {validation: 0.2, test: 0.2}}
layers: [Dense: {units: 8, activation: relu}, Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer:
  SGD: {learning_rate: {one_cycle: {maximum: 0.2}}}
train: {epochs: 5, batch_size: 16}
"""


def by_hand(step: int, *, steps: int, start: float, maximum: float, end: float, peak: float) -> float:
    top = peak * steps
    if step < top:
        return start + (maximum - start) * (1 - math.cos(math.pi * step / top)) / 2
    return end + (maximum - end) * (1 + math.cos(math.pi * (step - top) / (steps - top))) / 2


@pytest.mark.parametrize(
    ("arguments", "start", "end", "peak"),
    [({}, 0.008, 2e-6, 0.3), ({"start": 0.0, "end": 0.05, "peak": 0.5}, 0.0, 0.05, 0.5)],
)
def test_the_rate_rises_and_falls_by_cosines(
    arguments: dict[str, float], start: float, end: float, peak: float
) -> None:
    schedule = OneCycle(maximum=0.2, **arguments).build({"data.steps_per_epoch": 20, EPOCHS: 10})
    rates = [float(schedule(step)) for step in range(201)]
    wanted = [by_hand(step, steps=200, start=start, maximum=0.2, end=end, peak=peak) for step in range(201)]
    assert rates == pytest.approx(wanted, abs=1e-7)
    assert rates[0] == pytest.approx(start)
    assert max(rates) == pytest.approx(0.2)
    assert rates.index(max(rates)) == 200 * peak
    assert float(schedule(10_000)) == pytest.approx(end, abs=1e-7)


def test_a_run_follows_it_over_all_its_steps_and_goes_on_exactly(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    assert run_dlcli("train", "c.yaml", "-q", "--name", "whole", cwd=tmp_path).code == 0
    lines = [json.loads(line) for line in (tmp_path / "runs/whole/metrics.jsonl").read_text("utf-8").splitlines()]
    steps = 5 * math.ceil(90 / 16)
    for epoch, line in enumerate(lines, start=1):
        first = (epoch - 1) * math.ceil(90 / 16)
        wanted = by_hand(first, steps=steps, start=0.008, maximum=0.2, end=2e-6, peak=0.3)
        assert line["learning_rate"] == pytest.approx(wanted, abs=1e-6)
    assert len(lines) == 5
    assert run_dlcli("show", "one_cycle", cwd=tmp_path).code == 0
    assert "one_cycle" in run_dlcli("list", "schedules", cwd=tmp_path).out.split()
    assert "CosineDecay" in run_dlcli("list", "schedules", cwd=tmp_path).out.split()
    assert run_dlcli("evaluate", "whole", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{one_cycle: {maximum: 0}}", "'maximum' must be greater than 0"),
        ("{one_cycle: {maximum: 0.1, peak: 1}}", "'peak' must be less than 1"),
        ("{one_cycle: {peek: 0.1, maximum: 1}}", "unknown key 'peek'"),
        ("one_cycle", "must be a number or a schedule"),
        ("{one_cycle: {}}", "maximum"),
    ],
)
def test_mistakes_in_it_are_told(written: str, words: str, tmp_path: Path, run_dlcli: Run) -> None:
    text = CONFIG.replace("{one_cycle: {maximum: 0.2}}", written)
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    problems = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert any(words in each["message"] for each in problems), problems
    assert {each["line"] for each in problems} == {6}


def test_a_rule_for_plateaus_beside_it_is_refused(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(
        CONFIG.replace("batch_size: 16", "reduce_on_plateau: {monitor: val_loss}"), encoding="utf-8"
    )
    done = run_dlcli("train", "c.yaml", "-q", "--json", cwd=tmp_path)
    assert done.code == 3
    assert "because one_cycle sets it" in done.error["problems"][0]["message"]


def test_more_epochs_of_a_rate_that_lasts_as_long_as_the_training_are_no_others_in_silence(
    tmp_path: Path, run_dlcli: Run
) -> None:
    (tmp_path / "a.yaml").write_text(CONFIG)
    keep = ("--set", "train.checkpoint={keep_after: 1}")
    for name, more in (("done", ()), ("kept", keep), ("long", ("--epochs", "8"))):
        assert run_dlcli("train", "a.yaml", "--name", name, *more, "-q", cwd=tmp_path).code == 0
    again = run_dlcli("resume", "done", "--epochs", "8", cwd=tmp_path)
    assert "trained once more from the beginning, where the rate rises and falls over more epochs" in again.err
    histories = {name: (tmp_path / "runs" / name / "metrics.jsonl").read_bytes() for name in ("done", "long")}
    assert histories["done"] == histories["long"]
    refused = run_dlcli("resume", "kept", "--epochs", "8", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (8, "configuration_changed")
    assert "the rate rises and falls over all epochs, which were 5 and are 8" in refused.error["message"]
    allowed = run_dlcli("resume", "kept", "--epochs", "8", "--allow-config-change", "--json", "-q", cwd=tmp_path)
    assert (allowed.value["epochs"], allowed.value["exact"]) == (8, False)
    same = run_dlcli("resume", "kept", "--set", "train.until=loss < 0", cwd=tmp_path)
    assert same.code == 0
