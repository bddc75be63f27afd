"""The real data sets that are shipped inside the package; origins and licences are in bundled/LICENSES.md."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.source import Example, Origin, Reading, SourceBlock
from dlcli.data.windows import Count, Horizon, Windows

FOLDER = Path(__file__).with_name("bundled")
DIGITS = [str(digit) for digit in range(10)]


def arrays(name: str, inputs: str) -> Fields:
    """A set of arrays with its labels."""
    from dlcli.data.sources.arrays.npz import Npz

    return Npz(path=str(FOLDER / f"{name}.npz"), inputs=inputs, target="label").read(Reading())


def images(name: str) -> Fields:
    """A set of grey images of digits."""
    return replace(arrays(name, "image"), axes={"image": ("samples", "height", "width")}, classes={"label": DIGITS})


def columns(name: str, reading: Reading) -> Fields:
    """Everything that a table holds; numbers that are asked for as text are names."""
    from dlcli.data.sources.tables.csv import Csv

    return Csv(path=str(FOLDER / f"{name}.csv")).read(Reading(text=reading.text))


def table(name: str, target: str, reading: Reading, *, without: Collection[str] = ()) -> Fields:
    """A table; `without` are columns that no model should learn from."""
    fields = columns(name, reading)
    inputs = tuple(column for column in fields.arrays if column != target and column not in without)
    return replace(fields, target=target, inputs=inputs)


class Bundled(SourceBlock):
    """What all of them have."""

    origin: ClassVar[Origin] = Origin.BUNDLED


class BasicMotions(Bundled):
    """80 series of a smart watch, 100 steps of 6 channels, four activities; half of them are the test split."""

    word: ClassVar[str] = "basic_motions"

    def read(self, reading: Reading) -> Fields:
        return arrays(self.word, "series")

    def input_names(self) -> list[str] | None:
        return ["series"]


class Co2(Bundled):
    """Carbon dioxide in the air of Mauna Loa, week by week from 1958 to 2001: what will it be some weeks later?"""

    word: ClassVar[str] = "co2"
    licence: ClassVar[str | None] = "public domain"

    window: Count = 52
    """How many weeks are looked at."""
    horizon: Horizon = 4
    """How many weeks later is predicted; a list, or `1..8`, for several."""

    def read(self, reading: Reading) -> Fields:
        windows = Windows(window=self.window, horizon=self.horizon)
        return replace(columns(self.word, reading), inputs=("co2",), target="co2", windows=windows)


class Digits(Bundled):
    """1,797 handwritten digits, 8×8 grey values from 0 to 16, ten classes."""

    word: ClassVar[str] = "digits"
    licence: ClassVar[str | None] = "CC BY 4.0"

    def read(self, reading: Reading) -> Fields:
        return images(self.word)

    def input_names(self) -> list[str] | None:
        return ["image"]


class Mnist5k(Bundled):
    """5,000 handwritten digits, 28×28 grey values from 0 to 255, ten classes."""

    word: ClassVar[str] = "mnist_5k"
    licence: ClassVar[str | None] = "CC BY-SA 3.0"

    def read(self, reading: Reading) -> Fields:
        return images(self.word)

    def input_names(self) -> list[str] | None:
        return ["image"]


class Iris(Bundled):
    """150 flowers, four lengths, three species."""

    word: ClassVar[str] = "iris"
    licence: ClassVar[str | None] = "CC BY 4.0"

    def read(self, reading: Reading) -> Fields:
        return table(self.word, "species", reading)


class Wine(Bundled):
    """178 wines, thirteen measurements, three cultivars."""

    word: ClassVar[str] = "wine"
    licence: ClassVar[str | None] = "CC BY 4.0"

    def read(self, reading: Reading) -> Fields:
        return table(self.word, "cultivar", reading)


class BreastCancer(Bundled):
    """569 biopsies, thirty measurements, benign or malignant."""

    word: ClassVar[str] = "breast_cancer"
    licence: ClassVar[str | None] = "CC BY 4.0"

    def read(self, reading: Reading) -> Fields:
        return table(self.word, "diagnosis", reading)


class Penguins(Bundled):
    """344 penguins, numbers and names mixed, some cells empty, three species."""

    word: ClassVar[str] = "penguins"
    licence: ClassVar[str | None] = "CC0"

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        return [Example({"source": cls.word, "missing": "drop"})]

    def read(self, reading: Reading) -> Fields:
        return table(self.word, "species", reading)


class Diabetes(Bundled):
    """442 patients, ten measurements, a number to predict: how far the disease progressed in a year."""

    word: ClassVar[str] = "diabetes"

    def read(self, reading: Reading) -> Fields:
        return table(self.word, "progression", reading)


class Autompg(Bundled):
    """392 cars, seven attributes, a number to predict: miles per gallon."""

    word: ClassVar[str] = "autompg"
    licence: ClassVar[str | None] = "CC BY 4.0"

    def read(self, reading: Reading) -> Fields:
        return table(self.word, "mpg", reading, without={"car_name"})
