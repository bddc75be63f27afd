"""The list of sources. A new one costs a file here and a line in SOURCES."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from dlcli.data.schema import Schema
from dlcli.data.sources.bundled import Autompg, BreastCancer, Diabetes, Digits, Iris, Mnist5k, Penguins, Wine
from dlcli.data.sources.csv import Csv
from dlcli.data.sources.npz import Npz
from dlcli.data.sources.series import Series
from dlcli.data.sources.source import SourceBlock
from dlcli.data.sources.splits import Splits
from dlcli.errors import UsageError
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
    Series,
    Splits,
    Wine,
)
SUFFIXES = {ending: source.word for source in SOURCES for ending in source.endings}
"""What a path alone means, by its ending."""


def by_word() -> dict[str, type[SourceBlock]]:
    """The sources by their word."""
    return {source.word: source for source in SOURCES}


def from_path(value: Any) -> Any:
    """The idiom for a path alone, `iris.csv` for `csv: iris.csv`, and for splits in files of their own."""
    if isinstance(value, dict) and "train" in value:
        return {Splits.word: value}
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


def block_of(path: str, *, like: SourceBlock, schema: Schema) -> SourceBlock:
    """The source of other data than a run's own: of the same kind with the same options where it can be.

    Raises `UsageError` for a path that cannot be told.
    """
    chosen = from_path(path) if not Path(path).is_dir() else {like.word: path}
    if not isinstance(chosen, dict):
        raise UsageError(f"expected a file, found '{path}'")
    [(word, arguments)] = chosen.items()
    fields = arguments if isinstance(arguments, dict) else {}
    absolute = str(Path(path).expanduser().absolute())
    return like.elsewhere(by_word()[word], {**fields, "path": absolute}, schema)


Source = Annotated[SourceBlock, one_of(by_word, expected="a source", short=from_path)]
"""A field that holds one of the sources."""
