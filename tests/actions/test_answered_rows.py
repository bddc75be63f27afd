"""Predict of rows that come by standard input, in parts, with dropout, of a layer, and of texts that go on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
HEADER = ["a", "b", "colour", "kind"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A run on a small table with names, dropout and a batch normalization."""
    folder = tmp_path_factory.mktemp("rows")
    generator = np.random.default_rng(1)
    rows = [
        [f"{generator.normal(10, 5):.3f}", f"{generator.normal(0, 1):.3f}", ["red", "blue"][row % 2], "xyz"[row % 3]]
        for row in range(90)
    ]
    write(folder / "table.csv", [HEADER, *rows])
    config = write_experiment(
        folder,
        {
            "data": {"source": "table.csv", "target": "kind", "prepare": ["Normalization"]},
            "layers": [
                {"Dense": {"units": 8, "activation": "relu", "name": "hidden"}},
                "BatchNormalization",
                {"Dropout": 0.5},
                {"Dense": {"units": 3, "activation": "softmax"}},
            ],
            "train.epochs": 1,
        },
    )
    outcome = run_dlcli("train", config, "--name", "p", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, rows=rows, config=config)


def write(path: Path, rows: list[list[str]]) -> None:
    path.write_text(as_text(rows), encoding="utf-8")


def as_text(rows: list[list[str]]) -> str:
    return "".join(f"{','.join(row)}\n" for row in rows)


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def numbers(rows: list[dict[str, Any]]) -> Any:
    return np.array([[float(row[f"probability {name}"]) for name in "xyz"] for row in rows])


def test_rows_of_standard_input_are_answered_as_those_of_a_file(trained: Any, run_dlcli: Run) -> None:
    of_file = table_of(run_dlcli("predict", "p", "table.csv", cwd=trained.folder).out)
    piped = run_dlcli("predict", "p", "-", cwd=trained.folder, stdin=as_text([HEADER, *trained.rows]).encode())
    assert (piped.code, piped.err) == (0, "")
    assert table_of(piped.out) == of_file
    objects = [{"a": float(a), "b": float(b), "colour": colour, "more": None} for a, b, colour, _ in trained.rows]
    lines = "".join(f"{json.dumps(each)}\n" for each in objects).encode()
    as_json = [
        json.loads(line) for line in run_dlcli("predict", "p", "-", cwd=trained.folder, stdin=lines).out.splitlines()
    ]
    assert [each["kind"] for each in as_json] == [each["kind"] for each in of_file]
    np.testing.assert_allclose(numbers(as_json), numbers(of_file), rtol=1e-5)
    kept = run_dlcli("predict", "p", "-", "--keep", "more", cwd=trained.folder, stdin=lines).out.splitlines()
    assert next(iter(json.loads(kept[0]))) == "more"


class Spoken:
    """A stream that gives a line only once the answer to the one before has been read."""

    def __init__(self, lines: list[str]) -> None:
        self.lines, self.given = lines, 0

    def read1(self, size: int) -> bytes:
        if self.given == len(self.lines):
            return b""
        self.given += 1
        return self.lines[self.given - 1].encode()

    def fileno(self) -> int:
        raise OSError


def parts_spoken(trained: Any, lines: list[str], **options: Any) -> Iterator[tuple[int, Any]]:
    """How many pieces had been given when an answer came, and the answer."""
    from dlcli.actions.answered.asked_for import AskedFor
    from dlcli.actions.predict import predictions_of
    from dlcli.runs import Run

    asked, spoken = AskedFor("-", **options), Spoken(lines)
    stream = asked.stream(spoken)  # type: ignore[arg-type]
    for part in predictions_of(Run(trained.folder / "runs" / "p"), asked, stream, allow_code=False):
        yield spoken.given, part


