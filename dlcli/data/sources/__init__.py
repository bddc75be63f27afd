"""The list of sources. A new one costs a file here and a line in SOURCES: its word, its file and its class."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from dlcli.data.schema import Schema
from dlcli.data.sources.by_word import Sources
from dlcli.data.sources.paths import here, is_file, is_folder, is_stream, no_plain_file
from dlcli.data.sources.source import SourceBlock
from dlcli.data.sources.splits import Splits
from dlcli.errors import UsageError
from dlcli.spec import Language, Mistake, absolute_path, ending_of, fail, read_named

SOURCES = Sources(
    {
        "abstracts": "samples.abstracts.Abstracts",
        "audio": "folders.audio.Audio",
        "autompg": "samples.bundled.Autompg",
        "bags": "samples.bags.Bags",
        "basic_motions": "samples.bundled.BasicMotions",
        "breast_cancer": "samples.bundled.BreastCancer",
        "captcha": "samples.captcha.Captcha",
        "co2": "samples.bundled.Co2",
        "csv": "tables.csv.Csv",
        "diabetes": "samples.bundled.Diabetes",
        "digits": "samples.bundled.Digits",
        "excel": "tables.excel.Excel",
        "faces": "samples.faces.Faces",
        "hdf5": "arrays.hdf5.Hdf5",
        "huggingface": "samples.public.HuggingFace",
        "images": "folders.images.Images",
        "iris": "samples.bundled.Iris",
        "join": "join.Join",
        "json": "tables.json_file.JsonFile",
        "jsonl": "tables.jsonl.Jsonl",
        "keras": "samples.public.KerasData",
        "line": "samples.generated.Line",
        "mackey_glass": "samples.mackey_glass.MackeyGlass",
        "masked_words": "samples.masked_words.MaskedWords",
        "mnist_5k": "samples.bundled.Mnist5k",
        "moons": "samples.generated.Moons",
        "named_entities": "samples.named_entities.NamedEntities",
        "npy": "arrays.npy.Npy",
        "npz": "arrays.npz.Npz",
        "paper_balls": "samples.generated.PaperBalls",
        "parquet": "tables.parquet.Parquet",
        "penguins": "samples.bundled.Penguins",
        "python": "python.Python",
        "ratings": "samples.ratings.Ratings",
        "sentences": "samples.sentences.Sentences",
        "series": "series.Series",
        "shapes": "samples.shapes.Shapes",
        "sine": "samples.generated.Sine",
        "solids": "samples.solids.Solids",
        "spiral": "samples.generated.Spiral",
        "splits": "splits.Splits",
        "sums": "samples.sums.Sums",
        "tab": "tables.tab.Tab",
        "text": "folders.text.TextFiles",
        "tfds": "samples.public.Tfds",
        "tfrecord": "arrays.tfrecord.TfRecord",
        "triplets": "samples.triplets.Triplets",
        "ts": "arrays.ts.Ts",
        "wine": "samples.bundled.Wine",
        "word_pairs": "samples.word_pairs.WordPairs",
        "xor": "samples.generated.Xor",
    }
)


@cache
def endings() -> Mapping[str, str]:
    """What a path alone means, by its ending: the word of a source."""
    return {ending: source.word for source in SOURCES.values() for ending in source.endings}


def from_path(value: Any, *, known_only: bool = False) -> Any:
    """The idiom for a path alone, `iris.csv` for `csv: iris.csv`, and for splits in files of their own.

    A folder is what most of its files are. With `known_only` what cannot be told is given back as it is.
    Raises `ValidationError` for a name that says nothing.
    """
    if isinstance(value, dict) and value and set(value) <= set(Splits.model_fields):
        return {Splits.word: value}
    if not isinstance(value, str):
        return value
    if value in SOURCES:
        check_not_ambiguous(value)
        return value
    suffix = ending_of(value)
    if (word := endings().get(suffix)) is not None:
        return {word: SOURCES[word].at(value)}
    folder = Path(absolute_path(value))
    if is_folder(folder) and (held := word_of_folder(folder)):
        return {held: value}
    if ("/" in value or os.sep in value or suffix) and not known_only:
        known = ", ".join(endings())
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
    held = {ending: source.word for source in SOURCES.values() for ending in source.inside}
    found: Counter[str] = Counter()
    for path in islice(files_in(folder), FILES_LOOKED_AT):
        word = held.get(path.suffix.lower())
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
    parts = paths_in(path)
    if like.parts_joined:
        return of_several(path, parts, like=like, schema=schema)
    path = here(path)
    named = SOURCES.get(path)
    if (
        named is not None
        and not Path(path).exists()
        and not any(each.is_required() for each in named.model_fields.values())
    ):
        return named()
    suffix, reader = ending_of(path), like.innermost
    one_of_many = Path(path).is_dir() or suffix in like.inside
    # What ends as the run's own files do is written as they are, and so is a table whose ending says nothing.
    as_before = (
        bool(reader.endings) and (suffix in reader.own_endings or suffix not in endings()) and is_file(Path(path))
    )
    chosen = (
        {like.word: path} if one_of_many else {reader.word: path} if as_before else from_path(path, known_only=True)
    )
    if not isinstance(chosen, dict):
        if path == "-" or is_stream(Path(path)):
            raise no_plain_file(path)
        known = ", ".join([*like.inside, *endings()])
        raise UsageError(
            f"cannot tell from its name what '{path}' holds", hint=f"known endings: {known}", kind="unknown_form"
        )
    [(word, arguments)] = chosen.items()
    fields = arguments if isinstance(arguments, dict) else {}
    absolute = str(Path(path).expanduser().absolute())
    return like.elsewhere(SOURCES[word], {**fields, "path": absolute}, schema)


def paths_in(what: str) -> list[str]:
    """The paths that a list holds: `[people.csv, scores.csv]`, or the same without brackets."""
    inner = what.strip()[1:-1] if re.fullmatch(r"\s*\[.*\]\s*", what) else what
    return [each.strip() for each in inner.split(",")]


def of_several(what: str, paths: Sequence[str], *, like: SourceBlock, schema: Schema) -> SourceBlock:
    """The sources of other data that are joined as those of a run. Raises `UsageError` for another number of them."""
    if len(paths) != len(like.parts_joined):
        raise UsageError(
            f"the run joins {len(like.parts_joined)} sources, and '{what}' names {len(paths)}",
            hint=f"write as many: '[{', '.join(['FILE'] * len(like.parts_joined))}]'",
            kind="other_number_of_sources",
        )
    parts = [block_of(path, like=part, schema=schema) for path, part in zip(paths, like.parts_joined, strict=True)]
    return like.of_parts(parts)


def read_source(value: Any, language: Language) -> SourceBlock:
    """A source in the idiom, or what a path alone means. Raises `pydantic.ValidationError` with every mistake in it."""
    written = value if isinstance(value, SourceBlock) else from_path(value)
    source = read_named(written, language, SOURCES, expected="a source")
    assert isinstance(source, SourceBlock)
    return source
