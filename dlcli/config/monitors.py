"""What can be monitored: loss and metrics of every target, and of the validation split where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dlcli.config.train import CONDITION, Checkpoint, EarlyStopping, ReduceOnPlateau
from dlcli.errors import TreePath
from dlcli.loss import Direction
from dlcli.loss.target_loss import Head
from dlcli.spec import Mistake, Spec, did_you_mean, near

Directions = Mapping[str, Direction | None]
"""By the name of a value, whether more or less is better; None where a plugin does not say."""
BLOCKS: Mapping[str, type[Spec]] = {
    "early_stopping": EarlyStopping,
    "reduce_on_plateau": ReduceOnPlateau,
    "checkpoint": Checkpoint,
}
"""The blocks of `train` that watch a value."""


def directions(heads: Sequence[Head], *, validation: bool) -> Directions:
    """Everything that is measured after an epoch, and which way it is better."""
    values: dict[str, Direction | None] = {"loss": "down"}
    for head in heads:
        values |= head.directions
    return {**values, **({f"val_{name}": direction for name, direction in values.items()} if validation else {})}


def watched(train: dict[str, Any], known: Directions, *, unread: Sequence[str]) -> Iterator[Mistake]:
    """The monitors of a train block, as it is written, that are not known; paths count from the block.

    What is like one of `unread`, metrics that cannot be read themselves, may be meant by it and is left alone.
    """
    yield from unheard(train)
    for path, monitor in named_monitors(train):
        if monitor in known:
            yield from undirected(train, path, monitor, known[monitor])
        elif not any(near(monitor.removeprefix("val_"), [name]) for name in unread):
            hint = did_you_mean(monitor, known)
            if monitor.startswith("val_") and monitor.removeprefix("val_") in known:
                hint = "there is no validation split: write data.split.validation: 0.15"
            yield Mistake(
                f"nothing is called '{monitor}'; there are: {', '.join(known)}", path, hint, kind="unknown_monitor"
            )


def unheard(train: Mapping[str, Any]) -> Iterator[Mistake]:
    """The mistakes of a `checkpoint` whose word on the best epoch would count for nothing."""
    checkpoint, early = train.get("checkpoint"), train.get("early_stopping")
    if not isinstance(checkpoint, dict):
        return
    monitor = checkpoint.get("monitor")
    if monitor is None and checkpoint.get("mode", "auto") != "auto":
        message = "'mode' says which way 'monitor' is better, and there is no 'monitor'"
        hint = "write monitor: NAME beside it, or leave it out"
        yield Mistake(message, ("checkpoint", "mode"), hint, kind="mode_without_monitor")
    if monitor is None or not isinstance(early, dict):
        return
    watched_early = early.get("monitor", EarlyStopping.model_fields["monitor"].default)
    for key, own, others in (
        ("monitor", monitor, watched_early),
        ("mode", checkpoint.get("mode", "auto"), early.get("mode", "auto")),
    ):
        if own != others:
            message = f"'checkpoint' and 'early_stopping' say two things of the best epoch: {key} {own} and {others}"
            hint = f"leave {key} out of checkpoint: early_stopping decides"
            yield Mistake(message, ("checkpoint", key), hint, kind="monitors_differ")
            return


def undirected(
    train: Mapping[str, Any], path: TreePath, monitor: str, direction: Direction | None
) -> Iterator[Mistake]:
    """The mistake of a monitor of which nobody says whether more or less is better; a condition needs no such word."""
    block = train[str(path[0])]
    if direction is None and isinstance(block, dict) and block.get("mode", "auto") == "auto":
        message = f"'{monitor}' does not say whether more or less of it is better"
        yield Mistake(
            message,
            path,
            "write mode: max or mode: min beside it, or dlcli_direction = 'up' in its class",
            kind="monitor_without_direction",
        )


def named_monitors(train: dict[str, Any]) -> Iterator[tuple[TreePath, str]]:
    """Every monitor that a train block names, with its place."""
    for key, block in BLOCKS.items():
        written = train.get(key)
        if isinstance(written, dict):
            monitor = written.get("monitor", block.model_fields["monitor"].default)
            if isinstance(monitor, str):
                yield (key, "monitor"), monitor
    until = train.get("until")
    condition = CONDITION.fullmatch(until) if isinstance(until, str) else None
    if condition is not None:
        yield ("until",), condition[1]