def test_a_line_in_is_a_line_out(trained: Any) -> None:
    lines = ["a,b,colour\n1,2,red\n", "3,4,", "blue\n", '5,6,"re', 'd"\n7,8,red\n']
    answered = list(parts_spoken(trained, lines))
    assert [(given, part.samples) for given, part in answered] == [(1, 1), (3, 1), (5, 2)]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["a,b,colour\n1,2,red\n", "3,4,red\n5,red\n"], ("row 3 has 2 cells, the header has 3", 4)),
        (["a,b,colour\n1,2,red\n", "3,4,red\n5,x,red\n"], ("column 'b' held numbers in training, but row 3 is 'x'", 4)),
        (
            ['{"a": 1, "b": 2, "colour": "red"}\n', '{"a": 1, "b"\n'],
            ("line 2 is no JSON object: Expecting ':' delimiter", 2),
        ),
        (["[1]\n"], ("there are no rows on standard input", None)),
        (['{"a": 1, "colour": "red"}\n'], ("the rows lack 'b'; they have: a, colour", 1)),
        (
            ['{"a": 1, "b": 2, "colour": "red"}\n', '{"a": 1, "bb": 2, "colour": "red"}\n'],
            ("the rows lack 'b'; they have: a, bb, colour", 2),
        ),
        ([], ("there are no rows on standard input", None)),
    ],
)
def test_a_wrong_row_is_told_by_its_number_in_all_that_came(trained: Any, lines: list[str], told: Any) -> None:
    from dlcli.errors import DataError

    with pytest.raises(DataError) as error:
        list(parts_spoken(trained, lines))
    assert (error.value.message, error.value.line) == told
    assert error.value.file == "standard input"


def test_parts_are_told_and_answered_as_one(trained: Any, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[*row[:2], "green" if number in {3, 60} else row[2]] for number, row in enumerate(trained.rows)]
    write(trained.folder / "new.csv", [HEADER[:3], *rows])
    whole = run_dlcli("predict", "p", "new.csv", cwd=trained.folder)
    monkeypatch.setattr("dlcli.actions.answered.predictor.PART", 32)
    apart = run_dlcli("predict", "p", "new.csv", cwd=trained.folder)
    note = "column 'colour': 2 values were not in the training split ('green'); they count as none of its names"
    assert note in " ".join(apart.err.split())
    assert apart.err == whole.err
    np.testing.assert_allclose(numbers(table_of(apart.out)), numbers(table_of(whole.out)), rtol=1e-5)
    for name in ("w.csv", "w.jsonl", "w.npz", "w.parquet"):
        assert run_dlcli("predict", "p", "new.csv", "-o", name, cwd=trained.folder).code == 0
    import pyarrow.parquet

    with np.load(trained.folder / "w.npz") as archive:
        np.testing.assert_array_equal(archive["probability x"], numbers(table_of(apart.out))[:, 0].astype(np.float32))
    assert (
        pyarrow.parquet.read_table(trained.folder / "w.parquet").to_pylist()[89]["kind"]
        == table_of(apart.out)[89]["kind"]
    )
    assert len((trained.folder / "w.jsonl").read_text().splitlines()) == 90


def test_numbers_outside_what_was_seen_in_training_are_counted(trained: Any, run_dlcli: Run) -> None:
    from dlcli.config import load_config
    from dlcli.training.setup.experiment import read_data

    seen = read_data(load_config(str(trained.config))[0]).splits["train"].inputs["features"][:, 0]
    low, high = float(seen.min()), float(seen.max())
    every = [float(row[0]) for row in trained.rows]
    assert len(seen) < 90
    beside = float(np.nextafter(low, -99)), float(np.nextafter(high, 99))
    rows = [[repr(value), "0", "red"] for value in (low, high, *beside, 999.0)]
    told = run_dlcli("predict", "p", "-", "--json", cwd=trained.folder, stdin=as_text([HEADER[:3], *rows]).encode())
    assert told.value["unlike"] == [
        {"kind": "outside_range", "name": "a", "count": 3, "first": "999", "seen": [low, high]}
    ]
    assert "3 values lie outside what was seen in training" in " ".join(told.err.split())
    for far, notes in ((0.24, 0), (0.26, 1)):
        row = [repr(high + far * (high - low)), "0", "red"]
        piped = run_dlcli("predict", "p", "-", cwd=trained.folder, stdin=as_text([HEADER[:3], row]).encode())
        assert piped.err.count("1 value lies outside") == notes
    assert min(every) <= low


