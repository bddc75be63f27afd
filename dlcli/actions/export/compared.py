"""Asks an artefact about real samples in a process without dlcli, and compares its answers with the run's own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.actions.export.apart import NotRunning, run_apart
from dlcli.actions.export.described import Given
from dlcli.training.kept.threshold import USUAL

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

PROGRAM = Path(__file__).with_name("outside.py")

TINY = 1e-30


@dataclass(frozen=True)
class Compared:
    """The largest difference to the run's own answers, and what share of that largest of these it is; of how many of the
    answers that are a class the class is the same; the seconds that a sample takes by itself."""

    difference: float
    share: float
    agreement: float | None
    seconds: float


def answers_outside(folder: Path, inputs: Sequence[Array], outputs: int) -> tuple[list[Array], float]:
    """What the artefact in a folder says of samples, in the order of its outputs, and its seconds for one.

    Raises `NotRunning` with what its runtime says.
    """
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="dlcli-export-") as place:
        samples, answers = Path(place) / "samples.npz", Path(place) / "answers.npz"
        np.savez(samples, *inputs)
        told = json.loads(run_apart(PROGRAM, folder, samples, answers))
        if told["dlcli"]:
            raise NotRunning(f"it needs dlcli: {told['dlcli'][0]}")
        with np.load(answers) as arrays:
            return [arrays[f"arr_{number}"] for number in range(outputs)], float(told["seconds"])


def beside_own(own: Sequence[Array], others: Sequence[Array], outputs: Sequence[Given], *, seconds: float) -> Compared:
    """The answers (samples, …) of an artefact beside the run's own. Raises `NotRunning` where they are no such answers."""
    import numpy as np

    difference, share = 0.0, 0.0
    same, count = 0, 0
    for mine, other, given in zip(own, others, outputs, strict=True):
        if mine.shape != other.shape:
            raise NotRunning(f"its answer '{given.name}' has the shape {other.shape}, and the run's own {mine.shape}")
        if not np.isfinite(other).all():
            raise NotRunning(f"its answer '{given.name}' is not finite")
        away = float(np.abs(mine - other).max(initial=0.0))
        difference, share = max(difference, away), max(share, away / max(float(np.abs(mine).max(initial=0.0)), TINY))
        decided, other_decided = decisions(mine, given), decisions(other, given)
        if decided is not None and other_decided is not None:
            same, count = same + int((decided == other_decided).sum()), count + decided.size
    return Compared(difference, share, same / count if count else None, seconds)


def decisions(values: Array, given: Given) -> Any:
    """What answers (samples, …) decide for: a class, or yes or no; None of numbers."""
    if given.says in {"classes", "scores"}:
        return values.argmax(axis=-1)
    if given.says == "sign":
        return values > 0
    if given.threshold is not None:
        return values > given.threshold
    return values > USUAL if given.says == "labels" else None
