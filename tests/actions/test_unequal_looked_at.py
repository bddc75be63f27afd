"""Samples of unequal length, and a decoder of text: numbers by hand, and what is shown of a sample ends where its target does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
LENGTH = 6


def series() -> list[dict[str, Any]]:
    """Samples of 2 to 6 places, whose target is a straight line of the input."""
    random = np.random.default_rng(1)
    found = []
    for _ in range(120):
        x = random.normal(size=(random.integers(2, LENGTH + 1), 2)).round(3)
        y = (2 * x[:, 0] + x[:, 1] + 0.1 * random.normal(size=len(x))).round(3)
        found.append({"x": x.tolist(), "y": y.tolist(), "t": [("low", "high")[int(each > 0)] for each in y]})
    return found


def pairs() -> list[tuple[str, str]]:
    """Sentences of two to four words with the same in other words."""
    random = np.random.default_rng(0)
    who, do = [("I", "나"), ("you", "너"), ("he", "그")], [("go", "간다"), ("come", "온다"), ("see", "본다")]
    found = []
    for _ in range(200):
        words = [who[random.integers(3)], *(do[random.integers(3)] for _ in range(random.integers(1, 4)))]
        found.append((" ".join(en for en, _ in words), " ".join(["[start]", *(ko for _, ko in words), "[end]"])))
    return found


def vector(length: int) -> list[Any]:
    return [{"TextVectorization": {"output_sequence_length": length, "standardize": None}}]


GRU = {"GRU": {"units": 6, "return_sequences": True}}
LAYERS = [
    {"Embedding": {"input_dim": "${data.en.vocabulary}", "output_dim": 6, "mask_zero": True, "from": "en"}},
    {"GRU": {"units": 12, "name": "read"}},
    {
        "Embedding": {
            "input_dim": "${data.ko.vocabulary}",
            "output_dim": 6,
            "mask_zero": True,
            "from": "ko",
            "name": "own",
        }
    },
    {"GRU": {"units": 12, "return_sequences": True, "from": {"sequences": "own", "initial_state": "read"}}},
    {"Dense": {"units": "${data.ko.vocabulary}", "activation": "softmax"}},
]
TREES = {
    "numbers": ({"source": "r.jsonl", "inputs": ["x"], "target": "y"}, [GRU, {"Dense": 1}], "mse", ["mae"]),
    "names": (
        {"source": "r.jsonl", "inputs": ["x"], "target": {"column": "t", "encode": "index"}},
        [GRU, {"Dense": {"units": 2, "activation": "softmax"}}],
        "sparse_categorical_crossentropy",
        ["accuracy"],
    ),
    "words": (
        {
            "source": "p.csv",
            "inputs": {
                "en": {"columns": "en", "kind": "text", "prepare": vector(5)},
                "ko": {"columns": "ko", "kind": "text", "prepare": vector(7)},
            },
            "target": {"next": "ko"},
        },
        LAYERS,
        "sparse_categorical_crossentropy",
        ["accuracy"],
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run) -> Path:
    place = tmp_path_factory.mktemp("unequal")
    (place / "r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in series()))
    (place / "p.csv").write_text("en,ko\n" + "".join(f"{en},{ko}\n" for en, ko in pairs()), encoding="utf-8")
    for name, (data, layers, loss, metrics) in TREES.items():
        train = {"epochs": 3, "batch_size": 16}
        tree = {
            "data": data,
            "layers": layers,
            "loss": loss,
            "metrics": metrics,
            "optimizer": {"Adam": 0.02},
            "train": train,
        }
        (place / f"{name}.yaml").write_text(json.dumps(tree))
        done = run_dlcli("train", f"{name}.yaml", "--name", name, "--json", "-q", cwd=place)
        assert done.code == 0, done.err
        (place / f"{name}.json").write_text(done.out)
    return place


def loaded(folder: Path, name: str) -> tuple[Any, dict[str, Any]]:
    """The model of a run as Keras loads it, and the rows of its splits."""
    import keras

    run = folder / "runs" / name
    return keras.models.load_model(run / "model" / "model.keras", compile=False), dict(np.load(run / "splits.npz"))


def measured(folder: Path, run_dlcli: Run, name: str) -> dict[str, Any]:
    """Loss and metric of validation and test split as dlcli has them."""
    of_training = json.loads((folder / f"{name}.json").read_text())["metrics"]["validation"]
    return {"validation": of_training, "test": run_dlcli("evaluate", name, "--json", cwd=folder).value["metrics"]}


def alone(model: Any, rows: list[int]) -> np.ndarray[Any, Any]:
    """What a model says of each sample (places, …) by itself, one behind the other."""
    padding, found = next(each.mask_value for each in model.layers if hasattr(each, "mask_value")), []
    for sample in (series()[row]["x"] for row in rows):
        padded = np.array([[*sample, *[[padding] * 2] * (LENGTH - len(sample))]], np.float32)
        found.append(np.asarray(model({"x": padded}))[0, : len(sample)])
    return np.concatenate(found)


@pytest.mark.nightly
def test_numbers_of_places_are_those_of_each_sample_alone(folder: Path, run_dlcli: Run) -> None:
    model, splits = loaded(folder, "numbers")
    for split, seen in measured(folder, run_dlcli, "numbers").items():
        truth = np.concatenate([series()[row]["y"] for row in splits[split]])
        said = alone(model, splits[split])[:, 0]
        assert seen["loss"] == pytest.approx(np.mean((truth - said) ** 2), rel=1e-5)
        assert seen["mae"] == pytest.approx(np.mean(np.abs(truth - said)), rel=1e-5)


@pytest.mark.nightly
def test_a_decoder_is_judged_by_the_places_of_its_target(folder: Path, run_dlcli: Run) -> None:
    import keras

    model, splits = loaded(folder, "words")
    kept = keras.models.load_model(folder / "runs" / "words" / "model" / "prepare.keras", compile=False)
    words = [each.get_vocabulary() for each in kept.layers if hasattr(each, "get_vocabulary")]
    en, ko = (next(each for each in words if word in each) for word in ("go", "간다"))

    def ids(text: str, known: list[str], length: int) -> list[int]:
        return ([known.index(word) for word in text.split()] + [0] * length)[:length]

    for split, seen in measured(folder, run_dlcli, "words").items():
        chosen = [pairs()[row] for row in splits[split]]
        own = np.array([ids(text, ko, 7) for _, text in chosen])
        chances = np.asarray(model({"en": np.array([ids(text, en, 5) for text, _ in chosen]), "ko": own[:, :-1]}))
        target = own[:, 1:]
        there = target > 0
        right = np.take_along_axis(chances, target[..., None], -1)[..., 0]
        assert 0 < there.mean() < 1
        assert seen["loss"] == pytest.approx(-np.log(right)[there].mean(), rel=1e-4)
        assert seen["accuracy"] == pytest.approx((chances.argmax(-1) == target)[there].mean(), rel=1e-6)
    predicted = run_dlcli("predict", "words", "p.csv", "--json", cwd=folder).value["predictions"]
    row = int(splits["test"][0])
    place = int((own[0, :-1] > 0).sum())
    assert predicted[row]["next"] == " ".join(ko[each] for each in chances[0, :place].argmax(-1) if each)


@pytest.mark.nightly
def test_what_is_shown_of_a_sample_ends_where_its_target_does(folder: Path, run_dlcli: Run) -> None:
    _, splits = loaded(folder, "numbers")
    for number, row in enumerate(splits["validation"][:8], start=1):
        length = len(series()[row]["y"])
        numbers = run_dlcli("look", "numbers", "--sample", str(number), "--json", cwd=folder).value["sample"]
        assert numbers["target"] == pytest.approx(series()[row]["y"], rel=1e-6)
        assert len(numbers["predicted"]) == length
    _, splits = loaded(folder, "names")
    lengths = [len(series()[row]["t"]) for row in splits["validation"][:4]]
    assert len({*lengths}) > 1
    for number, length in enumerate(lengths, start=1):
        names = run_dlcli("look", "names", "--sample", str(number), "--json", cwd=folder).value["sample"]
        assert (names["target"], names["predicted"]) == (f"{length} places", f"{length} places")
    for number in range(1, 5):
        words = run_dlcli("look", "words", "--sample", str(number), "--json", cwd=folder).value["sample"]
        assert len(words["predicted"].split()) == len(words["target"].split())
    for worst in run_dlcli("evaluate", "words", "--worst", "5", "--json", cwd=folder).value["worst"]:
        assert len(worst["predicted"].split()) == len(worst["target"].split())


def test_padding_has_no_part_in_what_layers_tell_of_numbers(folder: Path, run_dlcli: Run) -> None:
    layers = run_dlcli("look", "numbers", "--json", cwd=folder).value["layers"]
    fits = {each["layer"]: each["linear_fit"] for each in layers}
    assert fits["masking"] > 0.98  # the target is a line of the input, but for a deviation of 0.1
    assert 0 < fits["dense"] < 1


def test_padding_is_not_far_from_unit_scale(folder: Path) -> None:
    from dlcli.config import load_config
    from dlcli.training.scaling import target_seen
    from dlcli.training.setup.experiment import set_up_config

    experiment = set_up_config(load_config(str(folder / "numbers.yaml"))[0])
    assert target_seen(experiment) is None
    rows = [{**each, "y": [value + 500 for value in each["y"]]} for each in series()]
    (folder / "r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    seen = target_seen(set_up_config(load_config(str(folder / "numbers.yaml"))[0]))
    (folder / "r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in series()))
    assert seen is not None
    assert seen.means["y"] == pytest.approx(500, abs=1)


@pytest.mark.parametrize("last", [5.0, 5.5])
def test_a_target_of_places_that_is_always_the_same_is_told(last: float, tmp_path: Path, run_dlcli: Run) -> None:
    rows = [{"x": each["x"], "y": [5.0] * len(each["y"])} for each in series()]
    rows[-1]["y"] = [last] * len(rows[-1]["y"])
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    split = {"by": "time"}
    tree = {
        "data": {"source": "r.jsonl", "inputs": ["x"], "target": "y", "split": split},
        "layers": [GRU, {"Dense": 1}],
        "loss": "mse",
    }
    (tmp_path / "c.yaml").write_text(json.dumps({**tree, "optimizer": "Adam", "train": {"epochs": 1}}))
    found = run_dlcli("inspect-data", "c.yaml", "--json", cwd=tmp_path).value["findings"]
    assert [each["code"] for each in found].count(
        "constant_target"
    ) == 1  # of the training split, which the last is not in
    rows[0]["y"][0] = 4.0
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    found = run_dlcli("inspect-data", "c.yaml", "--json", cwd=tmp_path).value["findings"]
    assert "constant_target" not in [each["code"] for each in found]