def test_dropout_spreads_answers_and_leaves_the_rest_as_in_use(trained: Any, run_dlcli: Run) -> None:
    import keras

    rows = as_text([HEADER[:3], *[row[:3] for row in trained.rows[:4]]]).encode()
    said = table_of(run_dlcli("predict", "p", "-", "--dropout", "400", cwd=trained.folder, stdin=rows).out)
    deviation = np.array([[float(row[f"deviation {name}"]) for name in "xyz"] for row in said])
    model, prepared = model_and_inputs(trained, 4)
    dense, normalization, dropout, last = model.layers[-4:]
    assert isinstance(dropout, keras.layers.Dropout)
    hidden = np.asarray(normalization(dense(prepared), training=False))
    generator = np.random.default_rng(7)
    draws = []
    for _ in range(400):
        kept = generator.random(hidden.shape) >= 0.5
        draws.append(np.asarray(last(hidden * kept / 0.5)))
    mean, spread = np.mean(draws, axis=0), np.std(draws, axis=0, ddof=1)
    assert np.abs(numbers(said) - mean).max() < 5 * (spread / 20).max()
    np.testing.assert_allclose(deviation, spread, rtol=0.25, atol=0.01)
    assert [row["kind"] for row in said] == ["xyz"[each] for each in numbers(said).argmax(axis=1)]
    assert deviation.min() > 0.005


def model_and_inputs(trained: Any, rows: int) -> tuple[Any, Any]:
    """The kept model, and the first rows as it takes them, by NumPy."""
    import keras

    folder = trained.folder / "runs" / "p" / "model"
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    preparation = keras.saving.load_model(folder / "prepare.keras", compile=False)
    names = [each["categories"] for each in json.loads((folder / "schema.json").read_text())["inputs"][0]["columns"]]
    raw = [
        [float(a), float(b), *[float(colour == each) for each in names[2]]] for a, b, colour, _ in trained.rows[:rows]
    ]
    prepared = preparation({"features": np.array(raw)}, training=False)
    return model, np.asarray(prepared["features"], np.float32)


def test_a_layer_is_given_as_keras_gives_it(trained: Any, run_dlcli: Run) -> None:
    import keras

    rows = as_text([HEADER[:3], *[row[:3] for row in trained.rows[:5]]]).encode()
    outcome = run_dlcli("predict", "p", "-", "--layer", "hidden", cwd=trained.folder, stdin=rows)
    said = np.array([[float(row[f"hidden {unit}"]) for unit in range(8)] for row in table_of(outcome.out)])
    model, prepared = model_and_inputs(trained, 5)
    plain = keras.Model(model.inputs, model.get_layer("hidden").output).predict(prepared, verbose=0)
    np.testing.assert_allclose(said, plain, rtol=1e-5, atol=1e-6)
    asked = run_dlcli("predict", "p", "-", "--layer", "hidden", "-o", "h.npz", cwd=trained.folder, stdin=rows)
    assert asked.code == 0, asked.err
    with np.load(trained.folder / "h.npz") as kept:
        assert kept.files == ["hidden"]  # its numbers once, not as a column each too
        np.testing.assert_allclose(kept["hidden"], plain, rtol=1e-5, atol=1e-6)
    wrong = run_dlcli("predict", "p", "table.csv", "--layer", "hiden", "--json", cwd=trained.folder)
    assert (wrong.error["kind"], wrong.error["hint"]) == ("no_such_layer", "write --layer hidden")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (["table.csv", "--layer", "hidden", "--dropout", "3"], "options_exclude"),
        (["table.csv", "--temperature", "1"], "option_without_effect"),
        (["table.csv", "--rows", "csv"], "option_without_effect"),
        (["-", "--generate", "3", "--keep", "a"], "option_without_effect"),
        (["some words", "--generate", "3"], "option_without_effect"),
    ],
)
def test_options_without_an_effect_are_refused(options: list[str], kind: str, trained: Any, run_dlcli: Run) -> None:
    assert run_dlcli("predict", "p", *options, "--json", cwd=trained.folder).error["kind"] == kind


