"""How well scores rank the samples of a class before the rest: ROC and precision-recall curves with their areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.actions.judged import MOST_IN_MATRIX, Judged, owners_of
from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.runs.noise import resampled_interval
from dlcli.view.judged import ClassRanked, Ranked, RankScores

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_RANKED = 200_000  # unseen: time alone
"""So many places are sorted for each class."""
MOST_RESAMPLED = 200_000  # unseen: time alone
"""Places times classes up to which areas have intervals; beyond they are narrow, and take long."""
MOST_DRAWN, MOST_ON_AXIS = 8, 200
"""Classes whose curves are drawn, the worst; and the values of the axis that they share."""


@dataclass(frozen=True)
class Scored:
    """The scores (places, classes) of a target and whether each holds; of two classes the positive one alone."""

    names: list[str]
    scores: Array
    holds: Array
    samples: Array
    """The number (places,) of the sample of each place."""


def ranked_target(judged: Judged) -> Ranked | None:
    """The rankings of the classes or labels of a target; None where it has none, or too many to rank."""
    import numpy as np

    scored = scored_classes(judged)
    if scored is None or len(scored.names) > MOST_IN_MATRIX or not len(scored.scores):
        return None
    places = len(scored.scores)
    kept = spread_samples(places, MOST_RANKED)
    curves = [
        Threshold.of(scored.scores[kept, at].astype(np.float64), scored.holds[kept, at])
        for at in range(len(scored.names))
    ]
    order = np.argsort([2.0 if each.roc_area is None else each.roc_area for each in curves], kind="stable")
    drawn = sorted(int(at) for at in order[:MOST_DRAWN] if curves[int(at)].roc_area is not None)
    roc_axis = shared_axis([curves[at].false_rate for at in drawn])
    recall_axis = shared_axis([curves[at].recall for at in drawn])
    classes = [
        ClassRanked(
            name=name,
            samples=curve.positives,
            roc_area=curve.roc_area,
            average_precision=curve.average_precision,
            roc=roc_on_axis(roc_axis, curve) if at in drawn else (),
            recall=precision_on_axis(recall_axis, curve) if at in drawn else (),
        )
        for at, (name, curve) in enumerate(zip(scored.names, curves, strict=True))
    ]
    return Ranked(
        target=judged.schema.name,
        classes=classes,
        roc_axis=doubled(roc_axis),
        recall_axis=doubled(recall_axis),
        counted=len(kept),
        places=places,
        against_rest=len(classes) > 1,
    )


def rank_scores(judged: Judged) -> dict[str, RankScores] | None:
    """By class or label the areas below its curves with their intervals; None where a target has none, or too many to rank."""
    import numpy as np

    scored = scored_classes(judged)
    if scored is None or len(scored.names) > MOST_IN_MATRIX or not len(scored.scores):
        return None
    kept, found = spread_samples(len(scored.scores), MOST_RANKED), {}
    resampled = len(kept) * len(scored.names) <= MOST_RESAMPLED
    for at, name in enumerate(scored.names):
        scores, holds = scored.scores[kept, at].astype(np.float64), scored.holds[kept, at]
        curve = Threshold.of(scores, holds)
        areas = (
            area_intervals(scores, holds, scored.samples[kept]) if resampled and curve.roc_area is not None else None
        )
        found[name] = RankScores(curve.roc_area, curve.average_precision, *(areas or (None, None)))
    return found


def area_intervals(
    scores: Array, holds: Array, samples: Array
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Between what both areas of scores (places,) of some samples lie for others of the same kind."""
    import numpy as np

    order = np.argsort(scores, kind="stable")
    starts = np.append(0, 1 + np.flatnonzero(np.diff(scores[order])))

    def of_ties(counts: Array) -> tuple[Array, Array]:
        """How many hold, and how many do not, at each of the scores that there are, from the least on."""
        drawn, held = counts[:, order], holds[order]
        return (np.add.reduceat(np.where(each, drawn, 0.0), starts, axis=1) for each in (held, ~held))  # type: ignore[return-value]

    def roc(counts: Array) -> Array:
        held, others = of_ties(counts)
        below = np.cumsum(others, axis=1) - others / 2
        pairs = held.sum(axis=1) * others.sum(axis=1)
        found: Array = np.divide((held * below).sum(axis=1), pairs, out=np.full(len(counts), np.nan), where=pairs > 0)
        return found

    def precision(counts: Array) -> Array:
        held, others = of_ties(counts)
        hits, called = (np.cumsum(each[:, ::-1], axis=1)[:, ::-1] for each in (held, held + others))
        shares = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        every = held.sum(axis=1)
        found: Array = np.divide((held * shares).sum(axis=1), every, out=np.full(len(counts), np.nan), where=every > 0)
        return found

    return resampled_interval(samples, roc), resampled_interval(samples, precision)


