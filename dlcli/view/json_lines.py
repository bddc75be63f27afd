"""A view for scripts: one JSON object on a stream as each epoch ends, beside the view for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import TracebackType
from typing import TextIO

from dlcli.view.events import EpochLine, Plan, TrainingView


class JsonLinesView:
    """Writes the epochs to `stream` and passes everything on to the view `beside` it."""

    def __init__(self, stream: TextIO, beside: TrainingView) -> None:
        self.stream, self.beside = stream, beside

    def start(self, plan: Plan) -> None:
        self.beside.start(plan)

    def note(self, text: str) -> None:
        self.beside.note(text)

    def step(self, step: int, loss: float | None) -> None:
        self.beside.step(step, loss)

    def epoch(self, line: EpochLine) -> None:
        values = {"train": finite(line.train), "validation": finite(line.validation)}
        entry = {"epoch": line.epoch, **values, "seconds": round(line.seconds, 4), "best": line.best}
        self.stream.write(json.dumps(entry) + "\n")
        self.stream.flush()
        self.beside.epoch(line)

    def close(self) -> None:
        self.beside.close()

    def __enter__(self) -> JsonLinesView:
        self.beside.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.beside.__exit__(kind, error, traceback)


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """The values with null for what JSON cannot hold."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
