"""The samples of an evaluation in groups, by a column of the data: how well each of them is answered."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dlcli.actions.judged import defined_metrics, judged_targets
from dlcli.actions.ranges import ranges_of
from dlcli.data import Fields, Samples
from dlcli.data.fields.lazy import Selected, is_lazy
from dlcli.data.fields.values import missing
from dlcli.errors import UsageError
from dlcli.first_line import some_names
from dlcli.spec import did_you_mean
from dlcli.training.kept.trained import Trained
from dlcli.training.setup.feed import Feed
from dlcli.view.evaluation import Group, Groups

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_NAMED = 12
"""Columns that are named to one who has named none of them."""
MOST_VALUES, MOST_GROUPS = 12, 100
"""Numbers of which there are more are told by ranges of about as many samples; more names than the last are no groups."""


def groups_of(trained: Trained, fields: Fields, samples: Samples, weights: Array | None, column: str) -> Groups:
    """The metrics of the samples of each value of a column, or of each range of its numbers; empty cells are a group too.

    `weights` (samples,) are those of the samples, where they have some.
    Raises `UsageError` for a column that is not there, or makes no groups.
    """
    import numpy as np

    names, places = in_groups(values_by(fields, samples, column), column)
    classes = next((each.classes for each in trained.schema.targets if column in {each.name, each.column}), None)
    if classes is not None and all(name.isdigit() and int(name) < len(classes) for name in names):
        names = [classes[int(name)] for name in names]  # labels that are counted, as those of folders are
    names = [" ".join(name.split("\x1f")).strip() or "(none)" for name in names]
    found = []
    for at, name in enumerate(names):
        inside = np.flatnonzero(places == at)
        feed = trained.feed(chosen(samples, inside))
        feed.weights = None if weights is None else weights[inside]
        found.append(Group(name, len(inside), metrics_of(trained, feed)))
    return Groups(column, found)


def metrics_of(trained: Trained, feed: Feed) -> dict[str, float | None]:
    """Loss and metrics of some samples."""
    seen = trained.judged(feed)
    return defined_metrics(seen.metrics, trained.config.heads, judged_targets(trained, seen), feed)


def values_by(fields: Fields, samples: Samples, column: str) -> Array:
    """The value (samples,) of each sample in a column. Raises `UsageError` for one that is not there."""
    if column not in fields.arrays:
        read = [name for name, each in fields.arrays.items() if each.ndim == 1]
        columns = list(dict.fromkeys([*fields.columns, *read]))  # a table has more than were read
        there = f"there are: {some_names(columns, most=MOST_NAMED)}" if columns else "none has one value a sample"
        meant = did_you_mean(column, columns)
        hint = there if meant is None else f"{meant} ({there})"
        raise UsageError(f"the data has no column '{column}'", hint=hint, kind="no_such_column")
    if fields.arrays[column].ndim != 1:
        message = f"'{column}' has {fields.arrays[column].shape[1:]} values a sample, which make no groups"
        raise UsageError(message, hint="name a column of one value", kind="no_groups")
    values: Array = fields.arrays[column][samples.rows]
    return values


def in_groups(values: Array, column: str) -> tuple[list[str], Array]:
    """The names of the groups of values (samples,), and the number (samples,) of the group of each."""
    import numpy as np

    empty = missing(values)
    kinds = np.unique(values[~empty]) if values.dtype.kind in "fiu" else sorted({str(each) for each in values[~empty]})
    places = np.full(len(values), -1)
    if values.dtype.kind in "fiu" and len(kinds) > MOST_VALUES:
        edges, places[~empty] = ranges_of(values[~empty])
        names = [f"{low:g} to below {high:g}" for low, high in pairwise(edges)]
        names[-1] = names[-1].replace("below ", "")
    else:
        known = {each: at for at, each in enumerate(kinds)}
        told = values if values.dtype.kind in "fiu" else [str(each) for each in values]
        places[~empty] = [known[each] for each, gone in zip(told, empty, strict=True) if not gone]
        names = [f"{each:g}" if values.dtype.kind in "fiu" else str(each) for each in kinds]
    if len(names) > MOST_GROUPS:
        message = f"'{column}' has {len(names)} values, of which each would be a group"
        raise UsageError(message, hint="name a column of fewer", kind="no_groups")
    if empty.any():
        places[empty] = len(names)
        names = [*names, "(empty)"]
    return names, places


def chosen(samples: Samples, places: Array) -> Samples:
    """Some of the samples by their places (places,)."""

    def of(tensors: Any) -> dict[str, Any]:
        return {name: Selected(each, places) if is_lazy(each) else each[places] for name, each in tensors.items()}

    return replace(
        samples, inputs=of(samples.inputs), targets=of(samples.targets), rows=samples.rows[places], inside=None
    )