def scored_classes(judged: Judged) -> Scored | None:
    """The scores of the classes of a target at the places that count, or of the labels any of which may hold."""
    import numpy as np

    schema, answers = judged.schema, judged.answers
    truth = class_indices(judged.target, schema)
    if answers is None:
        return None
    scores = judged.shown if answers.probabilities is None else answers.probabilities
    if truth is None or schema.classes is None:
        if schema.each is None or scores.shape != judged.target.shape:
            return None
        kept = np.isin(judged.target, (0, 1)).all(axis=-1).ravel()
        width = len(schema.each)
        owners = owners_of(judged.target[..., 0]).ravel()[kept]
        return Scored(schema.each, scores.reshape(-1, width)[kept], judged.target.reshape(-1, width)[kept] > 0, owners)
    kept = judged.kept(truth)
    owners = owners_of(truth)[kept]
    index = truth[kept]
    if judged.two:
        likely = scores.reshape(*truth.shape, -1)[..., -1][kept]
        return Scored([schema.classes[1]], likely[:, None], (index == 1)[:, None], owners)
    scores = scores.reshape(*truth.shape, -1)[kept][:, : len(schema.classes)]
    if len(schema.classes) == 2:
        return Scored([schema.classes[1]], scores[:, 1:], (index == 1)[:, None], owners)
    return Scored(schema.classes, scores, index[:, None] == np.arange(len(schema.classes)), owners)


@dataclass(frozen=True)
class Threshold:
    """What is called positive at each threshold (thresholds,), from none on: rates of false alarms, recall and precision."""

    false_rate: Array
    recall: Array
    precision: Array
    positives: int
    roc_area: float | None
    average_precision: float | None

    @classmethod
    def of(cls, scores: Array, holds: Array) -> Threshold:
        """The curves of scores (places,); equal ones are called positive together."""
        import numpy as np

        order = np.argsort(-scores, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
        hits = np.append(0, np.cumsum(holds[order])[ends])
        called = np.append(0, 1 + ends)
        positives, negatives = int(hits[-1]), len(scores) - int(hits[-1])
        false_rate, recall = (called - hits) / max(negatives, 1), hits / max(positives, 1)
        precision = np.append(1.0, hits[1:] / called[1:])
        both = positives and negatives
        return cls(
            false_rate,
            recall,
            precision,
            positives,
            float(np.trapezoid(recall, false_rate)) if both else None,
            float((np.diff(recall) * precision[1:]).sum()) if both else None,
        )


def shared_axis(axes: list[Array]) -> Array:
    """The values at which curves are drawn: all at which one of them bends, or, of too many, some spread evenly."""
    import numpy as np

    every = np.unique(np.concatenate([[0.0, 1.0], *axes]))
    return every if len(every) <= MOST_ON_AXIS else np.linspace(0.0, 1.0, MOST_ON_AXIS + 1)


def roc_on_axis(axis: Array, curve: Threshold) -> list[float]:
    """The recall at each false positive rate of an axis, twice: where the curve comes in there, and where it leaves."""
    import numpy as np

    x, y = curve.false_rate, curve.recall
    first, last = np.searchsorted(x, axis, "left"), np.searchsorted(x, axis, "right") - 1
    there, straight = x[first] == axis, np.interp(axis, x, y)  # rates between two thresholds can be had by chance
    return in_pairs(np.where(there, y[first], straight), np.where(there, y[last], straight))


def precision_on_axis(axis: Array, curve: Threshold) -> list[float]:
    """The same of the precision at each recall: it stays what it is until the next one, as the average precision sums it up."""
    import numpy as np

    x, y = curve.recall, curve.precision
    first, after = np.searchsorted(x, axis, "left"), np.searchsorted(x, axis, "right")
    return in_pairs(y[first], np.where(after < len(x), y[np.minimum(after, len(x) - 1)], y[first]))


def in_pairs(before: Array, after: Array) -> list[float]:
    """The values before and after each place of an axis, in turn."""
    import numpy as np

    return [round(each, 5) for each in np.stack([before, after]).T.ravel().tolist()]


def doubled(axis: Array) -> list[float]:
    """Each value of an axis twice."""
    return [round(each, 5) for each in axis.repeat(2).tolist()]
