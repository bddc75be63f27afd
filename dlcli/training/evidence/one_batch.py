"""Overfits one batch: a model that cannot memorize a few samples will not learn from many."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dlcli.loss import needs
from dlcli.loss.counting import masks_by_target
from dlcli.loss.losses import build_loss
from dlcli.loss.perfect import perfect_loss
from dlcli.progress import stage
from dlcli.training.constant_answer import fitting_answer
from dlcli.training.counted import counted_target
from dlcli.training.engine.steps import batch_tensors
from dlcli.training.evidence.restore import restored, without_noise
from dlcli.training.evidence.step import trained_on
from dlcli.training.evidence.units import NO_UNITS, Units, in_units
from dlcli.training.setup.experiment import Experiment, output_shape
from dlcli.training.trivial import repeated

MOST_STEPS = 400
MOST_SECONDS = 20.0  # unseen: time alone
MEMORIZED = 0.05
"""The share of the first loss from which on a batch counts as memorized."""


DEARER = 1.5
"""So many times what one answer for all costs on average may samples cost that contradict each other."""


@dataclass(frozen=True)
class OneBatch:
    """Training on one batch of `samples` alone: the loss without regularization before and after so many steps, and the
    highest on the way.

    `contradictory` says that samples of equal inputs and different targets cost what is left. `perfect` is the loss of a perfect
    answer: under some
    losses less than nothing, so that what counts is how far the others are above it.
    """

    samples: int
    steps: int
    first: float
    last: float
    most: float
    contradictory: bool
    perfect: float
    bounded: bool = True
    """Whether it is known what a perfect answer costs: what layers compute themselves may have any least."""
    constant: float | None = None
    """What the best answer costs that is the same for all samples; None where that is perfect, or there is none."""

    @property
    def memorized(self) -> bool:
        """Whether the loss has come down to next to nothing."""
        return math.isfinite(self.last) and self.last - self.perfect <= MEMORIZED * max(self.unlearnt, 0.0)

    @property
    def unlearnt(self) -> float:
        """How far above a perfect answer a model is that has learnt nothing: as it begins, or with one answer for all.

        First weights may be far from the target; leaving that place is not yet to tell samples apart.
        """
        begun = self.first - self.perfect
        return begun if self.constant is None else min(begun, self.constant - self.perfect)

    def costs_no_more_than(self, contradicting: float) -> bool:
        """Whether what is left may be that of a share of samples that cannot all be met: each costs about one answer for all."""
        left = self.last - self.perfect
        return contradicting > 0 and left <= (MEMORIZED + DEARER * contradicting) * max(self.unlearnt, 0.0)

    def share(self, loss: float) -> float:
        """How much of the first loss a loss is, both above that of a perfect answer."""
        first = self.first - self.perfect
        return (loss - self.perfect) / first if first > 0 else 0.0


def overfit(experiment: Experiment, rows: Any, *, units: Units = NO_UNITS) -> OneBatch:
    """Trains on the samples `rows` alone, with the configuration's own loss and optimizer; the model is left as it was.

    Targets in `units` are learnt in these.
    """
    import tensorflow as tf

    model, train = experiment.model, experiment.splits["train"]
    taken, wanted = train.take(rows)
    arrays = taken, in_units(wanted, units)
    inputs, targets = batch_tensors(*arrays)
    losses: list[float] = []
    has_masks = bool(masks_by_target(model.output, [*targets]))
    masks = masks_by_target(model(inputs, training=False), [*targets]) if has_masks else {}
    perfect, constant = perfect_total(experiment, arrays[1], masks), constant_total(experiment, arrays[1], masks)
    with restored(model), without_noise(model), stage("training on one batch", MOST_STEPS) as advance:

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def step() -> Any:
            loss, penalty = trained_on(model, inputs, targets)
            return loss - penalty

        started = time.monotonic()
        while len(losses) < MOST_STEPS and time.monotonic() - started < MOST_SECONDS:
            losses.append(float(step()))
            advance(len(losses))
            unlearnt = min(losses[0], math.inf if constant is None else constant) - perfect
            if not math.isfinite(losses[-1]) or losses[-1] - perfect <= MEMORIZED / 2 * unlearnt:
                break
    bounded = all(needs(head.loss) != "nothing" for head in experiment.config.heads)
    found = OneBatch(len(rows), len(losses), losses[0], losses[-1], max(losses), False, perfect, bounded, constant)
    return replace(found, contradictory=found.costs_no_more_than(contradicting(*arrays)))


def perfect_total(experiment: Experiment, targets: Mapping[str, Any], masks: Mapping[str, Any]) -> float:
    """What perfect answers to these targets (samples, …) cost, all of them together, at places that the masks let count."""
    heads, schemas = experiment.config.heads, experiment.dataset.schema.targets
    total = 0.0
    for head, schema in zip(heads, schemas, strict=True):
        values, shape = targets[schema.name], output_shape(experiment.model, head.name)
        counted = counted_target(schema, values, masks.get(schema.name))
        total += head.weight * perfect_loss(head.loss, values, shape, {}, counted=counted)
    return total


def constant_total(experiment: Experiment, targets: Mapping[str, Any], masks: Mapping[str, Any]) -> float | None:
    """What the best constant answers to these targets (samples, …) cost together, at places that the masks let count.

    None where they are perfect, or not known.
    """
    import numpy as np

    heads, schemas = experiment.config.heads, experiment.dataset.schema.targets
    total = 0.0
    for head, schema in zip(heads, schemas, strict=True):
        values, shape = targets[schema.name], output_shape(experiment.model, head.name)
        counted = counted_target(schema, values, masks.get(schema.name))
        answer = fitting_answer(head, schema, values, shape, weights=counted)
        if answer is None or (values == values[:1]).all():
            return None
        said = repeated(answer.values, len(values), [size or 1 for size in shape], counted=counted)
        total += head.weight * float(np.asarray(build_loss(head.loss, {}, void=schema.has_void)(values, said)))
    return total if math.isfinite(total) else None


def contradicting(inputs: Any, targets: Any) -> float:
    """The share of samples beside which others with the same inputs have another target."""

    def rows_of(arrays: Any) -> list[bytes]:
        columns = list(arrays.values())
        return [b"".join(each[row].tobytes() for each in columns) for row in range(len(columns[0]))]

    given, answers = rows_of(inputs), dict[bytes, set[bytes]]()
    for one, wanted in zip(given, rows_of(targets), strict=True):
        answers.setdefault(one, set()).add(wanted)
    return sum(len(answers[one]) > 1 for one in given) / max(len(given), 1)
