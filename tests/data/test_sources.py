from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets

from dlcli.data import Dataset
from dlcli.data.sources import SOURCES, endings, from_path

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
def test_a_bundled_table_of_numbers_is_one_input_of_64_bits(name: str, load: Callable[..., Dataset]) -> None:
    dataset = load({"source": name})
    [schema] = dataset.schema.inputs
    assert (schema.name, schema.axes, schema.shape) == ("features", ["samples", "features"], [FEATURES[name]])
    assert dataset.splits["train"].inputs["features"].dtype == np.float64
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
    np.testing.assert_array_equal(whole(dataset, "features"), theirs.data)
    indices = theirs.target if name != "breast_cancer" else 1 - theirs.target  # 0 is malignant there
    np.testing.assert_array_equal(whole(dataset), indices)


def test_the_tensors_of_diabetes_are_those_of_scikit_learn_unscaled(
    load: Callable[..., Dataset], whole: Callable[..., Any]
) -> None:
    theirs = datasets.load_diabetes(scaled=False)
    dataset = load({"source": "diabetes"})
    np.testing.assert_array_equal(whole(dataset, "features"), theirs.data)
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
            f"cannot tell from its name what 'data/a.docx' holds; known endings: {', '.join(endings())}",
            "name the source: csv: data/a.docx",
        )
    ]


def test_a_source_that_there_is_not_is_refused_with_the_nearest(mistakes: Callable[..., Any]) -> None:
    known = ", ".join(SOURCES)
    assert mistakes({"source": "irsi"}) == [(f"unknown source 'irsi'; there are: {known}", "did you mean 'iris'?")]


def test_a_table_with_tabs_is_read_by_its_ending(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a\ty\n1\t0\n2\t1\n3\t0\n4\t1\n", "t.tsv")
    dataset = load({"source": str(path), "target": "y", "split": {"validation": 0.0, "test": 0.0}})
    assert dataset.splits["train"].inputs["features"].tolist() == [[1], [2], [3], [4]]
