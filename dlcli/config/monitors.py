"""What can be monitored: loss and metrics of every target, and of the validation split where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlcli.config.train import CONDITION, Checkpoint, EarlyStopping, ReduceOnPlateau
from dlcli.errors import TreePath
from dlcli.loss.head import Head
from dlcli.spec import Mistake, Spec, did_you_mean, near


def monitors(heads: Sequence[Head], *, validation: bool) -> list[str]:
    """Everything that is measured after an epoch."""
    names = ["loss", *(name for head in heads for name in head.values)]
    return [*names, *(f"val_{name}" for name in names if validation)]


def watched(train: dict[str, Any], known: Sequence[str], *, unread: Sequence[str]) -> Iterator[Mistake]:
    """The monitors of a train block, as it is written, that are not known; paths count from the block.

    What is like one of `unread`, metrics that cannot be read themselves, may be meant by it and is left alone.
    """
    for path, monitor in named(train):
        if monitor not in known and not near(monitor.removeprefix("val_"), unread):
            hint = did_you_mean(monitor, known)
            if monitor.startswith("val_") and monitor.removeprefix("val_") in known:
                hint = "there is no validation split: write data.split.validation: 0.15"
            yield Mistake(f"nothing is called '{monitor}'; there are: {', '.join(known)}", path, hint)


def named(train: dict[str, Any]) -> Iterator[tuple[TreePath, str]]:
    """Every monitor that a train block names, with its place."""
    blocks: dict[str, type[Spec]] = {
        "early_stopping": EarlyStopping,
        "reduce_on_plateau": ReduceOnPlateau,
        "checkpoint": Checkpoint,
    }
    for key, block in blocks.items():
        written = train.get(key)
        if isinstance(written, dict):
            monitor = written.get("monitor", block.model_fields["monitor"].default)
            if isinstance(monitor, str):
                yield (key, "monitor"), monitor
    until = train.get("until")
    condition = CONDITION.fullmatch(until) if isinstance(until, str) else None
    if condition is not None:
        yield ("until",), condition[1]
