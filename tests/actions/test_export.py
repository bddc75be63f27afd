"""Exports: every format takes the raw rows, answers as the run does, and stands in its place only then."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcli.actions.export as export_room
from dlcli.actions.export import EXPORTERS, attempts, calibrated, compared, litert_file, outside
from dlcli.actions.export.apart import NotRunning
from dlcli.actions.export.described import Given
from dlcli.actions.export.keras_file import KERAS
from dlcli.actions.export.raw_columns import time_parts
from dlcli.actions.export.rebuilt import layers_inside
from dlcli.actions.export.whole import tensor_name
from dlcli.cli import completion
from dlcli.data.sources.samples import bundled
from dlcli.named_inputs import names_may_differ
from dlcli.view.console.tables import number
from dlcli.view.export import difference_text, duration_text, share_text

Run = Callable[..., Any]
CONFIG = """
seed: 1
data:
  source: shops.csv
  target: kind
  inputs:
    plain: {columns: [길이 (cm), "a/b", colour, count]}
    time: {columns: when, kind: time, parts: [hour, weekday]}
  missing: mean
  split: {validation: 0.2, test: 0.3}
  prepare: [Normalization]
layers:
  - Concatenate: {from: [plain, time]}
  - Dense: {units: 8, activation: relu}
  - Dense: 3
