from __future__ import annotations

import inspect
import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
import yaml
from PIL import Image
from sklearn import datasets

from dlcli.config.catalogue import keras_catalogue
from dlcli.data import Data, Dataset, Fields
from dlcli.data.sources import SOURCES, SUFFIXES, by_word, from_path

BUNDLED = [
    *["autompg", "basic_motions", "breast_cancer", "co2", "diabetes", "digits", "iris", "mnist_5k", "penguins", "wine"],
]
GENERATED = ["line", "moons", "paper_balls", "sentences", "shapes", "sine", "spiral", "xor"]
IMAGES = {"digits": (8, 16), "mnist_5k": (28, 255)}
SPLITS = {
    "autompg": (274, 59, 59),
    "breast_cancer": (399, 85, 85),
    "diabetes": (310, 66, 66),
    "digits": (1257, 270, 270),
    "iris": (106, 22, 22),
    "mnist_5k": (3500, 750, 750),
    "wine": (124, 27, 27),
}
CLASSES = {
    "breast_cancer": {"benign": 357, "malignant": 212},
    "digits": dict(zip("0123456789", [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], strict=True)),
    "iris": {"setosa": 50, "versicolor": 50, "virginica": 50},
    "mnist_5k": dict.fromkeys("0123456789", 500),
    "penguins": {"Adelie": 146, "Chinstrap": 68, "Gentoo": 119},
    "wine": {"cultivar_1": 59, "cultivar_2": 71, "cultivar_3": 48},
}
FEATURES = {"autompg": 7, "breast_cancer": 30, "diabetes": 10, "iris": 4, "wine": 13}


NETWORK = {"huggingface", "keras", "tfds"}
"""Sources whose data only their own libraries can download; they have tests of their own."""


@pytest.fixture
def examples(write: Callable[..., Path], tmp_path: Path) -> dict[str, dict[str, Any]]:
    """A data block for every source that there is and that needs no network."""
    made: dict[str, dict[str, Any]] = {name: {"source": name} for name in [*BUNDLED, *GENERATED]}
    made["penguins"]["missing"] = "drop"
    rows = "".join(f"{number},{number * 3 % 7},{'uv'[number % 2]}\n" for number in range(20))
    table = write("a,b,y\n" + rows)
    made["csv"] = {"source": {"csv": str(table)}, "target": "y"}
    made["series"] = {"source": {"series": {"path": str(table), "window": 3}}, "target": "b"}
    parts = {split: str(write("a,b,y\n" + rows, f"{split}.csv")) for split in ("train", "validation", "test")}
    made["splits"] = {"source": parts, "target": "y"}
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    np.savez(tmp_path / "arrays.npz", x=x, y=y)
    made["npz"] = {"source": {"npz": str(tmp_path / "arrays.npz")}}
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    made["npy"] = {"source": {"npy": {"path": str(tmp_path / "x.npy"), "target": str(tmp_path / "y.npy")}}}
    with h5py.File(tmp_path / "arrays.h5", "w") as file:
        file["x"], file["y"] = x, y
    made["hdf5"] = {"source": str(tmp_path / "arrays.h5")}
    made |= examples_of_files(tmp_path) | examples_of_tables(tmp_path, x, y)
    (tmp_path / "mine.py").write_text("import numpy as np\ndef load():\n    return np.eye(20), np.arange(20) % 2\n")
    made["python"] = {"source": {"python": str(tmp_path / "mine.py")}}
    made["tfrecord"] = {"source": {"tfrecord": records(tmp_path / "r.tfrecord", y)}, "target": "y"}
    return made


