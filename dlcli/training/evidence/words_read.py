"""The words of texts that a model reads, beside those that a small vocabulary or a short length leave out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.config.setting_path import setting_path
from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.data.preparation.fitting import preparations
from dlcli.data.schema import TargetSchema
from dlcli.keras_internals import leaf_layers
from dlcli.spec import KerasObject
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.words import TEXTS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

COVERED = 0.95
"""The share of all words that a vocabulary is to know, and of texts that a length is to hold as a whole."""
SPECIAL, UNKNOWN = 2, 1
"""The ids of padding and of what is unknown, and that of the second."""
MOST_WORDS, LONGEST = 20000, 1000
"""A vocabulary and a length that are not proposed to be larger."""
PARTS = 4
"""One text of so many is not learnt from, and tells what was learnt."""
FEWEST, SEVERAL = 40, 200
"""Of fewer texts nothing is told, and of fewer than the second nothing by pairs of words."""
MOST_PAIRS, MORE = 2000, 0.15
"""So many of the most frequent pairs are looked at, and so much less they leave where that is not by chance."""


@dataclass(frozen=True)
class WordsRead:
    """Of an input of text the shares of its words that are not in the vocabulary, and that stand behind the length.

    `tokens` and `length` are what is written and what would do, where it would be more; `entry` is the path of the preparation,
    and `tables` those of layers that look up ids, with how many they have. `left` says how many mistakes of one answer are left
    by how often words, or pairs of them in turn, come in classes, of those that are read; `left_of_all` the same of all words.
    `vocabulary` is what is written of the words themselves, in whose place `needed` of those of the texts would do.
    """

    input: str
    unknown: float
    behind: float
    tokens: tuple[int, int] | None
    length: tuple[int, int] | None
    entry: str
    tables: tuple[str, ...]
    left: float
    left_of_all: float
    vocabulary: Any = None
    needed: int = 0


def words_read(experiment: Experiment) -> WordsRead | None:
    """What is read of the first input of text that has a vocabulary or a length; of several targets for that of which the words
    that are not read tell most.

    None where none has, or there are several answers for each.
    """
    schemas, feed = experiment.dataset.schema.targets, experiment.splits["train"]
    inputs = experiment.dataset.schema.inputs
    for name, steps in preparations(experiment.config.data, inputs).items():
        path, step = steps[0] if len(steps) == 1 else ((), None)
        texts = experiment.texts.get(name)
        if not isinstance(step, KerasObject) or step.written != "TextVectorization" or texts is None:
            continue
        given = step.values(experiment.facts)
        words = experiment.vocabularies.get(name)
        if words is None or len(texts) < FEWEST or given.get("ngrams") is not None:
            continue
        _, targets = feed.take(spread_samples(len(feed), TEXTS))
        kinds = [kinds_of(targets[each.name], each) for each in schemas]
        tables, entry = table_entries(experiment), setting_path(path)
        read = [
            read_of(name, texts, each, words, given, entry=entry, tables=tables) for each in kinds if each is not None
        ]
        found = [each for each in read if each is not None]
        if found:
            return max(found, key=lambda each: each.left - each.left_of_all)
    return None


def kinds_of(values: Array, schema: TargetSchema) -> Array | None:
    """The class of each sample (samples,), of numbers whether one is above their mean; None where it has several."""
    import numpy as np

    classes = class_indices(values, schema)
    kinds = np.asarray(values if classes is None else classes)
    if kinds.size != len(kinds) or kinds.dtype.kind not in "iufb":
        return None
    kinds = kinds.reshape(-1)
    return kinds if classes is not None else (kinds > kinds.mean()).astype(int)


def read_of(
    name: str,
    texts: Array,
    classes: Array,
    words: Sequence[str],
    given: dict[str, Any],
    *,
    entry: str,
    tables: tuple[str, ...],
) -> WordsRead | None:
    """What is read of these texts (samples,) by a vocabulary of words and the arguments of the preparation."""
    import numpy as np

    ids, every = all_ids(texts, given)
    stands = ids > 0
    total = int(stands.sum())
    if not total:
        return None
    kept = np.isin(ids, [number for number, word in enumerate(every) if number >= SPECIAL and word in {*words}])
    most, long = given.get("max_tokens"), given.get("output_sequence_length")
    inside = stands & (np.arange(ids.shape[1]) < (ids.shape[1] if long is None else long))
    counts = np.sort(np.bincount(ids[stands]))[::-1]
    needed = int(np.searchsorted(np.cumsum(counts), COVERED * total)) + 1 + SPECIAL
    lengths = stands.sum(axis=1)
    return WordsRead(
        name,
        1 - float((stands & kept).sum()) / total,
        1 - float(inside.sum()) / total,
        larger(most, min(needed, MOST_WORDS)) if most is not None and len(words) >= most else None,
        larger(long, min(int(np.quantile(lengths, COVERED)), LONGEST)),
        entry,
        tables,
        left_by_text(np.where(inside & kept, ids, 0), classes),
        left_by_text(ids, classes),
        given.get("vocabulary"),
        rounded_up(min(needed, MOST_WORDS)),
    )


def all_ids(texts: Array, given: dict[str, Any]) -> tuple[Array, list[str]]:
    """The ids (samples, places) of all words of texts (samples,), and the words at their ids."""
    import keras
    import numpy as np

    how = {key: value for key, value in given.items() if key in {"split", "standardize", "encoding"}}
    layer = keras.layers.TextVectorization(**how)
    layer.adapt(texts)
    return np.asarray(layer(texts)), [str(each) for each in layer.get_vocabulary()]


def larger(written: int | None, needed: int) -> tuple[int, int] | None:
    """What is written beside what would do, rounded up to two digits, where that is more."""
    if written is None or needed <= written:
        return None
    return written, rounded_up(needed)


def rounded_up(number: int) -> int:
    """A number that is no lower, of two digits that count."""
    size: int = 10 ** max(0, len(str(number)) - 2)
    return math.ceil(number / size) * size


def left_by_text(ids: Array, classes: Array) -> float:
    """How many mistakes of one answer are left by words alone, or by pairs of them where these tell more: of a word that turns
    the one behind it neither tells anything."""
    alone = left_by_words(ids, classes)
    if ids.shape[1] < 2 or len(ids) < SEVERAL:
        return alone
    paired = left_by_words(pairs_of(ids), classes)
    return paired if paired <= alone - MORE else alone


def pairs_of(ids: Array) -> Array:
    """The ids (samples, places) of the most frequent pairs of words that stand side by side; 0 where one of them is none."""
    import numpy as np

    first, second = ids[:, :-1].astype(np.int64), ids[:, 1:]
    stands = (first > 0) & (second > 0)
    known, numbers, counts = np.unique(
        (first * (int(ids.max()) + 1) + second)[stands], return_inverse=True, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")
    rank = np.zeros(len(known), int)
    rank[order[:MOST_PAIRS]] = np.arange(1, min(len(known), MOST_PAIRS) + 1)
    pairs = np.zeros(stands.shape, int)
    pairs[stands] = rank[numbers.reshape(-1)]
    return pairs


def left_by_words(ids: Array, classes: Array) -> float:
    """How many mistakes of one answer are left of classes (samples,) that are told by how often each word comes in them; an id
    of 0 is none."""
    import numpy as np

    asked = np.arange(len(ids)) % PARTS == 0
    held = np.zeros((len(ids), int(ids.max()) + 1))
    np.add.at(held, (np.arange(len(ids))[:, None], ids), 1)
    held[:, 0] = 0
    known = np.unique(classes[~asked])
    counts = np.stack([held[~asked & (classes == each)].sum(axis=0) for each in known]) + 1
    shares = np.log([(classes[~asked] == each).mean() for each in known])
    said = known[(held[asked] @ np.log(counts / counts.sum(axis=1, keepdims=True)).T + shares).argmax(axis=1)]
    truth = classes[asked]
    constant = 1 - float((truth == known[shares.argmax()]).mean())
    return float((said != truth).mean()) / constant if constant else 1.0


def table_entries(experiment: Experiment) -> tuple[str, ...]:
    """The entries of layers that look up ids."""
    import keras

    tables = [each for each in leaf_layers(experiment.model) if isinstance(each, keras.layers.Embedding)]
    found = [entry_of(experiment, each) for each in tables]
    return tuple(each for each in found if each is not None)
