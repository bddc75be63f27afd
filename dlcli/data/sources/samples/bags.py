"""The source `bags`: bags of handwritten digits, and whether one digit is among them; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.made import Made
from dlcli.data.sources.samples.written_digits import written_digits

if TYPE_CHECKING:
    import numpy as np


class Bags(Made):
    """Bags of handwritten digits, 8×8 grey values from 0 to 1; half of the bags hold the digit that counts."""

    word: ClassVar[str] = "bags"

    size: Annotated[int, Field(ge=2, le=100)] = 5
    """How many pictures a bag holds."""
    digit: Annotated[int, Field(ge=0, le=9)] = 8
    """The one that makes a bag positive."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        """Pictures (samples, size, 8, 8) and labels: none, some."""
        import numpy as np

        pictures, labels = written_digits()
        ours, others = np.flatnonzero(labels == self.digit), np.flatnonzero(labels != self.digit)
        label = generator.permutation(np.arange(self.samples) % 2)
        rows = generator.choice(others, (self.samples, self.size))
        among = generator.random(rows.shape) < 1 / self.size
        among[np.arange(self.samples), generator.integers(self.size, size=self.samples)] = True
        rows = np.where(among & (label == 1)[:, None], generator.choice(ours, rows.shape), rows)
        axes = {"images": ("samples", "instances", "height", "width")}
        return self.fields(
            {"images": pictures[rows], "label": label}, "label", axes=axes, classes={"label": ["none", "some"]}
        )

    def input_names(self) -> list[str] | None:
        return ["images"]
