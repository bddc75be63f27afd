"""What no plain script says: each with its key, the reason, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dlcli.config import Config
from dlcli.errors import TreePath


@dataclass(frozen=True)
class Refusal:
    """A key that a configuration may not have, where it `holds`; `why` and `instead` are words for people."""

    key: str
    holds: Callable[[Config], object]
    why: str
    instead: str

    def place(self, config: Config) -> TreePath:
        """Where the key stands; that of an optimizer stands below the name of this."""
        first, *others = self.key.split(".")
        return (first, *([config.optimizer.written] if first == "optimizer" else []), *others)


REFUSALS = (
    Refusal(
        "data.stream",
        lambda config: config.data.stream is True,
        "its arrays stay on disk, those of a script do not",
        "leave it out where the samples fit into memory",
    ),
    Refusal(
        "optimizer.use_ema",
        lambda config: any(phase.optimizer.arguments.get("use_ema") for phase in config.phases),
        "`fit` would put the averages in the place of the weights after each epoch",
        "leave use_ema out",
    ),
    Refusal(
        "plugins",
        lambda config: config.plugins,
        "classes of plugins are not those of Keras",
        "write classes of Keras",
    ),
    Refusal(
        "train.callbacks",
        lambda config: config.train.callbacks,
        "`fit` runs for each epoch, and would begin and end them each time",
        "leave them out",
    ),
    Refusal(
        "train.steps_per_epoch",
        lambda config: config.train.steps_per_epoch,
        "an epoch of the script goes once over all samples",
        "leave steps_per_epoch out",
    ),
    Refusal(
        "train.time_limit",
        lambda config: config.train.time_limit,
        "how far a training comes in a time is another each time",
        "write epochs",
    ),
    Refusal(
        "train.until",
        lambda config: config.train.until and len(config.phases) > 1,
        "it would have to end phases that have not begun",
        "leave until out, or train in one phase",
    ),
)


def refusals_of(config: Config) -> Iterator[Refusal]:
    """Those that a configuration meets."""
    return (each for each in REFUSALS if each.holds(config))
