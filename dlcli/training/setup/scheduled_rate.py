"""One thing alone sets the learning rate: a schedule, or the rule for a loss that stands still."""

from __future__ import annotations

from dlcli.config import Config
from dlcli.errors import BlockError
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import KerasObject, plain


def check_rate(config: Config) -> None:
    """Refuses a plateau rule beside a schedule: only one of them can set the learning rate."""
    rate = config.optimizer.arguments.get("learning_rate")
    if config.train.reduce_on_plateau is not None and isinstance(rate, KerasObject | OneCycle):
        raise BlockError(
            ("train", "reduce_on_plateau"),
            f"'reduce_on_plateau' cannot change the learning rate, because {next(iter(plain(rate)))} sets it",
            hint="leave one of them out",
            kind="rate_is_scheduled",
        )
