"""Predictions, as scripts read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.data.unlike import Unlike


@dataclass(frozen=True)
class PredictionResult:
    """The keys of `dlcli predict --json`: a mapping for each sample, or the file that they were written to.

    `unlike` says how the data is unlike that of training: how many values of what, and the first of them.
    """

    run: str
    samples: int
    predictions: Sequence[Mapping[str, Any]] | str
    unlike: Sequence[Mapping[str, Any]] = ()


def unlike_facts(unlike: Sequence[Unlike]) -> list[dict[str, Any]]:
    """What is unlike training, as JSON has it."""
    return [
        {"kind": each.kind, "name": each.name, "count": each.count, "first": each.first}
        | ({"seen": [each.low, each.high]} if each.kind == "outside_range" else {})
        for each in unlike
    ]
