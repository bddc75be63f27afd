"""Trackers by name, and the package that each needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Tracker = Literal["mlflow", "tensorboard", "wandb"]
PACKAGES: Mapping[str, str] = {"mlflow": "mlflow", "tensorboard": "tensorboard", "wandb": "wandb"}
"""An extra of the same name installs it."""
