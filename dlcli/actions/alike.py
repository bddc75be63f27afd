"""Whether a value means the same in two runs: losses of other kinds, units or regularization are no better or worse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from dlcli.config.comparable import SEED, SPLIT_SEED, decides, decides_samples
from dlcli.runs.summary import RunSummary


def keys_of_other_samples(one: Sequence[RunSummary], other: Sequence[RunSummary]) -> list[str]:
    """The keys by which two groups of runs are judged on other samples of validation, where those of the test are the same: their
    runs do not have the same values of them. Seeds draw other samples of the same kind.
    """
    rows = [*one, *other]
    paths = dict.fromkeys(path for row in rows for path in row.configuration.shape.by_path)
    without = {SEED, SPLIT_SEED}
    if all(row.configuration.value("data.split.fold") is not None for row in rows):
        without.add("data.split.validation")  # which says nothing where a fold is the validation
    deciding = [path for path in paths if decides_samples(path) and path not in without]
    return [
        path
        for path in deciding
        if not path.startswith("data.source") and values_at(path, one) != values_at(path, other)
    ]


def values_at(path: str, rows: Sequence[RunSummary]) -> set[str]:
    """The different values that runs have at a path, as JSON."""
    return {json.dumps(row.configuration.value(path), sort_keys=True) for row in rows}


def other_meaning(
    first: RunSummary, second: RunSummary, names: Iterable[str], apart: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """By name the values, as `validation.loss`, that do not mean the same in two runs, with the keys in which these differ;
    `apart` are losses in another unit in each run, with the keys that make it so.
    """
    one, other = first.configuration, second.configuration
    paths = dict.fromkeys([*one.shape.by_path, *other.shape.by_path])
    differ = [path for path in paths if one.value(path) != other.value(path)]
    found = {
        name: [
            *(path for path in differ if decides(path, name.partition(".")[2])),
            *apart.get(name.partition(".")[2], ()),
        ]
        for name in names
    }
    return {name: keys for name, keys in found.items() if keys}
