"""Numbers that a model predicted, beside the true ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.actions.judged import Judged, owners_of
from dlcli.actions.ranges import ranges_of
from dlcli.data.dataset import spread_samples
from dlcli.runs.noise import MOST_RESAMPLED, resampled_interval
from dlcli.view.judged import AgainstTruth, NumberScores, RangeScores

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_PAIRS, MOST_COLUMNS, BINS = 1000, 6, 30
"""Pairs that are drawn, values of a target that are told one by one, and bars of the residuals."""
FEWEST_RANGED = 50
"""Values that fill the ranges of the truth."""


def against_truth(judged: Judged, *, most: int = MOST_COLUMNS) -> list[AgainstTruth]:
    """Predictions of a target of numbers against the truth, for each of a few values; nothing of another target."""
    schema = judged.schema
    numbers = judged.answers is None and not schema.absent and not schema.text and judged.target.dtype.kind in "fiu"
    if not numbers or schema.classes is not None or judged.target.size != judged.shown.size:
        return []
    target, shown = judged.target, judged.shown.reshape(judged.target.shape)
    width = target.shape[-1] if target.ndim == 2 else 1
    if 1 < width <= most and (judged.counted is None or judged.counted.ndim == 1):
        names = schema.each or schema.columns or [str(step) for step in schema.ahead or range(1, width + 1)]
        own = f"{schema.name}+"  # a step ahead says of what
        columns = [(name if name.startswith(own) else f"{schema.name}: {name}", at) for at, name in enumerate(names)]
        pairs = [
            (name, [counted_numbers(judged, each[:, at], 1) for each in (target, shown, owners_of(target))])
            for name, at in columns
        ]
    else:
        pairs = [(schema.name, [counted_numbers(judged, each) for each in (target, shown, owners_of(target))])]
    found = [compared for name, values in pairs if (compared := numbers_compared(name, *values)) is not None]
    if judged.again is None:
        return found
    naive = against_truth(replace(judged, shown=judged.again, again=None), most=most)
    return [
        replace(each, scores=replace(each.scores, naive_mae=other.scores.mae))
        for each, other in zip(found, naive, strict=True)
    ]


def counted_numbers(judged: Judged, values: Array, axes: int | None = None) -> Array:
    """The values (values,) at the places that count, in 64 bits."""
    import numpy as np

    if judged.counted is not None:
        counted = judged.counted
        values = values.reshape(*counted.shape, -1)[counted] if axes is None else values[counted]
    flat: Array = values.astype(np.float64).ravel()
    return flat


def numbers_compared(name: str, truth: Array, predicted: Array, samples: Array) -> AgainstTruth | None:
    """The scores of all pairs, some of them by rising truth, and the histogram of the residuals; None of no pairs."""
    import numpy as np

    kept = np.isfinite(truth) & np.isfinite(predicted)
    truth, predicted, samples = truth[kept], predicted[kept], samples[kept]
    if not len(truth):
        return None
    residuals = predicted - truth
    total, left = float(((truth - truth.mean()) ** 2).sum()), float((residuals**2).sum())
    counts, edges = np.histogram(residuals, bins=BINS, range=residual_range(residuals))
    some = spread_samples(len(truth), MOST_PAIRS)
    some = some[np.argsort(truth[some], kind="stable")]
    return AgainstTruth(
        scores=NumberScores(
            name=name,
            values=len(truth),
            mae=float(np.abs(residuals).mean()),
            rmse=float(np.sqrt((residuals**2).mean())),
            r2=1 - left / total if total > 0 else None,
            bias=float(residuals.mean()),
            ranges=scores_by_range(truth, residuals),
            r2_interval=r2_interval(truth, residuals, samples) if total > 0 and len(truth) <= MOST_RESAMPLED else None,
        ),
        truth=truth[some].tolist(),
        predicted=predicted[some].tolist(),
        edges=edges.tolist(),
        counts=counts.tolist(),
    )


def r2_interval(truth: Array, residuals: Array, samples: Array) -> tuple[float, float] | None:
    """Between what R² lies for other samples of the same kind."""
    import numpy as np

    centred = truth - truth.mean()

    def r2(counts: Array) -> Array:
        spread = counts @ centred**2 - (counts @ centred) ** 2 / counts.sum(axis=1)
        left: Array = np.divide(counts @ residuals**2, spread, out=np.full(len(counts), np.nan), where=spread > 0)
        return 1 - left

    return resampled_interval(samples, r2)


def scores_by_range(truth: Array, residuals: Array) -> list[RangeScores]:
    """The scores of some ranges of the truth (values,) with about as many values each; none of few, or of one value."""
    import numpy as np

    edges, places = ranges_of(truth)
    if len(truth) < FEWEST_RANGED or len(edges) < 3:
        return []
    return [
        RangeScores(
            low=float(edges[at]),
            high=float(edges[at + 1]),
            values=int((places == at).sum()),
            mae=float(np.abs(residuals[places == at]).mean()),
            bias=float(residuals[places == at].mean()),
        )
        for at in range(len(edges) - 1)
    ]


def residual_range(residuals: Array) -> tuple[float, float]:
    """The range of residuals, so wide that numbers of 64 bits can tell the edges of its bins apart."""
    low, high = float(residuals.min()), float(residuals.max())
    least = max(1e-6 * max(abs(low), abs(high)), 1e-12)
    return (low, high) if high - low > least else ((low + high) / 2 - least, (low + high) / 2 + least)
