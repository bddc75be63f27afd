"""A model that answers at other places than its target has: the advice is that of the target at hand, and taking it trains."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from siblings import some

Run = Callable[..., Any]
SPARSE = "sparse_categorical_crossentropy"
D3 = {"Dense": {"units": 3, "activation": "softmax"}}
KO = {"Dense": {"units": "${data.ko.vocabulary}", "activation": "softmax"}}
EN = {"Dense": {"units": "${data.en.vocabulary}", "activation": "softmax"}}
WORDS = {"Embedding": {"input_dim": "${data.en.vocabulary}", "output_dim": 4}}
EACH_PIXEL = {"Conv2D": {"filters": 3, "kernel_size": 1, "activation": "softmax"}}
HALVED = {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}}
EACH_PLACE = "answer each place: return_sequences: true in the last LSTM or GRU, and no Flatten or pooling before Dense"
FLAT = "put Flatten before the first Dense: it takes the places of a sample as one vector"


def lstm(*, each: bool) -> dict[str, Any]:
    return {"LSTM": {"units": 4, "return_sequences": each}}


def of_arrays(inputs: str, target: Any) -> dict[str, Any]:
    return {"source": {"npz": {"path": "a.npz", "inputs": inputs}}, "target": target}


def of_text(places: int, target: Any) -> dict[str, Any]:
    length = {"TextVectorization": {"output_sequence_length": places}}
    return {
        "source": "t.csv",
        "inputs": {"en": {"columns": "en", "kind": "text", "prepare": [length]}},
        "target": target,
    }


def ko(places: int) -> dict[str, Any]:
    return {"column": "ko", "prepare": [{"TextVectorization": {"output_sequence_length": places}}]}


def of_steps(target: str, **more: Any) -> dict[str, Any]:
    return {"source": {"series": {"path": "s.csv", "window": 6, **more}}, "target": target}


Given = tuple[dict[str, Any], list[Any], str]
CASES: dict[str, tuple[Given, str, str, Given]] = {
    "text of another length": (
        (of_text(4, ko(6)), [WORDS, lstm(each=True), KO], SPARSE),
        "Dense puts out (4, 7) a sample, and 'ko' has a class at each of 6 places",
        "write output_sequence_length: 4 where 'ko' is prepared, or 6 where the input is",
        (of_text(4, ko(4)), [WORDS, lstm(each=True), KO], SPARSE),
    ),
    "text and one answer": (
        (of_text(4, ko(4)), [WORDS, lstm(each=False), KO], SPARSE),
        "Dense puts out (7,) a sample, and 'ko' has a class at each of 4 places",
        EACH_PLACE,
        (of_text(4, ko(4)), [WORDS, lstm(each=True), KO], SPARSE),
    ),
    "the next word and one answer": (
        (of_text(5, {"next": "en"}), [WORDS, lstm(each=False), EN], SPARSE),
        "Dense puts out (7,) a sample, and 'next' has a class at each of 4 places",
        EACH_PLACE,
        (of_text(5, {"next": "en"}), [WORDS, lstm(each=True), EN], SPARSE),
    ),
    "the next word and fewer places": (
        (of_text(5, {"next": "en"}), [WORDS, {"MaxPooling1D": 2}, EN], SPARSE),
        "Dense puts out (2, 7) a sample, and 'next' has a class at each of 4 places",
        "answer at 4 places: padding: same keeps their number, strides and pooling do not",
        (
            of_text(5, {"next": "en"}),
            [WORDS, {"MaxPooling1D": {"pool_size": 2, "strides": 1, "padding": "same"}}, EN],
            SPARSE,
        ),
    ),
    "the next numbers and one answer": (
        (of_arrays("series", {"next": "series"}), [lstm(each=False), {"Dense": 2}], "mse"),
        "Dense puts out 2, but the target has (7, 2) values a sample",
        EACH_PLACE,
        (of_arrays("series", {"next": "series"}), [lstm(each=True), {"Dense": 2}], "mse"),
    ),
    "smaller masks": (
        (of_arrays("picture", "mask"), [HALVED, EACH_PIXEL], SPARSE),
        "Conv2D puts out (8, 8, 3) a sample, and 'mask' has a class at each of 16 × 16 places",
        "put UpSampling2D: {size: 2} before the last layer, or leave out what made them fewer; padding: same keeps their number",
        (of_arrays("picture", "mask"), [HALVED, {"UpSampling2D": {"size": 2}}, EACH_PIXEL], SPARSE),
    ),
    "larger masks": (
        (of_arrays("picture", "mask"), [{"UpSampling2D": 2}, EACH_PIXEL], SPARSE),
        "Conv2D puts out (32, 32, 3) a sample, and 'mask' has a class at each of 16 × 16 places",
        "put MaxPooling2D: {pool_size: 2} before the last layer",
        (of_arrays("picture", "mask"), [{"UpSampling2D": 2}, {"MaxPooling2D": {"pool_size": 2}}, EACH_PIXEL], SPARSE),
    ),
    "masks without their border": (
        (of_arrays("picture", "mask"), [{"Conv2D": {"filters": 4, "kernel_size": 3}}, EACH_PIXEL], SPARSE),
        "Conv2D puts out (14, 14, 3) a sample, and 'mask' has a class at each of 16 × 16 places",
        "padding: same keeps their number; or put Resizing: {height: 16, width: 16} before the last layer",
        (
            of_arrays("picture", "mask"),
            [{"Conv2D": {"filters": 4, "kernel_size": 3}}, {"Resizing": {"height": 16, "width": 16}}, EACH_PIXEL],
            SPARSE,
        ),
    ),
    "masks and one answer": (
        (of_arrays("picture", "mask"), ["Flatten", D3], SPARSE),
        "Dense puts out (3,) a sample, and 'mask' has a class at each of 16 × 16 places",
        "answer each pixel: end in Conv2D: {filters: 3, kernel_size: 1}, with no Flatten before it",
        (of_arrays("picture", "mask"), [EACH_PIXEL], SPARSE),
    ),
    "masks of yes and no": (
        (
            of_arrays("picture", "yes"),
            [HALVED, {"Conv2D": {"filters": 1, "kernel_size": 1, "activation": "sigmoid"}}],
            "binary_crossentropy",
        ),
        "Conv2D puts out (8, 8, 1), but the target has (16, 16) values a sample",
        "put UpSampling2D: {size: 2} before the last layer, or leave out what made them fewer; padding: same keeps their number",
        (
            of_arrays("picture", "yes"),
            [
                HALVED,
                {"UpSampling2D": {"size": 2}},
                {"Conv2D": {"filters": 1, "kernel_size": 1, "activation": "sigmoid"}},
            ],
            "binary_crossentropy",
        ),
    ),
    "one label and an answer at each place": (
        (of_arrays("series", "y"), [lstm(each=True), D3], SPARSE),
        "Dense puts out (8, 3) a sample, and 'y' has one class",
        f"{FLAT}; or write return_sequences: false in the last LSTM or GRU",
        (of_arrays("series", "y"), [lstm(each=False), D3], SPARSE),
    ),
    "one label and an answer at each pixel": (
        (of_arrays("picture", "y"), [D3], SPARSE),
        "Dense puts out (16, 16, 3) a sample, and 'y' has one class",
        FLAT,
        (of_arrays("picture", "y"), ["Flatten", D3], SPARSE),
    ),
    "one-hot vectors": (
        (of_arrays("picture", {"column": "y", "encode": "one_hot"}), ["Flatten", D3], SPARSE),
        "sparse_categorical_crossentropy needs one class index a sample, but the target has the shape (3,)",
        "write loss: categorical_crossentropy for one-hot vectors",
        (
            of_arrays("picture", {"column": "y", "encode": "one_hot"}),
            ["Flatten", D3],
            "categorical_crossentropy",
        ),
    ),
    "vectors of an array": (
        (of_arrays("picture", "vectors"), ["Flatten", D3], SPARSE),
        "Dense puts out (3,) a sample, and 'vectors' has a class at each of 3 places",
        f"write loss: categorical_crossentropy if these are one-hot vectors; otherwise {EACH_PLACE}",
        (of_arrays("picture", "vectors"), ["Flatten", D3], "categorical_crossentropy"),
    ),
    "a label at each place": (
        (of_arrays("series", "tags"), [lstm(each=False), D3], SPARSE),
        "Dense puts out (3,) a sample, and 'tags' has a class at each of 8 places",
        EACH_PLACE,
        (of_arrays("series", "tags"), [lstm(each=True), D3], SPARSE),
    ),
    "a class at each step": (
        (of_steps("state", each_step=True), [lstm(each=False), D3], SPARSE),
        "Dense puts out (3,) a sample, and 'state' has a class at each of 6 places",
        EACH_PLACE,
        (of_steps("state", each_step=True), [lstm(each=True), D3], SPARSE),
    ),
    "a number at each step": (
        (of_steps("b", each_step=True), [lstm(each=False), {"Dense": 1}], "mse"),
        "Dense puts out 1, but the target has 6 values a sample",
        EACH_PLACE,
        (of_steps("b", each_step=True), [lstm(each=True), {"Dense": 1}], "mse"),
    ),
    "a class for each of several steps ahead": (
        (of_steps("state", horizon=[1, 2]), [lstm(each=False), D3], SPARSE),
        "Dense puts out (3,) a sample, and 'state' has a class for each of 2 steps ahead",
        "end in Dense: {units: 6}, Reshape: {target_shape: [2, 3]}, Softmax",
        (
            of_steps("state", horizon=[1, 2]),
            [lstm(each=False), {"Dense": {"units": 6}}, {"Reshape": {"target_shape": [2, 3]}}, "Softmax"],
            SPARSE,
        ),
    ),
    "several steps ahead at each step": (
        (of_steps("state", horizon=[1, 2], each_step=True), [lstm(each=True), D3], SPARSE),
        "Dense puts out (6, 3) a sample, and 'state' has a class for each of 2 steps ahead at each of 6 places",
        "end in Dense: {units: 6}, Reshape: {target_shape: [6, 2, 3]}, Softmax",
        (
            of_steps("state", horizon=[1, 2], each_step=True),
            [lstm(each=True), {"Dense": {"units": 6}}, {"Reshape": {"target_shape": [6, 2, 3]}}, "Softmax"],
            SPARSE,
        ),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place, random = tmp_path_factory.mktemp("places"), np.random.default_rng(0)
    labels = random.permutation(np.arange(30) % 3)
    np.savez(
        place / "a.npz",
        picture=random.random((30, 16, 16, 1)).astype(np.float32),
        mask=random.integers(0, 3, (30, 16, 16)),
        yes=random.integers(0, 2, (30, 16, 16)),
        vectors=np.eye(3, dtype=int)[labels],
        y=labels,
        series=random.random((30, 8, 2)).astype(np.float32),
        tags=random.integers(0, 3, (30, 8)),
    )
    pairs = [("go home" if row % 2 else "come here now", "a b c" if row % 3 else "d e") for row in range(40)]
    (place / "t.csv").write_text("en,ko\n" + "".join(f"{en},{ko}\n" for en, ko in pairs))
    rows = [f"{row % 7},{row % 5},{'uvw'[row % 3]}\n" for row in range(80)]
    (place / "s.csv").write_text("a,b,state\n" + "".join(rows))
    return place


def trained(folder: Path, run_dlcli: Run, given: Given) -> Any:
    data, layers, loss = given
    tree = {"data": data, "layers": layers, "loss": loss, "optimizer": "Adam", "train": {"epochs": 1, "batch_size": 8}}
    (folder / "c.yaml").write_text(json.dumps(tree))
    return run_dlcli("train", "c.yaml", "--json", "-q", cwd=folder)


@pytest.mark.parametrize("name", some(CASES, 3))
def test_the_advice_is_that_of_the_target_and_taking_it_trains(folder: Path, run_dlcli: Run, name: str) -> None:
    wrong, message, hint, right = CASES[name]
    error = trained(folder, run_dlcli, wrong).error
    assert (error["code"], error["message"], error["hint"]) == (3, message, hint)
    done = trained(folder, run_dlcli, right)
    assert done.code == 0, done.err


def test_facts_are_listed_by_names_that_may_be_written(folder: Path, run_dlcli: Run) -> None:
    head = {"Dense": {"units": "${data.kx.vocabulary}", "activation": "softmax"}}
    error = trained(folder, run_dlcli, (of_text(4, ko(4)), [WORDS, lstm(each=True), head], SPARSE)).error
    _, listed = error["message"].split("it has: ")
    facts = listed.split(", ")
    assert [each for each in facts if each.startswith("data.ko")] == ["data.ko.vocabulary", "data.ko.length"]
    assert len(facts) == 7
    for fact in facts[::3]:
        layers = [WORDS, lstm(each=True), {"Dense": {"units": f"${{{fact}}}"}}, KO]
        done = trained(folder, run_dlcli, (of_text(4, ko(4)), layers, SPARSE))
        assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2, 3], "the weights 'w' have the shape (3,) a sample, and the target 'ko' has (4,)"),
        (-1, "the weight 'w' is -1 in row 1; expected 0 or more"),
        ([1, -1, 1, 1], "the weight 'w' is -1 in row 1; expected 0 or more"),
        ("a", "'w' weighs the samples and must hold numbers, but row 1 is 'a'"),
    ],
)
def test_weights_that_do_not_fit_are_told_at_the_line_that_names_them(
    folder: Path, run_dlcli: Run, weights: Any, message: str
) -> None:
    rows = [{"en": "go home", "ko": "a b" if row % 2 else "c d e", "w": weights} for row in range(40)]
    (folder / "w.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {**of_text(4, ko(4)), "source": "w.jsonl"}
    train = {"epochs": 1, "batch_size": 8, "sample_weight": "w"}
    tree = {"data": data, "layers": [WORDS, lstm(each=True), KO], "loss": SPARSE, "optimizer": "Adam", "train": train}
    (folder / "w.yaml").write_text(text := json.dumps(tree, indent=1))
    error = run_dlcli("train", "w.yaml", "--json", "-q", cwd=folder).error
    line = 1 + [each.strip().startswith('"sample_weight"') for each in text.splitlines()].index(True)
    assert (error["message"], error["named"]["file"], error["named"]["line"]) == (message, "w.yaml", line)
    assert error["file"] == str(folder / "w.jsonl")
