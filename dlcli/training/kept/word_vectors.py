"""Vectors of words from a text file, `word number number …`, as the first rows of an Embedding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.sources.paths import existing
from dlcli.errors import BlockError, DataError
from dlcli.keras_internals import calls_of_layer, producer, tensors_taken
from dlcli.layers.names import written_layer_name
from dlcli.runs.atomic import sha256
from dlcli.spec import KerasObject
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.origins import VectorsOrigin

if TYPE_CHECKING:
    import numpy as np

KEY = "vectors"


def with_word_vectors(experiment: Experiment) -> Experiment:
    """The experiment whose Embeddings that name a file of vectors begin with them; words that it lacks keep their initializer.

    Raises `BlockError` at the layer for a file of another width and for a layer that takes no words, `DataError` for a file
    that is not there or damaged.
    """
    named = {name: thing for name, thing in experiment.built.things.items() if thing.arguments.get(KEY) is not None}
    try:
        origins = {written_layer_name(name): fill(name, thing, experiment) for name, thing in named.items()}
    except BlockError as error:
        raise experiment.config.located(error) from error
    return replace(experiment, vectors=origins)


def fill(name: str, thing: KerasObject, experiment: Experiment) -> VectorsOrigin:
    """Gives an Embedding the rows of its words."""
    place = (*experiment.built.places[name], thing.written, KEY)
    layer = next((each for each in experiment.model.layers if each.name == name), None)
    words = None if layer is None else words_taken(layer, experiment)
    if layer is None or words is None:
        raise BlockError(
            place,
            f"'{KEY}' are those of words, and {thing.written} takes no input whose words are known",
            hint="prepare the input with TextVectorization or StringLookup, and let Embedding take it",
            kind="vectors_need_words",
        )
    path, rows = existing(Path(str(thing.arguments[KEY]))), layer.embeddings.numpy()
    at = {word: number for number, word in enumerate(words) if number < len(rows) and word}
    found = 0
    for vectors in vectors_in(path, width_of_file(path, rows.shape[1], place), at):
        rows[at[vectors.word]] = vectors.values
        found += 1
    layer.embeddings.assign(rows)
    known = [word for word in at if word != UNKNOWN]
    there = [] if found else [line.split(" ")[0] for _, line in islice(plain_lines(path), SHOWN)]
    return VectorsOrigin(str(path.absolute()), sha256(path), found, len(known), known[:SHOWN], there)


UNKNOWN = "[UNK]"
SHOWN = 3
"""Words that are shown where none was found."""


def words_taken(layer: Any, experiment: Experiment) -> Sequence[str] | None:
    """The words of the input that a layer takes, directly or through layers that change no ids; None where it takes none."""
    inputs = {id(tensor): name for name, tensor in experiment.model.input.items()}
    (tensor,) = tensors_taken(calls_of_layer(layer)[0])[:1]
    while id(tensor) not in inputs:
        operation = producer(tensor)
        taken = tensors_taken(calls_of_layer(operation)[0])
        if len(taken) != 1 or getattr(operation, "weights", None):
            return None
        tensor = taken[0]
    return experiment.vocabularies.get(inputs[id(tensor)])


@dataclass(frozen=True)
class WordVector:
    """A word and its numbers (width,)."""

    word: str
    values: np.ndarray[Any, Any]


def width_of_file(path: Path, width: int, place: Any) -> int:
    """How many numbers a file has for each word. Raises `BlockError` where that is not the `width` of the layer."""
    line = next(plain_lines(path), None)
    if line is None:
        raise DataError("the file is empty", file=path, kind="empty_file")
    numbers = numbers_behind(line[1])
    if numbers != width:
        raise BlockError(
            place,
            f"{path.name} has {numbers} numbers for each word, and output_dim is {width}",
            hint=f"write output_dim: {numbers}",
            kind="vectors_of_other_width",
        )
    return width


def numbers_behind(line: str) -> int:
    """How many numbers stand at the end of a line, behind its word, which may hold blanks and be a number itself."""
    _, *behind = line.split(" ")
    return sum(1 for _ in takewhile(is_number, reversed(behind)))


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def vectors_in(path: Path, width: int, wanted: Mapping[str, int]) -> Iterator[WordVector]:
    """The vectors of the wanted words, each the first time that it stands there. Raises `DataError` with a line that is none."""
    import numpy as np

    seen = set[str]()
    for number, line in plain_lines(path):
        # A word may hold blanks, as some of those that were counted on the web do.
        word, *numbers = line.rsplit(" ", width)
        if word in wanted and word not in seen:
            try:
                values = np.array(numbers, np.float32)
            except ValueError:
                values = np.empty(0, np.float32)
            if values.shape != (width,) or not np.isfinite(values).all():
                raise DataError(
                    f"line {number}: expected a word and {width} numbers", file=path, line=number, kind="bad_vectors"
                )
            seen.add(word)
            yield WordVector(word, values)


def plain_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without a head line of two numbers. Raises `DataError` where it is no text."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                plain = line.rstrip("\r\n ").replace("\t", " ")
                head = number == 1 and len(plain.split()) == 2 and all(part.isdigit() for part in plain.split())
                if plain and not head:
                    yield number, plain
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", file=path, kind="unreadable_file") from None
    except UnicodeDecodeError:
        raise DataError("the file is not UTF-8", file=path, kind="unreadable_file") from None
