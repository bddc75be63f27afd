"""Predict: the preparation of the training split goes with the model, and columns are found by name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from siblings import some

Run = Callable[..., Any]
HEADER = ["a", "b", "colour", "kind"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A run on a small table with a column of names, far from unit scale."""
    import numpy as np

    folder = tmp_path_factory.mktemp("predict")
    generator = np.random.default_rng(1)
    rows = [
        [f"{generator.normal(1000, 50):.3f}", f"{generator.normal(0, 1):.3f}", ["red", "blue"][row % 2], "xyz"[row % 3]]
        for row in range(90)
    ]
    write(folder / "table.csv", [HEADER, *rows])
    config = write_experiment(
        folder,
        {
            "data": {"source": "table.csv", "target": "kind", "prepare": ["Normalization"]},
            "train.epochs": 1,
        },
    )
    outcome = run_dlcli("train", config, "--name", "p", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, rows=rows, config=config)


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def raw_inputs(config: Path) -> Any:
    """The data set before preparation."""
    from dlcli.config import load_config
    from dlcli.training.setup.experiment import read_data

    return read_data(load_config(str(config))[0])


def load(trained: Any, file: str) -> Any:
    import keras

    return keras.saving.load_model(trained.folder / "runs" / "p" / "model" / file, compile=False)


def test_normalization_has_the_mean_and_variance_of_the_training_rows_alone(trained: Any) -> None:
    import keras
    import numpy as np

    dataset = raw_inputs(trained.config)
    train = dataset.splits["train"].inputs["features"].astype(np.float64)
    whole = np.concatenate([each.inputs["features"] for each in dataset.splits.values()]).astype(np.float64)
    (layer,) = [each for each in load(trained, "prepare.keras").layers if isinstance(each, keras.layers.Normalization)]
    np.testing.assert_allclose(np.ravel(layer.mean), train.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.ravel(layer.variance), train.var(axis=0), rtol=1e-3, atol=1e-5)
    assert not np.allclose(np.ravel(layer.mean), whole.mean(axis=0), rtol=1e-5, atol=1e-6)
    assert len(train) < len(whole) == 90


def test_predictions_of_raw_rows_are_the_model_on_prepared_rows(trained: Any, run_dlcli: Run) -> None:
    import numpy as np

    outcome = run_dlcli("predict", "p", "table.csv", cwd=trained.folder)
    assert (outcome.code, outcome.err) == (0, "")
    said = list(csv.DictReader(io.StringIO(outcome.out)))
    assert list(said[0]) == ["kind", "probability x", "probability y", "probability z"]
    raw = np.array(
        [[float(a), float(b), colour == "blue", colour == "red"] for a, b, colour, _ in trained.rows], np.float32
    )
    prepared = load(trained, "prepare.keras")({"features": raw})
    expected = np.asarray(load(trained, "model.keras")(prepared, training=False))
    found = np.array([[float(row[f"probability {name}"]) for name in "xyz"] for row in said])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert [row["kind"] for row in said] == ["xyz"[index] for index in expected.argmax(axis=1)]


def test_columns_are_found_by_name_in_any_order_and_others_are_left_alone(trained: Any, run_dlcli: Run) -> None:
    whole = run_dlcli("predict", "p", "table.csv", cwd=trained.folder).out
    turned = [["more", "colour", "b", "a"], *(["?", row[2], row[1], row[0]] for row in trained.rows)]
    write(trained.folder / "turned.csv", turned)
    outcome = run_dlcli("predict", "p", "turned.csv", cwd=trained.folder)
    assert (outcome.code, outcome.out) == (0, whole)


def test_a_missing_column_is_an_error_that_names_it(trained: Any, run_dlcli: Run) -> None:
    write(trained.folder / "less.csv", [["a", "colou"], ["1000", "red"]])
    outcome = run_dlcli("predict", "p", "less.csv", "--json", cwd=trained.folder)
    assert (outcome.code, outcome.error["name"]) == (4, "data")
    assert outcome.error["message"].startswith("the data lacks the columns 'b', 'colour'; it has: a, colou")
    assert Path(outcome.error["file"]).name == "less.csv"


def test_what_is_predicted_for_is_not_written_over(trained: Any, run_dlcli: Run) -> None:
    write(trained.folder / "new.csv", [["a", "b", "colour"], ["1000", "0", "red"]])
    before = (trained.folder / "new.csv").read_bytes()
    outcome = run_dlcli("predict", "p", "new.csv", "-o", "./new.csv", "--json", cwd=trained.folder)
    assert (outcome.code, outcome.error["kind"]) == (2, "overwrites_its_input")
    assert (trained.folder / "new.csv").read_bytes() == before
    assert run_dlcli("predict", "p", "new.csv", "-o", "other.csv", cwd=trained.folder).code == 0


