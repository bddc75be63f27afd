"""`standardize: {strip: PATTERN}`: what a pattern finds in texts is a blank, wherever they are read from."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data.text_strip import Strip, without_pattern
from dlcli.spec import plain

REVIEWS = [
    "A great film.<br /><br />I <b>loved</b> it!",
    "Not so<br/>good",
    "<p class='x'>Dull</p>, dull &amp; dull",
    "1 < 2 and 3 > 2",
    "좋은 영화<br />였다",
    "plain words",
    "<br />",
    "two\n<br\n/>lines",
]
TAGS = "<[^>]+>"


def block(path: Path, pattern: str | None = TAGS, **more: Any) -> dict[str, Any]:
    step: dict[str, Any] = {"max_tokens": 50, "output_sequence_length": 6}
    if pattern is not None:
        step["standardize"] = {"strip": pattern}
    inputs = {"words": {"columns": "text", "kind": "text", "prepare": [{"TextVectorization": step}]}}
    return {"source": {"csv": str(path)}, "inputs": inputs, "target": "y", **more}


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    import csv

    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "y"], *([text, "uv"[row % 2]] for row, text in enumerate(REVIEWS * 5))])
    return path


@pytest.mark.parametrize("pattern", [TAGS, r"<br\s*/?>", r"\d+", "[aeiou]+", "&amp;|<", "(?i)THE|A", "e.", "d$"])
def test_a_pattern_is_replaced_as_by_python(pattern: str) -> None:
    expected = [re.sub(pattern, " ", text) for text in REVIEWS]
    assert without_pattern(np.array(REVIEWS, object), pattern).tolist() == expected
    assert expected != REVIEWS


@pytest.mark.parametrize("stream", [True, False])
def test_texts_of_all_splits_are_stripped(reviews: Path, load: Callable[..., Dataset], stream: bool) -> None:
    checked = 0
    for pattern in (TAGS, None):
        dataset = load(block(reviews, pattern, stream=stream), labels="classes")
        assert dataset.schema.inputs[0].strip == pattern
        for part in dataset.splits.values():
            for row, text in zip(part.rows.tolist(), part.inputs["words"][:].tolist(), strict=True):
                raw = REVIEWS[row % len(REVIEWS)]
                assert text == (raw if pattern is None else re.sub(pattern, " ", raw))
                checked += 1
    assert checked == 2 * len(REVIEWS) * 5


def test_files_of_text_are_stripped_when_they_are_read(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    for row in range(20):
        file = tmp_path / "texts" / "ab"[row % 2] / f"{row:02}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{row}<br />end")
    step = {"TextVectorization": {"output_sequence_length": 4, "standardize": {"strip": TAGS}}}
    data = {"source": {"text": str(tmp_path / "texts")}, "prepare": [step], "stream": True}
    dataset = load(data, labels="classes")
    texts = [text for part in dataset.splits.values() for text in part.inputs["text"][:].tolist()]
    assert sorted(texts) == sorted(f"{row} end" for row in range(20))


def test_a_target_of_text_is_stripped(reviews: Path, load: Callable[..., Dataset]) -> None:
    data = block(reviews)
    data["target"] = {"column": "text", "prepare": [{"TextVectorization": {"standardize": {"strip": "<br />"}}}]}
    dataset = load(data, labels="classes")
    [target] = dataset.schema.targets
    assert target.strip == "<br />"
    part = dataset.splits["train"]
    assert part.target[:].tolist() == [REVIEWS[row % 8].replace("<br />", " ") for row in part.rows.tolist()]


def test_the_vocabulary_is_that_of_the_stripped_texts(reviews: Path, load: Callable[..., Dataset]) -> None:
    from dlcli.data.preparation.fitting import fit_preparation

    words = {}
    for pattern in (TAGS, None):
        written = block(reviews, pattern)
        data = Data.model_validate(written, context=Language())
        dataset = load(written, labels="classes")
        words[pattern] = set(fit_preparation(data, dataset, facts=dataset.facts(8)).vocabularies["words"])
    assert {"film", "loved", "영화", "dull"} <= words[TAGS]
    assert not {"br", "filmbr", "blovedb", "sobrgood"} & words[TAGS]
    assert {"blovedb"} <= words[None]  # without it punctuation goes, and letters run together


@pytest.mark.parametrize(
    ("standardize", "message"),
    [
        ({"strip": "<[^>"}, "'<[^>' is no pattern of RE2: missing ]"),
        ({"strip": "(?=x)"}, "is no pattern of RE2: invalid perl operator"),
        ({"strip": "x*"}, "'x*' finds what has no letter"),
        ({"strip": 3}, "'strip' must be a pattern"),
        ({"strip": "x", "then": "lower"}, "'standardize' must be a word or {strip: PATTERN}"),
        ({}, "'standardize' must be a word or {strip: PATTERN}"),
        ("upper", "'standardize' must be lower_and_strip_punctuation"),
    ],
)
def test_what_is_no_pattern_is_a_mistake(tmp_path: Path, standardize: Any, message: str) -> None:
    step = {"TextVectorization": {"standardize": standardize}}
    with pytest.raises(ValidationError) as caught:
        Data.model_validate({"source": "iris", "prepare": [step]}, context=Language())
    assert message in str(caught.value)


def test_it_is_written_again_as_it_was() -> None:
    step = {"TextVectorization": {"standardize": {"strip": TAGS}}}
    data = Data.model_validate({"source": "iris", "prepare": [step]}, context=Language())
    assert plain(data.prepare) == [step]
    assert Strip(TAGS).build({}) == "lower_and_strip_punctuation"


def test_a_run_keeps_the_pattern(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    import csv
    import json

    import yaml

    words = {"pos": "good", "neg": "bad"}
    for name, mark in (("train.csv", " "), ("tags.csv", "<br />"), ("blank.csv", " ")):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            rows = [[f"a{mark}{words[kind]}{mark}film", kind] for kind in ["pos", "neg"] * 20]
            csv.writer(file).writerows([["text", "y"], *rows])
    config = {
        "data": block(tmp_path / "train.csv"),
        "layers": [
            {"Embedding": {"input_dim": "${data.words.vocabulary}", "output_dim": 4}},
            "GlobalAveragePooling1D",
            {"Dense": {"units": 1, "activation": "sigmoid"}},
        ],
        "loss": "binary_crossentropy",
        "optimizer": {"Adam": 0.1},
        "train": {"epochs": 3},
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    assert run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=tmp_path).code == 0
    answers = {}
    for name in ("tags.csv", "blank.csv"):
        answers[name] = run_dlcli("predict", "r", name, "--json", cwd=tmp_path).out
        scored = json.loads(run_dlcli("evaluate", "r", "--data", name, "--json", cwd=tmp_path).out)
        answers[name] += str(scored["metrics"])
    assert answers["tags.csv"] == answers["blank.csv"]
    assert (
        len(
            {
                row["y"]
                for row in json.loads(run_dlcli("predict", "r", "tags.csv", "--json", cwd=tmp_path).out)["predictions"]
            }
        )
        == 2
    )
    shown = run_dlcli("inspect", "r", "--json", cwd=tmp_path)
    assert "what '<[^>]+>' finds in 'words' is a blank before it is prepared" in json.loads(shown.out)["notes"]
