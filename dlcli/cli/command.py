"""What each command is: what it is called, where it stands in the help, and whether it may load TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Panel(StrEnum):
    """The parts of the help."""

    BEFORE = "Before training"
    TRAINING = "Training"
    AFTER = "After training"
    UNDERSTANDING = "Understanding"


@dataclass(frozen=True)
class Command:
    """A row of COMMANDS. `run` has the options, and in its docstring a line `Example: dlcli NAME …`, which a test runs.

    `heavy` says that it builds or loads a model; every other command runs without TensorFlow.
    """

    name: str
    run: Callable[..., None]
    panel: Panel
    heavy: bool = False
