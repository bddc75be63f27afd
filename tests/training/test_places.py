"""Targets of a value a place: what follows in text or arrays, text of its own, letters under CTC; against Keras and NumPy."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data

Run = Callable[..., Any]
GRU = {"GRU": {"units": 12, "return_sequences": True}}
SENTENCES = [
    " ".join([start, verb, *rest]) + " ."
    for start in ("cat", "dog", "bird")
    for verb in ("eats", "sees")
    for rest in (["fish"], ["old", "bread"], ["a", "red", "moon"], [])
] * 6
VECTOR = {"TextVectorization": {"output_sequence_length": 7, "standardize": None}}
UNITS = "${data.words.vocabulary}"


def tree(**changes: Any) -> dict[str, Any]:
    return {
        "name": "r",
        "data": {
            "source": "lines.csv",
            "inputs": {"words": {"columns": "line", "kind": "text", "prepare": [VECTOR]}},
            "target": {"next": "words"},
        },
        "layers": [
            {"Embedding": {"input_dim": UNITS, "output_dim": 8, "mask_zero": True}},
            GRU,
            {"Dense": {"units": UNITS, "activation": "softmax"}},
        ],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": 0.02},
        "metrics": ["accuracy"],
        "train": {"epochs": 4},
        **changes,
    }


def trained(folder: Path, run_dlcli: Run, content: dict[str, Any]) -> dict[str, Any]:
    (folder / "c.yaml").write_text(json.dumps(content), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--name", "r", "-q", "--json", cwd=folder)
    assert done.code == 0, done.err
    value: dict[str, Any] = done.value
    return value


def evaluated(folder: Path, run_dlcli: Run, *data: str) -> dict[str, Any]:
    done = run_dlcli("evaluate", "r", *data, "--worst", "1", "--json", cwd=folder)
    assert done.code == 0, done.err
    value: dict[str, Any] = done.value
    return value


def predicted(folder: Path, run_dlcli: Run, data: str) -> list[dict[str, Any]]:
    done = run_dlcli("predict", "r", data, "-o", "p.jsonl", cwd=folder)
    assert done.code == 0, done.err
    return [json.loads(line) for line in (folder / "p.jsonl").read_text(encoding="utf-8").splitlines()]


def loaded(folder: Path) -> tuple[Any, Any]:
    import keras

    model = keras.models.load_model(folder / "runs" / "r" / "model" / "model.keras", safe_mode=True)
    return model, keras.models.load_model(folder / "runs" / "r" / "model" / "prepare.keras", safe_mode=True)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    (tmp_path / "lines.csv").write_text("\n".join(["line", *SENTENCES]), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("stream", [False, True])
def test_what_follows_in_a_text(stream: bool, lines: Path, run_dlcli: Run) -> None:
    import tensorflow as tf

    content = tree()
    content["data"]["stream"] = stream
    trained(lines, run_dlcli, content)
    value = evaluated(lines, run_dlcli, "--data", "lines.csv")
    model, prepare = loaded(lines)
    made = prepare({"words": tf.constant(SENTENCES)})
    inputs, target = made["words"].numpy(), made["next (target)"].numpy()
    assert inputs.shape == target.shape == (len(SENTENCES), 6)
    assert (inputs[:, 1:] == target[:, :-1]).all()
    chances, counted = model.predict({"words": inputs}, verbose=0), (target > 0) & (inputs > 0)
    right = chances.argmax(-1) == target
    assert value["metrics"]["accuracy"] == pytest.approx(right[counted].mean(), abs=1e-6)
    losses = -np.log(np.take_along_axis(chances, target[..., None].astype(int), -1)[..., 0])
    # Keras divides by the places of the mask, and those behind the last word have no label.
    assert value["metrics"]["loss"] == pytest.approx(losses[counted].sum() / counted.sum(), rel=1e-4)
    words = json.loads((lines / "runs" / "r" / "model" / "schema.json").read_text(encoding="utf-8"))["targets"][0][
        "classes"
    ]
    assert words[:2] == ["[PAD]", "[UNK]"]
    assert {*words[2:]} == {word for each in SENTENCES for word in each.split()}
    said = [each["next"] for each in predicted(lines, run_dlcli, "lines.csv")]
    ids = chances.argmax(-1)
    expected = [" ".join(words[i] for i in row[its] if i) for row, its in zip(ids, inputs > 0, strict=True)]
    assert said == expected
    assert value["confusion"] is not None
    assert sum(map(sum, value["confusion"])) == counted.sum()


def test_a_decoder_learns_what_follows_in_its_own_input(tmp_path: Path, run_dlcli: Run) -> None:
    rows = [f"{a} {b},start {b} {a} end" for a in "ijklm" for b in "nopqr"] * 6
    (tmp_path / "p.csv").write_text("\n".join(["from,to", *rows]), encoding="utf-8")
    length = {"TextVectorization": {"output_sequence_length": 2}}
    content = tree(
        data={
            "source": "p.csv",
            "inputs": {
                "source": {"columns": "from", "kind": "text", "prepare": [length]},
                "said": {
                    "columns": "to",
                    "kind": "text",
                    "prepare": [{"TextVectorization": {"output_sequence_length": 4}}],
                },
            },
            "targets": {"following": {"next": "said"}},
        },
        layers=[
            {"Embedding": {"input_dim": "${data.source.vocabulary}", "output_dim": 8, "from": "source"}},
            {"GRU": {"units": 32, "name": "encoder"}},
            {"Embedding": {"input_dim": "${data.said.vocabulary}", "output_dim": 8, "from": "said", "name": "words"}},
            {
                "GRU": {
                    "units": 32,
                    "return_sequences": True,
                    "from": {"sequences": "words", "initial_state": "encoder"},
                }
            },
            {"Dense": {"units": "${data.following.vocabulary}", "activation": "softmax", "name": "following"}},
        ],
        loss={"following": "sparse_categorical_crossentropy"},
        metrics={"following": ["accuracy"]},
        train={"epochs": 25},
    )
    value = trained(tmp_path, run_dlcli, content)
    assert value["metrics"]["validation"]["accuracy"] > 0.9
    said = predicted(tmp_path, run_dlcli, "p.csv")
    expected = [row.split(",")[1].removeprefix("start ") for row in rows]
    assert np.mean([each["following"] == wanted for each, wanted in zip(said, expected, strict=True)]) > 0.9


@pytest.mark.parametrize(("stride", "pieces"), [(1, "character"), (4, "character"), (2, "whitespace")])
def test_windows_over_running_text(stride: int, pieces: str, tmp_path: Path) -> None:
    texts = ["one two three\nfour five six seven eight\n" * 6, "nine ten eleven twelve " * 9]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
    source = {"text": {"path": str(tmp_path), "window": 6, "stride": stride, "split": pieces}}
    block = {"source": source, "target": {"next": "text"}}
    dataset = Data.model_validate(block, context=Language()).load(seed=0, labels="classes")
    cut = [text if pieces == "character" else text.split() for text in texts]
    between = "" if pieces == "character" else " "
    expected = [between.join(each[start : start + 7]) for each in cut for start in range(0, len(each) - 6, stride)]
    found = {
        int(row): text
        for split in dataset.splits.values()
        for row, text in zip(split.rows, split.inputs["text"][:], strict=True)
    }
    assert all(expected[row] == text for row, text in found.items())
    order = [dataset.splits[name].rows for name in ("train", "validation", "test")]
    assert order[0].max() < order[1].min() <= order[1].max() < order[2].min()
    # No piece of the text stands in two splits.
    assert len(found) < len(expected)
    starts = [
        start + sum(map(len, cut[:number]))
        for number, each in enumerate(cut)
        for start in range(0, len(each) - 6, stride)
    ]
    for early, late in itertools.pairwise(order):
        assert starts[early.max()] + 6 < starts[late.min()]


def test_running_text_is_read_as_it_is_cut(tmp_path: Path, run_dlcli: Run) -> None:
    text = "to be or not\nto be, that is the question: " * 12
    (tmp_path / "b.txt").write_text(text, encoding="utf-8")
    content = tree(
        data={
            "source": {"text": {"path": "b.txt", "window": 10, "stride": 2}},
            "prepare": [{"TextVectorization": {"standardize": "lower"}}],
            "target": {"next": "text"},
        },
        layers=[
            {"Embedding": {"input_dim": "${data.text.vocabulary}", "output_dim": 8}},
            GRU,
            {"Dense": {"units": "${data.text.vocabulary}", "activation": "softmax"}},
        ],
    )
    trained(tmp_path, run_dlcli, content)
    model, prepare = loaded(tmp_path)
    assert model.input_shape == {"text": (None, 10)} or model.input_shape == (None, 10)
    schema = json.loads((tmp_path / "runs" / "r" / "model" / "schema.json").read_text(encoding="utf-8"))
    words = schema["targets"][0]["classes"]
    assert {*words[2:]} == {*text.lower()}
    windows = [text[start : start + 11] for start in range(0, len(text) - 10, 2)]
    import tensorflow as tf

    made = prepare({"text": tf.constant(windows)})
    ids = made["text"].numpy()
    assert ["".join(words[i] for i in row) for row in ids] == [each[:10] for each in windows]
    said = [each["next"] for each in predicted(tmp_path, run_dlcli, "b.txt")]
    answers = model.predict({"text": ids}, verbose=0).argmax(-1)
    assert said == ["".join(words[i] for i in row if i) for row in answers]
    assert evaluated(tmp_path, run_dlcli)["worst"][0]["target"] in text


@pytest.mark.parametrize("kind", ["ids", "numbers"])
def test_what_follows_in_arrays(kind: str, tmp_path: Path, run_dlcli: Run) -> None:
    rng = np.random.default_rng(3)
    ids = (rng.integers(0, 5, (80, 1)) + np.arange(7)) % 5
    x = ids if kind == "ids" else rng.normal(size=(80, 7, 2)).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=x)
    embedding = {"Embedding": {"input_dim": "${data.x.vocabulary}", "output_dim": 8}}
    last = {"Dense": {"units": "${data.classes}", "activation": "softmax"}} if kind == "ids" else {"Dense": 2}
    content = tree(
        data={"source": {"npz": {"path": "a.npz", "inputs": "x"}}, "target": {"next": "x"}},
        layers=[*([embedding] if kind == "ids" else []), GRU, last],
        loss="sparse_categorical_crossentropy" if kind == "ids" else "mse",
        metrics=["accuracy"] if kind == "ids" else ["mae"],
        train={"epochs": 30},
    )
    trained(tmp_path, run_dlcli, content)
    value = evaluated(tmp_path, run_dlcli, "--data", "a.npz")
    done = run_dlcli("predict", "r", "a.npz", "-o", "p.npz", cwd=tmp_path)
    assert done.code == 0, done.err
    said = np.load(tmp_path / "p.npz")["next"]
    if kind == "ids":
        assert said.shape == (80, 6)
        assert value["metrics"]["accuracy"] == pytest.approx((said == x[:, 1:]).mean(), abs=1e-6)
        assert value["metrics"]["accuracy"] > 0.95
    else:
        assert said.shape == (80, 6, 2)
        assert value["metrics"]["mae"] == pytest.approx(np.abs(said - x[:, 1:]).mean(), rel=1e-4)


def test_letters_under_ctc_are_read_greedily(tmp_path: Path, run_dlcli: Run) -> None:
    rng = np.random.default_rng(0)
    shapes = rng.random((3, 4, 4))
    texts = ["".join(rng.choice(list("abc"), rng.integers(1, 4))) for _ in range(160)]
    image = np.zeros((160, 24, 4), np.float32)
    for row, text in enumerate(texts):
        for at, letter in enumerate(text):
            image[row, 1 + 7 * at : 5 + 7 * at] = shapes["abc".index(letter)]
    np.savez(tmp_path / "o.npz", x=image, text=np.array(texts))
    vector = {"TextVectorization": {"split": "character", "standardize": None, "output_sequence_length": 3}}
    content = tree(
        data={
            "source": {"npz": {"path": "o.npz", "inputs": "x", "target": "text"}},
            "target": {"column": "text", "prepare": [vector]},
        },
        layers=[
            {"Conv1D": {"filters": 16, "kernel_size": 5, "padding": "same", "activation": "relu"}},
            {"Bidirectional": {"layer": {"LSTM": {"units": 12, "return_sequences": True}}}},
            {"Dense": "${data.text.vocabulary}"},
        ],
        loss="CTC",
        optimizer={"Adam": 0.02},
        metrics=[],
        train={"epochs": 40},
    )
    trained(tmp_path, run_dlcli, content)
    said = [each["text"] for each in predicted(tmp_path, run_dlcli, "o.npz")]
    assert np.mean([a == b for a, b in zip(said, texts, strict=True)]) > 0.9
    model, _ = loaded(tmp_path)
    ids, words = model.predict({"x": image}, verbose=0).argmax(-1), ["", "[UNK]"]
    schema = json.loads((tmp_path / "runs" / "r" / "model" / "schema.json").read_text(encoding="utf-8"))
    words = ["", *schema["targets"][0]["classes"][1:]]
    greedy = ["".join(words[i] for at, i in enumerate(row) if at == 0 or i != row[at - 1]) for row in ids]
    assert said == greedy


MISTAKES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"target": {"next": "word"}}, {}, "the target is what follows in the input 'word', which there is not"),
    ({"inputs": ["n"], "target": {"next": "features"}}, {}, "holds columns side by side and has no places"),
    ({}, {"loss": "mse", "metrics": []}, "the target is text, which becomes an id a place, and the loss takes no ids"),
    (
        {
            "inputs": {
                "words": {
                    "columns": "line",
                    "kind": "text",
                    "prepare": [{"TextVectorization": {"output_mode": "count"}}],
                }
            }
        },
        {"layers": [{"Dense": 3}, {"Dense": {"units": 5, "activation": "softmax"}}]},
        "the target is what follows in 'words', of which the preparation makes no ids in a row",
    ),
    ({"target": {"column": "n", "next": "words"}}, {}, "'column' and 'next' each say what the target is"),
]


@pytest.mark.parametrize(("data", "changes", "message"), MISTAKES)
def test_mistakes_say_what_to_write(
    data: dict[str, Any], changes: dict[str, Any], message: str, tmp_path: Path, run_dlcli: Run
) -> None:
    rows = [f"{line},{number}.5" for number, line in enumerate(SENTENCES)]
    (tmp_path / "lines.csv").write_text("\n".join(["line,n", *rows]), encoding="utf-8")
    content = tree(**changes)
    content["data"] |= data
    (tmp_path / "c.yaml").write_text(json.dumps(content), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "-q", cwd=tmp_path)
    assert done.code in {3, 4}, done.err
    assert message in done.err


@pytest.mark.parametrize(
    ("setting", "line", "named"),
    [
        ("data: {source: t.csv, inputs: [a, b],\n  target: {next: wrd}}", 2, "which there is not; there are: features"),
        ("data: {source: t.csv, target: y}", 6, "column 'wrd', which the data does not have; it has: a, b, y"),
    ],
)
def test_a_name_that_the_data_lacks_is_told_at_its_line(
    setting: str, line: int, named: str, tmp_path: Path, run_dlcli: Run
) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n" + "".join(f"{row},{row % 3},{row % 2}\n" for row in range(30)))
    rest = "layers: [Dense: 1]\nloss: mse\noptimizer: Adam\ntrain:\n  {epochs: 1, sample_weight: wrd}\n"
    rest = rest if line == 6 else rest.replace(", sample_weight: wrd", "")
    (tmp_path / "c.yaml").write_text(f"{setting}\n{rest}", encoding="utf-8")
    for command in (["validate", "--build"], ["inspect-data"]):
        done = run_dlcli(*command, "c.yaml", cwd=tmp_path)
        assert done.code == 3
        assert named in done.out + done.err
        assert f"c.yaml:{line}:" in done.out + done.err


TEXT = "[TextVectorization: {max_tokens: 10000, output_sequence_length: 100}]"
UNPREPARED: dict[str, tuple[dict[str, Any], int, str]] = {
    "characters": (
        {"source": {"text": {"path": "book.txt", "window": 8}}},
        1,
        "[TextVectorization: {split: character, standardize: null}]",
    ),
    "words": (
        {"source": {"text": {"path": "book.txt", "window": 8, "split": "whitespace"}}},
        1,
        "[TextVectorization: {max_tokens: 10000}]",
    ),
    "a file a sample": ({"source": {"text": "book.txt"}}, 1, TEXT),
    "by name": (
        {"source": {"text": {"path": "book.txt", "window": 8}}, "inputs": {"w": {"columns": "text"}}},
        1,
        "[TextVectorization: {split: character, standardize: null}]",
    ),
    "a column": ({"source": "t.csv", "inputs": {"w": {"columns": "w", "kind": "text"}}, "target": "y"}, 1, TEXT),
    "a column that is prepared": (
        {
            "source": "t.csv",
            "inputs": {"w": {"columns": "w", "kind": "text", "prepare": ["TextVectorization"]}},
            "target": "y",
        },
        0,
        "",
    ),
    "all prepared": ({"source": {"text": {"path": "b.txt", "window": 8}}, "prepare": ["TextVectorization"]}, 0, ""),
}


@pytest.mark.parametrize("name", UNPREPARED)
def test_text_that_nothing_prepares_is_told_before_anything_is_read(
    name: str, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    data, count, hint = UNPREPARED[name]
    config = {"data": data, "layers": [{"Dense": 1}], "loss": "mse", "optimizer": "Adam", "train": {"epochs": 1}}
    (tmp_path / "c.yaml").write_text(json.dumps(config, indent=1), encoding="utf-8")
    done = run_dlcli("validate", "c.yaml", cwd=tmp_path)
    assert (done.out + done.err).count("is text, which layers cannot take") == count
    assert f"write data.prepare: {hint}" in (done.out + done.err) or not count
    assert done.code == (3 if count else 0), done.out + done.err


@pytest.mark.parametrize(("length", "refused"), [(10, False), (11, False), (12, True)])
def test_more_places_than_a_window_holds_are_refused(
    length: int, refused: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    """A window of 10 characters and the one that follows."""
    (tmp_path / "b.txt").write_text("to be or not\nto be, that is the question: " * 12, encoding="utf-8")
    content = tree(
        data={
            "source": {"text": {"path": "b.txt", "window": 10, "stride": 2}},
            "prepare": [{"TextVectorization": {"standardize": None, "output_sequence_length": length}}],
            "target": {"next": "text"},
        },
        layers=[
            {"Embedding": {"input_dim": "${data.text.vocabulary}", "output_dim": 8}},
            {"Dense": {"units": "${data.text.vocabulary}", "activation": "softmax"}},
        ],
    )
    (tmp_path / "c.yaml").write_text(json.dumps(content), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--json", "-q", "--epochs", "1", cwd=tmp_path)
    assert done.code == (3 if refused else 0), done.err
    if refused:
        said = "a window of 'text' holds 10 characters; of 12 places the rest would be padding"
        assert (done.error["message"], done.error["kind"]) == (said, "places_differ")
