"""A class at each place of samples of unequal length, from training to evaluation: what counts, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

LENGTHS = [1, 2, 3, 5, 8, 1, 4, 6] * 4
RANDOM = np.random.default_rng(8)
CURVES = [RANDOM.normal(size=(length, 2)).round(3).tolist() for length in LENGTHS]
NAMES = [["a" if one > 0 else "b" for one, _ in curve] for curve in CURVES]
LISTS = [
    [None if row % 4 == 2 and place == 1 else name for place, name in enumerate(names)]
    for row, names in enumerate(NAMES)
]


def write(folder: Path, name: str, curves: list[Any], labels: list[Any]) -> Path:
    rows = [{"x": curve, "t": each} for curve, each in zip(curves, labels, strict=True)]
    path = folder / name
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Callable[..., Any]) -> Path:
    """A folder with the run `r` on lists of which some places are void."""
    folder = tmp_path_factory.mktemp("places")
    write(folder, "d.jsonl", CURVES, LISTS)
    config = {
        "data": {"source": "d.jsonl", "inputs": ["x"], "target": {"column": "t", "encode": "index", "void": ""}},
        "layers": [
            {"GRU": {"units": 4, "return_sequences": True}},
            {"Dense": {"units": "${data.classes}", "activation": "softmax"}},
        ],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": 0.01},
        "metrics": ["accuracy"],
        "train": {"epochs": 2},
    }
    (folder / "c.yaml").write_text(json.dumps(config), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=folder)
    assert done.code == 0, done.err
    return folder


def test_void_places_count_nowhere(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    said = run_dlcli("predict", "r", "d.jsonl", "--json", cwd=folder).value["predictions"]
    pairs = [
        (label, answer)
        for labels, each in zip(LISTS, said, strict=True)
        for label, answer in zip(labels, each["t"], strict=True)
        if label is not None
    ]
    value = run_dlcli("evaluate", "r", "--data", "d.jsonl", "--json", cwd=folder).value
    assert value["metrics"]["accuracy"] == pytest.approx(np.mean([one == other for one, other in pairs]))
    expected = [[pairs.count((label, answer)) for answer in "ab"] for label in "ab"]
    assert value["confusion"] == expected
    assert np.sum(expected) == sum(LENGTHS) - sum(each.count(None) for each in LISTS)


@pytest.mark.parametrize(
    ("labels", "defined"), [([None] * 3, False), (["", None, " "], False), ([None, "a", ""], True)]
)
def test_what_nothing_counts_towards_is_no_number(
    labels: list[str | None], defined: bool, folder: Path, run_dlcli: Callable[..., Any]
) -> None:
    write(folder, "one.jsonl", [[[1.0, 2.0]] * 3], [labels])
    value = run_dlcli("evaluate", "r", "--data", "one.jsonl", "--json", cwd=folder).value
    assert [each is not None for each in value["metrics"].values()] == [defined, defined]
    shown = run_dlcli("evaluate", "r", "--data", "one.jsonl", cwd=folder).out.splitlines()
    assert [line.split()[-1] == "–" for line in shown if line.startswith(("loss", "accuracy"))] == [not defined] * 2


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_of_void_labels_is_refused(split: str, folder: Path, run_dlcli: Callable[..., Any]) -> None:
    rows = [
        {"x": curve, "t": [None if part == split else name for name in names], "part": part}
        for row, (curve, names) in enumerate(zip(CURVES, NAMES, strict=True))
        for part in [("train", "validation", "test")[row % 3]]
    ]
    (folder / "void.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    config = json.loads((folder / "c.yaml").read_text())
    by = {"column": "part", **{name: [name] for name in ("train", "validation", "test")}}
    config["data"] |= {"source": "void.jsonl", "split": {"by": by}}
    (folder / "void.yaml").write_text(json.dumps(config), encoding="utf-8")
    done = run_dlcli("validate", "void.yaml", "--build", "--json", cwd=folder)
    assert done.code == 4
    assert split in str(done.value)


@pytest.mark.parametrize(
    ("labels", "refused"), [(["a", "b"], 2), (["a", "b", "a"], None), (["a", "b", "a", "a"], 4), ([], 0)]
)
def test_other_data_has_a_label_at_each_place(
    labels: list[str], refused: int | None, folder: Path, run_dlcli: Callable[..., Any]
) -> None:
    write(folder, "two.jsonl", [[[1.0, 2.0]] * 2, [[1.0, 2.0]] * 3], [["a", "b"], labels])
    done = run_dlcli("evaluate", "r", "--data", "two.jsonl", "--json", cwd=folder)
    assert done.code == (0 if refused is None else 4), done.out
    if refused is not None:
        assert (done.error["kind"], done.error["line"]) == ("lengths_differ", 2)
        assert f"'t' has {refused} place" in done.error["message"]
        assert "'x' has 3" in done.error["message"]


LONGEST = max(LENGTHS)


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize(
    ("even_input", "even_target", "row", "more"),
    [
        (False, False, None, 0),
        (False, False, 4, -1),
        (False, False, 5, 1),
        (False, True, None, 0),
        (True, False, None, 0),
        (True, True, None, 0),
        (True, True, 3, -1),
    ],
)
def test_targets_are_as_long_as_inputs_of_any_form(
    even_input: bool,
    even_target: bool,
    row: int | None,
    more: int,
    numbers: bool,
    folder: Path,
    run_dlcli: Callable[..., Any],
) -> None:
    curves = [(curve * LONGEST)[:LONGEST] for curve in CURVES] if even_input else CURVES
    lengths = [(LONGEST if even_target else length) + more * (row == at) for at, length in enumerate(LENGTHS)]
    pieces = [0.5, 1.5] if numbers else ["a", "b"]
    write(folder, "forms.jsonl", curves, [(pieces * LONGEST)[:length] for length in lengths])
    config = json.loads((folder / "c.yaml").read_text())
    config["data"]["source"] = "forms.jsonl"
    if numbers:
        config["data"]["target"] = "t"
        config |= {"loss": "mse", "metrics": ["mae"], "layers": [config["layers"][0], {"Dense": 1}]}
    (folder / "forms.yaml").write_text(json.dumps(config), encoding="utf-8")
    done = run_dlcli("validate", "forms.yaml", "--build", "--json", cwd=folder)
    odd = [at for at, length in enumerate(lengths) if length != len(curves[at])]
    assert done.code == (4 if odd else 0), done.out
    assert not odd or f"in row {odd[0] + 1}," in done.out


def test_a_vector_beside_samples_of_unequal_length_is_none_of_places(
    folder: Path, run_dlcli: Callable[..., Any]
) -> None:
    write(folder, "vector.jsonl", CURVES, [[0.5] * LONGEST for _ in CURVES])
    config = json.loads((folder / "c.yaml").read_text())
    config["data"] |= {"source": "vector.jsonl", "target": "t"}
    config |= {"loss": "mse", "metrics": ["mae"], "layers": [{"GRU": 4}, {"Dense": LONGEST}]}
    (folder / "vector.yaml").write_text(json.dumps(config), encoding="utf-8")
    assert run_dlcli("validate", "vector.yaml", "--build", cwd=folder).code == 0
