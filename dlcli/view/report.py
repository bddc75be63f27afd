"""A report on a run: all that a page shows of it, each part as it was found or why it is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.view.baseline import Baselines
from dlcli.view.data import DataShown
from dlcli.view.evaluation import Evaluation, WorstSample
from dlcli.view.group import MemberShown
from dlcli.view.judged import AgainstTruth, Calibrated, Ranked
from dlcli.view.look import Tiles
from dlcli.view.model import ModelSummary
from dlcli.view.run_again import RunAgain
from dlcli.view.samples import Shown


@dataclass(frozen=True)
class Missing:
    """Why a part is not there, and what to do about it."""

    reason: str
    hint: str | None = None


@dataclass(frozen=True)
class Steps:
    """The four steps of a configuration as they took effect, each as YAML, by the name of the step; and the file as written."""

    steps: Mapping[str, str]
    written: str | None


@dataclass(frozen=True)
class RowsShown:
    """Some rows of a table, with a value for each column; None for an empty cell."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class DataPictured:
    """What is known of the data, and some training samples to look at."""

    shown: DataShown
    samples: Sequence[Shown]
    rows: RowsShown | None = None


@dataclass(frozen=True)
class WorstLook:
    """One of the worst samples as a person can look at it: pictures, curves and texts, or the row of a table."""

    sample: WorstSample
    shown: Sequence[Shown]
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """An evaluation with what only a page has room for."""

    evaluation: Evaluation
    ranked: Sequence[Ranked]
    calibrated: Sequence[Calibrated]
    against_truth: Sequence[AgainstTruth]
    worst: Sequence[WorstLook]


@dataclass(frozen=True)
class LayerPictured:
    """The first filters that can be drawn, what they put out for one sample where that can be drawn, and this sample."""

    filters: Tiles
    activations: Tiles | None
    sample: Shown | None


@dataclass(frozen=True)
class Facts:
    """What is needed to get the same numbers again, by name; `notes` say why they need not be the same."""

    facts: Mapping[str, str]
    files: Sequence[Mapping[str, Any]]
    notes: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """All that is told of one run; None for a part that it cannot have."""

    again: RunAgain
    steps: Steps | Missing
    data: DataPictured | Missing
    model: ModelSummary | Missing
    evaluated: Evaluated | Missing
    layers: LayerPictured | Missing | None
    facts: Facts | Missing
    baselines: Baselines | None = None


@dataclass(frozen=True)
class PartWritten:
    """A part of a page: its anchor, and why nothing stands there and what to do, where that is so."""

    part: str
    missing: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, part: str, missing: Missing | None) -> PartWritten:
        """A part that is there, or is missing."""
        return cls(part) if missing is None else cls(part, missing.reason, missing.hint)


@dataclass(frozen=True, kw_only=True)
class PageWritten:
    """The keys of `dlcli report --json`."""

    file: str
    bytes: int
    parts: Sequence[PartWritten] = field(default_factory=tuple)
    left_out: Sequence[MemberShown] = ()
