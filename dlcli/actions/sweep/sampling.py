"""What Optuna draws the values of a trial with, and what it ends trials early by.

Each trial has a generator of its own, from the seed and its number: what `random` draws does not depend on who draws it, or when,
and two processes that ask at the same moment are not told the same.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any

from dlcli.actions.sweep.space import Point, Space
from dlcli.config.sweep import Sweep


def seed_of(seed: int, number: int) -> int:
    """The seed of a trial, counted from 1, of a search."""
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4], "big")


def sampler_of(sweep: Sweep, *, seed: int, number: int) -> Any:
    """What draws the values of a trial."""
    from optuna.samplers import RandomSampler, TPESampler

    if sweep.search == "tpe":
        return TPESampler(seed=seed_of(seed, number), constant_liar=True)
    return RandomSampler(seed=seed_of(seed, number))


def point_known(space: Space, *, seed: int, number: int) -> Point | None:
    """The point of a trial that does not depend on the results of others: of a grid, or at random."""
    if space.sweep.search == "grid":
        points = [*islice(space.grid(), number - 1, number)]
        return points[0] if points else None
    if space.sweep.search == "random":
        return drawn_alone(space, seed=seed, number=number)
    return None


def drawn_alone(space: Space, *, seed: int, number: int) -> Point:
    """The point of a trial as it is drawn without any result."""
    import optuna

    alone = optuna.create_study(sampler=sampler_of(space.sweep, seed=seed, number=number))
    return space.suggested(alone.ask())


def pruner_of(sweep: Sweep, *, epochs: int) -> Any:
    """What ends trials early."""
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    if sweep.prune == "median":
        return MedianPruner(n_startup_trials=5, n_warmup_steps=2)  # the first epoch is never the last
    if sweep.prune == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=max(1, epochs), reduction_factor=3)
    return NopPruner()
