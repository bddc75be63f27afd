"""The loss `minimize`: the mean of what layers compute, alone or beside losses with a target; numbers against NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
TRIPLET = {
    "name": "t",
    "data": {"source": {"npz": {"path": "t.npz", "inputs": ["anchor", "like", "unlike"]}}},
    "loss": "minimize",
    "optimizer": {"SGD": 1e-9},
    "train": {"epochs": 2},
}
VAE: dict[str, Any] = {
    "name": "v",
    "data": {"source": {"npz": {"path": "v.npz", "inputs": "x"}}, "targets": {"again": "x"}},
    "layers": [
        {"Dense": {"units": 2, "name": "mean", "from": "x"}},
        {"Dense": {"units": 2, "name": "log_variance", "from": "x"}},
        {"sample": {"from": ["mean", "log_variance"], "name": "z"}},
        {"Dense": {"units": 4, "name": "again", "from": "z"}},
        {"ops.square": {"from": "mean", "name": "squares"}},
        {"ops.exp": {"from": "log_variance", "name": "variance"}},
        {"Add": {"from": ["squares", "variance"], "name": "both"}},
        {"ops.subtract": {"from": ["both", "log_variance"]}},
        {"Rescaling": {"scale": 0.5, "offset": -0.5, "name": "divergence"}},
    ],
    "loss": {"divergence": "minimize", "again": "mse"},
    "loss_weights": {"divergence": 0.25},
    "optimizer": {"Adam": 0.01},
    "metrics": {"again": ["mae"]},
    "train": {"epochs": 2},
}


def write(folder: Path, tree: dict[str, Any], **changes: Any) -> Path:
    path = folder / "c.yaml"
    path.write_text(json.dumps({**tree, **changes}), encoding="utf-8")
    return path


@pytest.fixture
def vae(tmp_path: Path) -> Path:
    np.savez(tmp_path / "v.npz", x=np.random.default_rng(0).normal(size=(80, 4)).astype(np.float32))
    return tmp_path


def columns(folder: Path, run_dlcli: Run, run: str, data: str) -> dict[str, np.ndarray[Any, Any]]:
    done = run_dlcli("predict", run, data, "-o", "p.npz", cwd=folder)
    assert done.code == 0, done.err
    return dict(np.load(folder / "p.npz"))


def test_what_the_layers_put_out_is_the_loss(tmp_path: Path, run_dlcli: Run) -> None:
    rng = np.random.default_rng(1)
    arrays = {name: rng.normal(size=(60, 5)).astype(np.float32) for name in ("anchor", "like", "unlike")}
    np.savez(tmp_path / "t.npz", **arrays)
    margin = [
        {"ops.subtract": {"from": ["near", "far"]}},
        {"Rescaling": {"scale": 1.0, "offset": 0.5}},
        "ReLU",
    ]
    same = {
        "Dense": {"units": 5, "use_bias": False, "kernel_initializer": "identity", "name": "seen", "from": "anchor"}
    }
    gaps = [
        {"block": {"use": "gap", "from": {"one": "seen", "other": "like"}, "name": "near"}},
        {"block": {"use": "gap", "from": {"one": "seen", "other": "unlike"}, "name": "far"}},
    ]
    gap = [
        {"ops.subtract": {"from": ["one", "other"]}},
        "ops.square",
        {"ops.sum": {"axis": -1, "keepdims": True}},
    ]
    blocks = {"gap": {"inputs": ["one", "other"], "layers": gap}}
    write(tmp_path, TRIPLET, blocks=blocks, layers=[same, *gaps, *margin])
    done = run_dlcli("train", "c.yaml", "--name", "r", "-q", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "baseline" not in done.value or not done.value["baseline"]
    x = arrays
    near, far = ((x["anchor"] - x[name]) ** 2 for name in ("like", "unlike"))
    expected = np.maximum(near.sum(1) - far.sum(1) + 0.5, 0)
    value = run_dlcli("evaluate", "r", "--data", "t.npz", "--worst", "1", "--json", cwd=tmp_path)
    assert value.code == 0, value.err
    assert value.value["metrics"]["loss"] == pytest.approx(expected.mean(), rel=1e-5)
    (said,) = columns(tmp_path, run_dlcli, "r", "t.npz").values()
    assert np.allclose(said.ravel(), expected, atol=1e-4)
    worst = value.value["worst"][0]
    assert worst["row"] == int(expected.argmax()) + 1
    assert worst["loss"] == pytest.approx(expected.max(), rel=1e-5)


@pytest.mark.parametrize("engine", ["keras", "resident"])
def test_a_divergence_stands_beside_a_loss_with_a_target(engine: str, vae: Path, run_dlcli: Run) -> None:
    write(vae, VAE, train={"epochs": 2, "engine": engine})
    done = run_dlcli("train", "c.yaml", "--name", "r", "-q", "--json", cwd=vae)
    assert done.code == 0, done.err
    metrics = done.value["metrics"]["validation"]
    assert {*metrics} == {"loss", "again_loss", "again_mae", "divergence_loss"}
    assert metrics["loss"] == pytest.approx(metrics["again_loss"] + 0.25 * metrics["divergence_loss"], rel=1e-5)
    value = run_dlcli("evaluate", "r", "--data", "v.npz", "--json", cwd=vae).value["metrics"]
    said, x = columns(vae, run_dlcli, "r", "v.npz"), np.load(vae / "v.npz")["x"]
    again = np.stack([said[name] for name in said if name.startswith("again")], axis=1)
    divergence = np.stack([said[name] for name in said if name.startswith("divergence")], axis=1)
    assert (again.shape, divergence.shape) == ((80, 4), (80, 2))
    assert value["again_mae"] == pytest.approx(np.abs(again - x).mean(), rel=1e-4)
    assert value["divergence_loss"] == pytest.approx(divergence.mean(), rel=1e-4)
    assert (divergence >= -1e-6).all()


def test_what_is_minimized_is_no_target_of_the_data(vae: Path, run_dlcli: Run) -> None:
    write(vae, VAE)
    shown = run_dlcli("inspect-data", "c.yaml", "--json", cwd=vae)
    assert shown.code == 0, shown.err
    assert {each["name"] for each in shown.value["tensors"]} == {"x", "again"}
    assert shown.value["findings"] == []
    checked = run_dlcli("check", "c.yaml", "--json", cwd=vae)
    assert checked.code == 0, checked.err
    assert checked.value["overfit"]["bounded"] is False
    assert "memorizes_slowly" not in str(checked.value)


def test_mistakes_of_what_is_minimized_stand_at_their_lines(vae: Path, run_dlcli: Run) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"metrics": {"divergence": ["mae"]}}, "mae compares with a target, and minimize has none", "leave it out"),
        ({"loss": {"divergence": "minimize"}}, "the target 'again' has no loss", ""),
        (
            {"data": {"source": VAE["data"]["source"], "target": "x"}},
            "there is no target 'again'; there are: divergence",
            "write data.targets: {again: COLUMN}",
        ),
        (
            {"loss": {"again": "mse", "divergence": {"minimize": 3}}},
            "minimize takes no arguments, found the number 3",
            "",
        ),
    ]
    for changes, message, hint in cases:
        write(vae, VAE, **changes)
        done = run_dlcli("validate", "c.yaml", "--json", cwd=vae)
        found = {each["message"]: each["suggestion"] or "" for each in done.value["files"][0]["problems"]}
        assert done.code == 3, message
        assert message in found, found
        assert hint in found[message]
    assert len(cases) == 4
