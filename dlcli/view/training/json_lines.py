"""A listener for scripts: one JSON object on a stream as each epoch ends."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TextIO

from dlcli.view.training.events import EpochLine, Plan


class JsonLinesView:
    """Writes the epochs to `stream`, each at once."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def start(self, plan: Plan) -> None:
        return

    def note(self, text: str) -> None:
        return

    def phase(self, plan: Plan) -> None:
        return

    def step(self, step: int, loss: float | None) -> None:
        return

    def epoch(self, line: EpochLine) -> None:
        values = {"train": finite(line.train), "validation": finite(line.validation)}
        entry: dict[str, Any] = {"epoch": line.epoch, **values, "seconds": round(line.seconds, 4), "best": line.best}
        if line.phase is not None:
            entry["phase"] = line.phase
        self.stream.write(json.dumps(entry) + "\n")
        self.stream.flush()

    def over(self) -> None:
        return

    def end(self, best_epoch: int | None) -> None:
        return

    def close(self) -> None:
        self.stream.flush()


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """The values with null for what JSON cannot hold."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
