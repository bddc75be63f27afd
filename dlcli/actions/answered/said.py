"""What the output of a model says of samples: its answers as columns, and as arrays what no table holds well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcli.actions.answered.columns import (
    Columns,
    answer_columns,
    dense_columns,
    np_objects,
    of_places,
    places_there,
    whole_labels,
)
from dlcli.data import Samples
from dlcli.training.kept.predictions import joins_steps, texts_of, unit_names
from dlcli.training.kept.trained import Trained
from dlcli.training.setup.feed import Feed

if TYPE_CHECKING:
    import numpy as np


def said_columns(
    trained: Trained, feed: Feed, samples: Samples, output: Mapping[str, np.ndarray[Any, Any]]
) -> tuple[Columns, Columns]:
    """What an output (samples, …) by target says."""
    answers = trained.answers(output)
    by_place = any(each.text or each.padded for each in trained.schema.targets)
    masks = trained.masks(feed) if by_place else {}
    answered, arrays = Columns(), Columns()
    for head, target in zip(trained.config.heads, trained.schema.targets, strict=True):
        answer = answers[target.name]
        if target.text or joins_steps(head.loss):
            texts = texts_of(output[target.name], head.loss, target, masks.get(target.name))
            answered[target.name] = np_objects(texts)
            continue
        own, dense = (
            answer_columns(output[target.name], answer, head, target),
            dense_columns(output[target.name], answer, head, target),
        )
        if target.padded:
            there = masks.get(target.name, places_there(samples, trained.schema, target))
            own, dense = ({name: of_places(each, there) for name, each in some.items()} for some in (own, dense))
        answered, arrays = answered | own, arrays | dense
    return answered, arrays


def names_of_indices(
    trained: Trained, output: Mapping[str, np.ndarray[Any, Any]], arrays: Columns
) -> dict[str, list[str]]:
    """By target whose `arrays` hold indices the names of the classes that these stand for."""
    names = {
        each.name: unit_names(each.classes or [], output[each.name].shape[-1])
        for each in trained.schema.targets
        if each.name in arrays
    }
    return {name: some for name, some in names.items() if whole_labels(some) is None}
