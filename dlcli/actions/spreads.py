"""How far runs scatter that are alike but for their seed, or their fold: the mean, and between what it lies."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from dlcli.errors import DlcliError
from dlcli.loss import Ends, ends_of
from dlcli.loss.target_loss import Head
from dlcli.runs import Run
from dlcli.runs.noise import spread_of_runs
from dlcli.training.kept.recorded import recorded_config
from dlcli.view.group import SpreadShown


def spreads(run: Run, values: Mapping[str, Sequence[float]]) -> dict[str, SpreadShown]:
    """The spread of each value by its name, with its split or without; `run` is one of those that reached them."""
    ends: Mapping[str, Ends] = {}
    with contextlib.suppress(DlcliError):  # what is damaged there is told by what reads it for its own sake
        ends = value_ends(recorded_config(run).heads)
    return {
        name: SpreadShown(**asdict(spread_of_runs(each, ends.get(name) or ends.get(name.partition(".")[2]))))
        for name, each in values.items()
    }


def value_ends(heads: Sequence[Head]) -> dict[str, Ends]:
    """What each value that is measured is never below and never above, by its name."""
    found = {name: ends for head in heads for name, ends in head.ends.items()}
    return found | {"loss": (least_loss(heads), None)}


def least_loss(heads: Sequence[Head]) -> float | None:
    """What the loss of all targets together is never below; None where that of one is below anything."""
    each = [(head.weight, ends_of(head.loss)[0]) for head in heads]
    known = [weight * low for weight, low in each if low is not None and weight >= 0]
    return sum(known) if len(known) == len(each) else None
