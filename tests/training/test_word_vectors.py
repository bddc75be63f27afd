"""Vectors of words from a file as the first rows of an Embedding: each number is what the file says, mistakes at their line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
FILE = "5 3\nred 1 2 3\nblue -4 5e-1 .25\nNew York 7 8 9\nred 0 0 0\nunseen 1 1 1\n"
LINES = ["red blue", "blue green", "red red", "green blue"] * 10


def tree(**changes: Any) -> dict[str, Any]:
    vector = {"TextVectorization": {"output_sequence_length": 3}}
    embedding = {"input_dim": "${data.words.vocabulary}", "output_dim": 3, "name": "words in space", "vectors": "v.txt"}
    return {
        "name": "r",
        "data": {
            "source": "l.csv",
            "inputs": {"words": {"columns": "line", "kind": "text", "prepare": [vector]}},
            "target": "y",
        },
        "layers": [
            {"Embedding": {**embedding, "trainable": False, **changes}},
            "GlobalAveragePooling1D",
            {"Dense": {"units": 1, "activation": "sigmoid"}},
        ],
        "loss": "binary_crossentropy",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "v.txt").write_text(FILE, encoding="utf-8")
    rows = [f"{line},{int('red' in line)}" for line in LINES]
    (tmp_path / "l.csv").write_text("\n".join(["line,y", *rows]), encoding="utf-8")
    return tmp_path


def write(folder: Path, content: Any) -> str:
    (folder / "c.yaml").write_text(json.dumps(content), encoding="utf-8")
    return "c.yaml"


def test_rows_of_known_words_are_those_of_the_file(folder: Path, run_dlcli: Run) -> None:
    import keras

    done = run_dlcli("train", write(folder, tree()), "--name", "r", "-q", cwd=folder)
    assert done.code == 0, done.err
    model = keras.models.load_model(folder / "runs" / "r" / "model" / "model.keras", compile=False, safe_mode=True)
    layer = next(each for each in model.layers if isinstance(each, keras.layers.Embedding))
    prepare = keras.models.load_model(folder / "runs" / "r" / "model" / "prepare.keras", compile=False)
    words = next(each for each in prepare.layers if hasattr(each, "get_vocabulary")).get_vocabulary()
    rows = dict(zip(map(str, words), layer.embeddings.numpy().tolist(), strict=True))
    assert rows["red"] == [1, 2, 3]
    assert rows["blue"] == [-4, 0.5, 0.25]
    assert max(map(abs, rows["green"])) <= 0.05  # its initializer
    for what in ("r", "c.yaml"):
        shown = run_dlcli("inspect", what, "--json", cwd=folder)
        assert shown.code == 0, shown.err
        assert [each["vectors"] for each in shown.value["layers"]] == [{"found": 2, "of": 3}, None, None]
    assert "words in space: 2 of 3 words had one" in run_dlcli("inspect", "r", cwd=folder).out


def test_a_resumed_training_needs_the_file_no_more(folder: Path, run_dlcli: Run) -> None:
    kept = ("--set", "train.checkpoint={keep_after: 1}")
    assert run_dlcli("train", write(folder, tree()), "--name", "r", *kept, "-q", cwd=folder).code == 0
    (folder / "v.txt").unlink()
    done = run_dlcli("resume", "r", "--epochs", "2", "-q", cwd=folder)
    assert done.code == 0, done.err
    assert run_dlcli("inspect", "r", "--json", cwd=folder).value["layers"][0]["vectors"] == {"found": 2, "of": 3}


MISTAKES: list[tuple[dict[str, Any], str | None, int, str, str]] = [
    ({"output_dim": 4}, None, 3, "v.txt has 3 numbers for each word, and output_dim is 4", "write output_dim: 3"),
    ({}, "red 1 2 3\nblue 1 x 3\n", 4, "line 2: expected a word and 3 numbers", ""),
    ({}, "red 1 2 3\nblue 1 nan 3\n", 4, "line 2: expected a word and 3 numbers", ""),
    ({"vectors": "no.txt"}, None, 4, "there is no file", ""),
    ({}, "", 4, "the file is empty", ""),
]


@pytest.mark.parametrize(("changes", "content", "code", "message", "hint"), MISTAKES)
def test_mistakes_say_what_to_write(
    changes: dict[str, Any], content: str | None, code: int, message: str, hint: str, folder: Path, run_dlcli: Run
) -> None:
    if content is not None:
        (folder / "v.txt").write_text(content, encoding="utf-8")
    done = run_dlcli("validate", "--build", write(folder, tree(**changes)), cwd=folder)
    assert done.code == code, done.err
    assert message in done.out
    assert hint in done.out


def test_ids_without_words_have_no_vectors(folder: Path, run_dlcli: Run) -> None:
    np.savez(folder / "i.npz", x=np.arange(40).reshape(20, 2) % 5, y=np.arange(20) % 2)
    content = tree()
    content["data"] = {"source": {"npz": {"path": "i.npz", "inputs": "x", "target": "y"}}}
    content["layers"][0]["Embedding"]["input_dim"] = 5
    done = run_dlcli("validate", "--build", write(folder, content), cwd=folder)
    assert done.code == 3
    assert "takes no input whose words are known" in done.out


def test_how_many_words_have_a_vector_is_said_and_none_is_a_warning(folder: Path, run_dlcli: Run) -> None:
    some = run_dlcli("train", write(folder, tree()), "--name", "some", cwd=folder)
    assert "vectors: 2 of 3 words of words in space from v.txt" in some.err
    assert "has a vector" not in some.err
    (folder / "v.txt").write_text("Red 1 2 3\nBlue 4 5 6\nGreen 7 8 9\nPink 0 0 0\n", encoding="utf-8")
    none = run_dlcli("train", write(folder, tree()), "--name", "none", cwd=folder)
    assert none.code == 0
    assert "vectors: 0 of 3 words of words in space from v.txt" in none.err
    assert "warning: no word of words in space has a vector, so all begin with its initializer: " in none.err
    assert "its words are 'red', 'blue', 'green', those of v.txt 'Red', 'Blue', 'Green'; name a file" in none.err
    (folder / "v.txt").write_text("red 1 2 3\nBlue 4 5 6\n", encoding="utf-8")
    one = run_dlcli("train", write(folder, tree()), "--name", "one", cwd=folder)
    assert "vectors: 1 of 3 words" in one.err
    assert "has a vector" not in one.err
    for name in ("some", "none"):
        kept = json.loads((folder / "runs" / name / "env.json").read_text())["vectors"]["words in space"]
        assert list(kept) == ["file", "sha256", "found", "of"]


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("the 1 2 3", 3),
        ("new york 1 2 3", 3),
        ("7 0.5 -1e-3 2", 3),
        ("area 51 1 2 3", 4),
        ("word", 0),
        ("400000 300", 1),
    ],
)
def test_the_numbers_of_a_line_are_those_at_its_end(line: str, numbers: int) -> None:
    from dlcli.training.kept.word_vectors import numbers_behind

    assert numbers_behind(line) == numbers
