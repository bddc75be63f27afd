"""Predictions, as scripts read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PredictionResult:
    """The keys of `dlcli predict --json`: a mapping for each sample, or the file that they were written to."""

    run: str
    samples: int
    predictions: Sequence[Mapping[str, Any]] | str
