"""Init on texts: their mean leaves padding out and stands for a text without words, and names at each place are classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

Run = Callable[..., Any]
RANDOM = np.random.default_rng(5)
WORDS = ["sun", "rain", "snow", "wind", "fog", "hail"]
TEXTS = [" ".join(RANDOM.choice(WORDS[at % 2 * 3 :][:4], RANDOM.integers(1, 9))) for at in range(60)]
TEXTS[7] = TEXTS[8] = "!!! ???"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run) -> Path:
    """A run on what init writes for a folder of texts, of which one of each class holds no word."""
    folder = tmp_path_factory.mktemp("texts")
    for at, text in enumerate(TEXTS):
        (folder / "notes" / "ab"[at % 2]).mkdir(parents=True, exist_ok=True)
        (folder / "notes" / "ab"[at % 2] / f"{at:02}.txt").write_text(text)
    assert run_dlcli("init", "notes", "-o", "c.yaml", cwd=folder).code == 0
    done = run_dlcli("train", "c.yaml", "--epochs", "2", "--name", "t", "-q", "--json", cwd=folder)
    assert done.code == 0, done.err
    return folder


def test_the_mean_of_words_is_that_of_the_words_alone(trained: Path, run_dlcli: Run) -> None:
    import keras

    model = keras.models.load_model(trained / "runs/t/model/model.keras")
    arrays = [np.asarray(each) for each in model.get_weights()]
    words = next(each for each in arrays if each.shape == (10_000, 16))
    [token] = [each for each in arrays if each.shape == (1, 16)]
    hidden, output = [each for each in model.layers if isinstance(each, keras.layers.Dense)]
    vocabulary = keras.models.load_model(trained / "runs/t/model/prepare.keras").layers[-1].get_vocabulary()
    answers = run_dlcli("predict", "t", "notes", "-o", "-", "--json", cwd=trained)
    assert answers.code == 0, answers.err
    told = answers.out.splitlines()
    for at in (7, 8, 20, 21, 22, 23):
        ids = [vocabulary.index(word) for word in TEXTS[at].split() if word in vocabulary]
        mean = np.concatenate([token, words[ids]]).mean(axis=0)
        kernel, bias = hidden.get_weights()
        seen = np.maximum(mean @ kernel + bias, 0)
        kernel, bias = output.get_weights()
        expected = 1 / (1 + np.exp(-(seen @ kernel + bias)[0]))
        [line] = [each for each in told if f"{at:02}.txt" in each]
        assert any(abs(number - expected) < 1e-5 for number in numbers_in(line)), (line, expected)


def numbers_in(line: str) -> list[float]:
    parts = line.replace('"', "").replace("}", "").replace(":", ",").split(",")
    return [float(part) for part in parts if part.strip().replace(".", "").replace("e-", "").isdigit()]


def test_padding_is_masked_in_what_is_written(trained: Path) -> None:
    layers = yaml.safe_load((trained / "c.yaml").read_text())["layers"]
    assert layers[:3] == [
        {"Embedding": {"input_dim": 10_000, "output_dim": 16, "mask_zero": True}},
        "token",
        "GlobalAveragePooling1D",
    ]


LENGTHS = RANDOM.integers(2, 9, 60).tolist()
IDS = [RANDOM.integers(1, 9, length).tolist() for length in LENGTHS]
TAGS = [[WORDS[each % 3] for each in ids] for ids in IDS]
SPOKEN = [" ".join(f"w{each}x{at % 50}" for each in ids) for at, ids in enumerate(IDS)]
ROWS = [
    {
        "words": words,
        "note": f"this is the note of row {at}",
        "ids": ids,
        "caps": [each % 2 for each in ids],
        "size": at * 7 % 13 / 2,
        "tags": tags,
    }
    for at, (words, ids, tags) in enumerate(zip(SPOKEN, IDS, TAGS, strict=True))
]


def proposed(folder: Path, run_dlcli: Run, rows: list[Any], *options: str) -> tuple[Any, str]:
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = run_dlcli("init", "t.jsonl", "--target", "tags", "-o", "t.yaml", "--force", *options, cwd=folder)
    assert done.code == 0, done.err
    checked = run_dlcli("validate", "t.yaml", "--build", cwd=folder)
    assert checked.code == 0, checked.out
    text = (folder / "t.yaml").read_text()
    return yaml.safe_load(text), text


@pytest.mark.nightly
def test_names_at_each_place_are_classes_there(tmp_path: Path, run_dlcli: Run) -> None:
    config, text = proposed(tmp_path, run_dlcli, ROWS)
    assert config["data"]["target"] == {"column": "tags", "encode": "index"}
    assert "a class at each place of words; for several labels a row: target: tags" in text
    assert "without note, size: no value at each place of tags" in text
    inputs = config["data"]["inputs"]
    assert [*inputs] == ["ids", "caps", "words"]
    assert inputs["caps"]["kind"] == "number"
    vectors = inputs["words"]["prepare"][0]["TextVectorization"]
    assert (vectors["split"], vectors["standardize"], vectors["output_sequence_length"]) == (
        "whitespace",
        None,
        max(LENGTHS),
    )
    assert config["loss"] == "sparse_categorical_crossentropy"
    trained = run_dlcli("train", "t.yaml", "--epochs", "1", "-q", "--json", cwd=tmp_path)
    assert trained.code == 0, trained.err
    judged = run_dlcli("evaluate", "last", "--data", "t.jsonl", "--json", cwd=tmp_path).value
    assert np.sum(judged["confusion"]) == sum(LENGTHS)


@pytest.mark.parametrize(
    ("change", "inputs"),
    [
        (lambda row: {"ids": row["ids"], "tags": row["tags"]}, None),
        (lambda row: {"ids": row["ids"], "size": row["size"], "tags": row["tags"]}, ["ids"]),
        (lambda row: {"words": row["words"], "tags": row["tags"]}, {"words"}),
        (lambda row: {"words": f"{row['words']} more", "ids": row["ids"], "tags": row["tags"]}, ["ids"]),
        # Lists of one length: where a name stands twice, it is one of a place.
        (lambda row: {"ids": [*row["ids"], 1, 1][:3], "tags": [*row["tags"], "sun", "sun"][:3]}, None),
    ],
)
def test_what_has_as_many_places_is_an_input(
    change: Callable[[Any], Any], inputs: Any, tmp_path: Path, run_dlcli: Run
) -> None:
    config, _ = proposed(tmp_path, run_dlcli, [change(row) for row in ROWS])
    found = config["data"].get("inputs")
    assert (set(found) if isinstance(found, dict) else found) == inputs
    assert config["data"]["target"] == {"column": "tags", "encode": "index"}


@pytest.mark.parametrize(
    "change",
    [
        lambda row: {"ids": [*row["ids"], 1], "tags": row["tags"]},
        lambda row: {"ids": [*row["ids"], 1, 1][:2], "tags": ["sun", "rain" if row["size"] > 3 else "fog"]},
        lambda row: {"size": row["size"], "tags": row["tags"]},
    ],
)
def test_names_of_which_nothing_has_as_many_are_several_labels(
    change: Callable[[Any], Any], tmp_path: Path, run_dlcli: Run
) -> None:
    config, text = proposed(tmp_path, run_dlcli, [change(row) for row in ROWS])
    assert (config["data"]["target"], config["loss"]) == ("tags", "binary_crossentropy")
    assert "several labels a row: a yes or no for each" in text


def test_the_hint_for_text_beside_lists_is_a_configuration_that_builds(tmp_path: Path, run_dlcli: Run) -> None:
    rows = [{"note": row["note"], "ids": row["ids"], "tags": "ab"[at % 2]} for at, row in enumerate(ROWS)]
    inputs = "{note: {columns: note, kind: text}, ids: {columns: ids}}"
    config, text = proposed(tmp_path, run_dlcli, rows, "--set", f"data.inputs={inputs}")
    assert "TextVectorization" in config["data"]["inputs"]["note"]["prepare"][0]
    (tmp_path / "t.yaml").write_text("".join(line for line in text.splitlines(True) if "  inputs:" not in line))
    told = run_dlcli("inspect-data", "t.yaml", "--json", cwd=tmp_path).error["hint"]
    block = told.removeprefix("to read it: data.inputs: ").replace(", …}", "}")
    assert yaml.safe_load(block)["note"]["prepare"][0]["TextVectorization"]["output_sequence_length"] == 100


def test_a_useless_column_beside_lists_is_left_out_alone(tmp_path: Path, run_dlcli: Run) -> None:
    rows = [{"one": 1, "size": row["size"], "ids": row["ids"], "tags": "ab"[at % 2]} for at, row in enumerate(ROWS)]
    config, _ = proposed(tmp_path, run_dlcli, rows)
    assert config["data"]["inputs"] == ["size", "ids"]