def test_a_text_goes_on_with_the_likeliest_words(tmp_path: Path, run_dlcli: Run) -> None:
    import keras

    config = {
        "seed": 2,
        "data": {
            "source": {"sentences": {"samples": 200}},
            "inputs": {
                "words": {
                    "columns": "text",
                    "kind": "text",
                    "prepare": [{"TextVectorization": {"output_sequence_length": 9}}],
                }
            },
            "target": {"next": "words"},
        },
        "layers": [
            {"Embedding": {"input_dim": "${data.words.vocabulary}", "output_dim": 8, "mask_zero": True}},
            {"GRU": {"units": 8, "return_sequences": True}},
            {"Dense": {"units": "${data.words.vocabulary}", "activation": "softmax"}},
        ],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": {"learning_rate": 0.02}},
        "train": {"epochs": 3},
    }
    (tmp_path / "gpt.yaml").write_text(json.dumps(config), encoding="utf-8")
    assert run_dlcli("train", "gpt.yaml", "--name", "g", "-q", cwd=tmp_path).code == 0
    folder = tmp_path / "runs" / "g" / "model"
    words = json.loads((folder / "schema.json").read_text())["targets"][0]["classes"]
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    ids = [words.index("the"), words.index(words[5])]
    start = f"The {words[5]}"
    for _ in range(12):
        window = ids[-8:]
        batch = np.array([window + [0] * (8 - len(window))], np.float32)
        chances = model.predict({"words": batch}, verbose=0)[0, len(window) - 1]
        ids.append(2 + int(chances[2:].argmax()))
    greedy = run_dlcli("predict", "g", start, "--generate", "12", "--temperature", "0", cwd=tmp_path)
    assert greedy.out == f"{' '.join([start, *(words[each] for each in ids[2:])])}\n"
    cold = run_dlcli("predict", "g", start, "--generate", "12", "--temperature", "1e-320", cwd=tmp_path)
    assert (cold.code, cold.out) == (0, greedy.out)
    lines = run_dlcli("predict", "g", "-", "--generate", "12", cwd=tmp_path, stdin=f"{start}\n\n{start}\n".encode())
    first, second = lines.out.splitlines()
    assert (len(first.split()), first == second) == (14, False)
    assert run_dlcli("predict", "g", start, "--generate", "12", cwd=tmp_path).out == f"{first}\n"
    assert run_dlcli("predict", "g", start, "--generate", "12", "--seed", "9", cwd=tmp_path).out != f"{first}\n"
    unknown = run_dlcli("predict", "g", "zzz", "--generate", "2", "--json", cwd=tmp_path)
    assert unknown.error["kind"] == "unknown_prompt"


@pytest.mark.parametrize(
    "lines",
    [
        ["a,b,colour\n1,2,red\n3,4,blue\nx,6,red\n7,8,red\n"],
        ["a,b,colour\n1,2,red\n3,4,blue\n5,6\n7,8,red\n"],
        [
            '{"a": 1, "b": 2, "colour": "red"}\n{"a": 3, "b": 4, "colour": "blue"}\n{"a": "x", "b": 2, "colour": "red"}\n'
        ],
        ['{"a": 1, "b": 2, "colour": "red"}\n{"a": 3, "b": 4, "colour": "blue"}\n{"a": 1,\n'],
        ['{"a": 1, "b": 2, "colour": "red"}\n{"a": 3, "b": 4, "colour": "blue"}\n{"aa": 1, "b": 2, "colour": "red"}\n'],
    ],
)
def test_rows_before_a_wrong_one_are_answered_also_where_they_came_with_it(trained: Any, lines: list[str]) -> None:
    from dlcli.errors import DataError

    right = rows_answered(parts_spoken(trained, ["a,b,colour\n1,2,red\n3,4,blue\n"]))
    found = list[dict[str, Any]]()
    answers = parts_spoken(trained, lines)
    with pytest.raises(DataError) as error:
        take_all(answers, found)
    assert len(found) == len(right) == 2
    for row, other in zip(found, right, strict=True):
        assert row == pytest.approx(other)
    assert error.value.file == "standard input"


def rows_answered(answers: Iterator[tuple[int, Any]]) -> list[dict[str, Any]]:
    return [row for _, part in answers for row in part.rows()]


def take_all(answers: Iterator[tuple[int, Any]], found: list[dict[str, Any]]) -> None:
    for _, part in answers:
        found += part.rows()
