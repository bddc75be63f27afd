"""Text that preparations have made ids of: the words that ids stand for, as classes of targets and as facts of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data import Dataset
from dlcli.data.dataset import spread_samples
from dlcli.data.fields.lazy import Column, Lazy, is_lazy
from dlcli.data.preparation.fitting import Fitted
from dlcli.data.preparation.prepare import target_key
from dlcli.data.schema import TargetSchema
from dlcli.loss import needs
from dlcli.loss.target_loss import Head
from dlcli.training.setup.feed import Feed

if TYPE_CHECKING:
    import numpy as np


TEXTS = 500
"""So many texts are kept as they are written, to be looked at after the training."""
PADDING = "[PAD]"
"""The class of padding, to which Keras gives no name."""


def with_words(dataset: Dataset, fitted: Fitted, heads: Sequence[Head]) -> Dataset:
    """The data set whose targets of text have the words of their vocabulary as classes.

    Padding, id 0, counts nowhere; a loss that finds out itself which steps belong to a letter knows that.
    """
    void = {
        target.name: needs(head.loss) == "classes" for head, target in zip(heads, dataset.schema.targets, strict=True)
    }
    targets = [
        each.model_copy(
            update={
                "classes": [PADDING, *fitted.vocabularies[each.name][1:]],
                "void": [PADDING] if void[each.name] else [],
                "between": fitted.between.get(each.name, " "),
                "shape": list(fitted.model.output[target_key(each.name)].shape[1:]),
            }
        )
        if each.text
        else each
        for each in dataset.schema.targets
    ]
    return replace(dataset, schema=dataset.schema.model_copy(update={"targets": targets}))


def text_facts(dataset: Dataset, fitted: Fitted) -> dict[str, int]:
    """How many ids each input or target of ids may have, and how many places: `data.words.vocabulary`, `data.words.length`.

    Of arrays of whole numbers it is what the largest of all splits tells; of what streams it is not known.
    """
    facts: dict[str, int] = {}
    for name in dataset.splits["train"].inputs:
        columns = [each.inputs[name] for each in dataset.splits.values()]
        if columns[0].ndim == 2 and columns[0].dtype.kind in "iu" and not any(map(is_lazy, columns)):
            facts[f"data.{name}.vocabulary"] = 1 + max(int(each[:].max(initial=0)) for each in columns)
            facts[f"data.{name}.length"] = columns[0].shape[1]
    inside = {target_key(each.name) for each in dataset.schema.targets}
    named = {name: words for name, words in fitted.vocabularies.items() if name not in inside}
    facts |= {f"data.{name}.vocabulary": len(words) for name, words in named.items()}
    for name in named:
        ids = fitted.model.output.get(target_key(name), fitted.model.output.get(name))
        if ids is not None and len(ids.shape) > 1:
            facts[f"data.{name}.length"] = ids.shape[1]
    return facts


class Ids(Lazy):
    """The ids of a target of text, made when they are asked for: (samples, places)."""

    def __init__(self, feed: Feed, name: str, places: int) -> None:
        super().__init__((len(feed), places), "int64")
        self.feed, self.name = feed, name

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return self.feed.take(rows)[1][self.name]


def ids_of(feed: Feed, target: TargetSchema) -> Column:
    """The ids of a target of text (samples, places), lazy where the samples stream."""
    return Ids(feed, target.name, target.shape[0]) if feed.streams else feed.target(target.name)


def with_ids(dataset: Dataset, feeds: Mapping[str, Feed]) -> Dataset:
    """The data set whose targets of text are ids, (samples, places), -1 where there is padding."""
    texts = [each for each in dataset.schema.targets if each.text]
    if not texts:
        return dataset
    splits = {
        name: replace(
            samples,
            targets={
                **samples.targets,
                **{each.name: ids_of(feeds[name], each) for each in texts},
            },
        )
        for name, samples in dataset.splits.items()
    }
    return replace(dataset, splits=splits)


def some_texts(dataset: Dataset) -> dict[str, Any]:
    """Some training samples of each input of text that is in memory."""
    train = dataset.splits["train"]
    rows = spread_samples(len(train), TEXTS)
    columns = {schema.name: train.inputs[schema.name] for schema in dataset.schema.inputs if schema.text}
    return {name: column[rows] for name, column in columns.items() if not is_lazy(column) and column.ndim == 1}
