"""Names of layers and of targets may be any text: Keras gets a safe one, a person sees what was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.layers.names import safe_layer_name, written_layer_name

NAMES = ["stem", "음료", "my layer", "a/b", "1:층", "_x", "a.b", "a.u41.b", ".u1f600.", "😀", "-", ">", "x\\y", "a.u"]


def test_every_name_comes_back_and_plain_ones_stay() -> None:
    safe = [safe_layer_name(name) for name in NAMES]
    assert [written_layer_name(name) for name in safe] == NAMES
    assert len(set(safe)) == len(NAMES)
    assert safe[0] == "stem"
    assert all(name.isascii() and not set(name) & set(" /:\\") for name in safe)


CONFIG = """\
data: {source: k.csv, targets: {음료 이름: 음료, 나/이: 나이}, split: {validation: 0.2}}
layers:
  - Dense: {units: 4, name: 숨은 층}
  - submodel: {name: 탑, layers: [Dense: {units: 4, name: 안}]}
  - Dense: {units: 3, activation: softmax, name: 음료 이름}
  - Dense: {units: 1, from: 숨은 층, name: 나/이}
loss: {음료 이름: sparse_categorical_crossentropy, 나/이: mse}
optimizer: Adam
metrics: {음료 이름: [accuracy], 나/이: [{MeanAbsoluteError: {name: 평균 오차}}]}
train: {epochs: 1, batch_size: 8}
"""


@pytest.mark.parametrize("command", ["validate --build", "inspect", "check"])
def test_names_of_any_text_before_training(command: str, tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    written(tmp_path)
    done = run_dlcli(*command.split(), "k.yaml", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    if command != "validate --build":
        assert all(name in done.out for name in ("숨은 층", "탑", "음료 이름", "나/이"))
        assert ".u" not in done.out


def test_names_of_any_text_go_their_whole_way(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    written(tmp_path)
    done = run_dlcli("train", "k.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert {"음료 이름_loss", "음료 이름_accuracy", "나/이_평균 오차"} <= set(done.value["metrics"]["validation"])
    for command in (
        ("evaluate", "k"),
        ("inspect", "k"),
        ("predict", "k", "k.csv"),
        ("resume", "k", "--epochs", "2", "-q"),
    ):
        done = run_dlcli(*command, cwd=tmp_path)
        assert done.code == 0, (command, done.out, done.err)
        assert ".u" not in done.out


def written(folder: Path) -> None:
    generator = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'차물콩'[row % 3]},{row}" for row, (a, b) in enumerate(generator.random((40, 2)))]
    (folder / "k.csv").write_text("\n".join(["a,b,음료,나이", *rows]) + "\n", encoding="utf-8")
    (folder / "k.yaml").write_text(CONFIG, encoding="utf-8")


@pytest.mark.parametrize("prepare", [[], ["Normalization"]])
def test_an_input_may_have_a_slash_in_its_name_all_the_way(
    prepare: list[str], tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    import h5py

    generator = np.random.default_rng(0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/x"], file["y"] = generator.random((40, 4)), np.arange(40) % 2
    (tmp_path / "c.yaml").write_text(
        f"data: {{source: {{hdf5: {{path: a.h5, inputs: group/x, target: y}}}}, prepare: {json.dumps(prepare)}}}\n"
        "layers: [{Dense: {units: 1, activation: sigmoid, from: group/x}}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    for command in (["train", "c.yaml"], ["evaluate", "c"], ["predict", "c", "a.h5"], ["resume", "c", "--epochs", "2"]):
        done = run_dlcli(*command, "--json", "-q", cwd=tmp_path)
        assert done.code == 0, (command, done.err)
    assert len(run_dlcli("predict", "c", "a.h5", "--json", cwd=tmp_path).value["predictions"]) == 40
