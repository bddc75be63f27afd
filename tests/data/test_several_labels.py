"""A target of several labels a sample: from a cell that is split, or from a list; every number against scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from dlcli.data import Dataset

ROWS = 120
NAMES = ["10", "9", "hot", "wet, cold"]
ORDER = ["9", "10", "hot", "wet, cold"]
LAYERS = [{"Dense": {"units": "${data.classes}", "activation": "sigmoid"}}]


def labels_of_rows() -> tuple[np.ndarray[Any, Any], list[list[str]]]:
    """Numbers (rows, 4) and the labels of each row: those whose number is above zero."""
    numbers = np.random.default_rng(4).normal(size=(ROWS, 4)).round(4)
    return numbers, [[name for name, value in zip(NAMES, row, strict=True) if value > 0] for row in numbers]


def expected(rows: np.ndarray[Any, Any]) -> list[list[float]]:
    """By sample whether each label in its order holds."""
    _, labels = labels_of_rows()
    return [[float(name in labels[row]) for name in ORDER] for row in rows]


def write_csv(folder: Path, split: str = ";") -> dict[str, Any]:
    numbers, labels = labels_of_rows()
    cells = [f" {split} ".join([*each, *each[:1]]) + (f"{split}" if each else "") for each in labels]
    lines = [f'{",".join(map(str, row))},"{cell}"' for row, cell in zip(numbers, cells, strict=True)]
    (folder / "t.csv").write_text("\n".join(["a,b,c,d,tags", *lines]), encoding="utf-8")
    return {"source": str(folder / "t.csv"), "target": {"column": "tags", "split": split}}


def write_jsonl(folder: Path) -> dict[str, Any]:
    numbers, labels = labels_of_rows()
    rows = [
        {**dict(zip("abcd", row, strict=True)), "tags": its or None} for row, its in zip(numbers, labels, strict=True)
    ]
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return {"source": str(folder / "t.jsonl"), "target": "tags"}


def write_parquet(folder: Path) -> dict[str, Any]:
    numbers, labels = labels_of_rows()
    columns = {**{name: numbers[:, at] for at, name in enumerate("abcd")}, "tags": labels}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "t.parquet")
    return {"source": str(folder / "t.parquet"), "target": "tags"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("write", [write_csv, write_jsonl, write_parquet])
def test_each_label_is_a_yes_or_no(
    write: Callable[[Path], dict[str, Any]], stream: bool, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    dataset = load({**write(tmp_path), "stream": stream}, labels="binary")
    (schema,) = dataset.schema.targets
    assert (schema.labels, schema.axes, schema.shape) == (ORDER, ["samples", "labels"], [4])
    for split in dataset.splits.values():
        assert split.targets["tags"][:].tolist() == expected(split.rows)
    assert sum(len(split) for split in dataset.splits.values()) == ROWS
    assert dataset.facts(8)["data.classes"] == 4


def test_rows_without_a_label_count_and_are_not_empty_cells(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    _, labels = labels_of_rows()
    none = [row for row, each in enumerate(labels) if not each]
    assert none
    for missing in ("error", "drop"):
        dataset = load({**write_csv(tmp_path), "missing": missing}, labels="binary")
        rows = {
            int(row): split.targets["tags"][at]
            for split in dataset.splits.values()
            for at, row in enumerate(split.rows)
        }
        assert len(rows) == ROWS
        assert all(not rows[row].any() for row in none)


def test_a_label_beyond_those_that_are_written_is_told_with_its_row(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    block = write_csv(tmp_path)
    block["target"] |= {"classes": ["9", "10", "hott", "wet, cold"]}
    refusal = refuse(block, labels="binary")
    _, labels = labels_of_rows()
    first = next(row for row, each in enumerate(labels) if "hot" in each)
    assert refusal.message == f"label 'hot' in row {first + 1} is none of the 4 that 'tags' has"
    assert (refusal.line, refusal.hint) == (first + 2, "did you mean 'hott'?")


def test_a_loss_for_one_class_is_told_what_to_write(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    for labels in ("classes", "one_hot"):
        refusal = refuse(write_csv(tmp_path), labels=labels)
        assert refusal.message == "target 'tags' has several labels a sample, and the loss takes one"
        assert refusal.hint == "write loss: binary_crossentropy, and sigmoid with as many units as labels"


def test_a_list_that_is_no_target_is_none_of_the_inputs(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    assert "holds lists of words" in refuse({**write_parquet(tmp_path), "target": "a"}).message


def test_evaluate_and_predict_name_each_label(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    from sklearn.metrics import precision_recall_fscore_support

    block = write_csv(tmp_path)
    config = {
        "name": "t",
        "data": block,
        "layers": LAYERS,
        "loss": "binary_crossentropy",
        "optimizer": {"Adam": 0.05},
        "metrics": ["accuracy", {"F1Score": {"average": "macro", "threshold": 0.5}}],
        "train": {"epochs": 6},
    }
    (tmp_path / "t.yaml").write_text(json.dumps(config), encoding="utf-8")
    assert run_dlcli("train", "t.yaml", "--name", "r", "-q", cwd=tmp_path).code == 0
    rows = run_dlcli("predict", "r", "t.csv", "-o", "p.jsonl", cwd=tmp_path)
    assert rows.code == 0, rows.err
    answers = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()]
    said = np.array([[each[name] for name in ORDER] for each in answers])
    chances = np.array([[each[f"probability {name}"] for name in ORDER] for each in answers])
    assert (said == (chances > 0.5)).all()
    truth = np.array(expected(np.arange(ROWS)))
    value = run_dlcli("evaluate", "r", "--data", "t.csv", "--json", cwd=tmp_path).value
    precision, recall, f1, support = precision_recall_fscore_support(truth, said)
    assert list(value["by_class"]) == ORDER
    for at, name in enumerate(ORDER):
        scores = value["by_class"][name]
        assert scores["samples"] == support[at]
        assert [scores["precision"], scores["recall"], scores["f1"]] == pytest.approx(
            [precision[at], recall[at], f1[at]], abs=1e-4
        )
    assert value["metrics"]["accuracy"] == pytest.approx((truth == said).mean(), abs=1e-6)
    assert value["metrics"]["f1_score"] == pytest.approx(f1.mean(), abs=1e-6)


def test_an_empty_cell_is_no_fault_and_shares_are_of_the_samples(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    """A cell without a label has none of them: nothing to fill, in no column but this one."""
    lines = [f"{number},{'x;y' if number % 4 == 1 else 'x' if number % 2 else ''}" for number in range(200)]
    (tmp_path / "t.csv").write_text("\n".join(["a,tags", *lines]), encoding="utf-8")
    block = {"source": "t.csv", "target": {"column": "tags", "split": ";"}, "missing": "mean"}
    config = {
        "data": {**block, "split": {"validation": 0, "test": 0}},
        "layers": [{"Dense": {"units": 2, "activation": "sigmoid"}}],
        "loss": "binary_crossentropy",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config), encoding="utf-8")
    shown = run_dlcli("inspect-data", "c.yaml", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert "labels of 'tags' in train" in shown.out
    shares = {line.split()[0]: line.split()[-2:] for line in shown.out.splitlines() if line.startswith(("x ", "y "))}
    assert shares == {"x": ["50.0", "%"], "y": ["25.0", "%"]}
    assert "empty cells" not in shown.out
    (tmp_path / "t.csv").write_text("\n".join(["a,tags", *lines, ",x"]), encoding="utf-8")
    assert "empty cells: 'a' 1" in run_dlcli("inspect-data", "c.yaml", cwd=tmp_path).out


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet"])
def test_lists_of_words_are_no_input_and_it_is_said_what_could_be(
    ending: str, tmp_path: Path, refuse: Callable[..., Any], run_dlcli: Callable[..., Any]
) -> None:
    rows = [{"letters": list("tea" if row % 2 else "wine"), "kind": "uv"[row % 2]} for row in range(40)]
    path = tmp_path / f"t.{ending}"
    if ending == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    else:
        path.write_text(json.dumps(rows) if ending == "json" else "\n".join(map(json.dumps, rows)), encoding="utf-8")
    refusal = refuse({"source": str(path), "inputs": ["letters"], "target": "kind"}, labels="binary")
    assert refusal.message.startswith("column 'letters' holds lists of words, which is neither numbers, text nor times")
    assert refusal.hint.startswith(
        'join each to a text, as "good old tea": an input of kind text, with TextVectorization'
    )
    assert refuse({"source": str(path), "target": "kind"}, labels="binary").message == refusal.message
    looked = run_dlcli("inspect-data", path.name, "--target", "kind", "--json", cwd=tmp_path).error
    assert looked["message"] == "nothing is left as input beside the target 'kind'"
    assert looked["hint"] == "of what is left out, --set 'data.inputs=[letters]' tells why"


@pytest.mark.parametrize(
    ("cells", "separator"), [(["x;y", "x", ""], ";"), (["x|y", "x", ""], "|"), (["x", "y", ""], None)]
)
def test_an_empty_target_that_looks_like_several_labels_is_named_as_such(
    cells: list[str], separator: str | None, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    lines = [f"{number},{cells[number % 3]}" for number in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["a,tags", *lines]), encoding="utf-8")
    refusal = refuse({"source": str(tmp_path / "t.csv"), "target": "tags"}, labels="classes")
    assert refusal.message == "empty cells: 'tags' 20; the first in row 3"
    named = f"its cells look like several labels: target: {{column: tags, split: '{separator}'}}, where an empty cell"
    assert refusal.hint.startswith(named) == (separator is not None)
    filled = refuse({"source": str(tmp_path / "t.csv"), "target": "tags", "missing": "mean"}, labels="classes")
    assert filled.message == "the target 'tags' is empty in 20 rows, first in row 3"
    assert filled.hint == ("write data.missing: drop to leave such rows out" if separator is None else refusal.hint)
