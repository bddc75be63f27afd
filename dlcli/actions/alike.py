"""Whether a value means the same in two runs: losses of other kinds, units or regularization are no better or worse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dlcli.config.comparable import decides
from dlcli.runs.summary import RunSummary


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