def test_an_unseen_name_is_a_note_and_counts_as_none(trained: Any, run_dlcli: Run) -> None:
    import numpy as np

    write(trained.folder / "new.csv", [["a", "b", "colour"], ["1000", "0", "green"], ["1000", "0", "red"]])
    outcome = run_dlcli("predict", "p", "new.csv", "--json", cwd=trained.folder)
    assert outcome.code == 0
    assert outcome.err == (
        "note: column 'colour': 1 value was not in the training split ('green'); it counts as none of its names\n"
    )
    raw = np.array([[1000, 0, 0, 0], [1000, 0, 0, 1]], np.float32)
    expected = np.asarray(load(trained, "model.keras")(load(trained, "prepare.keras")({"features": raw})))
    found = [[row[f"probability {name}"] for name in "xyz"] for row in outcome.value["predictions"]]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert run_dlcli("predict", "p", "new.csv", "-q", cwd=trained.folder).err == ""


def test_text_in_a_column_of_numbers_is_an_error_at_its_row(trained: Any, run_dlcli: Run) -> None:
    write(trained.folder / "text.csv", [["a", "b", "colour"], ["1000", "0", "red"], ["1000", "zero", "red"]])
    outcome = run_dlcli("predict", "p", "text.csv", "--json", cwd=trained.folder)
    assert outcome.code == 4
    assert outcome.error["message"] == "column 'b' held numbers in training, but row 2 is 'zero'"
    assert outcome.error["line"] == 3


@pytest.mark.parametrize("ending", ["csv", "jsonl", "npz", "parquet"])
def test_every_form_holds_the_same_predictions(ending: str, trained: Any, run_dlcli: Run) -> None:
    import json

    import numpy as np
    import pyarrow.parquet

    expected = run_dlcli("predict", "p", "table.csv", "--json", cwd=trained.folder).value["predictions"]
    file = trained.folder / f"said.{ending}"
    outcome = run_dlcli("predict", "p", "table.csv", "-o", file, cwd=trained.folder)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"90 predictions written to {file}\n"
    if ending == "csv":
        rows: list[Any] = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        rows = [{name: value if name == "kind" else float(value) for name, value in row.items()} for row in rows]
    elif ending == "jsonl":
        rows = [json.loads(line) for line in file.read_text().splitlines()]
    elif ending == "npz":
        with np.load(file) as arrays:
            rows = [dict(zip(arrays, values, strict=True)) for values in zip(*arrays.values(), strict=True)]
    else:
        rows = pyarrow.parquet.read_table(file).to_pylist()
    assert rows == expected
    assert len(rows) == 90


def test_a_form_that_is_not_known_is_refused_before_anything_is_read(trained: Any, run_dlcli: Run) -> None:
    outcome = run_dlcli("predict", "p", "absent.csv", "-o", "said.xls", "--json", cwd=trained.folder)
    assert outcome.code == 2
    assert outcome.error["message"] == "cannot tell from 'said.xls' in what form to write"
    assert outcome.error["hint"] == "endings: .csv, .jsonl, .npz, .parquet"


