"""The source `mackey_glass`: a series that is chaos, and follows from its own past alone; made anew from a seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.generated import Noise, Samples
from dlcli.data.sources.samples.made import Made
from dlcli.data.sources.source import FEATURES
from dlcli.data.windows import Count, Horizon, Windows

if TYPE_CHECKING:
    import numpy as np

DELAY = 17
BEFORE = 500
"""Steps that are made and left out, until where it began no longer shows."""


class MackeyGlass(Made):
    """What Mackey and Glass wrote for the making of blood cells: each step from the last and from that seventeen before."""

    word: ClassVar[str] = "mackey_glass"

    samples: Samples = 2000
    """How many steps the series has."""
    noise: Noise = 0.0
    """The standard deviation of what is added to each step as it is seen."""
    window: Count = 64
    """How many steps are looked at."""
    horizon: Horizon = 1
    """How many steps later is predicted; a list, or `1..8`, for several."""
    each_step: bool = False
    """Whether each step of a window has a target of its own, so many steps after it."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        import numpy as np

        x = list(generator.uniform(0.5, 1.3, DELAY + 1))
        for _ in range(BEFORE + self.samples):
            late = x[-1 - DELAY]
            x.append(x[-1] + 0.2 * late / (1 + late**10) - 0.1 * x[-1])
        values = np.array(x[-self.samples :]) + generator.normal(0, self.noise, self.samples)
        fields = self.fields({"x": values}, None)
        windows = Windows(window=self.window, horizon=self.horizon, each_step=self.each_step)
        return replace(fields, inputs=("x",), target="x", windows=windows)

    def input_names(self) -> list[str] | None:
        return [FEATURES]
