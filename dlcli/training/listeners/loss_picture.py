"""The loss curve of a run as pictures, drawn when the training has ended."""

from __future__ import annotations

from itertools import pairwise

from dlcli.runs import Run
from dlcli.runs.atomic import write_bytes
from dlcli.view.drawing.picture import loss_curve
from dlcli.view.training.events import EpochLine, Plan


class LossPicture:
    """A listener that writes RUN/loss.svg and RUN/loss.png in the end."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lines: list[EpochLine] = []

    def start(self, plan: Plan) -> None:
        self.lines = list(plan.earlier)

    def phase(self, plan: Plan) -> None:
        return

    def step(self, step: int, loss: float | None) -> None:
        return

    def epoch(self, line: EpochLine) -> None:
        self.lines.append(line)

    def note(self, text: str) -> None:
        return

    def over(self) -> None:
        return

    def end(self, best_epoch: int | None) -> None:
        losses = {
            "train": [line.train.get("loss") for line in self.lines],
            "validation": [line.validation.get("loss") for line in self.lines],
        }
        curves = {
            split: [float("nan") if value is None else value for value in values]
            for split, values in losses.items()
            if any(value is not None for value in values)
        }
        ends = [line.epoch for line, behind in pairwise(self.lines) if line.phase != behind.phase]
        svg, png = loss_curve(curves, title=self.run.name, best_epoch=best_epoch, phase_ends=ends)
        write_bytes(self.run.path / "loss.svg", svg)
        write_bytes(self.run.path / "loss.png", png)

    def close(self) -> None:
        return
