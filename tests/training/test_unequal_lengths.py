"""Samples of unequal length from training to prediction: each number is that of the places that there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RANDOM = np.random.default_rng(5)
LENGTHS = RANDOM.integers(2, 8, 60)
CURVES = [RANDOM.normal(20, 5, (length, 2)).round(3) for length in LENGTHS]
LEVELS = [np.cumsum(curve[:, 0] - 20).round(3) for curve in CURVES]
LSTM: Any = {"LSTM": {"units": 4, "return_sequences": True}}
CONV: Any = {"Conv1D": {"filters": 4, "kernel_size": 3, "padding": "causal"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        f"g{group},{a},{b},{level},{'up' if a > 20 else 'down'},{'long' if len(curve) > 4 else 'short'}"
        for group, (curve, levels) in enumerate(zip(CURVES, LEVELS, strict=True))
        for (a, b), level in zip(curve, levels, strict=True)
    ]
    (tmp_path / "g.csv").write_text("\n".join(["g,a,b,level,way,size", *rows]), encoding="utf-8")
    lines = [
        json.dumps({"x": curve.tolist(), "level": levels.tolist()})
        for curve, levels in zip(CURVES, LEVELS, strict=True)
    ]
    (tmp_path / "g.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def written(folder: Path, layers: list[Any], target: Any, *, source: Any = None, **changes: Any) -> None:
    """An experiment on the groups."""
    series = {"path": "g.csv", "group": "g", "each_step": True}
    config = {
        "name": "r",
        "data": {
            "source": source or {"series": series},
            "inputs": ["a", "b"],
            "target": target,
            "prepare": ["Normalization"],
        },
        "layers": layers,
        "loss": "mse",
        "optimizer": {"Adam": 0.01},
        "metrics": ["mae"],
        "train": {"epochs": 2, "batch_size": 16},
    } | changes
    (folder / "c.yaml").write_text(json.dumps(config), encoding="utf-8")


def trained(folder: Path, run_dlcli: Callable[..., Any], *more: str) -> Any:
    done = run_dlcli("train", "c.yaml", "--json", *more, cwd=folder)
    assert done.code == 0, done.err
    return done


def predicted(
    folder: Path, run_dlcli: Callable[..., Any], name: str, file: str = "g.csv"
) -> list[np.ndarray[Any, Any]]:
    """The predictions of all samples, each as long as the sample is."""
    said = run_dlcli("predict", "r", file, "-o", "p.npz", cwd=folder)
    assert said.code == 0, said.err
    with np.load(folder / "p.npz") as columns:
        assert columns[f"{name}_lengths"].tolist() == LENGTHS.tolist()
        return np.split(columns[f"{name}_values"], np.cumsum(columns[f"{name}_lengths"])[:-1])


def in_split(folder: Path, split: str) -> list[int]:
    """The groups of a split, by the row at which each ends."""
    ends = (np.cumsum(LENGTHS) - 1).tolist()
    return [ends.index(row) for row in np.load(folder / "runs" / "r" / "splits.npz")[split].tolist()]


@pytest.mark.parametrize(
    ("layers", "scale", "engine"),
    [
        ([LSTM], None, "auto"),
        ([LSTM], "standard", "keras"),
        ([CONV], None, "auto"),
        ([CONV, {"BatchNormalization": {}}], "minmax", "auto"),
    ],
)
def test_numbers_at_each_step_are_judged_at_the_steps_there_are(
    layers: list[Any], scale: Any, engine: str, folder: Path, run_dlcli: Callable[..., Any]
) -> None:
    target = {"column": "level"} | ({"scale": scale} if scale else {})
    written(folder, [*layers, {"Dense": 1}], target, train={"epochs": 2, "batch_size": 16, "engine": engine})
    done = trained(folder, run_dlcli)
    assert ("drops the mask" in done.err) == (layers[0] is CONV)
    answers = predicted(folder, run_dlcli, "level")
    for split in ("validation", "test"):
        value = run_dlcli("evaluate", "r", "--split", split, "--json", cwd=folder).value
        groups = in_split(folder, split)
        errors = np.concatenate([np.abs(answers[group] - LEVELS[group]) for group in groups])
        assert value["metrics"]["mae"] == pytest.approx(errors.mean(), rel=1e-4)
    # The constant is one a step, of the samples that reach it.
    train, judged = ([LEVELS[group] for group in in_split(folder, each)] for each in ("train", "validation"))
    constant = [np.mean([each[step] for each in train if len(each) > step]) for step in range(LENGTHS.max())]
    errors = np.concatenate([np.abs(each - constant[: len(each)]) for each in judged])
    assert done.value["baseline"]["metrics"]["mae"] == pytest.approx(errors.mean(), rel=1e-4)


def test_classes_at_each_step_leave_padding_out(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    layers = [CONV, {"Dense": {"units": 2, "activation": "softmax"}}]
    written(folder, layers, "way", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    trained(folder, run_dlcli)
    answers = predicted(folder, run_dlcli, "way")
    value = run_dlcli("evaluate", "r", "--json", cwd=folder).value
    groups = in_split(folder, "test")
    truth = np.concatenate([CURVES[group][:, 0] > 20 for group in groups])
    said = np.concatenate([answers[group] for group in groups])
    assert value["metrics"]["accuracy"] == pytest.approx((truth == said).mean(), rel=1e-5)
    assert np.sum(value["confusion"]["matrix"] if isinstance(value["confusion"], dict) else value["confusion"]) == len(
        truth
    )


def test_a_sample_is_answered_as_among_others_however_it_is_padded(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    written(
        folder,
        [{"LSTM": 4}, {"Dense": {"units": 2, "activation": "softmax"}}],
        "size",
        source={"series": {"path": "g.csv", "group": "g"}},
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    trained(folder, run_dlcli)
    whole = run_dlcli("predict", "r", "g.csv", "--json", cwd=folder).value["predictions"]
    lines = (folder / "g.csv").read_text().splitlines()
    seen = 0
    for group in (0, 7, 31):
        (folder / "one.csv").write_text(
            "\n".join([lines[0], *(each for each in lines if each.startswith(f"g{group},"))])
        )
        (alone,) = run_dlcli("predict", "r", "one.csv", "--json", cwd=folder).value["predictions"]
        for name, value in alone.items():
            expected = whole[group][name]
            assert value == (expected if isinstance(value, str) else pytest.approx(expected, rel=1e-4))
            seen += 1
    assert seen == 9


def check_moments(folder: Path, file: str, *, rounding: float) -> None:
    """The Normalization in a file of a run knows the moments of the training rows; their squares are ten times as rough."""
    import keras

    groups = np.load(folder / "runs" / "r" / "splits.npz")["train"]
    values = np.concatenate([CURVES[group] for group in groups])
    model = keras.models.load_model(folder / "runs" / "r" / "model" / file)
    (layer,) = (each for each in model.layers if isinstance(each, keras.layers.Normalization))
    np.testing.assert_allclose(np.ravel(layer.mean), values.mean(axis=0), rtol=rounding)
    np.testing.assert_allclose(np.ravel(layer.variance), values.var(axis=0), rtol=10 * rounding)


def test_preparation_learns_from_the_steps_there_are(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    written(folder, [LSTM, {"Dense": 1}], "level", source="g.jsonl")
    config = json.loads((folder / "c.yaml").read_text())
    config["data"] |= {"inputs": ["x"], "prepare": ["Normalization"]}
    (folder / "c.yaml").write_text(json.dumps(config))
    trained(folder, run_dlcli)
    check_moments(folder, "prepare.keras", rounding=1e-6)
    assert len(predicted(folder, run_dlcli, "level", "g.jsonl")) == len(CURVES)


def test_a_longer_sample_keeps_its_last_steps(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    written(folder, [LSTM, {"Dense": 1}], "level")
    trained(folder, run_dlcli)
    rows = [f"z,{value},1,0,up,long" for value in range(15, 25)]
    for name, some in (("long.csv", rows), ("last.csv", rows[-7:])):
        (folder / name).write_text("\n".join(["g,a,b,level,way,size", *some]))
    said = {name: run_dlcli("predict", "r", f"{name}.csv", "--json", cwd=folder) for name in ("long", "last")}
    assert said["long"].value["predictions"] == said["last"].value["predictions"]
    assert "1 series is longer than 7 rows" in said["long"].err
    assert "longer" not in said["last"].err


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    written(folder, [LSTM, {"Dense": 1}], "level", train={"epochs": 4, "batch_size": 16})
    whole = trained(folder, run_dlcli).value
    written(folder, [LSTM, {"Dense": 1}], "level", name="half")
    trained(folder, run_dlcli)
    half = run_dlcli("resume", "half", "--epochs", "4", "--json", cwd=folder)
    assert half.code == 0, half.err
    assert half.value["best"] == whole["best"]


def test_a_layer_that_learns_leaves_padding_out(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    written(folder, ["Normalization", LSTM, {"Dense": 1}], "level", source="g.jsonl")
    config = json.loads((folder / "c.yaml").read_text())
    config["data"] = {"source": "g.jsonl", "inputs": ["x"], "target": "level"}
    (folder / "c.yaml").write_text(json.dumps(config))
    trained(folder, run_dlcli)
    check_moments(folder, "model.keras", rounding=1e-5)


@pytest.mark.parametrize(
    ("lengths", "loss", "code"),
    [
        ([1, 2, 3, 4], "mse", 0),
        ([4, 3, 2, 1], "mse", 4),
        ([1, 1, 3, 4], "mse", 4),
        ([1, 1, 3, 4], "classes", 4),
        ([1, 2, 3, 4], "classes", 0),
    ],
)
def test_a_target_is_as_long_as_its_input(
    lengths: list[int], loss: str, code: int, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    rows, own = np.array([1, 2, 3, 4] * 8), np.array(lengths * 8)
    values = RANDOM.integers(0, 2, own.sum())
    arrays = {"y_values": values if loss == "classes" else values.astype(float), "y_lengths": own}
    np.savez(tmp_path / "a.npz", x_values=RANDOM.normal(size=(rows.sum(), 2)), x_lengths=rows, **arrays)
    last = {"Dense": {"units": 2, "activation": "softmax"}} if loss == "classes" else {"Dense": 1}
    config = {
        "data": {"source": {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}},
        "layers": [LSTM, last],
        "loss": "sparse_categorical_crossentropy" if loss == "classes" else "mse",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    done = run_dlcli("train", "c.yaml", "--json", cwd=tmp_path)
    assert done.code == code, done.err
    if code:
        assert done.error["kind"] == "lengths_differ"


def test_names_at_each_place_are_classes(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    names = ["noun", "verb", "article"]
    ids = [RANDOM.integers(1, 10, length).tolist() for length in LENGTHS]
    rows = [{"ids": each, "tags": [names[one % 3] for one in each]} for each in ids]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "odd.jsonl").write_text('{"ids": [1, 2], "tags": ["noun", "verbe"]}\n', encoding="utf-8")
    config = {
        "name": "r",
        "data": {"source": "a.jsonl", "inputs": ["ids"], "target": {"column": "tags", "encode": "index"}},
        "layers": [
            {"Embedding": {"input_dim": 10, "output_dim": 8, "mask_zero": True}},
            {"Dense": {"units": "${data.classes}", "activation": "softmax"}},
        ],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": 0.05},
        "metrics": ["accuracy"],
        "train": {"epochs": 20, "batch_size": 16},
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    trained(tmp_path, run_dlcli)
    said = run_dlcli("predict", "r", "a.jsonl", "--json", cwd=tmp_path).value["predictions"]
    right = [
        one == other
        for row, each in zip(rows, said, strict=True)
        for one, other in zip(row["tags"], each["tags"], strict=True)
    ]
    judged = run_dlcli("evaluate", "r", "--data", "a.jsonl", "--worst", "1", "--json", cwd=tmp_path).value
    assert judged["metrics"]["accuracy"] == pytest.approx(np.mean(right)) == 1.0
    worst = judged["worst"][0]
    assert worst["target"] == f"{len(rows[worst['row'] - 1]['tags'])} places"
    looked = run_dlcli("inspect-data", "c.yaml", "--json", cwd=tmp_path).value
    assert [each["code"] for each in looked["findings"] if "scale" in each["code"]] == []
    assert run_dlcli("check", "c.yaml", cwd=tmp_path).code == 0
    assert len(right) == LENGTHS.sum()
    refused = run_dlcli("evaluate", "r", "--data", "odd.jsonl", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["line"]) == (4, 1)
    config["data"]["target"] = "tags"
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    hint = run_dlcli("train", "c.yaml", "--json", cwd=tmp_path).error["hint"]
    assert "encode: index" in hint
