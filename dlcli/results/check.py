"""Check: can this configuration learn at all?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.config import Config
from dlcli.finding import Finding
from dlcli.training.backend import chatter_to
from dlcli.training.check import Seen, judged
from dlcli.training.check.first_loss import FirstLoss, first_loss
from dlcli.training.check.gradients import LayerGradient, layer_gradients
from dlcli.training.check.one_batch import OneBatch, overfit
from dlcli.training.check.rate_range import RateRange, rate_range
from dlcli.training.experiment import set_up_config
from dlcli.view.json_value import json_value
from dlcli.view.sentences import judgement_of_check

MOST_SAMPLES = 64
"""Samples of the batch that is to be memorized."""


@dataclass(frozen=True)
class Checked:
    """What was seen, the verdict, and the range test where it was asked for."""

    first_loss: FirstLoss
    gradients: list[LayerGradient]
    overfit: OneBatch
    verdict: list[Finding]
    rates: RateRange | None
    rate_key: str
    """The key that sets the learning rate."""

    def plain(self) -> dict[str, Any]:
        """The result as `dlcli check --json` gives it."""
        return {
            "first_loss": self.first_loss.plain(),
            "gradients": [each.plain() for each in self.gradients],
            "overfit": self.overfit.plain(),
            "verdict": [json_value(judgement_of_check(each)) for each in self.verdict],
            "rates": None if self.rates is None else {"set": self.rate_key, **self.rates.plain()},
        }


def check(config: Config, *, rates: bool = False, allow_code: bool = False) -> Checked:
    """Looks at first loss, gradients and one batch, with `rates` also at learning rates; leaves nothing behind.

    Raises what reading the data and building the model raise.
    """
    with chatter_to(None):
        experiment = set_up_config(config, allow_code=allow_code)
        rows = experiment.first_rows()[: min(config.train.batch_size, MOST_SAMPLES)]
        rate = float(experiment.model.optimizer.learning_rate)
        first, gradients = first_loss(experiment), layer_gradients(experiment, rows)
        batch = overfit(experiment, rows)
        found = rate_range(experiment) if rates else None
    seen = Seen(config, rate, first, gradients, batch)
    return Checked(first, gradients, batch, judged(seen), found, seen.rate_key)