def test_a_set_is_predicted_by_its_name(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    (tmp_path / "c.yaml").write_text(
        "data: {source: iris}\nlayers: [Dense: {units: 3, activation: softmax}]\n"
        "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    assert run_dlcli("train", "c.yaml", "-q", "--json", cwd=tmp_path).code == 0
    value = run_dlcli("predict", "c", "iris", "--json", cwd=tmp_path).value
    assert value["samples"] == 150
    assert run_dlcli("predict", "c", "irsi", "--json", cwd=tmp_path).code == 2


@pytest.mark.parametrize("logits", [False, True])
def test_an_npz_holds_the_probabilities_of_every_place(
    logits: bool, tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 5, 3)).astype(np.float32)
    np.savez(tmp_path / "s.npz", x=x, y=(x[..., 0] > 0).astype(int) + (x[..., 1] > 1))
    loss: Any = "sparse_categorical_crossentropy"
    changes = {
        "data.source": {"npz": {"path": "s.npz", "inputs": "x", "target": "y"}},
        "layers": [{"Dense": {"units": 3, "activation": "linear" if logits else "softmax"}}],
        "loss": {"SparseCategoricalCrossentropy": {"from_logits": True}} if logits else loss,
        "train.epochs": 1,
    }
    assert run_dlcli("train", write_experiment(tmp_path, changes), cwd=tmp_path).code == 0
    done = run_dlcli("predict", "last", "s.npz", "-o", "p.npz", cwd=tmp_path)
    assert done.code == 0, done.err
    found = np.load(tmp_path / "p.npz")
    assert sorted(found) == ["probability 0", "probability 1", "probability 2", "y"]
    chances = np.stack([found[f"probability {each}"] for each in range(3)], axis=-1)
    assert chances.shape == (60, 5, 3)
    np.testing.assert_allclose(chances.sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_array_equal(chances.argmax(axis=-1), found["y"])


def test_worst_samples_show_what_predict_shows(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    cells = generator.normal(size=(80, 2)) * 5
    rows = "".join(f"{a},{b},{int(a > 0)},{int(b > 1)}\n" for a, b in cells)
    (tmp_path / "t.csv").write_text(f"a,b,u,v\n{rows}", encoding="utf-8")
    changes = {
        "data": {"source": "t.csv", "target": ["u", "v"]},
        "layers": [{"Dense": 2}],
        "loss": {"BinaryCrossentropy": {"from_logits": True}},
        "metrics": [],
        "train.epochs": 1,
    }
    assert run_dlcli("train", write_experiment(tmp_path, changes), cwd=tmp_path).code == 0
    told = run_dlcli("evaluate", "last", "--data", "t.csv", "--worst", "80", "--json", cwd=tmp_path).value
    said = run_dlcli("predict", "last", "t.csv", "--json", cwd=tmp_path).value["predictions"]
    assert len(told["worst"]) == 80
    for one in told["worst"]:
        shown = said[one["row"] - 1]
        assert one["predicted"] == (", ".join(name for name in ("u", "v") if shown[name]) or "none")
        assert [shown[name] for name in ("u", "v")] == [shown[f"probability {name}"] > 0.5 for name in ("u", "v")]


@pytest.mark.parametrize(("name", "told"), [("../../x", "x"), ("a b", "a-b"), ("plain", None), ("글", None)])
def test_a_name_that_is_changed_is_told(
    name: str,
    told: str | None,
    tmp_path: Path,
    run_dlcli: Callable[..., Any],
    write_experiment: Callable[..., Path],
) -> None:
    path = write_experiment(tmp_path, {"name": name, "train.epochs": 1})
    outcome = run_dlcli("train", path, cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert (f"note: the run is called '{told}'" in outcome.err + outcome.out) is (told is not None)


def test_worst_samples_show_no_padding(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 6, 40)
    x = generator.normal(size=(40, 6, 2)).astype(np.float32) + 3
    for row, length in enumerate(lengths):
        x[row, length:] = 0
    np.savez(tmp_path / "s.npz", x=x, y=x.sum(axis=-1, keepdims=True))
    changes = {
        "data.source": {"npz": {"path": "s.npz", "inputs": "x", "target": "y"}},
        "layers": [{"Masking": {"mask_value": 0.0}}, {"GRU": {"units": 3, "return_sequences": True}}, {"Dense": 1}],
        "loss": "mse",
        "metrics": [],
        "train.epochs": 1,
    }
    assert run_dlcli("train", write_experiment(tmp_path, changes), cwd=tmp_path).code == 0
    told = run_dlcli("evaluate", "last", "--data", "s.npz", "--worst", "40", "--json", cwd=tmp_path).value["worst"]
    assert len(told) == 40
    for one in told:
        row = one["row"] - 1
        shown = one["target"] if isinstance(one["target"], list) else [one["target"]]
        assert shown == pytest.approx(x[row, : lengths[row]].sum(axis=-1).tolist(), rel=1e-5, abs=1e-6)


SEQUENCES = """
data:
  source: {series: {path: s.csv, group: day, each_step: true}}
  inputs: [a, b]
  target: {column: kind, encode: index}
layers:
  - GRU: {units: 4, return_sequences: true}
  - Dense: {units: "${data.classes}", activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {Adam: 0.05}
metrics: [accuracy]
train: {epochs: 2}
"""


@pytest.mark.parametrize(
    "labels", some([["calm", "windy", "wet, cold"], ["2", "3", "10"], ["-1", "0", "1"], ["01", "2", "3"]], 4)
)
def test_all_forms_say_the_same_of_every_place(
    labels: list[str], tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    import numpy as np

    generator = np.random.default_rng(1)
    lengths = [5, 3, 4, 6] * 8
    lines = ["day,a,b,kind"]
    for day, length in enumerate(lengths):
        for a, b in generator.normal(size=(length, 2)):
            lines.append(f'{day},{a:.3f},{b:.3f},"{labels[int(a > 0) + int(b > 0.5)]}"')
    (tmp_path / "s.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(SEQUENCES, encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    said = dict[str, Any]()
    for form in ("csv", "jsonl", "npz", "parquet"):
        done = run_dlcli("predict", "c", "s.csv", "-o", f"p.{form}", cwd=tmp_path)
        assert done.code == 0, done.err
        told = "at each place stand in no table: -o FILE.npz has them"
        assert (told in " ".join(done.err.split())) is (form != "npz")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        said["csv"] = [json.loads(row["kind"]) for row in csv.DictReader(file)]
    said["jsonl"] = [json.loads(line)["kind"] for line in (tmp_path / "p.jsonl").read_text("utf-8").splitlines()]
    assert said["csv"] == said["jsonl"]
    assert [len(each) for each in said["csv"]] == lengths
    flat = [name for each in said["csv"] for name in each]
    with np.load(tmp_path / "p.npz") as arrays:
        values = arrays["kind_values"]
        whole = labels[0] in {"2", "-1"}
        names = labels if whole else arrays["kind_classes"].tolist()
        chances = np.stack([arrays[f"probability {name}_values"] for name in names], axis=-1)
        assert arrays["kind_lengths"].tolist() == lengths
        if whole:  # they stand there as they are
            assert "kind_classes" not in arrays.files
            assert values.tolist() == [int(name) for name in flat]
        else:
            assert sorted(names) == sorted(labels)
            assert arrays["kind_classes"][values].tolist() == flat
    assert [names[at] for at in chances.argmax(axis=-1)] == flat
    assert len({*flat}) > 1
