"""Resume: its verdict speaks of the configuration as a person has written it, as that of a training from the beginning does."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.runs import Run
from dlcli.runs.manifest import write_recorded
from dlcli.training.kept.recorded import recorded_tree, resumed_config

pytestmark = pytest.mark.looks

Command = Callable[..., Any]
CONFIG = """\
data: {source: small.csv, target: kind, split: {validation: 0.3}}
blocks:
  hidden: {layers: [Dense: {units: 256, activation: relu}]}
layers:
  - block: {use: hidden}
  - Dense: {units: 256, activation: relu}
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {Adam: 0.001}
train: {epochs: 40, batch_size: 16, checkpoint: {keep_after: 1}}
"""
SET = ["--set", "optimizer.Adam.learning_rate=0.01"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command) -> Path:
    """A run of 40 epochs that overfits, and the same stopped after two."""
    made, generator = tmp_path_factory.mktemp("advice"), random.Random(1)
    rows = ["a,b,c,d,kind"]
    for kind in generator.choices("abc", k=90):
        rows.append(",".join(f"{generator.gauss('abc'.index(kind) * 1.5 * (at < 2), 1.3):.3f}" for at in range(4)))
        rows[-1] += f",{kind}"
    (made / "small.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (made / "c.yaml").write_text(CONFIG, encoding="utf-8")
    for name, epochs in (("whole", "40"), ("cut", "2")):
        done = run_dlcli("train", "c.yaml", "--name", name, "--epochs", epochs, *SET, "-q", cwd=made)
        assert done.code == 0, done.err
    return made


def test_a_resumed_run_gives_the_advice_of_one_from_the_beginning(folder: Path, run_dlcli: Command) -> None:
    [whole] = run_dlcli("runs", "whole", "--json", cwd=folder).value
    resumed = run_dlcli("resume", "cut", "--epochs", "40", "--json", cwd=folder)
    assert resumed.code == 0, resumed.err
    assert resumed.value["verdict"] == whole["verdict"]
    advice = [each["set"] for judgement in whole["verdict"] for each in judgement["advice"]]
    assert "layers" in advice
    assert "null" not in run_dlcli("runs", "cut", cwd=folder).out


def test_settings_of_the_first_command_are_known_and_an_edited_file_is_not_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    run = Run(Path("runs/whole"))
    assert resumed_config(run, ["train.epochs=50"]).settings() == [
        "optimizer.Adam.learning_rate=0.01",
        "train.epochs=50",
    ]
    tree = recorded_tree(run)
    write_recorded(run, run.config, CONFIG.replace("units: 256", "units: 255", 1).encode())
    assert resumed_config(run, ["train.epochs=50"]).settings() == ["train.epochs=50"]
    assert resumed_config(run, []).plain() == {key: value for key, value in tree.items() if key != "schema"}
    write_recorded(run, run.config, b"no: [configuration")
    assert resumed_config(run, []).settings() == []
    assert json.loads(run.resolved.read_bytes())["layers"] == tree["layers"]
