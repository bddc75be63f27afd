"""Every advice of check and verdict is a setting that `--set` takes as it is printed, and that the file becomes valid with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.view.verdict import setting_text

pytestmark = pytest.mark.looks

Command = Callable[..., Any]
SOFTMAX = "{Dense: {units: 3, activation: softmax}}"
DEAD = "{units: 8, activation: relu, bias_initializer: {Constant: -1000}}"
DEEP = ", ".join(["{Dense: {units: 8, activation: sigmoid}}"] * 12)


def written(folder: Path, layers: str, *, prepare: str = "[Normalization]", more: str = "") -> Path:
    path = folder / "c.yaml"
    lines = [
        f"data: {{source: iris, prepare: {prepare}}}",
        f"layers: [{layers}]",
        "loss: sparse_categorical_crossentropy",
        "optimizer: Adam",
        "train: {epochs: 1}",
    ]
    path.write_text("\n".join([*lines, more]) + "\n", encoding="utf-8")
    return path


def taken(run: Command, path: Path, judgements: list[dict[str, Any]]) -> list[str]:
    """The keys of all advice, each of which `validate` has taken."""
    keys = []
    for judgement in judgements:
        for advice in judgement["advice"]:
            done = run("validate", path, "--set", f"{advice['set']}={setting_text(advice['to'])}", cwd=path.parent)
            assert done.code == 0, (advice, done.out, done.err)
            keys.append(advice["set"])
    return keys


CASES: dict[str, tuple[str, list[str], str | None]] = {
    "round": (f"{{Dense: 8}}, ops.round, {SOFTMAX}", [], "round"),
    "stop": (f"{{Dense: 8}}, ops.stop_gradient, {SOFTMAX}", [], "stop_gradient"),
    "dead": (f"{{Dense: {DEAD}}}, {SOFTMAX}", ["layers.0.activation"], "dense"),
    "dead behind": (f"{{Dense: 8}}, {{Dense: {DEAD}}}, {SOFTMAX}", ["layers.1.activation"], "dense_1"),
    "dead layer": (f"{{Dense: {{units: 8, bias_initializer: {{Constant: -1000}}}}}}, ReLU, {SOFTMAX}", [], "re_lu"),
    "sigmoids": (f"{DEEP}, {SOFTMAX}", ["layers"], None),
}


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # of Keras, on standard error
@pytest.mark.parametrize("name", CASES)
def test_check_names_what_is_in_the_way(name: str, tmp_path: Path, run_dlcli: Command) -> None:
    layers, keys, behind = CASES[name]
    path = written(tmp_path, layers)
    checked = run_dlcli("check", path, "--json", cwd=tmp_path)
    assert checked.code == 0, checked.err
    found = checked.value["verdict"]
    assert taken(run_dlcli, path, found) == keys
    told = [each for each in found if each["code"] == "no_gradient"]
    assert [each["facts"]["behind"] for each in told] == ([] if behind is None else [behind])
    if behind is not None:
        assert [each["code"] for each in found] == ["no_gradient"]
        assert f"{behind} lets nothing through" in told[0]["evidence"]


def test_a_leaky_activation_lets_the_gradient_through(tmp_path: Path, run_dlcli: Command) -> None:
    path = written(tmp_path, f"{{Dense: {DEAD}}}, {SOFTMAX}")
    changed = run_dlcli("check", path, "--json", "--set", "layers.0.activation=leaky_relu", cwd=tmp_path)
    assert "no_gradient" not in [each["code"] for each in changed.value["verdict"]]


def test_noise_alone_is_told_of_noise(tmp_path: Path, run_dlcli: Command) -> None:
    path = written(tmp_path, f"Dense: 8, Dropout: 0.999, {SOFTMAX}")
    found = run_dlcli("check", path, "--json", cwd=tmp_path).value["verdict"]
    assert {"no_gradient", "vanishing_gradients"} & {each["code"] for each in found} == set()
    assert "drowned_in_noise" in [each["code"] for each in found]


@pytest.mark.parametrize("unit", [1e-6, 1e12])
@pytest.mark.parametrize("target", ["y", "{column: y}", "[y, z]"])
def test_a_target_far_from_unit_scale_is_scaled(unit: float, target: str, tmp_path: Path, run_dlcli: Command) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    x, noise = generator.normal(size=(120, 2)), generator.normal(size=120)
    y, z = (2 * x[:, 0] - x[:, 1] + 1) * unit, (x[:, 1] + 0.1 * noise) * unit
    rows = "".join(f"{a},{b},{c},{d}\n" for (a, b), c, d in zip(x.tolist(), y.tolist(), z.tolist(), strict=True))
    (tmp_path / "d.csv").write_text("a,b,y,z\n" + rows, encoding="utf-8")
    path = tmp_path / "c.yaml"
    units = 2 if "z" in target else 1
    path.write_text(
        f"data: {{source: d.csv, target: {target}, inputs: [a, b]}}\n"
        f"layers: [{{Dense: {{units: 8, activation: relu}}}}, {{Dense: {units}}}]\n"
        "loss: mse\noptimizer: Adam\ntrain: {epochs: 2}\n",
        encoding="utf-8",
    )
    checked = run_dlcli("check", path, "--json", cwd=tmp_path).value["verdict"]
    assert [each["code"] for each in checked] == ["target_far_from_scale"]
    assert taken(run_dlcli, path, checked) == ["data.target"]
    trained = run_dlcli("train", path, "--json", "-q", cwd=tmp_path).value["verdict"]
    assert [each["code"] for each in trained] == ["target_far_from_scale"]
    assert taken(run_dlcli, path, trained) == ["data.target"]
    scaled = setting_text(trained[0]["advice"][0]["to"])
    again = run_dlcli("train", path, "--json", "-q", "--set", f"data.target={scaled}", cwd=tmp_path).value
    assert again["metrics"]["validation"]["loss"] < again["baseline"]["metrics"]["loss"] * 2
    assert [each["code"] for each in again["verdict"] if "far" in each["code"]] == []


def test_a_dropout_is_put_before_the_last_layer(tmp_path: Path, run_dlcli: Command) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 4))
    y = (x[:, 0] + 0.7 * generator.normal(size=200) > 0).astype(int)
    rows = [f"{','.join(map(str, each))},{label}" for each, label in zip(x.tolist(), y.tolist(), strict=True)]
    (tmp_path / "d.csv").write_text("a,b,c,d,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
    path = tmp_path / "c.yaml"
    path.write_text(
        "data: {source: d.csv, target: {column: y, encode: index}}\n"
        'layers: [{Dense: {units: 64, activation: relu}}, {Dense: {units: "${data.classes}", activation: softmax}}]\n'
        "loss: sparse_categorical_crossentropy\noptimizer: {Adam: 0.02}\ntrain: {epochs: 25, batch_size: 8}\n",
        encoding="utf-8",
    )
    found = run_dlcli("train", path, "--json", "-q", cwd=tmp_path).value["verdict"]
    advice = [each for judgement in found for each in judgement["advice"] if each.get("set") == "layers"]
    assert [each["to"][1] for each in advice] == [{"Dropout": 0.3}]
    assert "layers" in taken(run_dlcli, path, found)


def test_text_is_written_as_it_is_read() -> None:
    assert setting_text({"a": None, "b": [True, 0.5, "relu", "no", "5 epochs", "1", "a: b"]}) == (
        '{a: null, b: [true, 0.5, relu, "no", "5 epochs", "1", "a: b"]}'
    )
