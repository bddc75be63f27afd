"""Where the numbers of an untrained model end is told by train and check alike; what cannot be learnt from is told too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.looks

Command = Callable[..., Any]


def write(folder: Path, layers: str, *, target: str = "{row} % 5", above: int = 0) -> None:
    rows = "".join(f"{row - 30},{eval(target.format(row=row))}\n" for row in range(60))
    (folder / "t.csv").write_text("a,y\n" + rows)
    (folder / "c.yaml").write_text(
        f"data: {{source: t.csv, target: y}}\nlayers:\n{layers}loss: mse\noptimizer: Adam\ntrain: {{epochs: 1}}\n"
    )


@pytest.mark.parametrize(
    ("layers", "target", "seen", "hint"),
    [
        (
            "- Dense: 1\n",
            "{row} % 5 * 1e25",
            "the target 'y' reaches 4e+25, too large for 32 bits once it is squared",
            "learn it scaled: data.target: {column: …, scale: standard}",
        ),
        (
            "- Dense: 4\n- Dense: {units: 1, kernel_initializer: {Constant: 1e38}}\n",
            "{row} % 5",
            "Dense in line 4 puts out ",
            "--set layers.1.kernel_initializer=glorot_uniform",
        ),
        ("- ops.log\n- Dense: 1\n", "{row} % 5", "ops.log in line 3 puts out ", "look at what it takes"),
        (
            "- Dense: 4\n- ops.divide: {x2: 0}\n- Dense: 1\n",
            "{row} % 5",
            "ops.divide in line 4 puts out ",
            "look at what it takes",
        ),
        (
            "- Dense: 4\n- BatchNormalization\n- ops.sqrt: {name: root}\n- Dense: 1\n",
            "{row} % 5",
            "ops.sqrt in line 5 puts out nan first",
            "look at what it takes",
        ),
    ],
)
def test_the_entry_where_the_numbers_end_is_told(
    layers: str, target: str, seen: str, hint: str, tmp_path: Path, run_dlcli: Command
) -> None:
    write(tmp_path, layers, target=target)
    error = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path).error
    assert (error["code"], error["kind"]) == (6, "not_finite")
    assert seen in error["message"]
    assert error["hint"].startswith(hint)
    [finding] = run_dlcli("check", "c.yaml", "--json", cwd=tmp_path).value["verdict"]
    assert finding["code"] == "first_loss_not_finite"
    assert seen in finding["evidence"]
    assert finding["advice"] == []


@pytest.mark.parametrize(
    ("layers", "target", "code"),
    [
        ("- Dense: {units: 1, kernel_initializer: zeros}\n", "0 * {row}", "nothing_to_learn"),
        ("- ops.tanh\n", "{row} % 5", "nothing_to_learn"),
        ("- Dense: {units: 1, trainable: false}\n", "{row} % 5", "nothing_to_learn"),
        ("- Dense: {units: 1, kernel_initializer: zeros}\n", "{row} / 60", None),
    ],
)
def test_nothing_to_learn_is_said(
    layers: str, target: str, code: str | None, tmp_path: Path, run_dlcli: Command
) -> None:
    write(tmp_path, layers, target=target)
    codes = [each["code"] for each in run_dlcli("check", "c.yaml", "--json", cwd=tmp_path).value["verdict"]]
    assert codes == [code] if code else "nothing_to_learn" not in codes


@pytest.mark.parametrize("change", ["nan", "step -5", "step 1e30", "nothing"])
def test_a_checkpoint_without_numbers_is_none_to_go_on_from(change: str, tmp_path: Path, run_dlcli: Command) -> None:
    import json

    import numpy as np

    from dlcli.runs.checkpoint import load_checkpoint, save
    from dlcli.runs.folder import Run

    arrays = {"w": np.ones(3, np.float32), "n": np.arange(2)}
    if change == "nan":
        arrays["w"] = np.full(3, np.nan, np.float32)
    path = save(Run(tmp_path / "r"), step=12, arrays=arrays, state={}, keep=2)
    if change.startswith("step"):
        state = json.loads((path / "state.json").read_text())
        state["step"] = float(change.split()[1]) if "e" in change.split()[1] else -5
        (path / "state.json").write_text(json.dumps(state))
        (path / "MANIFEST.json").write_text(json.dumps(manifest_of(path)))
    if change == "nothing":
        assert load_checkpoint(path).step == 12
        return
    from dlcli.errors import ArtifactError

    with pytest.raises(ArtifactError) as caught:
        load_checkpoint(path)
    words = "w is not finite" if change == "nan" else "it says that it is of step"
    assert caught.value.kind == "damaged_checkpoint"
    assert words in caught.value.message


def manifest_of(folder: Path) -> Any:
    """The manifest of a folder as its files are now."""
    import hashlib
    import json

    listed = json.loads((folder / "MANIFEST.json").read_text())
    for name in listed:
        content = (folder / name).read_bytes()
        entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        listed[name] = [entry] if isinstance(listed[name], list) else entry
    return listed


@pytest.mark.parametrize(
    ("activation", "told"), [("sigmoid", True), ("relu", True), ("softplus", True), ("tanh", False), ("linear", False)]
)
@pytest.mark.parametrize("loss", ["hinge", "SquaredHinge"])
def test_a_score_has_a_sign(activation: str, told: bool, loss: str, tmp_path: Path, run_dlcli: Command) -> None:
    write(tmp_path, f"- Dense: {{units: 1, activation: {activation}}}\n", target="{row} % 2")
    text = (tmp_path / "c.yaml").read_text().replace("loss: mse", f"loss: {loss}")
    (tmp_path / "c.yaml").write_text(text)
    problems = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert [each["message"] for each in problems] == [
        f"the sign of what Dense puts out decides under {loss}, and {activation} is never below 0"
    ] * told


def test_a_range_of_clip_is_the_right_way_round(tmp_path: Path, run_dlcli: Command) -> None:
    for low, high, wrong in ((2, 1, True), (1, 1, False), (1, 2, False)):
        write(tmp_path, f"- Dense: 1\n- ops.clip: {{x_min: {low}, x_max: {high}}}\n")
        problems = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
        assert [each["message"] for each in problems] == [
            "'x_min' must be at most 'x_max', and 2 is more than 1"
        ] * wrong
