"""The threshold of a run: how likely the second of two classes has to be for it to be said, chosen after the training."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass

from dlcli.errors import ArtifactError
from dlcli.runs import Run
from dlcli.runs.atomic import MANIFEST, UNREADABLE
from dlcli.runs.manifest import read_recorded, write_recorded_json

NAME = "threshold.json"
USUAL = 0.5


@dataclass(frozen=True)
class Threshold:
    """`positive` is said where its probability is above `value`: the best by a metric, which it `reached` on the validation
    split, or one that somebody gave.
    """

    value: float
    target: str
    positive: str
    best: str | None = None
    reached: float | None = None

    def __str__(self) -> str:
        why = "as was asked" if self.best is None else f"the best {self.best} on validation, {self.reached:.4g}"
        return f"'{self.positive}' is said where its probability is above {self.value:.4g}: {why}"


def keep_threshold(run: Run, threshold: Threshold) -> None:
    """Keeps a threshold with the weights that it is of. Raises `ResourceError` where the disk refuses."""
    write_recorded_json(run, run.path / NAME, {**asdict(threshold), "model": print_of_model(run)})


def kept_threshold(run: Run) -> Threshold | None:
    """The threshold that was kept; None without one, and where the run has kept other weights since.

    Raises `ArtifactError` where it is not what was written.
    """
    path = run.path / NAME
    if not path.exists():
        return None
    try:
        content = json.loads(read_recorded(run, path))
        model = content.pop("model")
        threshold = Threshold(**content)
    except UNREADABLE as error:
        message = f"{NAME} of '{run.name}' cannot be read: {type(error).__name__}"
        hint = "choose it again: dlcli evaluate RUN --threshold best:f1"
        raise ArtifactError(message, file=path, hint=hint, kind="damaged_run") from None
    return threshold if model == print_of_model(run) else None


def print_of_model(run: Run) -> str | None:
    """What tells the weights of a run from others."""
    with suppress(OSError):
        return hashlib.sha256((run.model / MANIFEST).read_bytes()).hexdigest()
    return None
