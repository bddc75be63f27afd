"""The list of sources. A new one costs a file here and a line in SOURCES."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from dlcli.data.schema import Schema
from dlcli.data.sources.arrays.hdf5 import Hdf5
from dlcli.data.sources.arrays.npy import Npy
from dlcli.data.sources.arrays.npz import Npz
from dlcli.data.sources.arrays.tfrecord import TfRecord
from dlcli.data.sources.arrays.ts import Ts
from dlcli.data.sources.folders.audio import Audio
from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.folders.text import TextFiles
from dlcli.data.sources.paths import is_file, is_folder
from dlcli.data.sources.python import Python
from dlcli.data.sources.samples.bundled import (
    Autompg,
    BasicMotions,
    BreastCancer,
    Co2,
    Diabetes,
    Digits,
    Iris,
    Mnist5k,
    Penguins,
    Wine,
)
from dlcli.data.sources.samples.generated import Line, Moons, PaperBalls, Sine, Spiral, Xor
from dlcli.data.sources.samples.public import HuggingFace, KerasData, Tfds
from dlcli.data.sources.samples.sentences import Sentences
from dlcli.data.sources.samples.shapes import Shapes
from dlcli.data.sources.series import Series
from dlcli.data.sources.source import SourceBlock
from dlcli.data.sources.splits import Splits
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.sources.tables.excel import Excel
from dlcli.data.sources.tables.json_file import JsonFile
from dlcli.data.sources.tables.jsonl import Jsonl
from dlcli.data.sources.tables.parquet import Parquet
from dlcli.data.sources.tables.tab import Tab
from dlcli.errors import UsageError
from dlcli.spec import Language, Mistake, absolute_path, fail, read_named

SOURCES: tuple[type[SourceBlock], ...] = (
    Audio,
    Autompg,
    BasicMotions,
    BreastCancer,
    Co2,
    Csv,
    Diabetes,
    Digits,
    Excel,
    Hdf5,
    HuggingFace,
    Images,
    Iris,
    JsonFile,
    Jsonl,
    KerasData,
    Line,
    Mnist5k,
    Moons,
    Npy,
    Npz,
    PaperBalls,
    Parquet,
    Penguins,
    Python,
    Sentences,
    Series,
    Shapes,
    Sine,
    Spiral,
    Splits,
    Tab,
    TextFiles,
    Tfds,
    TfRecord,
    Ts,
    Wine,
    Xor,
)
BY_WORD = {source.word: source for source in SOURCES}
"""The sources by their word."""
SUFFIXES = {ending: source.word for source in SOURCES for ending in source.endings}
"""What a path alone means, by its ending."""


def from_path(value: Any, *, known_only: bool = False) -> Any:
    """The idiom for a path alone, `iris.csv` for `csv: iris.csv`, and for splits in files of their own.

    A folder is what most of its files are. With `known_only` what cannot be told is given back as it is.
    Raises `ValidationError` for a name that says nothing.
    """
    if isinstance(value, dict) and value and set(value) <= set(Splits.model_fields):
        return {Splits.word: value}
    if not isinstance(value, str):
        return value
    if value in BY_WORD:
        check_not_ambiguous(value)
        return value
    suffix = Path(value).suffix.lower()
    if suffix in SUFFIXES:
        word = SUFFIXES[suffix]
        return {word: BY_WORD[word].at(value)}
    folder = Path(absolute_path(value))
    if is_folder(folder) and (held := word_of_folder(folder)):
        return {held: value}
    if ("/" in value or os.sep in value or suffix) and not known_only:
        known = ", ".join(SUFFIXES)
        fail(
            Mistake(
                f"cannot tell from its name what '{value}' holds; known endings: {known}",
                suggestion=f"name the source: csv: {value}",
                kind="unknown_form",
            )
        )
    return value


def check_not_ambiguous(word: str) -> None:
    """Refuses the word of a source that is also the name of a folder of data, which would not be looked at in silence.

    Raises `ValidationError`.
    """
    folder = Path(absolute_path(word))
    if is_folder(folder) and word_of_folder(folder) is not None:
        fail(
            Mistake(
                f"'{word}' is a source of dlcli and a folder of files at {folder}",
                suggestion=f"write {word}/ for the folder, or {word}: {{}} for the source",
                kind="ambiguous_source",
            )
        )


def word_of_folder(folder: Path) -> str | None:
    """The source that the files in a folder and the folders in it are for, judged by the first some hundred."""
    endings = {ending: source.word for source in SOURCES for ending in source.inside}
    found: Counter[str] = Counter()
    for path in islice(files_in(folder), FILES_LOOKED_AT):
        word = endings.get(path.suffix.lower())
        if word is not None:
            found[word] += 1
    return found.most_common(1)[0][0] if found else None


def files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder and of the folders in it, two levels deep, without hidden ones."""
    folders, level = [folder], 0
    while folders and level < 3:
        below: list[Path] = []
        for each in folders:
            with suppress(OSError):
                for path in sorted(each.iterdir()):
                    if path.name.startswith("."):
                        continue
                    if path.is_dir() and not path.is_symlink():
                        below.append(path)
                    else:
                        yield path
        folders, level = below, level + 1


FILES_LOOKED_AT = 500


def block_of(path: str, *, like: SourceBlock, schema: Schema) -> SourceBlock:
    """The source of other data than a run's own: of the same kind with the same options where it can be, or a set by name.

    Raises `UsageError` for a path that cannot be told.
    """
    named = BY_WORD.get(path)
    if (
        named is not None
        and not Path(path).exists()
        and not any(each.is_required() for each in named.model_fields.values())
    ):
        return named()
    suffix, reader = Path(path).suffix.lower(), like.innermost
    one_of_many = Path(path).is_dir() or suffix in like.inside
    # What ends as the run's own files do is written as they are, and so is a table whose ending says nothing.
    as_before = (
        bool(reader.endings) and (suffix in reader.own_endings or suffix not in SUFFIXES) and is_file(Path(path))
    )
    chosen = (
        {like.word: path} if one_of_many else {reader.word: path} if as_before else from_path(path, known_only=True)
    )
    if not isinstance(chosen, dict):
        known = ", ".join([*like.inside, *SUFFIXES])
        raise UsageError(
            f"cannot tell from its name what '{path}' holds", hint=f"known endings: {known}", kind="unknown_form"
        )
    [(word, arguments)] = chosen.items()
    fields = arguments if isinstance(arguments, dict) else {}
    absolute = str(Path(path).expanduser().absolute())
    return like.elsewhere(BY_WORD[word], {**fields, "path": absolute}, schema)


def read_source(value: Any, language: Language) -> SourceBlock:
    """A source in the idiom, or what a path alone means. Raises `pydantic.ValidationError` with every mistake in it."""
    written = value if isinstance(value, SourceBlock) else from_path(value)
    source = read_named(written, language, BY_WORD, expected="a source")
    assert isinstance(source, SourceBlock)
    return source
