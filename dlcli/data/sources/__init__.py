"""The list of sources. A new one costs a file here and a line in SOURCES."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from dlcli.data.sources.bundled import Autompg, BreastCancer, Diabetes, Digits, Iris, Mnist5k, Penguins, Wine
from dlcli.data.sources.csv import Csv
from dlcli.data.sources.npz import Npz
from dlcli.data.sources.source import SourceBlock
from dlcli.spec import Mistake, fail, one_of

SOURCES: tuple[type[SourceBlock], ...] = (
    Autompg,
    BreastCancer,
    Csv,
    Diabetes,
    Digits,
    Iris,
    Mnist5k,
    Npz,
    Penguins,
    Wine,
)
SUFFIXES = {ending: source.word for source in SOURCES for ending in source.endings}
"""What a path alone means, by its ending."""


def by_word() -> dict[str, type[SourceBlock]]:
    """The sources by their word."""
    return {source.word: source for source in SOURCES}


def from_path(value: Any) -> Any:
    """The idiom for a path alone: `iris.csv` means `csv: iris.csv`."""
    if not isinstance(value, str) or value in by_word():
        return value
    suffix = Path(value).suffix.lower()
    if suffix in SUFFIXES:
        word = SUFFIXES[suffix]
        return {word: {"path": value, "separator": "\t"} if suffix == ".tsv" else value}
    if "/" in value or suffix:
        known = ", ".join(SUFFIXES)
        fail(
            Mistake(
                f"cannot tell from its name what '{value}' holds; known endings: {known}",
                suggestion=f"name the source: csv: {value}",
            )
        )
    return value


Source = Annotated[SourceBlock, one_of(by_word, expected="a source", short=from_path)]
"""A field that holds one of the sources."""
