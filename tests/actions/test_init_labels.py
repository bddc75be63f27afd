"""Init takes several targets, several labels a row and sequences of classes as they are, and says why a table is a series."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.actions.looks import has_void_ends
from dlcli.config import load_config
from dlcli.data.label_separator import separator_of

Command = Callable[..., Any]
RNG = np.random.default_rng(0)
TAGS = [[name for name in ("rock", "jazz", "folk") if RNG.random() < 0.4] for _ in range(80)]


def drafted(run: Command, folder: Path, *arguments: str) -> tuple[str, Any]:
    done = run("init", *arguments, "-o", "c.yaml", "--force", cwd=folder)
    assert done.code == 0, done.err
    trained = run("train", "c.yaml", "--epochs", "1", "--json", "-q", cwd=folder)
    assert trained.code == 0, trained.err
    return (folder / "c.yaml").read_text(), load_config(str(folder / "c.yaml"))[0]


@pytest.mark.parametrize("named", [[], ["--target", "tags"]])
def test_lists_of_labels_are_several_labels(named: list[str], tmp_path: Path, run_dlcli: Command) -> None:
    rows = [{"a": row % 7, "b": row % 5, "tags": tags} for row, tags in enumerate(TAGS)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text, config = drafted(run_dlcli, tmp_path, "t.jsonl", *named)
    assert config.data.target == "tags"
    assert "several labels a row: a yes or no for each" in text
    assert ("loss: binary_crossentropy" in text, "missing:" in text) == (True, False)


@pytest.mark.parametrize("separator", [";", "|", ","])
def test_texts_that_are_lists_of_labels_are_split(separator: str, tmp_path: Path, run_dlcli: Command) -> None:
    cells = [f'"{separator.join(tags)}"' if tags else "" for tags in TAGS]
    (tmp_path / "t.csv").write_text("a,tags\n" + "".join(f"{row % 7},{cell}\n" for row, cell in enumerate(cells)))
    text, config = drafted(run_dlcli, tmp_path, "t.csv")
    assert (config.data.target.column, config.data.target.split) == ("tags", separator)
    assert "missing:" not in text  # a cell without a label has none
    done = run_dlcli("inspect-data", "c.yaml", "--json", cwd=tmp_path).value
    counts = [each["classes"] for each in done["tensors"] if each["role"] == "target"]
    total = {name: sum(each[name] for each in counts) for name in ("folk", "jazz", "rock")}
    assert total == {name: sum(name in tags for tags in TAGS) for name in total}
    judged = run_dlcli("evaluate", "last", "--data", "t.csv", "--worst", "3", "--json", cwd=tmp_path).value
    for worst in judged["worst"]:
        assert worst["target"] == (", ".join(sorted(TAGS[worst["row"] - 1])) or "none")
        assert {*worst["predicted"].split(", ")} <= {"folk", "jazz", "rock", "none"}


@pytest.mark.parametrize(
    "cells",
    [
        ["red", "green", "blue"] * 10,
        ["1,5", "2,5", "3"] * 10,
        [f"Smith, John {row}" if row % 3 else f"Doe {row}" for row in range(30)],
        ["New York, NY", "Austin, TX", "Dallas, TX"] * 10,
        ["it was good, I think; yes it was so", "no; it was not good"] * 15,
        ["a;a", "a;b", "b"] * 10,
    ],
)
def test_other_texts_are_no_lists_of_labels(cells: list[str]) -> None:
    assert separator_of(np.array(cells, object)) is None


def test_several_targets_are_taken_together(tmp_path: Path, run_dlcli: Command) -> None:
    bits = RNG.integers(0, 2, (80, 2))
    words = ["no", "yes"]
    rows = [f"{row % 7},{row % 5},{words[u]},{words[v]}" for row, (u, v) in enumerate(bits)]
    (tmp_path / "t.csv").write_text("a,b,u,v\n" + "\n".join(rows) + "\n")
    text, config = drafted(run_dlcli, tmp_path, "t.csv", "--target", "u", "--target", "v")
    assert config.data.target == ["u", "v"]
    assert ("a yes or no each" in text, "loss: binary_crossentropy" in text) == (True, True)
    (tmp_path / "n.csv").write_text("p,q,r\n" + "".join(f"{row % 7},{row % 5},{row / 3}\n" for row in range(80)))
    text, config = drafted(run_dlcli, tmp_path, "n.csv", "--target", "q", "--target", "r")
    assert (config.data.target, "loss: mse" in text, "Dense: {units: 2}" in text) == (["q", "r"], True, True)
    for command in ("init", "inspect-data"):
        done = run_dlcli(command, "n.csv", "--target", "q,r", cwd=tmp_path)
        assert done.code == 2
        assert "--target q --target r" in done.err


@pytest.mark.parametrize("classes", [2, 3])
def test_padded_sequences_of_classes_have_void_ends(classes: int, tmp_path: Path, run_dlcli: Command) -> None:
    lengths = RNG.integers(4, 13, 80)
    y = RNG.integers(0, classes, (80, 12))
    y[np.arange(12) >= lengths[:, None]] = -1
    np.savez(tmp_path / "s.npz", x=RNG.normal(size=(80, 12, 2)), y=y)
    text, config = drafted(run_dlcli, tmp_path, "s.npz")
    assert (config.data.target.void, "loss: sparse_categorical_crossentropy" in text) == (-1, True)
    seen = run_dlcli("inspect-data", "s.npz", "--json", cwd=tmp_path).value["tensors"]
    counts = [each["classes"] for each in seen if each["role"] == "target"]
    total = {str(label): sum(each[str(label)] for each in counts) for label in range(classes)}
    assert total == {str(label): int((y == label).sum()) for label in range(classes)}


@pytest.mark.parametrize(
    ("values", "is_void"),
    [
        ([[0, 1, 2, -1], [1, 0, -1, -1]], True),
        ([[-1, 0, 1, 1], [-1, -1, 0, 1]], True),
        ([[0, -1, 1, 1], [1, 0, -1, -1]], False),
        ([[0, 2, 3, -1], [2, 0, -1, -1]], False),
        ([[0, 1, 1, 0], [1, 0, 0, 1]], False),
        ([[0, 1, 1, -2], [1, 0, -2, -2]], False),
        ([[0, 0.5, 1, -1], [1, 0, -1, -1]], False),
    ],
)
def test_what_stands_at_the_ends_of_rows_alone_is_void(values: list[list[float]], is_void: bool) -> None:
    assert has_void_ends(np.array(values)) == is_void


@pytest.mark.parametrize(("first", "told"), [("row", True), ("day", False)])
def test_a_count_that_is_taken_for_time_is_told(first: str, told: bool, tmp_path: Path, run_dlcli: Command) -> None:
    days = np.datetime64("2024-01-01") + np.arange(200)
    rows = [f"{row if first == 'row' else days[row]},{row * row % 37}" for row in range(200)]
    (tmp_path / "t.csv").write_text(f"{first},v\n" + "\n".join(rows) + "\n")
    text = run_dlcli("init", "t.csv", cwd=tmp_path).out
    assert "series:" in text
    assert (
        "since row counts in equal steps; if row is no time, write source: t.csv, inputs: [row], no split" in text
    ) == told


def test_a_bare_file_with_empty_cells_is_told_so(tmp_path: Path, run_dlcli: Command) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,u\n,3,v\n1,,u\n2,,v\n")
    done = run_dlcli("inspect-data", "t.csv", "--json", cwd=tmp_path).value
    assert [each["evidence"] for each in done["findings"] if each["code"] == "missing_values"] == ["'a' 1, 'b' 2"]
