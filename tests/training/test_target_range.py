"""A loss or metric that means nothing for the values of a target is told at its line, with the first row that shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
BINARY = ["AUC", "BinaryCrossentropy", "BinaryAccuracy", "Precision", "Recall", "BinaryIoU", "TruePositives"]


def write(folder: Path, *, target: list[float], loss: str = "mse", metric: str = "mae") -> None:
    rows = "".join(f"{row},{target[row % len(target)]}\n" for row in range(40))
    (folder / "t.csv").write_text("a,y\n" + rows, encoding="utf-8")
    (folder / "c.yaml").write_text(
        "data: {source: t.csv, target: y, prepare: [Normalization]}\n"
        f"layers: [Dense: {{units: 1, activation: softplus}}]\nloss: {loss}\nmetrics: [{metric}]\noptimizer: Adam\n"
        "train: {epochs: 1}\n",
        encoding="utf-8",
    )


def told(folder: Path, run: Run, *, target: list[float], loss: str = "mse", metric: str = "mae") -> Any:
    write(folder, target=target, loss=loss, metric=metric)
    return run("validate", "--build", "c.yaml", "--json", cwd=folder)


@pytest.mark.parametrize(
    ("loss", "metric", "value", "line", "wanted"),
    [
        *[("mse", metric, -0.01, 4, "0 to 1") for metric in BINARY],
        ("mae", "AUC", 1.01, 4, "0 to 1"),
        ("mse", "Poisson", -0.01, 4, "0 or more"),
        ("mse", "MeanSquaredLogarithmicError", -0.01, 4, "0 or more"),
        ("Poisson", "mae", -0.01, 3, "0 or more"),
        ("MeanSquaredLogarithmicError", "mae", -0.01, 3, "0 or more"),
    ],
)
def test_targets_out_of_range_are_told_at_what_reads_them(
    loss: str, metric: str, value: float, line: int, wanted: str, tmp_path: Path, run_dlcli: Run
) -> None:
    done = told(tmp_path, run_dlcli, target=[0, 1, 0.5, value], loss=loss, metric=metric)
    of_loss = line == 3
    assert done.code == (4 if of_loss else 3), done.err
    (problem,) = done.value["files"][0]["problems"]
    name = loss if of_loss else metric
    message = f"{name} reads targets of {wanted}, and this one is {value:g} in row 4"
    assert problem["message"].startswith(f"{message}, the first of ")
    assert (problem["line"], problem["kind"]) == (5 if of_loss else line, "metric_does_not_fit_target")
    assert Path(done.value["files"][0]["problems"][0]["file"]).name == ("t.csv" if of_loss else "c.yaml")


@pytest.mark.parametrize(
    ("loss", "metric", "target", "told"),
    [
        ("mse", "mape", [0, 1, 2, 3], "'y' is 0 in 7 samples of 28, and mape divides by it"),
        ("MeanAbsolutePercentageError", "mae", [0, 1], "and MeanAbsolutePercentageError divides by it"),
        ("mse", "mape", [0.01, 1, -2], None),
        ("mse", "mae", [0, 1], None),
    ],
)
def test_zeros_under_what_divides_by_the_target_are_told(
    loss: str, metric: str, target: list[float], told: str | None, tmp_path: Path, run_dlcli: Run
) -> None:
    write(tmp_path, target=target, loss=loss, metric=metric)
    done = run_dlcli("train", "c.yaml", "--name", "r", cwd=tmp_path)
    assert done.code == 0, done.err
    judged = run_dlcli("evaluate", "r", "--split", "train", cwd=tmp_path)
    for shown in (done.out + done.err, judged.out + judged.err):
        words = " ".join(shown.split())
        assert ("divides by it" in words) == (told is not None)
        assert told is None or told in words


@pytest.mark.parametrize(
    ("loss", "metric", "target"),
    [
        ("mse", "AUC", [0, 1]),
        ("mse", "BinaryCrossentropy", [0, 0.25, 1]),
        ("mse", "Poisson", [0, 7]),
        ("Poisson", "mae", [0, 7]),
        ("mse", "mae", [-3, 7]),
        ("mse", "RootMeanSquaredError", [-3, 7]),
    ],
)
def test_targets_in_range_are_taken(
    loss: str, metric: str, target: list[float], tmp_path: Path, run_dlcli: Run
) -> None:
    done = told(tmp_path, run_dlcli, target=target, loss=loss, metric=metric)
    assert done.code == 0, (done.value, done.err)


@pytest.mark.parametrize(("ones", "code"), [(0, 4), (1, 0)])
def test_a_training_split_of_one_class_is_told(ones: int, code: int, tmp_path: Path, run_dlcli: Run) -> None:
    kinds = ["a"] * (28 - ones) + ["b"] * ones + ["a", "b"] * 6
    (tmp_path / "t.csv").write_text(
        "x,y\n" + "".join(f"{row},{kind}\n" for row, kind in enumerate(kinds)), encoding="utf-8"
    )
    (tmp_path / "c.yaml").write_text(
        "data: {source: t.csv, target: y, split: {by: time}}\nlayers: [Dense: {units: 1, activation: sigmoid}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == code, done.err
    if code:
        assert done.error["message"] == (
            "the training split holds one class of 'y' alone, 'a': there is nothing to tell apart"
        )
        assert done.error["hint"] == "write data.split: {by: stratified}, or other shares"
        assert not list((tmp_path / "runs").glob("*"))