def examples_of_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Twenty pictures, texts and sounds, in a folder a class."""
    for number in range(20):
        for kind in ("images", "text", "audio"):
            (folder / kind / "uv"[number % 2]).mkdir(parents=True, exist_ok=True)
        where = f"{'uv'[number % 2]}/{number}"
        Image.fromarray(np.full((6, 5), number * 10, np.uint8)).save(folder / "images" / f"{where}.png")
        (folder / "text" / f"{where}.txt").write_text(f"글 {number}", encoding="utf-8")
        with wave.open(str(folder / "audio" / f"{where}.wav"), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(np.full(100, number * 100, "<i2").tobytes())
    return {kind: {"source": {kind: str(folder / kind)}} for kind in ("images", "text", "audio")}


def examples_of_tables(folder: Path, x: Any, y: Any) -> dict[str, dict[str, Any]]:
    """The same table in the forms that other programs write."""
    columns = {"a": x[:, 0], "b": x[:, 1], "y": np.array(["u", "v"], object)[y]}
    pyarrow.parquet.write_table(
        pyarrow.table({name: list(values) for name, values in columns.items()}), folder / "t.parquet"
    )
    rows = [
        dict(zip(columns, row, strict=True)) for row in zip(*(list(each) for each in columns.values()), strict=True)
    ]
    (folder / "t.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    book = openpyxl.Workbook()
    for row in [list(columns), *(list(row.values()) for row in rows)]:
        book.active.append(row)
    book.save(folder / "t.xlsx")
    endings = {"parquet": "parquet", "jsonl": "jsonl", "excel": "xlsx"}
    return {word: {"source": {word: str(folder / f"t.{end}")}, "target": "y"} for word, end in endings.items()}


def records(path: Path, y: Any) -> dict[str, Any]:
    """Twenty records with two numbers and a label, as TensorFlow writes them."""
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for label in y.tolist():
            feature = {
                "x": tf.train.Feature(float_list=tf.train.FloatList(value=[label, 1.0])),
                "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return {"path": str(path), "features": {"x": {"shape": [2]}, "y": "int64"}}


@pytest.mark.parametrize("stream", [False, True], ids=["in memory", "streamed"])
def test_every_source_keeps_the_contract(examples: dict[str, dict[str, Any]], stream: bool) -> None:
    seen = 0
    for source in SOURCES:
        parameters = inspect.signature(source.read).parameters
        assert list(parameters) == ["self", "reading"], source.word
        assert source.__doc__, source.word
        if source.word in NETWORK:
            continue
        block = {**examples[source.word], "stream": stream}
        dataset = Data.model_validate(block, context=keras_catalogue()).load(seed=0, allow_code=True)
        check_dataset(dataset, source.word, stream=stream)
        seen += 1
    assert seen == len(examples) == len(SOURCES) - len(NETWORK) == 32


def check_dataset(dataset: Dataset, word: str, *, stream: bool) -> None:
    """What every data set is, whatever it was read from."""
    fields = dataset.fields
    assert isinstance(fields, Fields), word
    assert {len(array) for array in fields.arrays.values()} == {fields.samples}, word
    assert all(path.is_file() for path in fields.files), word
    assert dataset.streams is stream, word
    assert list(dataset.splits) == ["train", "validation", "test"], word
    rows = np.concatenate([part.rows for part in dataset.splits.values()])
    assert len(np.unique(rows)) == len(rows), word
    for part in dataset.splits.values():
        columns = [*part.inputs.values(), *part.targets.values()]
        assert {len(column) for column in columns} == {len(part)} == {len(part.rows)}, word
        for schema in [*dataset.schema.inputs, *dataset.schema.targets]:
            values = {**part.inputs, **part.targets}[schema.name]
            assert values.shape[1:] == tuple(schema.shape), word
            assert len(schema.axes) == values.ndim, word
            assert schema.axes[0] == "samples", word
            some = values[np.array([0, len(part) - 1])]
            assert (some.shape, some.dtype) == ((2, *values.shape[1:]), values.dtype), word


def test_every_source_streams_what_it_has_in_memory(examples: dict[str, dict[str, Any]]) -> None:
    seen = 0
    for word, example in examples.items():
        loaded, streamed = (
            Data.model_validate({**example, "stream": stream}, context=keras_catalogue()).load(seed=3, allow_code=True)
            for stream in (False, True)
        )
        assert streamed.schema == loaded.schema, word
        for split, part in loaded.splits.items():
            other = streamed.splits[split]
            np.testing.assert_array_equal(part.rows, other.rows, err_msg=word)
            for name, column in {**part.inputs, **part.targets}.items():
                np.testing.assert_array_equal(
                    column, {**other.inputs, **other.targets}[name][:], err_msg=f"{word} {name}"
                )
        seen += 1
    assert seen == len(examples)


def test_the_words_are_lower_case_sorted_and_those_of_the_union() -> None:
    words = [source.word for source in SOURCES]
    assert words == sorted(words) == list(by_word())
    assert all(word == word.lower() for word in words)
    assert len(words) == 35


@pytest.mark.parametrize("name", sorted(SPLITS))
def test_a_bundled_set_is_split_into_70_15_and_15_hundredths(name: str, load: Callable[..., Dataset]) -> None:
    assert tuple(len(part) for part in load({"source": name}).splits.values()) == SPLITS[name]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_bundled_set_of_classes_has_the_published_counts(
    name: str, load: Callable[..., Dataset], whole: Callable[..., Any]
) -> None:
    dataset = load({"source": name, **({"missing": "drop"} if name == "penguins" else {})})
    target = whole(dataset)
    assert target.dtype == np.int64
    assert dict(zip(dataset.classes or [], np.bincount(target).tolist(), strict=True)) == CLASSES[name]


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_a_bundled_set_of_images_has_grey_values_of_eight_bits(
    name: str, load: Callable[..., Dataset], whole: Callable[..., Any]
) -> None:
    side, brightest = IMAGES[name]
    dataset = load({"source": name})
    image = whole(dataset, "image")
    assert (image.dtype, image.shape[1:]) == (np.uint8, (side, side))
    assert (image.min(), image.max()) == (0, brightest)
    [schema] = dataset.schema.inputs
    assert (schema.name, schema.axes, schema.shape) == ("image", ["samples", "height", "width"], [side, side])


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_bundled_table_of_numbers_is_one_input_of_32_bits(name: str, load: Callable[..., Dataset]) -> None:
    dataset = load({"source": name})
    [schema] = dataset.schema.inputs
    assert (schema.name, schema.axes, schema.shape) == ("features", ["samples", "features"], [FEATURES[name]])
    assert dataset.splits["train"].inputs["features"].dtype == np.float32
    assert {column.kind for column in schema.columns or []} == {"number"}


@pytest.mark.parametrize(("name", "ends"), [("autompg", (9.0, 46.6)), ("diabetes", (25.0, 346.0))])
def test_a_bundled_set_of_numbers_has_the_published_range(
    name: str, ends: tuple[float, float], load: Callable[..., Dataset], whole: Callable[..., Any]
) -> None:
    dataset = load({"source": name})
    target = whole(dataset)
    assert (dataset.classes, target.dtype) == (None, np.float32)
    assert (target.min(), target.max()) == tuple(np.float32(end) for end in ends)


def test_the_name_of_a_car_is_no_input_unless_it_is_asked_for(load: Callable[..., Dataset]) -> None:
    columns = [column.name for column in load({"source": "autompg"}).schema.inputs[0].columns or []]
    assert columns == [
        *["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year", "origin"],
    ]


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_the_tensors_of_a_table_are_those_of_scikit_learn(
    name: str, load: Callable[..., Dataset], whole: Callable[..., Any]
) -> None:
    theirs = getattr(datasets, f"load_{name}")()
    dataset = load({"source": name})
    np.testing.assert_array_equal(whole(dataset, "features"), theirs.data.astype(np.float32))
    indices = theirs.target if name != "breast_cancer" else 1 - theirs.target  # 0 is malignant there
    np.testing.assert_array_equal(whole(dataset), indices)


def test_the_tensors_of_diabetes_are_those_of_scikit_learn_unscaled(
    load: Callable[..., Dataset], whole: Callable[..., Any]
) -> None:
    theirs = datasets.load_diabetes(scaled=False)
    dataset = load({"source": "diabetes"})
    np.testing.assert_array_equal(whole(dataset, "features"), theirs.data.astype(np.float32))
    np.testing.assert_array_equal(whole(dataset), theirs.target.astype(np.float32))


def test_the_tensors_of_digits_are_those_of_scikit_learn(
    load: Callable[..., Dataset], whole: Callable[..., Any]
) -> None:
    theirs = datasets.load_digits()
    dataset = load({"source": "digits"})
    np.testing.assert_array_equal(whole(dataset, "image"), theirs.images)
    np.testing.assert_array_equal(whole(dataset), theirs.target)


def test_penguins_are_numbers_and_names_mixed_with_empty_cells(
    load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    refusal = refuse({"source": "penguins"})
    assert refusal.message == (
        "empty cells: 'bill_length_mm' 2, 'bill_depth_mm' 2, 'flipper_length_mm' 2, 'body_mass_g' 2, 'sex' 11; "
        "the first in row 4"
    )
    assert (refusal.code, refusal.line) == (4, 5)
    dataset = load({"source": "penguins", "missing": "drop"})
    assert sum(map(len, dataset.splits.values())) == 333
    assert dataset.notes == ("11 rows with empty cells were left out",)
    described = {column.name: column for column in dataset.schema.inputs[0].columns or []}
    assert described["island"].categories == ["Biscoe", "Dream", "Torgersen"]
    assert described["sex"].categories == ["female", "male"]
    assert dataset.schema.inputs[0].shape == [3 + 4 + 2 + 1]


def test_digits_under_a_loss_that_compares_numbers_are_numbers(load: Callable[..., Dataset]) -> None:
    dataset = load({"source": "digits"}, labels="numbers")
    assert (dataset.classes, dataset.splits["train"].target.dtype) == (None, np.float32)


def test_a_bundled_set_takes_another_target(load: Callable[..., Dataset]) -> None:
    dataset = load({"source": "iris", "target": "petal_width"})
    assert [column.name for column in dataset.schema.inputs[0].columns or []] == [
        *["sepal_length", "sepal_width", "petal_length"],
    ]
    assert dataset.classes is None


def test_the_column_that_splits_a_bundled_set_is_no_input(load: Callable[..., Dataset]) -> None:
    dataset = load({"source": "penguins", "missing": "drop", "split": {"by": "time:year"}})
    assert "year" not in [column.name for column in dataset.schema.inputs[0].columns or []]
    assert "year" in [
        column.name for column in load({"source": "penguins", "missing": "drop"}).schema.inputs[0].columns or []
    ]


def test_the_facts_are_those_of_the_training_split(load: Callable[..., Dataset]) -> None:
    assert load({"source": "iris"}).facts(32) == {"data.steps_per_epoch": 4, "data.classes": 3, "data.features": 4}
    assert load({"source": "diabetes"}).facts(310) == {"data.steps_per_epoch": 1, "data.features": 10}


@pytest.mark.parametrize(
    ("written", "idiom"),
    [
        ("iris.csv", {"csv": "iris.csv"}),
        ("DATA/IRIS.CSV", {"csv": "DATA/IRIS.CSV"}),
        ("a.tsv", {"csv": {"path": "a.tsv", "separator": "\t"}}),
        ("a.npz", {"npz": "a.npz"}),
        ("iris", "iris"),
        ("what", "what"),
        ({"csv": "x"}, {"csv": "x"}),
    ],
)
def test_a_path_alone_is_short_for_the_source_of_its_ending(written: Any, idiom: Any) -> None:
    assert from_path(written) == idiom


def test_an_ending_that_no_source_has_is_refused_with_the_known_ones(mistakes: Callable[..., Any]) -> None:
    assert mistakes({"source": "data/a.docx"}) == [
        (
            f"cannot tell from its name what 'data/a.docx' holds; known endings: {', '.join(SUFFIXES)}",
            "name the source: csv: data/a.docx",
        )
    ]


def test_a_source_that_there_is_not_is_refused_with_the_nearest(mistakes: Callable[..., Any]) -> None:
    known = ", ".join(by_word())
    assert mistakes({"source": "irsi"}) == [(f"unknown source 'irsi'; there are: {known}", "did you mean 'iris'?")]


def test_a_table_with_tabs_is_read_by_its_ending(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a\ty\n1\t0\n2\t1\n3\t0\n4\t1\n", "t.tsv")
    dataset = load({"source": str(path), "target": "y", "split": {"validation": 0.0, "test": 0.0}})
    assert dataset.splits["train"].inputs["features"].tolist() == [[1], [2], [3], [4]]


def test_the_example_that_show_gives_of_a_source_is_valid() -> None:
    for source in SOURCES:
        written = yaml.safe_load(source.example) if source.example else source.word
        data = Data.model_validate({"source": written}, context=keras_catalogue())
        assert data.source.word == source.word
    assert sum(bool(source.example) for source in SOURCES) == 17
