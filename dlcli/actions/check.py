"""Check: can this configuration learn at all?"""

from __future__ import annotations

import math
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config import Config
from dlcli.finding import Finding
from dlcli.training.check import Seen, check_findings
from dlcli.training.evidence.blocked import blocked_at
from dlcli.training.evidence.capacity import capacity
from dlcli.training.evidence.first_loss import first_loss
from dlcli.training.evidence.gradients import LayerGradient, layer_gradients
from dlcli.training.evidence.inputs_seen import inputs_seen, takes_pictures
from dlcli.training.evidence.noise import learnt_in_noise
from dlcli.training.evidence.one_batch import overfit
from dlcli.training.evidence.rate import shortest
from dlcli.training.evidence.rate_range import RateRange, rate_range
from dlcli.training.evidence.reach import reaches
from dlcli.training.evidence.units import units_of
from dlcli.training.kept.starting_weights import set_up_started
from dlcli.training.not_finite import broken_at
from dlcli.training.scaling import LARGE, far_target, target_seen
from dlcli.training.setup.backend import chatter_to
from dlcli.training.setup.experiment import Experiment
from dlcli.training.verdict.cannot_fit import BEYOND
from dlcli.view.check import BatchShown, CheckShown, GradientShown, RatePoint, RatesShown
from dlcli.view.sentences import judgement_of_check

if TYPE_CHECKING:
    import numpy as np

MOST_SAMPLES = 64
"""Samples of the batch that is to be memorized."""


def check(config: Config, *, rates: bool = False, runs: Path, allow_code: bool) -> CheckShown:
    """Looks at first loss, gradients and one batch, with `rates` also at learning rates; leaves nothing behind.

    Raises what reading the data and building the model raise.
    """
    with chatter_to(None):
        experiment = set_up_started(config, runs=runs, allow_code=allow_code)
        rows = experiment.first_rows()[: min(config.train.batch_size, MOST_SAMPLES)]
        rate = shortest(float(experiment.model.optimizer.learning_rate))
        first, gradients = first_loss(experiment), layer_gradients(experiment, rows)
        batch = overfit(experiment, rows)
        noise = learnt_in_noise(experiment, rows)
        broken = None if math.isfinite(first.measured) else broken_at(experiment)
        tested = cache(lambda: rate_range(experiment))
        target = far_target(experiment) or (None if batch.memorized else target_at_fault(experiment, rows))
        missing = any(each.learns and not each.norm for each in gradients)
        blocked = blocked_at(experiment, rows) if missing else None
        seen = Seen(
            config,
            rate,
            first,
            gradients,
            batch,
            noise,
            broken,
            blocked,
            target,
            tested=lambda: tested().proposed,
            inputs=inputs_seen(experiment),
            pictures=takes_pictures(experiment.dataset.schema),
            reaches=[each for each in reaches(experiment) if each.beyond > BEYOND],
            linear=capacity(experiment).linear,
        )
        findings = check_findings(seen)
        found = tested() if rates else None
    return CheckShown(
        first_loss=first.shown(),
        gradients=[gradient_shown(each) for each in gradients],
        overfit=BatchShown(**asdict(batch), memorized=batch.memorized),
        verdict=[judgement_of_check(finding) for finding in findings],
        rates=None if found is None else rates_shown(found, seen.rate_key, scales=target is not None),
    )


def target_at_fault(experiment: Experiment, rows: np.ndarray[Any, Any]) -> Finding | None:
    """That targets are less far from unit scale, where a batch that is not memorized would be if they were not."""
    seen = target_seen(experiment)
    if seen is None or not overfit(experiment, rows, units=units_of(seen)).memorized:
        return None
    return far_target(experiment, far=LARGE)


def gradient_shown(gradient: LayerGradient) -> GradientShown:
    """A gradient as it is shown."""
    shown = asdict(gradient)
    del shown["saturates"], shown["entry"]
    return GradientShown(**shown, ratio=gradient.ratio)


def rates_shown(found: RateRange, key: str, *, scales: bool) -> RatesShown:
    """A range test as it is shown, with the key that sets the rate; `scales` says that the target is far from unit scale."""
    points = [RatePoint(rate, loss) for rate, loss in zip(found.rates, found.losses, strict=True)]
    return RatesShown(key=key, points=points, proposed=found.proposed, target_is_far=scales)
