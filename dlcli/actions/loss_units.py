"""Losses in a unit of their own: a scale in which a target is learnt is that of the training samples of each run.

So a mean over runs that were trained on other samples says nothing of them, nor does a difference. Metrics, and the losses of
targets without a scale, have one unit in all runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dlcli.config.comparable import SEED, SPLIT_SEED, decides_samples
from dlcli.runs.keys import Configuration
from dlcli.runs.summary import RunSummary

WHOLE = "loss"
"""The loss of all targets together."""


def units_apart(rows: Sequence[RunSummary]) -> dict[str, list[str]]:
    """By name the losses, without their split, that are in another unit in each of some runs, with the keys that make it so."""
    scaled = dict[str, None]()
    paths_of_shape = dict[int, list[str]]()
    for row in rows:
        configuration, shape = row.configuration, row.configuration.shape
        if id(shape) not in paths_of_shape:
            paths_of_shape[id(shape)] = [path for path in shape.by_path if is_scale(path)]
        if any(configuration.value(path) is not None for path in paths_of_shape[id(shape)]):
            scaled |= dict.fromkeys(scaled_losses(configuration))
    keys = keys_of_samples([row.configuration for row in rows]) if scaled else []
    return dict.fromkeys(scaled, keys) if keys else {}


def is_scale(path: str) -> bool:
    """Whether a key says in which scale a target is learnt."""
    parts = path.split(".")
    return parts[0] == "data" and parts[1] in {"target", "targets"} and parts[-1] == "scale"


def scaled_losses(configuration: Configuration) -> list[str]:
    """The losses in which a target with a scale counts: that of each such target, and that of all."""
    data = configuration.tree["data"]
    several = data.get("targets") or {}
    named = [f"{name}_{WHOLE}" for name, each in several.items() if has_scale(each)]
    return [WHOLE, *named] if named or has_scale(data.get("target")) else []


def has_scale(target: object) -> bool:
    """Whether a recorded target is learnt in a scale."""
    return isinstance(target, Mapping) and target.get("scale") is not None


def keys_of_samples(configurations: Sequence[Configuration]) -> list[str]:
    """The keys in which some configurations differ that decide which samples are trained on."""
    first = configurations[0]
    paths = dict.fromkeys(path for each in configurations for path in each.shape.by_path)
    deciding = [path for path in paths if decides_samples(path) and path not in {SEED, SPLIT_SEED}]
    differ = [path for path in deciding if any(each.value(path) != first.value(path) for each in configurations)]
    if any(seed_of_split(each) != seed_of_split(first) for each in configurations):
        written = any(each.value(SPLIT_SEED) is not None for each in configurations)
        differ.append(SPLIT_SEED if written else SEED)
    return differ


def seed_of_split(configuration: Configuration) -> object:
    """What samples are drawn by: a seed of the split, without one that of the run."""
    own = configuration.value(SPLIT_SEED)
    return configuration.value(SEED) if own is None else own


def has_one_unit(name: str, apart: Collection[str]) -> bool:
    """Whether a value by split and name, as `validation.loss`, is none of the losses in units `apart`."""
    return name.rpartition(".")[2] not in apart
