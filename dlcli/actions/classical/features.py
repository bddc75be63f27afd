"""Samples as the table of numbers that classical methods take: what is flattened, counted or left out is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import InputSchema
from dlcli.extras import need

if TYPE_CHECKING:
    import numpy as np

MOST_WORDS = 5_000
"""Words that texts are told apart by: those that occur most."""
MOST_IDS = 50_000
MOST_FEATURES = 20_000
"""More numbers a sample make no table that these methods could learn from."""

Encode = Callable[["np.ndarray[Any, Any]"], Any]
"""Makes a table (samples, features) of the values (samples, …) of an input."""


@dataclass(frozen=True)
class Taken:
    """How an input becomes features: `counts` says that they tell how often words or ids occur."""

    encode: Encode
    features: int
    counts: bool
    note: str | None = None


@dataclass(frozen=True)
class Features:
    """How samples become features, learnt from those of training."""

    inputs: Mapping[str, Taken]

    @property
    def counts(self) -> bool:
        """Whether all of them are counts."""
        return all(each.counts for each in self.inputs.values())

    @property
    def count(self) -> int:
        """How many features a sample has."""
        return sum(each.features for each in self.inputs.values())

    @property
    def notes(self) -> list[str]:
        """What was made of the inputs, as far as it is not plain."""
        return [each.note for each in self.inputs.values() if each.note is not None]

    def table(self, values: Mapping[str, np.ndarray[Any, Any]]) -> Any:
        """The features (samples, features), as a sparse table where any are counted."""
        import numpy as np

        parts = [each.encode(values[name]) for name, each in self.inputs.items()]
        if not any(each.counts for each in self.inputs.values()):
            return np.concatenate(parts, axis=1)
        sparse = need("scipy.sparse", extra="baseline", use="counting words")
        return sparse.hstack([sparse.csr_matrix(each) for each in parts], format="csr")


def learnt_features(
    schemas: Sequence[InputSchema], values: Mapping[str, np.ndarray[Any, Any]], looked_up: frozenset[str]
) -> Features:
    """How inputs become features, from their values (samples, …) in training; `looked_up` are those that the network takes as
    ids, whose size says nothing."""
    return Features({each.name: taken(each, values[each.name], each.name in looked_up) for each in schemas})


def taken(schema: InputSchema, values: np.ndarray[Any, Any], looked_up: bool) -> Taken:
    """How one input becomes features."""
    if schema.text:
        return taken_as_text(schema.name, values, letters=schema.pieces == "character")
    if values.dtype.kind not in "fiub" or (looked_up and are_ids(values)):
        return taken_as_names(schema.name, values)
    size = int(values[0].size)
    note = None
    if values.ndim > 2:
        shape, what = " × ".join(map(str, values.shape[1:])), "ends of shorter ones as 0, " if padded(schema) else ""
        note = f"'{schema.name}' ({shape}) is flattened to {size:,} numbers a sample, {what}without their places"
    return Taken(lambda given: flat(given, schema.padding), size, False, note)


def padded(schema: InputSchema) -> bool:
    """Whether its samples are not equally long."""
    return schema.padding is not None


def flat(values: np.ndarray[Any, Any], padding: float | None) -> np.ndarray[Any, Any]:
    """Values (samples, …) as (samples, features); 0 behind the end of a sample."""
    import numpy as np

    table = np.asarray(values, np.float32).reshape(len(values), -1)
    return table if padding is None else np.where(table == np.float32(padding), 0, table)


def are_ids(values: np.ndarray[Any, Any]) -> bool:
    """Whether numbers are whole, from 0 on and not too many."""
    import numpy as np

    return bool((values >= 0).all() and (values == np.floor(values)).all() and values.max(initial=0) < MOST_IDS)


def taken_as_text(name: str, values: np.ndarray[Any, Any], *, letters: bool) -> Taken:
    """Texts by how often their words (or letters, in ones to threes) occur, those that stand in few texts counting more."""
    text = need("sklearn.feature_extraction.text", extra="baseline", use="comparing with classical methods")
    kind = {"analyzer": "char", "ngram_range": (1, 3)} if letters else {"token_pattern": r"(?u)\b\w+\b"}
    counter = text.TfidfVectorizer(max_features=MOST_WORDS, **kind)
    counter.fit(as_texts(values))
    found = len(counter.vocabulary_)
    what = "parts" if letters else "words"
    note = f"'{name}' is taken as tf-idf of {found:,} {what}, whatever their order"
    return Taken(lambda given: counter.transform(as_texts(given)), found, True, note)


def as_texts(values: np.ndarray[Any, Any]) -> list[str]:
    """Texts (samples,) as they are read."""
    return [each.decode() if isinstance(each, bytes) else str(each) for each in values.reshape(-1)]


def taken_as_names(name: str, values: np.ndarray[Any, Any]) -> Taken:
    """Ids or names (samples, …) by how often each of those that training has occurs in a sample."""
    text = need("sklearn.feature_extraction.text", extra="baseline", use="comparing with classical methods")
    counter = text.CountVectorizer(analyzer=lambda row: row, max_features=MOST_IDS)
    counter.fit(as_rows(values))
    found = len(counter.vocabulary_)
    note = f"'{name}' is counted: {found:,} features say how often each name occurs, in whatever place"
    return Taken(lambda given: counter.transform(as_rows(given)), found, True, note)


def as_rows(values: np.ndarray[Any, Any]) -> list[list[Any]]:
    """What stands in each sample (samples, …), as a list."""
    return [list(map(str, row)) for row in values.reshape(len(values), -1).tolist()]
