"""How far probabilities can be believed: what came true of the answers with about the same one (Guo et al., 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dlcli.actions.judged import Judged
from dlcli.data import class_indices
from dlcli.view.judged import Calibrated, CalibrationBin

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BINS = 10


def calibrated_target(judged: Judged) -> Calibrated | None:
    """The calibration of a target at its places that count; None where nothing is said with a probability."""
    import numpy as np

    schema, answers = judged.schema, judged.answers
    if answers is None or answers.probabilities is None:
        return None
    truth, chances = class_indices(judged.target, schema), answers.probabilities
    if truth is None or schema.classes is None:
        if schema.each is None or chances.shape != judged.target.shape:
            return None
        kept = np.isin(judged.target, (0, 1))
        return calibration(schema.name, "each label", chances[kept], judged.target[kept] > 0)
    kept = judged.kept(truth)
    index, chances = truth[kept], chances.reshape(*truth.shape, -1)[kept]
    if chances.shape[-1] == 2:
        return calibration(schema.name, "the positive class", chances[:, 1], index == 1)
    brier = ((chances - (index[:, None] == np.arange(chances.shape[-1]))) ** 2).sum(axis=1)
    said, likeliest = chances.argmax(axis=1), chances.max(axis=1)
    return calibration(schema.name, "the class that was said", likeliest, said == index, brier=brier)


def calibration(
    target: str,
    about: Literal["the positive class", "the class that was said", "each label"],
    chances: Array,
    came_true: Array,
    *,
    brier: Array | None = None,
) -> Calibrated | None:
    """The bins of probabilities (answers,), each with the share of its answers that came true; None of no answers."""
    import numpy as np

    if not len(chances):
        return None
    edges = np.linspace(0, 1, BINS + 1)
    places = np.searchsorted(edges[1:-1], chances)
    counts = np.bincount(places, minlength=BINS)
    means = np.bincount(places, chances, minlength=BINS) / np.maximum(counts, 1)
    shares = np.bincount(places, came_true, minlength=BINS) / np.maximum(counts, 1)
    bins = [
        CalibrationBin(float(edges[at]), float(edges[at + 1]), float(means[at]), float(shares[at]), int(counts[at]))
        for at in np.flatnonzero(counts)
    ]
    error = float((counts * np.abs(means - shares)).sum() / len(chances))
    squares = (chances - came_true) ** 2 if brier is None else brier
    return Calibrated(target, about, bins, error, float(squares.mean()))
