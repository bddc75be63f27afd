"""What each sample of the test split, or of validation without one, says of the model in the end, as the run keeps it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.data.target_scale import in_own_units
from dlcli.keras_internals import samplewise
from dlcli.loss import metric_name
from dlcli.loss.target_loss import Head
from dlcli.runs import Run
from dlcli.runs.samples_file import SampleValues, projected, save_samples
from dlcli.spec import Facts
from dlcli.training.compared import weight_penalty
from dlcli.training.counted import counted_target
from dlcli.training.engine.measure import Measure, Measured
from dlcli.training.sample_losses import sample_losses
from dlcli.training.setup.experiment import Experiment, head_metrics, output_shape

if TYPE_CHECKING:
    import numpy as np

MOST_SAMPLES = 1_000_000
MOST_NUMBERS = 20_000_000
"""Of so many samples, and so many numbers that a model puts out for them, results are kept; of more the pass takes too long."""
NEAR = 1e-3
"""How far the mean over samples may be from what was reported, as a share of it: the same numbers in another order."""


def keep_samples(run: Run, experiment: Experiment, measure: Measure) -> None:
    """Writes what each sample says of the model as it stands, if that is to be had."""
    samples = by_sample(experiment, measure)
    if samples is not None:
        save_samples(run, samples)


def by_sample(experiment: Experiment, measure: Measure) -> SampleValues | None:
    """The values of each sample, of those metrics alone that are their mean; None where the split is too large."""
    split = next((name for name in ("test", "validation") if name in experiment.splits), None)
    if split is None:
        return None
    feed, heads = experiment.splits[split], experiment.config.heads
    numbers = sum(math.prod(size or 1 for size in output_shape(experiment.model, head.name)) for head in heads)
    if feed.streams or not 0 < len(feed) <= MOST_SAMPLES or len(feed) * numbers > MOST_NUMBERS:
        return None
    seen = measure.judge_once(feed)
    schemas = experiment.dataset.schema.targets
    found = sample_values(heads, schemas, experiment.model, experiment.facts, seen)
    targets = {
        schema.name: projected(in_own_units(schema, seen.targets[schema.name]))
        for schema in schemas
        if schema.scale is not None or seen.targets[schema.name].dtype.kind == "f"
    }
    rows = print_of(seen, feed.rows, leaving=targets)
    values = {name: each.values for name, each in found.items()}
    weights = {name: each.weights for name, each in found.items() if each.weights is not None}
    return SampleValues(split, print_of(seen, feed.rows), values, rows, targets, weights)


@dataclass(frozen=True)
class Parts:
    """Of what a value is the mean: that of each sample (samples,), and its weight (samples,), None where all have the same."""

    values: np.ndarray[Any, Any]
    weights: np.ndarray[Any, Any] | None = None

    def weighed_alike(self, other: Parts) -> bool:
        """Whether the samples have the same weights in both."""
        if self.weights is None or other.weights is None:
            return self.weights is other.weights
        return bool((self.weights == other.weights).all())


def sample_values(
    heads: Sequence[Head], schemas: Sequence[TargetSchema], model: Any, facts: Facts, seen: Measured
) -> dict[str, Parts]:
    """By the name of each value that was measured and is the mean over samples, or over their places, what it is the mean of."""
    means = dict(mean_values(heads, schemas, model, facts, seen))
    return {name: parts for name, parts in means.items() if is_mean(parts, seen.metrics.get(name))}


def mean_values(
    heads: Sequence[Head], schemas: Sequence[TargetSchema], model: Any, facts: Facts, seen: Measured
) -> Iterator[tuple[str, Parts]]:
    """By the name of each value that may be such a mean its parts; the loss with what weights add."""
    import numpy as np

    total: Any = weight_penalty(model)
    places = None
    for head, schema in zip(heads, schemas, strict=True):
        target, output = seen.targets[schema.name], seen.outputs[schema.name]
        counted = counted_target(schema, target, seen.masks.get(schema.name))
        losses, _ = sample_losses(head, schema, target, output, counted, logits=seen.logits.get(schema.name))
        places = None if counted is None else counted.reshape(len(target), -1).sum(axis=1).astype(np.float64)
        total = total + head.weight * losses
        if head.own_loss is not None:
            yield head.own_loss, Parts(losses, places)
        mask = seen.masks.get(schema.name)
        for thing, metric in zip(head.metrics, head_metrics(head, schema, model, facts), strict=True):
            # What a plugin counts is its own affair: nobody says that it can be asked outside of a graph.
            found = samplewise(metric, target, output, mask) if thing.plugin is None else None
            if found is not None:
                yield head.reported(metric_name(thing)), Parts(*found)
    yield "loss", Parts(np.asarray(total), places if len(heads) == 1 else None)


def is_mean(parts: Parts, reported: float | None) -> bool:
    """Whether the parts have the mean that was reported: masks and weights may have made it another."""
    import numpy as np

    if reported is None or not math.isfinite(reported) or (parts.weights is not None and not parts.weights.any()):
        return False
    mean = float(np.average(parts.values, weights=parts.weights))
    return abs(mean - reported) <= NEAR * max(abs(reported), NEAR)


def print_of(seen: Measured, rows: np.ndarray[Any, Any], *, leaving: Collection[str] = ()) -> str:
    """A digest of the rows of a split and of their targets, but for some."""
    import numpy as np

    digest = hashlib.sha256(np.ascontiguousarray(rows, np.int64).tobytes())
    for name in sorted(seen.targets.keys() - {*leaving}):
        digest.update(np.ascontiguousarray(seen.targets[name]).tobytes())
    return digest.hexdigest()
