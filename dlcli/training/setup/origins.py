"""Where the first weights of a training come from, if from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class WeightsOrigin:
    """Where the first weights of a training come from: the file with its hash, the layers that got theirs, how many numbers."""

    file: str
    sha256: str
    layers: Sequence[str]
    parameters: int
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class VectorsOrigin:
    """Where the first rows of an Embedding come from: the file with its hash, and how many of its words were found there.

    `words` are some of the vocabulary, and `there` some of the file, where none was found.
    """

    file: str
    sha256: str
    found: int
    of: int
    words: Sequence[str] = ()
    there: Sequence[str] = ()