loss: {sparse_categorical_crossentropy: {from_logits: true}}
optimizer: {Adam: 0.05}
train: {epochs: 2, batch_size: 16}
"""
COLUMNS = ["길이 (cm)", "a/b", "colour", "count", "when", "kind"]
FORMATS = ["keras", "litert", "litert-dynamic", "litert-int8", "onnx", "saved_model"]


def rows() -> list[list[str]]:
    """Rows of which some cells are empty, and some names are in few."""
    generator, found = np.random.default_rng(3), []
    for row in range(150):
        kind = row % 3
        when = np.datetime64("2019-02-27T00:00") + np.timedelta64(int(generator.integers(0, 3_000_000)), "m")
        found.append(
            [
                "" if row % 11 == 4 else f"{generator.normal(1000 + 80 * kind, 60):.2f}",
                f"{generator.normal(kind, 1):.3f}",
                "" if row % 13 == 5 else ["red", "blue", "green"][int(generator.integers(0, 3))],
                str(int(generator.integers(0, 9))),
                str(when).replace("T", " "),
                "xyz"[kind],
            ]
        )
    return found


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run on a table with numbers, names and times, some of them missing, and its exports in every format."""
    from conftest import run

    folder = tmp_path_factory.mktemp("shops")
    with (folder / "shops.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows()])
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
    done = run("train", "c.yaml", "-q", "--name", "one", cwd=folder)
    assert done.code == 0, done.err
    with pytest.MonkeyPatch.context() as patch:
        for module in (compared, litert_file):
            patch.setattr(module, "run_apart", in_this_process)
        exported = run("export", "one", "--format", "all", "-o", "out", "--json", cwd=folder)
    assert exported.code == 0, exported.err
    said = run("predict", "one", "shops.csv", cwd=folder)
    answers = list(csv.DictReader(io.StringIO(said.out)))
    chances = np.array([[float(row[f"probability {kind}"]) for kind in "xyz"] for row in answers])
    return SimpleNamespace(folder=folder, exported=exported, value=exported.value, chances=chances)


def in_this_process(program: Path, *arguments: Path) -> str:
    """What a program prints that has a process of its own otherwise; here TensorFlow is loaded, and of course dlcli."""

    if program.name == "calibrated.py":
        calibrated.convert_calibrated(*map(str, arguments))
        return ""
    with contextlib.redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras minds the slash in a name
        outside.answer_samples(*map(str, arguments))
    return json.dumps({**json.loads(printed.getvalue()), "dlcli": []})


def schema_of(folder: Path, name: str) -> Any:
    return json.loads((folder / "out" / name / "schema.json").read_text("utf-8"))


def columns_of_rows() -> dict[str, list[str]]:
    return {name: [row[at] for row in rows()] for at, name in enumerate(COLUMNS)}


def raw_inputs(schema: Any) -> dict[str, Any]:
    """The rows as schema.json says an artefact takes them, made by hand."""
    cells, found = columns_of_rows(), {}
    for each in schema["inputs"]:
        values = cells[each["name"]]
        if each["kind"] == "name":
            found[each["name"]] = np.array(values)
        elif each["kind"] == "code":
            names = each["names"]
            found[each["name"]] = np.array(
                [names.index(cell or each["missing"]) if (cell or each["missing"]) in names else -1 for cell in values],
                each["dtype"],
            )
        elif each["kind"] == "time":
            found[each["name"]] = np.array(values, "datetime64[s]").astype(np.int64).astype(each["dtype"])
        else:
            found[each["name"]] = np.array([float(cell) if cell else np.nan for cell in values], each["dtype"])
    return found


def test_every_exporter_writes_its_artefacts_and_they_are_checked_on_the_test_split(shops: Any) -> None:
    value = shops.value
    assert [each["format"] for each in value["artefacts"]] == FORMATS
    assert (value["missing"], value["split"], value["samples"]) == ([], "test", 45)
    assert [each.word for each in EXPORTERS] == sorted(each.word for each in EXPORTERS)
    for each in value["artefacts"]:
        folder = shops.folder / "out" / each["format"]
        assert {"MANIFEST.json", "example.py", "schema.json"} < {path.name for path in folder.iterdir()}
        assert each["bytes"] > 1000
        assert 0 < each["seconds"] < 10
        if each["format"] in {"keras", "onnx", "saved_model", "litert"}:
            assert each["difference"] < 1e-5
            assert each["agreement"] == 1.0
    takes = {each["format"]: each["takes"] for each in value["artefacts"]}
    assert {takes["keras"], takes["onnx"], takes["saved_model"]} == {"raw data"}


def test_onnx_says_of_raw_rows_what_predict_says(shops: Any) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(shops.folder / "out" / "onnx" / "model.onnx")
    inputs = raw_inputs(schema_of(shops.folder, "onnx"))
    assert {each.name for each in session.get_inputs()} == set(COLUMNS) - {"kind"}
    given = {name: each.astype(object) if each.dtype.kind == "U" else each for name, each in inputs.items()}
    (said,) = session.run(["kind"], given)
    assert said.shape == (150, 3)
    np.testing.assert_allclose(said, shops.chances, atol=2e-6)
    # An empty name counts as what fills it, an unknown one as none.
    other = {**given, "colour": np.array(["pink"] * 150, object)}
    assert np.abs(session.run(["kind"], other)[0] - said).max() > 1e-3


def test_plain_keras_says_of_raw_rows_what_predict_says(shops: Any) -> None:
    import keras
    import tensorflow as tf

    with names_may_differ():
        model = keras.saving.load_model(shops.folder / "out" / "keras" / "model.keras", compile=False, safe_mode=True)
    inputs = raw_inputs(schema_of(shops.folder, "keras"))
    said = model({name: tf.constant(values) for name, values in inputs.items()})["kind"]
    np.testing.assert_allclose(said, shops.chances, atol=2e-6)


def test_litert_takes_codes_for_names_and_says_so(shops: Any) -> None:
    from ai_edge_litert.interpreter import Interpreter

    schema = schema_of(shops.folder, "litert")
    kinds = {each["name"]: each["kind"] for each in schema["inputs"]}
    assert kinds["colour"] == "code"
    assert (schema["takes_raw_data"], schema["samples_at_a_time"]) == (False, 1)
    interpreter = Interpreter(model_path=str(shops.folder / "out" / "litert" / "model.tflite"))
    runner, inputs = interpreter.get_signature_runner(), raw_inputs(schema)
    tensors = {each["name"]: each["tensor"] for each in schema["inputs"]}
    said = [
        runner(**{tensors[name]: each[row : row + 1] for name, each in inputs.items()})["kind"][0] for row in range(150)
    ]
    np.testing.assert_allclose(said, shops.chances, atol=2e-6)


def test_a_process_without_dlcli_answers_and_the_example_is_what_it_runs(shops: Any, tmp_path: Path) -> None:
    folder = shops.folder / "out" / "onnx"
    schema = schema_of(shops.folder, "onnx")
    inputs = [raw_inputs(schema)[each["name"]] for each in schema["inputs"]]
    answers, seconds = compared.answers_outside(folder, inputs, 1)
    np.testing.assert_allclose(answers[0], shops.chances, atol=2e-6)
    assert seconds > 0
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    text = (broken / "example.py").read_text("utf-8")
    for other, said in [("import dlcli\n" + text, "it needs dlcli"), ("raise ValueError('so')", "ValueError: so")]:
        (broken / "example.py").write_text(other, encoding="utf-8")
        with pytest.raises(NotRunning, match=said):
            compared.answers_outside(broken, inputs, 1)


def test_parts_of_times_are_those_that_training_saw() -> None:
    """Every day of two centuries at both its ends, against NumPy's calendar."""
    import keras

    from dlcli.data.times import PERIODS, time_features

    parts: Any = [*PERIODS, "year"]
    days = np.arange("1896-01-01", "2105-01-01", dtype="datetime64[D]").astype("datetime64[s]").astype(np.float64)
    seconds = np.concatenate([days, days - 1, days + 86_399.9, days + 33_333])
    said = time_parts(keras.ops.convert_to_tensor(seconds, dtype="float64"), parts, dtype="float64")
    np.testing.assert_allclose(said, time_features(seconds, parts), atol=1e-12)
    short = seconds[(seconds % 1 == 0) & (np.abs(seconds) < 2**31)]
    said = time_parts(keras.ops.convert_to_tensor(short.astype(np.int32)), parts, dtype="float32")
    np.testing.assert_allclose(said, time_features(short, parts), atol=2e-6)
    assert len(short) == 149_132


def test_answers_are_compared_by_their_largest_difference_and_their_class() -> None:
    own = np.array([[0.1, 0.9], [0.6, 0.4]])
    other = np.array([[0.2, 0.8], [0.4, 0.6]])
    given = Given(name="y", tensor="y", shape=[2], dtype="float32", says="classes", meaning="")
    found = compared.beside_own([own], [other], [given], seconds=1.0)
    assert (found.difference, found.agreement) == (pytest.approx(0.2), 0.5)
    assert found.share == pytest.approx(0.2 / 0.9)
    numbers = replace(given, says="numbers")
    assert compared.beside_own([own], [other], [numbers], seconds=1.0).agreement is None
    for bad, said in [(np.full((2, 2), np.nan), "not finite"), (own[:1], "shape")]:
        with pytest.raises(NotRunning, match=said):
            compared.beside_own([own], [bad], [given], seconds=1.0)


def test_what_is_kept_in_8_bits_is_near_up_to_a_limit() -> None:
    for agreement, share, near in [(0.98, 1, True), (0.979, 0, False), (None, 0.05, True), (None, 0.051, False)]:
        assert attempts.is_near(compared.Compared(0.0, share, agreement, 1.0)) is near


def run_and_exporters(shops: Any, monkeypatch: pytest.MonkeyPatch, exporter: Any) -> Path:
    """The folder of the run, where one exporter alone is there."""
    monkeypatch.setattr(export_room, "EXPORTERS", (exporter,))
    monkeypatch.setattr(compared, "run_apart", in_this_process)
    folder: Path = shops.folder
    return folder


def test_an_artefact_that_answers_otherwise_does_not_take_its_place(
    shops: Any, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_and_exporters(shops, monkeypatch, KERAS)
    answers = compared.answers_outside
    for away, code in [(0.5e-3, 0), (3e-3, 5)]:
        monkeypatch.setattr(
            attempts, "answers_outside", lambda *given, away=away: ([answers(*given)[0][0] + away], 1.0)
        )
        done = run_dlcli("export", "one", "-o", f"away{code}", cwd=folder)
        assert done.code == code, done.err
    assert "the format keras does not hold the model of 'one': its answers differ by 0.003" in done.err
    assert sorted(path.name for path in (folder / "away5").glob("*")) == []
    assert (folder / "away0" / "keras" / "model.keras").is_file()


def test_a_layer_that_a_format_does_not_hold_is_named_with_its_line(
    shops: Any, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(whole: Any, writing: Any) -> Any:
        names = {type(each).__name__ for each in layers_inside(whole.model)}
        if "Concatenate" in names:
            raise ValueError("no such operation")
        return KERAS.write(whole, writing)

    folder = run_and_exporters(shops, monkeypatch, replace(KERAS, write=write))
    done = run_dlcli("export", "one", "-o", "refused", "--json", cwd=folder)
    assert (done.code, done.error["kind"], done.error["file"], done.error["line"]) == (
        5,
        "format_refuses",
        "c.yaml",
        13,
    )
    assert done.error["message"] == "the format keras does not hold the layer Concatenate"
    assert "onnx" not in done.error["hint"]
    # Of all formats it is a row, as long as another one is written.
    monkeypatch.setattr(export_room, "EXPORTERS", (replace(KERAS, word="other", write=write), KERAS))
    done = run_dlcli("export", "one", "-o", "refused", "--format", "all", cwd=folder)
    assert done.code == 0
    assert "not written" in done.out
    assert "does not hold the layer Concatenate" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "kind", "said"),
    [
        (["--format", "onx"], 2, "no_such_format", "there is no format 'onx'; there is keras, litert, onnx, saved_model, or all"),
        (["--format", "onnx", "--quantize", "int8"], 2, "no_such_numbers", "write --format litert --quantize int8"),
        (["--format", "litert", "--quantize", "int4"], 2, "no_such_numbers", "there is dynamic, float, int8"),
        (["-o", "mine"], 8, "place_taken", "was not written by dlcli export"),
        (["-o", "shops.csv"], 7, "not_writable", "cannot write shops.csv/keras: Not a directory"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_told_before_any_work(
    shops: Any, run_dlcli: Run, arguments: list[str], code: int, kind: str, said: str
) -> None:
    (shops.folder / "mine" / "keras").mkdir(parents=True, exist_ok=True)
    (shops.folder / "mine" / "keras" / "thesis.txt").write_text("years", encoding="utf-8")
    done = run_dlcli("export", "one", *arguments, "--json", cwd=shops.folder)
    assert (done.code, done.error["kind"]) == (code, kind)
    assert said in f"{done.error['message']} {done.error['hint']}"
    assert (shops.folder / "mine" / "keras" / "thesis.txt").read_text("utf-8") == "years"


def test_a_missing_package_names_its_extra_and_of_all_formats_is_a_row(
    shops: Any, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = replace(KERAS, word="other", packages={"no_such_package": "onnx"})
    folder = run_and_exporters(shops, monkeypatch, needs)
    done = run_dlcli("export", "one", "--format", "other", cwd=folder)
    assert done.code == 4
    assert 'pip install "dlcli[onnx]"' in done.err
    monkeypatch.setattr(export_room, "EXPORTERS", (needs, KERAS))
    done = run_dlcli("export", "one", "--format", "all", "-o", "some", "--json", cwd=folder)
    assert (done.code, [each["kind"] for each in done.value["missing"]]) == (0, ["missing_package"])


def test_a_run_without_a_model_is_an_error(shops: Any, run_dlcli: Run) -> None:
    copy = shops.folder / "runs" / "bare"
    shutil.copytree(shops.folder / "runs" / "one", copy)
    shutil.rmtree(copy / "model")
    done = run_dlcli("export", "bare", "--json", cwd=shops.folder)
    assert (done.code, done.error["kind"]) == (5, "no_model")


def test_the_table_says_what_each_is_worth() -> None:
    assert [share_text(each) for each in (None, 1.0, 0.9999, 0.976)] == ["–", "100 %", "99.9 %", "97.6 %"]
    assert [difference_text(each) for each in (0.0, 4.47e-8, 0.0123)] == ["0", "4.5e-08", "0.01230"]
    assert [duration_text(each) for each in (1.4e-5, 0.0039, 0.25)] == ["14 µs", "3.9 ms", "0.2 s"]


def test_completion_knows_the_formats_and_how_numbers_are_kept() -> None:
    assert sorted(completion.FORMATS) == sorted([export_room.ALL, *(each.word for each in EXPORTERS)])
    assert sorted(completion.NUMBERS) == sorted({variant for each in EXPORTERS for variant in each.variants})


def test_a_card_has_the_numbers_of_evaluate_and_what_speaks_against_it(shops: Any, run_dlcli: Run) -> None:
    done = run_dlcli("export", "one", "--card", "-o", "carded", cwd=shops.folder)
    assert (done.code, done.err) == (0, "")
    assert "carded/README.md" in done.out
    text = (shops.folder / "carded" / "README.md").read_text("utf-8")
    measured = run_dlcli("evaluate", "one", "--split", "test", "--json", cwd=shops.folder).value
    low, high = measured["intervals"]["loss"]
    assert f"| loss | {number(measured['metrics']['loss'])} | {number(low)} – {number(high)} |" in text
    for name, each in measured["by_class"].items():
        cells = [each[key] for key in ("precision", "recall", "f1", "samples")]
        assert f"| {name} | {' | '.join(map(number, cells))} |" in text
    assert measured["verdict"]
    assert all(f"{each['finding']}: {each['evidence']}" in text for each in measured["verdict"])
    assert "Licence of the data: not known" in text
    assert "`plain`: the columns `길이 (cm)`, `a/b`, `colour`, `count`" in text
    parts = ["Data", "The four steps", "How good it is", "Limits", "Where it comes from"]
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == parts
    # It is written anew over itself, and over nothing else.
    again = run_dlcli("export", "one", "--card", "-o", "carded", "--json", cwd=shops.folder)
    assert again.value == {"run": "one", "card": "carded/README.md"}
    (shops.folder / "carded" / "README.md").write_text("# My project\n", encoding="utf-8")
    refused = run_dlcli("export", "one", "--card", "-o", "carded", "--json", cwd=shops.folder)
    assert (refused.code, refused.error["kind"]) == (8, "place_taken")
    assert (shops.folder / "carded" / "README.md").read_text("utf-8") == "# My project\n"


def test_the_licences_of_the_sets_inside_are_those_of_their_page() -> None:
    folder = Path(bundled.__file__).with_name("bundled")
    page = (folder / "LICENSES.md").read_text("utf-8")
    sets = [each for each in vars(bundled).values() if isinstance(each, type) and each.__dict__.get("word")]
    assert len(sets) == 10
    for each in sets:
        part = page.partition(f"## {each.word}.")[2].partition("\n## ")[0]
        told = part.partition("Licence of the data: ")[2]
        assert told.startswith((each.licence or "not known", f"commonly given as {each.licence}")), each.word


def test_tensors_have_names_that_every_format_takes() -> None:
    names = ["길이 (cm)", "길이", "a/b", "a b", "3", "self", "class"]
    given: list[Given] = []
    for name in names:
        tensor = tensor_name(name, given)
        given.append(Given(name=name, tensor=tensor, shape=[], dtype="float32", says="numbers", meaning=""))
    assert [each.tensor for each in given] == ["cm", "x", "a_b", "a_b_2", "x_3", "x_self", "class"]


def test_a_threshold_that_was_kept_decides_here_too(
    tmp_path: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    cells = generator.normal(size=(90, 2))
    rows = [f"{a:.3f},{b:.3f},{'yes' if a + b > 0 else 'no'}\n" for a, b in cells]
    (tmp_path / "t.csv").write_text("a,b,k\n" + "".join(rows), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "data: {source: t.csv, target: k}\nlayers: [Dense: {units: 1, activation: sigmoid}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    assert run_dlcli("train", "c.yaml", "-q", cwd=tmp_path).code == 0
    monkeypatch.setattr(compared, "run_apart", in_this_process)
    for asked, value in ([], 0.5), (["--threshold", "0.62"], 0.62):
        assert run_dlcli("evaluate", "c", *asked, cwd=tmp_path).code == 0
        done = run_dlcli("export", "c", "--format", "keras", "--card", "-o", f"out{value}", "--json", cwd=tmp_path)
        assert done.code == 0, done.err
        folder = tmp_path / f"out{value}"
        [output] = json.loads((folder / "keras" / "schema.json").read_text("utf-8"))["outputs"]
        assert output["threshold"] == value
        assert output["meaning"].endswith(f"at most {value} is 'no'")
        told = "'yes' is said where its probability is above 0.62: as was asked: so it is in the scores by class"
        assert (told in (folder / "README.md").read_text("utf-8")) is bool(asked)
    given = Given(name="k", tensor="k", shape=[1], dtype="float32", says="yes_or_no", meaning="", threshold=0.62)
    found = compared.beside_own([np.array([[0.6], [0.7]])], [np.array([[0.61], [0.61]])], [given], seconds=1.0)
    assert found.agreement == 0.5


def test_a_schema_tells_the_range_of_all_training_rows_and_a_name_that_is_one(shops: Any) -> None:
    split = np.load(shops.folder / "runs" / "one" / "splits.npz")["train"]
    table = [rows()[row] for row in split]
    told = 0
    for name in FORMATS:
        schema = json.loads((shops.folder / "out" / name / "schema.json").read_text("utf-8"))
        for each in schema["inputs"]:
            if each["kind"] == "number":
                cells = [float(cell) for row in table if (cell := row[COLUMNS.index(each["name"])])]
                assert each["seen"] == [min(cells), max(cells)], (name, each["name"])
                told += 1
            elif each["kind"] in {"name", "code"}:
                assert each["example"] in each["names"]
                told += 1
            else:
                assert each["seen"] is None, (name, each["name"])
    assert told >= 12
