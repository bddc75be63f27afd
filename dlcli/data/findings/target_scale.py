"""A target of numbers far from unit scale."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields.padded import PADDING, real_values
from dlcli.data.schema import TargetSchema
from dlcli.finding import Finding, Setting, only_name

FAR = 1e3
"""So many times as large or as small as 1 a deviation is far from it: the first answers of a model are about 1."""
LONG, SHORT = 10.0, 6.0
"""So many deviations above the mean the largest are all that a loss sees, and to so many their logarithm has to bring them."""


def target_far_from_unit_scale(
    dataset: Dataset, *, among: Collection[str] | None = None, far: float = FAR
) -> Finding | None:
    """A target that is learnt as it is, whose numbers are so large or small that no learning rate fits them and the weights.

    `among` names those that are looked at, and `far` says how many times as large or as small as 1 is far.
    """
    targets = {}
    for schema in dataset.schema.targets:
        if among is not None and schema.name not in among:
            continue
        deviation = deviation_of(dataset, schema)
        if deviation and not 1 / far < deviation < far:
            targets[schema.name] = deviation
    if not targets:
        return None
    several = len(dataset.schema.targets) > 1
    advice = [scaled(dataset, each, several=several) for each in dataset.schema.targets if each.name in targets]
    facts = {"targets": targets}
    return Finding(
        code="target_far_from_unit_scale", severity="note", where=only_name([*targets]), facts=facts, advice=advice
    )


def deviation_of(dataset: Dataset, schema: TargetSchema) -> float | None:
    """The standard deviation of the numbers of a target in training; None of what is learnt in another way, or is no number."""
    import numpy as np

    if schema.classes is not None or schema.labels is not None or schema.text or schema.absent or schema.scale:
        return None
    values = real_values(dataset.splits["train"].targets[schema.name][:], PADDING if schema.padded else None)
    if values.dtype.kind not in "fiu" or not values.size:
        return None
    deviations = np.std(values, axis=0 if schema.columns else None, dtype=np.float64)
    return float(np.max(deviations))


def scaled(dataset: Dataset, schema: TargetSchema, *, several: bool) -> Setting:
    """The setting that lets a target be learnt in units of its own deviation, of its logarithm where that alone is near it."""
    kind = kind_of_scale(dataset, schema)
    new: dict[str, Any] = {"column": schema.columns or schema.column or schema.name, "scale": kind}
    key = f"data.targets.{schema.name}" if several else "data.target"
    of = "" if kind == "standard" else ", as the few largest are far above all others"
    why = f"learnt with mean 0 and variance 1{of}; metrics and predictions stay in its own units"
    return Setting(key=key, old=new["column"], new=new, why=why)


def kind_of_scale(dataset: Dataset, schema: TargetSchema) -> str:
    """`standard`, or a logarithm where numbers are never below 0, and the largest so many deviations above the mean that these
    alone would be learnt."""
    import numpy as np

    if schema.columns or schema.padded:
        return "standard"
    values = np.asarray(dataset.splits["train"].targets[schema.name][:], np.float64)
    least = min(float(np.min(each.targets[schema.name][:])) for each in dataset.splits.values() if len(each))
    if least < 0 or longest(values) < LONG:
        return "standard"
    if longest(np.log1p(values)) <= SHORT:  # which takes a 0 as well, be it in a row that was not looked at
        return "log1p"
    return "log" if least > 0 and longest(np.log(values)) <= SHORT else "standard"


def longest(values: Any) -> float:
    """How many deviations the farthest of some values lies from their mean."""
    return float(abs(values - values.mean()).max() / max(values.std(), 1e-300))


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    ends = {"split": {"validation": 0, "test": 0}}
    return [
        (table(y=[0.0, 2002.0] * 99 + [0.5, 2001.5], keys=ends), True),
        (table(y=[0.0, 1998.0] * 99 + [0.5, 1997.5], keys=ends), False),
        (table(y=[0.0, 2002.0] * 100, keys={**ends, "target": {"column": "y", "encode": "index"}}), False),
        (table(y=[0.0, 2002.0] * 99 + [0.5, 2001.5], keys={"target": {"column": "y", "scale": "standard"}}), False),
    ]
